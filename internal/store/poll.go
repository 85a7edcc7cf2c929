package store

import (
	"slices"
	"time"

	"florin/internal/pay"
)

var polls = define(table[pay.Poll]{
	name:  "polls",
	what:  "poll",
	fixed: "merchant mode id lane account list watch of_poll start_at created_at",
	mutable: "hints connection until_at floor_at settled_at deep_at deep_cost span is_open is_deep lower_at upper_at opened_at " +
		"cursor_ref cursor_at pages every due_at lease_until fence hinted_at is_hinted state reason failures throttled skew " +
		"calls found missed asked_at answer_at arrived_at",
	fields: pollFields,
})

func pollFields(p *pay.Poll) []any {
	w := &p.Reading
	return []any{
		&p.Owner.Merchant, &p.Owner.Mode, &p.ID, &p.Lane, &p.Account, &p.List, opt(&p.Watch), opt(&p.Of), moment{&p.Start}, moment{&p.CreatedAt},
		words[string]{&p.Hints}, &p.Connection, moment{&p.Until}, moment{&p.Floor}, moment{&p.Settled}, moment{&p.DeepAt}, &p.DeepCost, span{&p.Span},
		&w.Open, &w.Deep, moment{&w.Lower}, moment{&w.Upper}, moment{&w.At},
		&w.Cursor, moment{&w.CursorAt}, &w.Pages, span{&p.Every}, moment{&p.DueAt}, moment{&p.LeaseUntil}, &p.Fence,
		moment{&p.HintedAt}, &p.Hinted, &p.State, &p.Reason, &p.Failures, &p.Throttled, span{&p.Skew},
		&p.Calls, &p.Found, &p.Missed, moment{&p.AskedAt}, moment{&p.AnswerAt}, moment{&p.ArrivedAt},
	}
}

// InsertPoll adds a poll.
//
// Errors: already_exists, when there is a live one of the list, a sweep of the
// poll, or the id.
func (tx *Tx) InsertPoll(p pay.Poll) error { return polls.insert(tx, p) }

// Poll reads a poll.
//
// Errors: not_found.
func (tx *Tx) Poll(o pay.Owner, id pay.ID) (pay.Poll, error) { return polls.get(tx, o, id) }

// LockPoll reads a poll and keeps others from changing it until the commit.
//
// Errors: not_found.
func (tx *Tx) LockPoll(o pay.Owner, id pay.ID) (pay.Poll, error) { return polls.lock(tx, o, id) }

// LivePoll reads and locks the poll that all flows share which read a list of
// an account; false means that there is none.
func (tx *Tx) LivePoll(o pay.Owner, account, list string) (pay.Poll, bool, error) {
	if tx.reads {
		return pay.Poll{}, false, errReads
	}
	return polls.first(tx, "WHERE merchant = $1 AND mode = $2 AND account = $3 AND list = $4 AND lane = 'live'"+tx.store.dialect.forUpdate,
		o.Merchant, o.Mode, account, list)
}

// LivePolls reads up to limit live polls of every owner, made before a time,
// in the order of their ids, after the given one.
func (tx *Tx) LivePolls(after pay.ID, before time.Time, limit int) ([]pay.Poll, error) {
	return polls.all(tx, "WHERE lane = 'live' AND id > $1 AND created_at <= $2 ORDER BY id LIMIT $3", after, micros(before), limit)
}

// maxPollsOfWatch bounds the back-fills of one flow: one for each time that it
// was begun or resumed, each of which ends.
const maxPollsOfWatch = 100

// PollsOfWatch reads the back-fills of a flow, oldest first.
func (tx *Tx) PollsOfWatch(o pay.Owner, watch pay.ID) ([]pay.Poll, error) {
	return polls.all(tx, "WHERE merchant = $1 AND mode = $2 AND watch = $3 ORDER BY id LIMIT $4", o.Merchant, o.Mode, watch, maxPollsOfWatch)
}

// SweepOf reads the sweep of a live poll; false means that it has none.
func (tx *Tx) SweepOf(o pay.Owner, live pay.ID) (pay.Poll, bool, error) {
	return polls.first(tx, "WHERE merchant = $1 AND mode = $2 AND of_poll = $3", o.Merchant, o.Mode, live)
}

// LeasePolls takes up to limit polls of every owner that are due and that
// nobody is at work on, those that waited longest first, and makes the caller
// their holder until the given time, with a fence of its own.
func (tx *Tx) LeasePolls(now, until time.Time, limit int) ([]pay.Poll, error) {
	leased, err := polls.read(tx, `WITH due AS MATERIALIZED (
		SELECT merchant AS due_merchant, mode AS due_mode, id AS due_id FROM polls
		WHERE state IN ('going', 'broken') AND due_at <= $1 AND lease_until <= $1 ORDER BY due_at LIMIT $2`+tx.store.dialect.skipLocked+`)
		UPDATE polls SET lease_until = $3, fence = fence + 1 FROM due
		WHERE merchant = due_merchant AND mode = due_mode AND id = due_id RETURNING `+polls.columns,
		micros(now), limit, micros(until))
	slices.SortFunc(leased, func(a, b pay.Poll) int { return a.DueAt.Compare(b.DueAt) })
	return leased, err
}

// HoldPoll locks a poll that the caller has a lease on, and reads it as it is
// now.
//
// Errors: ErrFenced when another holds it, or it is gone or paused.
func (tx *Tx) HoldPoll(held pay.Poll) (pay.Poll, error) {
	p, err := polls.lock(tx, held.Owner, held.ID)
	switch {
	case pay.Is(err, pay.CodeNotFound):
		return p, ErrFenced
	case err == nil && (p.Fence != held.Fence || p.State != pay.PollGoing && p.State != pay.PollBroken):
		return p, ErrFenced
	}
	return p, err
}

// SavePoll writes all that may change of a poll that is locked.
//
// Errors: not_found, by the commit.
func (tx *Tx) SavePoll(p pay.Poll) error { return polls.update(tx, p, p.ID) }

// HastenPolls makes live polls of the owner due that a type of Stripe event
// says have something new. One that is being read is due again right after.
func (tx *Tx) HastenPolls(o pay.Owner, eventType string) error {
	return tx.later(expectation{}, statement{`UPDATE polls SET due_at = $4, hinted_at = $4
		WHERE merchant = $1 AND mode = $2 AND lane = 'live' AND state = 'going' AND ',' || hints || ',' LIKE '%,' || $3 || ',%'`,
		[]any{o.Merchant, o.Mode, eventType, micros(tx.now)}})
}

// DeletePoll forgets a poll with its sweep and all that it has seen.
func (tx *Tx) DeletePoll(o pay.Owner, id pay.ID) error {
	for _, sql := range []string{
		"DELETE FROM poll_seen WHERE merchant = $1 AND mode = $2 AND poll = $3",
		"DELETE FROM polls WHERE merchant = $1 AND mode = $2 AND of_poll = $3",
		"DELETE FROM polls WHERE merchant = $1 AND mode = $2 AND id = $3",
	} {
		if _, err := tx.exec(sql, o.Merchant, o.Mode, id); err != nil {
			return err
		}
	}
	return nil
}

// ReapPolls drops what was seen of objects created before a time, and what is
// done with, up to limit rows of each, and says how many went.
func (tx *Tx) ReapPolls(before time.Time, limit int) (int64, error) {
	seen, err := tx.exec(`DELETE FROM poll_seen WHERE (merchant, mode, poll, ref) IN
		(SELECT merchant, mode, poll, ref FROM poll_seen WHERE created_at < $1 ORDER BY created_at LIMIT $2)`, micros(before), limit)
	if err != nil {
		return 0, err
	}
	ended, err := tx.exec(`DELETE FROM polls WHERE (merchant, mode, id) IN
		(SELECT merchant, mode, id FROM polls WHERE lane = 'back_fill' AND state = 'done' LIMIT $1)`, limit)
	return seen + ended, err
}

// Seen is an object that a live poll has come upon.
type Seen struct {
	Ref     string
	Created time.Time
}

// See notes an object of a poll, and says whether it is the first time.
func (tx *Tx) See(o pay.Owner, poll pay.ID, object Seen) (fresh bool, err error) {
	n, err := tx.exec("INSERT INTO poll_seen (merchant, mode, poll, ref, created_at) VALUES ($1, $2, $3, $4, $5)"+giveWay,
		o.Merchant, o.Mode, poll, object.Ref, micros(object.Created))
	return n > 0, err
}

// SeenOf is which of the given objects a poll has come upon before.
func (tx *Tx) SeenOf(o pay.Owner, poll pay.ID, refs []string) (map[string]bool, error) {
	known := map[string]bool{}
	if len(refs) == 0 {
		return known, nil
	}
	c := in(owned(o).and("poll =", poll), "ref", refs)
	err := tx.each(func(row scanner) error {
		var ref string
		err := row.Scan(&ref)
		known[ref] = true
		return err
	}, "SELECT ref FROM poll_seen WHERE "+c.sql.String(), c.args...)
	return known, err
}

// ExtendPoll keeps a lease that the caller has for longer.
func (tx *Tx) ExtendPoll(p pay.Poll, until time.Time) error {
	_, err := tx.exec("UPDATE polls SET lease_until = $4 WHERE merchant = $1 AND mode = $2 AND id = $3",
		p.Owner.Merchant, p.Owner.Mode, p.ID, micros(until))
	return err
}

// CountMissed adds to the objects that a live poll has missed, as a sweep found.
func (tx *Tx) CountMissed(o pay.Owner, live pay.ID, missed int64) error {
	_, err := tx.exec("UPDATE polls SET missed = missed + $4 WHERE merchant = $1 AND mode = $2 AND id = $3", o.Merchant, o.Mode, live, missed)
	return err
}
