package store

import (
	"time"

	"florin/internal/pay"
)

var sessions = define(table[pay.Session]{
	name:    "sessions",
	what:    "session",
	fixed:   "merchant mode id api_key hash is_link created_at",
	mutable: "seen_at proved_at",
	fields: func(s *pay.Session) []any {
		return []any{
			&s.Owner.Merchant, &s.Owner.Mode, &s.ID, &s.Key, blob{&s.Hash}, &s.Link, moment{&s.CreatedAt},
			moment{&s.SeenAt}, moment{&s.ProvedAt},
		}
	},
})

// InsertSession adds a session or a link to sign in with.
//
// Errors: already_exists.
func (tx *Tx) InsertSession(s pay.Session) error { return sessions.insert(tx, s) }

// SessionByHash reads the session, or link, whose token has a hash. It takes
// no owner: the token is what tells whose request it is.
//
// Errors: not_found.
func (tx *Tx) SessionByHash(hash []byte) (pay.Session, error) {
	return sessions.must(tx, "token", "WHERE hash = $1", hash)
}

// UpdateSession writes when it was last seen, and when its key was last shown.
//
// Errors: not_found.
func (tx *Tx) UpdateSession(s pay.Session) error { return sessions.update(tx, s, s.ID) }

// DeleteSession ends a session, or uses a link up; gone is false when somebody
// else did so first.
func (tx *Tx) DeleteSession(o pay.Owner, id pay.ID) (gone bool, err error) {
	n, err := tx.exec("DELETE FROM sessions WHERE merchant = $1 AND mode = $2 AND id = $3", o.Merchant, o.Mode, id)
	return n == 1, err
}

// ReapSessions drops up to limit sessions and links of every owner that were
// made before a time, and says how many.
func (tx *Tx) ReapSessions(before time.Time, limit int) (int, error) {
	n, err := tx.exec(`DELETE FROM sessions WHERE hash IN (SELECT hash FROM sessions WHERE created_at < $1 ORDER BY created_at LIMIT $2)`,
		micros(before), limit)
	return int(n), err
}
