package store

import (
	"encoding/json"
	"time"

	"florin/internal/pay"
)

var watches = define(table[pay.Watch]{
	name:  "watches",
	what:  "trigger of a flow",
	fixed: "merchant mode id created_at",
	mutable: "flow kind trigger_name options connection every state reason account poll from_at since_at gap_at next_at token secret previous_secret previous_until " +
		"found parked found_at told sequence updated_at",
	fields: func(w *pay.Watch) []any {
		return []any{
			&w.Owner.Merchant, &w.Owner.Mode, &w.ID, moment{&w.CreatedAt},
			&w.Flow, &w.Kind, &w.Trigger, document[json.RawMessage]{&w.Options}, &w.Connection, span{&w.Every}, &w.State, &w.Reason, &w.Account, opt(&w.Poll),
			moment{&w.From}, moment{&w.Since}, moment{&w.Gap}, moment{&w.NextAt}, opt(&w.Token), blob{&w.Secret}, blob{&w.PreviousSecret}, moment{&w.PreviousUntil},
			&w.Found, &w.Parked, moment{&w.FoundAt}, &w.Told, &w.Sequence, moment{&w.UpdatedAt},
		}
	},
})

// InsertWatch adds what a flow waits for.
//
// Errors: already_exists.
func (tx *Tx) InsertWatch(w pay.Watch) error { return watches.insert(tx, w) }

// Watch reads what a flow waits for.
//
// Errors: not_found.
func (tx *Tx) Watch(o pay.Owner, id pay.ID) (pay.Watch, error) { return watches.get(tx, o, id) }

// LockWatch reads the same and keeps others from changing it until the commit.
//
// Errors: not_found.
func (tx *Tx) LockWatch(o pay.Owner, id pay.ID) (pay.Watch, error) { return watches.lock(tx, o, id) }

// SaveWatch writes all that may change.
//
// Errors: not_found, by the commit.
func (tx *Tx) SaveWatch(w pay.Watch) error { return watches.update(tx, w, w.ID) }

// CountFinds adds to what a flow's trigger has found and parked, without a lock
// that would be held while its runs are begun.
func (tx *Tx) CountFinds(w pay.Watch, found, parked int64) error {
	_, err := tx.exec(`UPDATE watches SET found = found + $4, parked = parked + $5, found_at = $6 WHERE merchant = $1 AND mode = $2 AND id = $3`,
		w.Owner.Merchant, w.Owner.Mode, w.ID, found, parked, micros(tx.now))
	return err
}

// DeleteWatch forgets what a flow waits for, with what is parked.
func (tx *Tx) DeleteWatch(o pay.Owner, id pay.ID) error {
	if _, err := tx.exec("DELETE FROM parked_finds WHERE merchant = $1 AND mode = $2 AND watch = $3", o.Merchant, o.Mode, id); err != nil {
		return err
	}
	_, err := tx.exec("DELETE FROM watches WHERE merchant = $1 AND mode = $2 AND id = $3", o.Merchant, o.Mode, id)
	return err
}

// maxWatches bounds the flows that share one poll: each costs a row for each
// object.
const maxWatches = 1000

// WatchesOf reads the flows that a live poll serves, in the order of their ids.
func (tx *Tx) WatchesOf(o pay.Owner, poll pay.ID) ([]pay.Watch, error) {
	return watches.all(tx, "WHERE merchant = $1 AND mode = $2 AND poll = $3 ORDER BY id LIMIT $4", o.Merchant, o.Mode, poll, maxWatches)
}

// WatchByToken reads the flow whose webhook address has a token.
//
// Errors: not_found.
func (tx *Tx) WatchByToken(token string) (pay.Watch, error) {
	w, found, err := watches.first(tx, "WHERE token = $1", token)
	return w, watches.mustFind(found, "with this address", err)
}

// DueWatches reads and locks up to limit schedules of every owner whose time
// has come, passing by those that another worker has.
func (tx *Tx) DueWatches(now time.Time, limit int) ([]pay.Watch, error) {
	if tx.reads {
		return nil, errReads
	}
	return watches.all(tx, "WHERE next_at > 0 AND next_at <= $1 AND state = 'on' ORDER BY next_at LIMIT $2"+tx.store.dialect.skipLocked,
		micros(now), limit)
}

var parkedFinds = define(table[pay.ParkedFind]{
	name:    "parked_finds",
	what:    "parked object",
	fixed:   "merchant mode watch ref created_at",
	mutable: "error item parked_at",
	fields: func(f *pay.ParkedFind) []any {
		return []any{
			&f.Owner.Merchant, &f.Owner.Mode, &f.Watch, &f.Ref, moment{&f.Created}, &f.Error, blob{&f.Item}, moment{&f.At},
		}
	},
})

// Park keeps an object that no run could be made of; fresh is false when it is
// kept already.
func (tx *Tx) Park(f pay.ParkedFind) (fresh bool, err error) {
	err = parkedFinds.insert(tx, f)
	if pay.Is(err, pay.CodeExists) {
		return false, nil
	}
	return err == nil, err
}

// Parked reads up to limit parked objects of a flow, oldest first.
func (tx *Tx) Parked(o pay.Owner, watch pay.ID, limit int) ([]pay.ParkedFind, error) {
	return parkedFinds.all(tx, "WHERE merchant = $1 AND mode = $2 AND watch = $3 ORDER BY parked_at, ref LIMIT $4", o.Merchant, o.Mode, watch, limit)
}

// Unpark forgets a parked object, and counts it out.
func (tx *Tx) Unpark(f pay.ParkedFind) error {
	n, err := tx.exec("DELETE FROM parked_finds WHERE merchant = $1 AND mode = $2 AND watch = $3 AND ref = $4",
		f.Owner.Merchant, f.Owner.Mode, f.Watch, f.Ref)
	if err != nil || n == 0 {
		return err
	}
	_, err = tx.exec("UPDATE watches SET parked = parked - 1 WHERE merchant = $1 AND mode = $2 AND id = $3", f.Owner.Merchant, f.Owner.Mode, f.Watch)
	return err
}
