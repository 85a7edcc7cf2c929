package pay

import "time"

// Report is what Stripe says of a payment at one moment, in our words. It may
// be the answer to a call, the object that an event hinted at, or a look-up;
// Payment.Apply treats them alike, so it does not matter which comes first.
type Report struct {
	Status      PaymentStatus // pending, authorized, completed, failed or canceled
	ProviderRef string
	ChargeRef   string
	Captured    Money
	Fee         Money     // zero while unknown
	PlatformFee Money     // the application fee that Stripe took, or will; zero when there is none
	Net         Money     // of a direct charge, what is left to the partner; zero while unknown
	AvailableOn time.Time // zero while unknown
	ExpiresAt   time.Time // when held money is let go; zero when Stripe does not say
	CardBrand   string
	CardLast4   string
	RedirectURL string
	Failure     Failure
	PaymentID   ID // our id, as Stripe kept it for us; empty for objects that are not ours
}

// Change is what applying a report did to a payment.
type Change struct {
	Payment Payment
	From    PaymentStatus
	Event   EventType // empty when only details became known
	Changed bool
}

// Apply takes over what Stripe reports. It only goes forward: a report that is
// older than what is known changes nothing and is no error, since answers and
// events arrive in any order. Refunds are counted by ApplyRefunds alone.
func (p Payment) Apply(r Report, now time.Time) Change {
	from := p.Status
	next := p.withDetails(r)
	move, legal := PaymentMoves.Find(from, r.Status)
	switch {
	case from == PaymentPending && r.Status == PaymentPending:
		legal = r.RedirectURL != "" && r.RedirectURL != p.RedirectURL
	case from == r.Status || p.isRefunding():
		legal = false
	}
	if !legal {
		return p.unmoved(next, now)
	}
	next.Status = r.Status
	next.RedirectURL, next.Failure = r.RedirectURL, r.Failure
	switch r.Status {
	case PaymentAuthorized:
		next.AuthorizedAt = now
	case PaymentCompleted:
		next.Captured, next.CapturedAt = r.Captured, now
		next.Share.Fee = next.Share.taken(r)
	}
	next = next.withFunds(r)
	next.Sequence++
	next.UpdatedAt = now
	return Change{Payment: next, From: from, Event: move.Event, Changed: true}
}

// withDetails fills in what was not known; it never forgets anything.
func (p Payment) withDetails(r Report) Payment {
	fill := func(known *string, news string) {
		if *known == "" {
			*known = news
		}
	}
	fill(&p.ProviderRef, r.ProviderRef)
	fill(&p.CardBrand, r.CardBrand)
	fill(&p.CardLast4, r.CardLast4)
	if r.ChargeRef != "" {
		p.ChargeRef = r.ChargeRef
	}
	if p.Fee.IsZero() && !r.Fee.IsZero() {
		p.Fee = r.Fee
	}
	if p.ExpiresAt.IsZero() {
		p.ExpiresAt = r.ExpiresAt
	}
	return p.withFunds(r)
}

// withFunds notes when the money of a captured payment is there, and what of
// it came to a partner.
func (p Payment) withFunds(r Report) Payment {
	if p.Captured.IsZero() {
		return p
	}
	if p.Share.IsDirect() && p.Share.Net.IsZero() {
		p.Share.Net = r.Net
	}
	if p.AvailableOn.IsZero() && !r.AvailableOn.IsZero() {
		p.AvailableOn = r.AvailableOn
		if p.Share.Type == ChargeSeparate {
			p.ShareDueAt = r.AvailableOn
		}
	}
	return p
}

func (p Payment) unmoved(next Payment, now time.Time) Change {
	changed := next.ProviderRef != p.ProviderRef || next.ChargeRef != p.ChargeRef || next.Fee != p.Fee ||
		next.CardBrand != p.CardBrand || next.CardLast4 != p.CardLast4 || next.Share.Net != p.Share.Net ||
		!next.AvailableOn.Equal(p.AvailableOn) || !next.ExpiresAt.Equal(p.ExpiresAt)
	if changed {
		next.UpdatedAt = now
	}
	return Change{Payment: next, From: p.Status, Changed: changed}
}

func (p Payment) isRefunding() bool {
	return p.Status == PaymentPartiallyRefunded || p.Status == PaymentRefunded
}

// ApplyRefunds counts what completed refunds have given back in all, and moves
// the payment accordingly.
//
// Errors: internal_error when more was given back than was captured.
func (p Payment) ApplyRefunds(total Money, now time.Time) (Change, error) {
	if total.Minor < 0 || total.Minor > p.Captured.Minor || total.Currency != p.Captured.Currency {
		return Change{}, Errorf(CodeInternal, "refunds of %s exceed the captured %s", total, p.Captured)
	}
	if total == p.Refunded {
		return Change{Payment: p, From: p.Status}, nil
	}
	to := PaymentPartiallyRefunded
	switch total.Minor {
	case 0:
		to = PaymentCompleted
	case p.Captured.Minor:
		to = PaymentRefunded
	}
	move, legal := PaymentMoves.Find(p.Status, to)
	if !legal {
		return Change{}, Errorf(CodeInternal, "a %s payment cannot become %s", p.Status, to)
	}
	if total.Minor < p.Refunded.Minor {
		move.Event = EventPaymentRefundReturned
	}
	next := p
	next.Refunded, next.Status = total, to
	next.Sequence++
	next.UpdatedAt = now
	return Change{Payment: next, From: p.Status, Event: move.Event, Changed: true}, nil
}
