package sandbox

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver "sqlite", without cgo
)

// legacyFile is the journal of earlier versions, a SQLite database with JSON
// in it. It is read once, and left as it is.
const legacyFile = "sandbox.db"

// readLegacy gives the newest entry of every object in an older journal,
// nothing when there is none.
func readLegacy(dir string) (kept []entry, err error) {
	path := filepath.Join(dir, legacyFile)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=locking_mode(EXCLUSIVE)")
	if err != nil {
		return nil, fmt.Errorf("sandbox: open %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	rows, err := db.Query(`SELECT account,kind,position,state,public,private FROM journal WHERE state <> 'gone' AND seq IN
		(SELECT max(seq) FROM journal GROUP BY account,kind,id) ORDER BY position, seq`)
	if err != nil {
		return nil, fmt.Errorf("sandbox: read %s: %w", path, err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err is what is checked
	for rows.Next() {
		var e entry
		var in, public, private []byte
		if err := rows.Scan(&e.account, &e.kind, &e.position, &in, &public, &private); err != nil {
			return nil, fmt.Errorf("sandbox: read %s: %w", path, err)
		}
		if err := e.state.UnmarshalText(in); err != nil {
			return nil, fmt.Errorf("sandbox: read %s: %w", path, err)
		}
		if e, err = packLegacy(e, public, private); err != nil {
			return nil, fmt.Errorf("sandbox: %s: %s: %w", path, e.kind, err)
		}
		kept = append(kept, e)
	}
	return kept, rows.Err()
}

// packLegacy packs the JSON of an entry.
func packLegacy(e entry, public, private []byte) (entry, error) {
	if e.kind == clockEntry {
		return packClock(string(public)), nil
	}
	k := declared[e.kind]
	if k == nil {
		return e, unknownKind(e.kind)
	}
	rec, err := recordOf(k, e.state, public, private)
	if err != nil {
		return e, err
	}
	rec.pack()
	e.packed = rec.packed
	return e, nil
}
