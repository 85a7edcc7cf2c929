package engine

import (
	"cmp"
	"context"
	"slices"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// Source is who a moment of a timeline comes from.
type Source string

// Who a moment comes from.
const (
	SourceCaller  Source = "caller"  // a request of the merchant's software
	SourceFlorin  Source = "florin"  // something that we sent or told
	SourceStripe  Source = "stripe"  // an answer or event of Stripe's
	SourceLedger  Source = "ledger"  // money that moved
	SourceWebhook Source = "webhook" // a try to tell the merchant
)

// Moment is one thing that happened to a payment.
type Moment struct {
	At      time.Time
	Source  Source
	Kind    string // such as call.sent, payment.completed, ledger.capture
	Summary string // for people
	Ref     string // the id of what it is about: ours, or Stripe's
	Detail  map[string]any
}

// Timeline is everything that happened to a payment, oldest first: the answer
// to "what happened to this cent". It is put together from the rows that are
// there anyway, so that nothing can be missing from it alone.
//
// Errors: not_found.
func (e *Engine) Timeline(ctx context.Context, o pay.Owner, id pay.ID) ([]Moment, error) {
	moments, err := read(ctx, e, func(tx *store.Tx) ([]Moment, error) {
		p, err := tx.Payment(o, id)
		if err != nil {
			return nil, err
		}
		moments := []Moment{created(p)}
		for _, part := range []func(*store.Tx, pay.Payment) ([]Moment, error){
			refundMoments, callMoments, providerMoments, eventMoments, ledgerMoments, deliveryMoments,
		} {
			more, err := part(tx, p)
			if err != nil {
				return nil, err
			}
			moments = append(moments, more...)
		}
		return moments, nil
	})
	slices.SortStableFunc(moments, func(a, b Moment) int { return cmp.Compare(a.At.UnixMicro(), b.At.UnixMicro()) })
	return moments, err
}

func created(p pay.Payment) Moment {
	return Moment{
		At: p.CreatedAt, Source: SourceCaller, Kind: "payment.created", Ref: string(p.ID),
		Summary: "A payment of " + p.Amount.String() + " was asked for",
		Detail:  map[string]any{"idempotency_key": p.IdempotencyKey, "capture": p.Capture, "payment_method": p.PaymentMethod},
	}
}

func refundMoments(tx *store.Tx, p pay.Payment) ([]Moment, error) {
	refunds, err := tx.RefundsOf(p.Owner, p.ID)
	var moments []Moment
	for _, r := range refunds {
		source, how := SourceCaller, "asked for"
		if r.External {
			source, how = SourceStripe, "made at Stripe"
		}
		moments = append(moments, Moment{
			At: r.CreatedAt, Source: source, Kind: "refund.created", Ref: string(r.ID),
			Summary: "A refund of " + r.Amount.String() + " was " + how,
			Detail:  map[string]any{"reason": r.Reason, "provider_ref": r.ProviderRef},
		})
	}
	return moments, err
}

func callMoments(tx *store.Tx, p pay.Payment) ([]Moment, error) {
	calls, err := tx.CallsOf(p.Owner, p.ID)
	var moments []Moment
	for _, c := range calls {
		moments = append(moments, Moment{
			At: c.FirstSentAt, Source: SourceFlorin, Kind: "call.sent", Ref: string(c.ID),
			Summary: "Stripe was asked to " + string(c.Action),
			Detail:  map[string]any{"path": c.Wire.Path, "idempotency_key": c.ProviderKey, "attempts": c.Attempts, "state": c.State},
		})
		if c.AnsweredAt.IsZero() {
			continue
		}
		moments = append(moments, Moment{
			At: c.AnsweredAt, Source: SourceStripe, Kind: "call.answered", Ref: c.RequestRef,
			Summary: "The outcome of the " + string(c.Action) + " is known: " + string(c.Outcome),
			Detail:  map[string]any{"call": c.ID, "outcome": c.Outcome, "note": c.Note},
		})
	}
	return moments, err
}

func providerMoments(tx *store.Tx, p pay.Payment) ([]Moment, error) {
	if p.ProviderRef == "" {
		return nil, nil
	}
	events, err := tx.ProviderEventsOf(p.Owner, p.ProviderRef)
	var moments []Moment
	for _, ev := range events {
		moments = append(moments, Moment{
			At: ev.ReceivedAt, Source: SourceStripe, Kind: "stripe_event." + string(ev.State), Ref: ev.Ref,
			Summary: "Stripe sent " + ev.Type,
			Detail:  map[string]any{"object": ev.ObjectRef, "note": ev.Note, "created_at": ev.CreatedAt},
		})
	}
	return moments, err
}

func eventMoments(tx *store.Tx, p pay.Payment) ([]Moment, error) {
	events, err := tx.EventsOf(p.Owner, p.ID)
	var moments []Moment
	for _, ev := range events {
		moments = append(moments, Moment{
			At: ev.At, Source: SourceFlorin, Kind: string(ev.Type), Ref: string(ev.ID),
			Summary: meaningOf(ev.Type), Detail: map[string]any{"object": ev.Object, "sequence": ev.Sequence},
		})
	}
	return moments, err
}

func meaningOf(t pay.EventType) string {
	for _, info := range pay.EventTypes {
		if info.Type == t {
			return info.Meaning
		}
	}
	return string(t)
}

func ledgerMoments(tx *store.Tx, p pay.Payment) ([]Moment, error) {
	booked, err := tx.LedgerOf(p.Owner, p.ID)
	var moments []Moment
	for _, t := range booked {
		lines := make([]map[string]string, len(t.Entries))
		for i, entry := range t.Entries {
			lines[i] = map[string]string{"account": string(entry.Account), "amount": entry.Amount.Decimal(), "currency": string(entry.Amount.Currency)}
		}
		moments = append(moments, Moment{
			At: t.At, Source: SourceLedger, Kind: "ledger." + string(t.Kind), Ref: string(t.ID),
			Summary: "The ledger booked a " + string(t.Kind), Detail: map[string]any{"source": t.Source, "entries": lines},
		})
	}
	return moments, err
}

func deliveryMoments(tx *store.Tx, p pay.Payment) ([]Moment, error) {
	deliveries, err := tx.DeliveriesOf(p.Owner, p.ID)
	if err != nil {
		return nil, err
	}
	var moments []Moment
	for _, d := range deliveries {
		attempts, err := tx.Attempts(d.Owner, d.ID)
		if err != nil {
			return nil, err
		}
		for _, a := range attempts {
			kind, summary := "delivery.delivered", "The merchant's endpoint took "+string(d.EventType)
			if a.Fault != pay.FaultNone {
				kind, summary = "delivery.failed", "The merchant's endpoint did not take "+string(d.EventType)
			}
			moments = append(moments, Moment{
				At: a.At, Source: SourceWebhook, Kind: kind, Ref: string(d.ID), Summary: summary,
				Detail: map[string]any{"endpoint": d.Endpoint, "attempt": a.Number, "status": a.StatusCode, "fault": a.Fault, "error": a.Error},
			})
		}
	}
	return moments, nil
}
