package sandbox_test

import (
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"florin/internal/sandbox"
)

// The journal of earlier versions, a SQLite database, is taken over whole.
func TestOldJournalsAreTakenOver(t *testing.T) {
	t.Parallel()
	w := open(t)
	history(w)
	w.advance(time.Hour)
	whole, want := w.snapshot()
	dir := t.TempDir()
	writeOldJournal(t, dir, whole)

	again := openIn(t, sandbox.Config{Dir: dir})
	_, have := again.snapshot()
	require.Equal(t, want, have)
	require.EqualValues(t, start+3600, again.send("GET", "/_sandbox/clock", "").at("now"))
	require.Equal(t, 200, again.send("POST", "/v1/customers", "name=New").status)
	_, want = again.snapshot()
	again.stop()

	last := openIn(t, sandbox.Config{Dir: dir})
	_, have = last.snapshot()
	require.Equal(t, want, have, "from then on the new file counts")
}

// writeOldJournal makes the file that an earlier version would have, out of a
// snapshot's lines, with a superseded entry and one of an object that is gone.
func writeOldJournal(t *testing.T, dir, snapshot string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "sandbox.db"))
	require.NoError(t, err)
	defer db.Close()
	_, err = db.Exec(`CREATE TABLE journal (seq INTEGER PRIMARY KEY, account TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
		position INTEGER NOT NULL, state TEXT NOT NULL, public BLOB, private BLOB)`)
	require.NoError(t, err)
	insert := func(values ...any) {
		_, err := db.Exec("INSERT INTO journal (account,kind,id,position,state,public,private) VALUES (?,?,?,?,?,?,?)", values...)
		require.NoError(t, err)
	}
	lines := strings.Split(strings.TrimSpace(snapshot), "\n")
	for _, line := range lines[1 : len(lines)-1] {
		var l struct {
			Account, Kind, ID, State string
			Position                 int
			Public, Private          json.RawMessage
		}
		require.NoError(t, json.Unmarshal([]byte(line), &l))
		if l.Kind == "customer" {
			insert(l.Account, l.Kind, l.ID, l.Position, "live", []byte(`{"id":"`+l.ID+`","object":"customer","name":"before"}`), nil)
		}
		insert(l.Account, l.Kind, l.ID, l.Position, l.State, []byte(l.Public), []byte(l.Private))
	}
	insert("acct_x", "customer", "cus_gone", 7, "live", []byte(`{"id":"cus_gone","object":"customer"}`), nil)
	insert("acct_x", "customer", "cus_gone", 7, "gone", nil, nil)
	insert("", "clock", "", 0, "live", []byte("3600000000000"), nil)
}

// A journal says what its bytes mean: a program whose objects have other
// fields, or another order of them, reads it by that and not by its own.
func TestJournalsOfOtherFormatsAreRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := openIn(t, sandbox.Config{Dir: dir})
	id := w.send("POST", "/v1/customers", "name=Ann&description=D&email=a@b.example").at("id").(string)
	paid := w.pay("pm_card_visa").at("id").(string)
	gone := w.send("POST", "/v1/customers", "name=Gone").at("id").(string)
	w.send("DELETE", "/v1/customers/"+gone, "")
	w.stop()
	// In that format a description was called something that is no field
	// today, and number one of the phrases was another currency.
	path := filepath.Join(dir, "sandbox.journal")
	header, blocks := journalParts(t, path)
	other := strings.ReplaceAll(strings.ReplaceAll(header, `"name":"description"`, `"name":"explanation"`), `"usd","eur"`, `"eur","usd"`)
	require.NotEqual(t, header, other)
	require.NoError(t, os.WriteFile(path, []byte(other+blocks), 0o600))

	again := openIn(t, sandbox.Config{Dir: dir})
	kept := again.send("GET", "/v1/customers/"+id, "")
	require.Equal(t, []any{"Ann", nil, "a@b.example"}, []any{kept.at("name"), kept.at("description"), kept.at("email")})
	require.Equal(t, "eur", again.send("GET", "/v1/payment_intents/"+paid, "").at("currency"))
	require.Equal(t, true, again.send("GET", "/v1/customers/"+gone, "").at("deleted"))
	again.stop()
	rewritten, _ := journalParts(t, path)
	require.Equal(t, header, rewritten)
}

func journalParts(t *testing.T, path string) (header, blocks string) {
	t.Helper()
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	header, blocks, found := strings.Cut(string(whole), "\n")
	require.True(t, found)
	return header + "\n", blocks
}

// What a crash leaves of the last block was never answered, and is cut off.
func TestTornJournalsOpen(t *testing.T) {
	t.Parallel()
	for name, tail := range map[string]string{
		"part of a head":  "\x07",
		"part of a block": "\xff\x00\x00\x00abcdefgh",
		"zeros":           strings.Repeat("\x00", 4096),
		"a wrong sum":     "\x02\x00\x00\x00\x00\x00\x00\x00ab",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "sandbox.journal")
			w := openIn(t, sandbox.Config{Dir: dir})
			w.pay("pm_card_visa")
			_, want := w.snapshot()
			w.stop()
			header, blocks := journalParts(t, path)
			require.NoError(t, os.WriteFile(path, []byte(header+blocks+tail), 0o600))

			again := openIn(t, sandbox.Config{Dir: dir})
			_, have := again.snapshot()
			require.Equal(t, want, have)
			again.pay("pm_card_visa")
			_, want = again.snapshot()
			again.stop()
			last := openIn(t, sandbox.Config{Dir: dir})
			_, have = last.snapshot()
			require.Equal(t, want, have, "what is written after the cut is read again")
		})
	}
}

// Damage that no crash explains is told, and nothing is cut off.
func TestDamagedJournalsAreRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "sandbox.journal")
	w := openIn(t, sandbox.Config{Dir: dir})
	w.pay("pm_card_visa")
	w.pay("pm_card_visa")
	w.stop()
	header, blocks := journalParts(t, path)
	for damaged, message := range map[string]string{
		header + strings.Replace(blocks, "acct_", "acct-", 1): "damaged at byte",
		"hello\n": "no journal",
		"":        "no journal",
		strings.Replace(header, `_journal":2`, `_journal":3`, 1) + blocks: "newer",
	} {
		require.NoError(t, os.WriteFile(path, []byte(damaged), 0o600))
		_, err := sandbox.Open(sandbox.Config{Dir: dir})
		require.ErrorContains(t, err, message)
		still, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, damaged, string(still))
	}
	require.NoError(t, os.WriteFile(path, []byte(header+blocks), 0o600))
	require.Len(t, openIn(t, sandbox.Config{Dir: dir}).send("GET", "/v1/payment_intents", "").at("data"), 2)
}
