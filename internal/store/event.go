package store

import (
	"time"

	"florin/internal/pay"
)

// events has no mutable columns: a trigger refuses changes. Where an event
// stands in the feed is given by the database as it is inserted.
var events = define(table[pay.Event]{
	name:  "events",
	what:  "event",
	fixed: "merchant mode id type object payment sequence body at position",
	fields: func(e *pay.Event) []any {
		return []any{
			&e.Owner.Merchant, &e.Owner.Mode, &e.ID, &e.Type, &e.Object, opt(&e.Payment), &e.Sequence, blob{&e.Body},
			moment{&e.At}, &e.Position,
		}
	},
})

// maxFeed is the most events that one read of the feed returns, like MaxPage
// for lists.
const maxFeed = pay.MaxPage

// InsertEvent adds a fact to the owner's feed. Position is given here.
//
// Errors: already_exists, by the commit.
func (tx *Tx) InsertEvent(e pay.Event) error {
	d := tx.store.dialect
	fields := events.fields(&e)
	fields = fields[:len(fields)-1]
	return tx.later(expectation{what: events.what}, statement{
		"INSERT INTO events (merchant, mode, id, type, object, payment, sequence, body, at, feed_tx, position) " +
			"VALUES (" + places(1, len(fields)) + ", " + d.feedTx + ", " + d.feedPosition + ")", fields,
	})
}

// Event reads an event.
//
// Errors: not_found.
func (tx *Tx) Event(o pay.Owner, id pay.ID) (pay.Event, error) { return events.get(tx, o, id) }

// Events reads the owner's feed: up to limit events after another (empty: from
// the start), of certain types (none: all), oldest first. Whoever goes on from
// the last event read misses none, even one whose transaction commits late:
// until then the feed ends before it. Next is the id of the last event when
// there are more.
//
// Errors: invalid_cursor, when the owner has no event after.
func (tx *Tx) Events(o pay.Owner, after pay.ID, types []pay.EventType, limit int) (pay.List[pay.Event], error) {
	c := owned(o).raw(tx.store.dialect.feedSettled)
	if err := tx.feedAfter(c, o, after); err != nil {
		return pay.List[pay.Event]{}, err
	}
	in(c, "type", types)
	limit = min(max(limit, 1), maxFeed)
	rows, err := events.all(tx, "WHERE "+c.sql.String()+" ORDER BY feed_tx, position LIMIT "+c.place(limit+1), c.args...)
	if err != nil || len(rows) <= limit {
		return pay.List[pay.Event]{Items: rows}, err
	}
	return pay.List[pay.Event]{Items: rows[:limit], Next: string(rows[limit-1].ID)}, nil
}

func (tx *Tx) feedAfter(c *condition, o pay.Owner, after pay.ID) error {
	if after == "" {
		return nil
	}
	var feedTx, position int64
	found, err := tx.row("SELECT feed_tx, position FROM events WHERE merchant = $1 AND mode = $2 AND id = $3",
		[]any{o.Merchant, o.Mode, after}, &feedTx, &position)
	if err != nil {
		return err
	}
	if !found {
		return pay.Invalid(pay.CodeInvalidCursor, "after", "there is no event %s", after)
	}
	c.raw("(feed_tx, position) > (" + c.place(feedTx) + ", " + c.place(position) + ")")
	return nil
}

// EventsOf reads every event of a payment and what belongs to it, in the order
// of the feed.
func (tx *Tx) EventsOf(o pay.Owner, payment pay.ID) ([]pay.Event, error) {
	return events.all(tx, "WHERE merchant = $1 AND mode = $2 AND payment = $3 ORDER BY feed_tx, position", o.Merchant, o.Mode, payment)
}

// MissingEvents reads up to limit events since a time that the endpoint wants
// and has no delivery of, oldest first. Pings were meant for one endpoint and
// are never missing.
//
// Errors: not_found, for the endpoint.
func (tx *Tx) MissingEvents(o pay.Owner, endpoint pay.ID, since time.Time, limit int) ([]pay.Event, error) {
	to, err := tx.Endpoint(o, endpoint)
	if err != nil {
		return nil, err
	}
	c := owned(o).and("at >=", micros(since)).raw("type <> 'endpoint.ping'")
	in(c, "type", to.Events)
	c.raw("NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.merchant = events.merchant AND d.mode = events.mode " +
		"AND d.event = events.id AND d.endpoint = " + c.place(endpoint) + ")")
	return events.all(tx, "WHERE "+c.sql.String()+" ORDER BY at, id LIMIT "+c.place(limit), c.args...)
}
