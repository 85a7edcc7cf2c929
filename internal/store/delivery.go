package store

import (
	"time"

	"florin/internal/pay"
)

var deliveries = define(table[pay.Delivery]{
	name:    "deliveries",
	what:    "delivery",
	fixed:   "merchant mode id event event_type endpoint created_at",
	mutable: "status attempts round next_at last_status last_error updated_at",
	fields: func(d *pay.Delivery) []any {
		return []any{
			&d.Owner.Merchant, &d.Owner.Mode, &d.ID, &d.Event, &d.EventType, &d.Endpoint, moment{&d.CreatedAt},
			&d.Status, &d.Attempts, &d.Round, moment{&d.NextAt}, &d.LastStatus, &d.LastError, moment{&d.UpdatedAt},
		}
	},
})

var deliveriesNewest = order[pay.Delivery]{
	name: "deliveries", columns: []string{"created_at"}, descending: true,
	key: func(d pay.Delivery) []int64 { return []int64{micros(d.CreatedAt)} },
	id:  func(d pay.Delivery) string { return string(d.ID) },
}

// attempt is a pay.Attempt with its owner, which the noun leaves to its
// delivery.
type attempt struct {
	owner pay.Owner
	pay.Attempt
}

// attempts has no mutable columns: a trigger refuses changes.
var attempts = define(table[attempt]{
	name:  "attempts",
	what:  "attempt",
	fixed: "merchant mode delivery number at duration status_code fault error response retry_after",
	fields: func(a *attempt) []any {
		return []any{
			&a.owner.Merchant, &a.owner.Mode, &a.Delivery, &a.Number, moment{&a.At}, span{&a.Duration}, &a.StatusCode,
			&a.Fault, &a.Error, blob{&a.Response}, span{&a.RetryAfter},
		}
	},
})

// InsertDelivery adds a delivery.
//
// Errors: already_exists, when the endpoint has one of the event.
func (tx *Tx) InsertDelivery(d pay.Delivery) error { return deliveries.insertLater(tx, d) }

// Delivery reads a delivery.
//
// Errors: not_found.
func (tx *Tx) Delivery(o pay.Owner, id pay.ID) (pay.Delivery, error) {
	return deliveries.get(tx, o, id)
}

// LockDelivery reads a delivery and keeps others from changing it until the
// commit.
//
// Errors: not_found.
func (tx *Tx) LockDelivery(o pay.Owner, id pay.ID) (pay.Delivery, error) {
	return deliveries.lock(tx, o, id)
}

// UpdateDelivery writes all that may change of a delivery.
//
// Errors: not_found.
func (tx *Tx) UpdateDelivery(d pay.Delivery) error { return deliveries.update(tx, d, d.ID) }

// InsertAttempt adds one try of a delivery. Durations are kept to the
// microsecond.
//
// Errors: already_exists, when the delivery has a try of this number.
func (tx *Tx) InsertAttempt(o pay.Owner, a pay.Attempt) error {
	return attempts.insertLater(tx, attempt{o, a})
}

// Attempts reads every try of a delivery, in order; each round has
// pay.MaxDeliveryAttempts at most.
func (tx *Tx) Attempts(o pay.Owner, delivery pay.ID) ([]pay.Attempt, error) {
	found, err := attempts.all(tx, "WHERE merchant = $1 AND mode = $2 AND delivery = $3 ORDER BY number", o.Merchant, o.Mode, delivery)
	tries := make([]pay.Attempt, len(found))
	for i, a := range found {
		tries[i] = a.Attempt
	}
	return tries, err
}

// Deliveries lists the deliveries that match a filter, newest first.
//
// Errors: invalid_cursor.
func (tx *Tx) Deliveries(o pay.Owner, f pay.DeliveryFilter, page pay.Page) (pay.List[pay.Delivery], error) {
	c := owned(o)
	texts := []struct{ column, value string }{
		{"endpoint", string(f.Endpoint)}, {"event", string(f.Event)}, {"status", string(f.Status)}, {"event_type", string(f.Type)},
	}
	for _, text := range texts {
		if text.value != "" {
			c.and(text.column+" =", text.value)
		}
	}
	return list(tx, deliveries, c, deliveriesNewest, page)
}

// DeliveriesOf reads every delivery of a payment's events, oldest first.
func (tx *Tx) DeliveriesOf(o pay.Owner, payment pay.ID) ([]pay.Delivery, error) {
	return deliveries.all(tx, `WHERE merchant = $1 AND mode = $2 AND event IN (
		SELECT id FROM events WHERE merchant = $1 AND mode = $2 AND payment = $3) ORDER BY created_at, id`, o.Merchant, o.Mode, payment)
}

// StaleDeliveries reads up to limit deliveries of every owner that should have
// been tried by now, those that waited longest first.
func (tx *Tx) StaleDeliveries(now time.Time, limit int) ([]pay.Delivery, error) {
	return deliveries.all(tx, "WHERE status = 'pending' AND next_at <= $1 ORDER BY next_at, id LIMIT $2", micros(now), limit)
}

// FailedDeliveries reads up to limit failed deliveries to an endpoint that were
// made since a time, oldest first.
func (tx *Tx) FailedDeliveries(o pay.Owner, endpoint pay.ID, since time.Time, limit int) ([]pay.Delivery, error) {
	return deliveries.all(tx, `WHERE merchant = $1 AND mode = $2 AND endpoint = $3 AND status = 'failed' AND created_at >= $4
		ORDER BY created_at, id LIMIT $5`, o.Merchant, o.Mode, endpoint, micros(since), limit)
}
