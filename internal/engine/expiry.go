package engine

import (
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

const (
	// holdSpan is how long held money stays held where Stripe does not say:
	// seven days for a card that its holder was there to use
	// (docs.stripe.com/payments/place-a-hold-on-a-payment-method).
	holdSpan = 7 * 24 * time.Hour
	// expiryNotice is how long before that merchants are told.
	expiryNotice = 24 * time.Hour
)

// holdEnd is when held money is let go unless it is captured.
func holdEnd(p pay.Payment) time.Time {
	if !p.ExpiresAt.IsZero() {
		return p.ExpiresAt
	}
	return p.AuthorizedAt.Add(holdSpan)
}

// nextHoldLook is when to look at a payment that holds money: when its end is
// near, to tell the merchant if it still is so; at its end; and then until
// Stripe says that the money was let go.
func nextHoldLook(p pay.Payment, now time.Time) time.Time {
	end := holdEnd(p)
	notice := end.Add(-expiryNotice)
	switch {
	case p.ExpiryToldAt.IsZero() && now.Before(notice):
		return notice
	case now.Before(end):
		return end
	}
	return now.Add(lookWait(now.Sub(end)))
}

// tellExpiry tells the merchant, once, that held money is about to be let go.
// The payment was read from Stripe just now: what was captured or canceled
// there is not told of.
func (e *Engine) tellExpiry(tx *store.Tx, p pay.Payment) (pay.Payment, error) {
	now := tx.Now()
	if p.Status != pay.PaymentAuthorized || !p.ExpiryToldAt.IsZero() || now.Before(holdEnd(p).Add(-expiryNotice)) {
		return p, nil
	}
	p.ExpiryToldAt, p.UpdatedAt = now, now
	p.Sequence++
	p.LookAt = nextLook(p, now)
	if err := tx.UpdatePayment(p); err != nil {
		return p, err
	}
	fact := pay.Event{Type: pay.EventPaymentExpiring, Object: p.ID, Payment: p.ID, Sequence: p.Sequence}
	return p, e.Tell(tx, p.Owner, fact, func(ev pay.Event) []byte { return e.present.PaymentEvent(ev, p) })
}
