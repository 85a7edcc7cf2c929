package store

import (
	"time"

	"florin/internal/pay"
)

var requests = define(table[pay.Request]{
	name:    "requests",
	what:    "request",
	fixed:   "merchant mode key fingerprint fields created_at",
	mutable: "state status reply resource finished_at",
	fields: func(r *pay.Request) []any {
		return []any{
			&r.Owner.Merchant, &r.Owner.Mode, &r.Key, blob{&r.Fingerprint}, dict{&r.Fields}, moment{&r.CreatedAt},
			&r.State, &r.Status, blob{&r.Reply}, &r.Resource, moment{&r.FinishedAt},
		}
	},
})

// ClaimRequest takes an idempotency key. Nil means that it is the caller's;
// otherwise the request that has it is returned. Of many at once one gets it:
// the others wait for its transaction and then see it.
func (tx *Tx) ClaimRequest(r pay.Request) (existing *pay.Request, err error) {
	err = requests.insert(tx, r)
	if !pay.Is(err, pay.CodeExists) {
		return nil, err
	}
	holder, err := tx.Request(r.Owner, r.Key)
	return &holder, err
}

// FinishRequest keeps the reply of a claimed request: state, status, reply,
// resource and when it was finished. A request that has its reply keeps that
// one, which was given to the caller, and one that was forgotten needs none.
func (tx *Tx) FinishRequest(r pay.Request) error {
	return tx.later(expectation{}, statement{`UPDATE requests SET state = $4, status = $5, reply = $6, resource = $7, finished_at = $8
		WHERE merchant = $1 AND mode = $2 AND key = $3 AND state = 'running'`,
		[]any{r.Owner.Merchant, r.Owner.Mode, r.Key, r.State, r.Status, blob{&r.Reply}, r.Resource, micros(r.FinishedAt)}})
}

// Request reads the request that has a key.
//
// Errors: not_found.
func (tx *Tx) Request(o pay.Owner, key string) (pay.Request, error) {
	return requests.must(tx, key, "WHERE merchant = $1 AND mode = $2 AND key = $3", o.Merchant, o.Mode, key)
}

// ReapRequests forgets up to limit requests of every owner that were finished
// before a time, and says how many. One that is still running is never
// forgotten: its key may yet charge somebody.
func (tx *Tx) ReapRequests(before time.Time, limit int) (int, error) {
	n, err := tx.exec(`DELETE FROM requests WHERE (merchant, mode, key) IN (
		SELECT merchant, mode, key FROM requests WHERE state = 'finished' AND finished_at < $1 ORDER BY finished_at LIMIT $2)`,
		micros(before), limit)
	return int(n), err
}
