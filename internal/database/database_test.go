package database_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"florin/internal/database"
	"florin/internal/pay"
	"florin/internal/pgtest"
	"florin/internal/webhook"
)

var passage = webhook.NewPassage(webhook.Config{Private: webhook.PrivateLoopback})

// onBoth runs a test on either kind of database; run carries out a statement
// beside the room.
func onBoth(t *testing.T, test func(t *testing.T, url pay.Secret, run func(statement string))) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		file := filepath.Join(t.TempDir(), "books.db")
		require.NoError(t, os.WriteFile(file, nil, 0o600))
		db, err := sql.Open("sqlite", file)
		require.NoError(t, err)
		t.Cleanup(func() { _ = db.Close() })
		test(t, pay.NewSecret("sqlite:"+file), func(s string) { _, err := db.Exec(s); require.NoError(t, err) })
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		url := pgtest.Start(t)
		test(t, pay.NewSecret(url), func(s string) {
			c, err := pgx.Connect(context.Background(), url)
			require.NoError(t, err)
			defer func() { _ = c.Close(context.Background()) }()
			_, err = c.Exec(context.Background(), s)
			require.NoError(t, err)
		})
	})
}

func row(amount json.Number, id any) pay.Rows {
	return pay.Rows{Table: "charges", Columns: []string{"amount", "id", "note"}, Values: [][]any{{amount, id, nil}}, Unique: []string{"id"}}
}

// TestARowIsThereOnce inserts a row again and again, as after crashes.
func TestARowIsThereOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, url pay.Secret, run func(string)) {
		run(`CREATE TABLE charges (id TEXT PRIMARY KEY, amount BIGINT NOT NULL, note TEXT)`)
		d, ctx := database.New(database.Config{Passage: passage}), context.Background()
		for try := range 3 {
			answer, err := d.Insert(ctx, url, row("9007199254740993", `'); DROP TABLE charges; --`))
			require.NoError(t, err)
			want := pay.RowsAnswer{Inserted: 1}
			if try > 0 {
				want = pay.RowsAnswer{Present: 1}
			}
			assert.Equal(t, want, answer)
		}
		found, err := d.Query(ctx, url, pay.Query{Text: `SELECT id, amount FROM charges WHERE amount > $1`, Parameters: []any{json.Number("5")}, Limit: 10})
		require.NoError(t, err)
		assert.Equal(t, pay.QueryAnswer{Rows: []map[string]any{{"id": `'); DROP TABLE charges; --`, "amount": int64(9007199254740993)}}, Count: 1}, found)
	})
}

// TestWhatTheDatabaseRefuses tells final refusals in its words.
func TestWhatTheDatabaseRefuses(t *testing.T) {
	onBoth(t, func(t *testing.T, url pay.Secret, run func(string)) {
		run(`CREATE TABLE charges (id TEXT, amount BIGINT NOT NULL, note TEXT)`)
		d, ctx := database.New(database.Config{Passage: passage}), context.Background()
		_, err := d.Insert(ctx, url, row("1", "a"))
		assert.ErrorContains(t, err, "unique index")
		assert.Equal(t, pay.CodeTargetRefused, pay.CodeOf(err))
		run(`CREATE UNIQUE INDEX one ON charges (id)`)
		two := row("1", "b")
		two.Values = append(two.Values, []any{nil, "c", nil})
		_, err = d.Insert(ctx, url, two)
		assert.Equal(t, pay.CodeTargetRefused, pay.CodeOf(err), "%v", err)
		left, err := d.Query(ctx, url, pay.Query{Text: `SELECT id FROM charges`, Limit: 1})
		require.NoError(t, err)
		assert.Zero(t, left.Count, "all rows or none")
		for _, text := range []string{`DELETE FROM charges`, `SELECT 1 FROM nowhere`, `DROP TABLE charges`, `INSERT INTO charges (id, amount) VALUES ('x', 1) RETURNING id`} {
			_, err = d.Query(ctx, url, pay.Query{Text: text, Limit: 1})
			assert.Equal(t, pay.CodeTargetRefused, pay.CodeOf(err), "%s: %v", text, err)
		}
		_, err = d.Insert(ctx, url, pay.Rows{Table: `a"."b`, Columns: []string{"id"}, Values: [][]any{{"x"}}, Unique: []string{"id"}})
		assert.Equal(t, pay.CodeTargetRefused, pay.CodeOf(err))
	})
}

// TestRowsBeyondTheLimit says that there are more.
func TestRowsBeyondTheLimit(t *testing.T) {
	onBoth(t, func(t *testing.T, url pay.Secret, run func(string)) {
		run(`CREATE TABLE n (i INTEGER)`)
		run(`INSERT INTO n VALUES (1), (2), (3)`)
		d := database.New(database.Config{Passage: passage})
		found, err := d.Query(context.Background(), url, pay.Query{Text: `SELECT i FROM n ORDER BY i`, Limit: 2})
		require.NoError(t, err)
		assert.Equal(t, 2, found.Count)
		assert.True(t, found.More)
	})
}

// TestFlorinsOwnFilesStayItsOwn keeps flows out of the data folder, of a
// machine that is not theirs, and of servers inside.
func TestFlorinsOwnFilesStayItsOwn(t *testing.T) {
	t.Parallel()
	data, ctx := t.TempDir(), context.Background()
	own := filepath.Join(data, "florin.db")
	require.NoError(t, os.WriteFile(own, nil, 0o600))
	link := filepath.Join(t.TempDir(), "link.db")
	require.NoError(t, os.Symlink(own, link))
	d := database.New(database.Config{Passage: passage, Denied: data})
	query := pay.Query{Text: "SELECT 1", Limit: 1}
	for _, file := range []string{own, link} {
		_, err := d.Query(ctx, pay.NewSecret("sqlite:"+file), query)
		assert.Equal(t, pay.CodeURLNotAllowed, pay.CodeOf(err), file)
	}
	_, err := d.Query(ctx, pay.NewSecret("sqlite:/nowhere/at/all.db"), query)
	assert.Equal(t, pay.CodeTargetRefused, pay.CodeOf(err))
	strict := database.New(database.Config{Passage: webhook.NewPassage(webhook.Config{})})
	for _, url := range []string{"sqlite:" + own, "postgres://a:b@127.0.0.1:5432/x", "postgres://a:b@169.254.169.254/x", "postgres:///x?host=/tmp"} {
		_, err := strict.Query(ctx, pay.NewSecret(url), query)
		assert.Equal(t, pay.CodeURLNotAllowed, pay.CodeOf(err), "%s: %v", url, err)
	}
	assert.ErrorContains(t, strict.Probe(ctx, pay.ConnectionSecret{Database: pay.NewSecret("sqlite:" + own)}), "may not be reached")
}
