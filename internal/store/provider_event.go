package store

import (
	"time"

	"florin/internal/pay"
)

var providerEvents = define(table[pay.ProviderEvent]{
	name:    "provider_events",
	what:    "Stripe event",
	fixed:   "merchant mode id connection ref type api_version object_ref account payment_ref payload created_at received_at",
	mutable: "state note done_at",
	fields: func(e *pay.ProviderEvent) []any {
		return []any{
			&e.Owner.Merchant, &e.Owner.Mode, &e.ID, opt(&e.Connection), &e.Ref, &e.Type, &e.APIVersion, &e.ObjectRef, &e.Account, &e.PaymentRef,
			blob{&e.Payload}, moment{&e.CreatedAt}, moment{&e.ReceivedAt},
			&e.State, &e.Note, moment{&e.DoneAt},
		}
	},
})

// InsertProviderEvent keeps a Stripe event, once by its evt_…; fresh is false
// when the owner has it already.
func (tx *Tx) InsertProviderEvent(e pay.ProviderEvent) (fresh bool, err error) {
	err = providerEvents.insert(tx, e)
	if pay.Is(err, pay.CodeExists) {
		return false, nil
	}
	return err == nil, err
}

// FileProviderEvent keeps a Stripe event that nothing is left to do about: once,
// like InsertProviderEvent, but nobody waits to hear whether it was there.
func (tx *Tx) FileProviderEvent(e pay.ProviderEvent) error {
	return tx.later(expectation{}, statement{providerEvents.inserts + giveWay, providerEvents.fields(&e)})
}

// ProviderEvent reads a Stripe event.
//
// Errors: not_found.
func (tx *Tx) ProviderEvent(o pay.Owner, id pay.ID) (pay.ProviderEvent, error) {
	return providerEvents.get(tx, o, id)
}

// FinishProviderEvent keeps what was done about a Stripe event: state, note and
// when.
//
// Errors: not_found.
func (tx *Tx) FinishProviderEvent(e pay.ProviderEvent) error {
	return providerEvents.update(tx, e, e.ID)
}

// ProviderEventsOf reads every Stripe event that concerns an intent (pi_…), in
// the order of arrival.
func (tx *Tx) ProviderEventsOf(o pay.Owner, paymentRef string) ([]pay.ProviderEvent, error) {
	return providerEvents.all(tx, "WHERE merchant = $1 AND mode = $2 AND payment_ref = $3 ORDER BY received_at, id",
		o.Merchant, o.Mode, paymentRef)
}

// StaleProviderEvents reads up to limit Stripe events of every owner that were
// received before a time and that nobody has looked at, oldest first.
func (tx *Tx) StaleProviderEvents(before time.Time, limit int) ([]pay.ProviderEvent, error) {
	return providerEvents.all(tx, "WHERE state = 'new' AND received_at < $1 ORDER BY received_at, id LIMIT $2", micros(before), limit)
}
