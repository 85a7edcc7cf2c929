package engine

import (
	"context"
	"errors"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// maxWebhookConnections is how many merchants' secrets are tried for an event
// sent to the address that they all share. Larger installations give Stripe
// the merchant's own address.
const maxWebhookConnections = 1000

// ReceiveStripeEvent keeps a Stripe event, once, and has a job look into it.
// It returns before anything is done about it, so that Stripe is answered at
// once. The event counts for the merchant whose secret signed it.
//
// Errors: not_found (no such merchant), signature_invalid, signature_expired,
// invalid_body.
func (e *Engine) ReceiveStripeEvent(ctx context.Context, merchant pay.ID, signature string, body []byte) error {
	c, err := e.signerOf(ctx, merchant, signature, body)
	if err != nil {
		return err
	}
	hint, err := e.stripe.Read(body)
	if err != nil {
		return err
	}
	e.flights.await(ctx, hint.PaymentID)
	return e.store.Write(ctx, func(tx *store.Tx) error { return e.keepProviderEvent(tx, c, hint, body) })
}

// signerOf is the connection whose secret signed an event.
func (e *Engine) signerOf(ctx context.Context, merchant pay.ID, signature string, body []byte) (pay.Connection, error) {
	candidates, err := e.signers(ctx, merchant)
	if err != nil {
		return pay.Connection{}, err
	}
	failure := error(pay.Errorf(pay.CodeSignatureInvalid, "no signing secret is known that could have signed this"))
	for _, c := range candidates {
		secrets, err := e.webhookSecrets(c)
		if err != nil {
			return pay.Connection{}, err
		}
		err = e.stripe.Verify(body, signature, secrets, e.clock.Now())
		if err == nil {
			return c, nil
		}
		if failure = err; pay.Is(err, pay.CodeSignatureExpired) {
			break // the secret was right
		}
	}
	return pay.Connection{}, failure
}

// signers is the connections whose secret may have signed an event for a
// merchant, or for any when that is empty.
//
// Errors: not_found (no such merchant).
func (e *Engine) signers(ctx context.Context, merchant pay.ID) ([]pay.Connection, error) {
	found, err := glance(ctx, e, func(tx *store.Tx) ([]pay.Connection, error) {
		return tx.WebhookConnections(merchant, maxWebhookConnections)
	})
	if err != nil || len(found) > 0 || merchant == "" {
		return found, err
	}
	_, err = glance(ctx, e, func(tx *store.Tx) (pay.Merchant, error) { return tx.Merchant(merchant) })
	return nil, err
}

// keepProviderEvent stores an event and decides whether a job is needed. An
// event that claims nothing but what is known needs none. Polls of lists that
// it says have grown are due at once.
func (e *Engine) keepProviderEvent(tx *store.Tx, c pay.Connection, hint pay.EventHint, body []byte) error {
	ev := pay.ProviderEvent{
		ID: newID(), Owner: c.Owner, Connection: c.ID, Ref: hint.Ref, Type: hint.Type, APIVersion: hint.APIVersion,
		ObjectRef: hint.ObjectRef, Account: hint.Account, PaymentRef: hint.PaymentRef,
		State: pay.ProviderEventNew, CreatedAt: hint.CreatedAt, ReceivedAt: tx.Now(),
	}
	if err := e.triage(tx, &ev, hint); err != nil {
		return err
	}
	var err error
	if ev.Payload, err = e.sealer.Seal(body, payloadContext(ev.ID)); err != nil {
		return err
	}
	if err := tx.HastenPolls(ev.Owner, ev.Type); err != nil {
		return err
	}
	e.noteMovement(ev)
	if ev.State != pay.ProviderEventNew {
		return tx.FileProviderEvent(ev)
	}
	fresh, err := tx.InsertProviderEvent(ev)
	if err != nil || !fresh {
		return err
	}
	return tx.Enqueue(store.Job{Kind: store.JobProviderEvent, Owner: ev.Owner, ID: ev.ID}, tx.Now())
}

// payloadContext binds the bytes of an event, which hold an intent's client
// secret, to their row.
func payloadContext(id pay.ID) string { return "provider_event|payload|" + string(id) }

// triage closes an event at once when there is nothing to do about it. That an
// event is another's twin is no reason: two events of one object in one second
// may be two facts, and reading the object twice does no harm.
func (e *Engine) triage(tx *store.Tx, ev *pay.ProviderEvent, hint pay.EventHint) error {
	at, known := e.topics[hint.Topic]
	if !known {
		ev.State, ev.Note, ev.DoneAt = pay.ProviderEventIgnored, "events of this type change nothing here", tx.Now()
		return nil
	}
	if at.triage == nil {
		return nil
	}
	found, err := at.triage(tx, *ev, hint)
	if found.state != "" {
		ev.State, ev.Note, ev.DoneAt = found.state, found.note, tx.Now()
	}
	return err
}

func (e *Engine) triagePayment(tx *store.Tx, ev pay.ProviderEvent, hint pay.EventHint) (triaged, error) {
	if hint.PaymentRef == "" {
		return triaged{pay.ProviderEventIgnored, "not about a payment"}, nil
	}
	known, err := e.knowsAlready(tx, ev.Owner, hint)
	if known {
		return triaged{pay.ProviderEventApplied, "nothing new"}, err
	}
	return triaged{}, err
}

// knowsAlready reports whether an event claims nothing but what we know. It
// may be believed in that: nothing is taken over.
func (e *Engine) knowsAlready(tx *store.Tx, o pay.Owner, hint pay.EventHint) (bool, error) {
	if hint.Payment == nil || hint.Refunds {
		return false, nil
	}
	if p, seen := e.flights.seen(o, hint.PaymentRef); seen && saysNothingNew(p, hint, tx.Now()) {
		return true, nil
	}
	p, err := tx.PaymentByRef(o, hint.PaymentRef)
	if pay.Is(err, pay.CodeNotFound) {
		return false, nil
	}
	return err == nil && saysNothingNew(p, hint, tx.Now()), err
}

func saysNothingNew(p pay.Payment, hint pay.EventHint, now time.Time) bool {
	return p.Status == hint.Payment.Status && !p.Apply(*hint.Payment, now).Changed
}

// ApplyProviderEvent is the job of a Stripe event: read the object again from
// Stripe and take over what is new. An event may come before the answer to the
// call that caused it; then the answer will find nothing left to do.
func (e *Engine) ApplyProviderEvent(ctx context.Context, job store.Job) (again time.Duration, err error) {
	ev, err := read(ctx, e, func(tx *store.Tx) (pay.ProviderEvent, error) { return tx.ProviderEvent(job.Owner, job.ID) })
	if err != nil || ev.State != pay.ProviderEventNew {
		return 0, err
	}
	payload, err := e.sealer.Open(ev.Payload, payloadContext(ev.ID))
	if err != nil {
		return 0, err
	}
	hint, err := e.stripe.Read(payload)
	if err != nil {
		return 0, e.closeProviderEvent(ctx, ev, pay.ProviderEventIgnored, err.Error())
	}
	at, known := e.topics[hint.Topic]
	if !known {
		return 0, e.closeProviderEvent(ctx, ev, pay.ProviderEventIgnored, "events of this type change nothing here")
	}
	note, err := at.apply(ctx, ev, hint)
	if errors.Is(err, errNotOurs) {
		return 0, e.closeProviderEvent(ctx, ev, pay.ProviderEventIgnored, "not about anything of ours")
	}
	if err != nil {
		return 0, err
	}
	return 0, e.closeProviderEvent(ctx, ev, pay.ProviderEventApplied, note)
}

func (e *Engine) applyPayment(ctx context.Context, ev pay.ProviderEvent, hint pay.EventHint) (note string, err error) {
	p, err := e.paymentOf(ctx, ev.Owner, hint)
	if pay.Is(err, pay.CodeNotFound) {
		return "", errNotOurs
	}
	if err != nil {
		return "", err
	}
	if hint.Account != p.Share.ActsAs() {
		return "", errNotOurs // a partner can write our ids into objects of its own account
	}
	return e.refresh(ctx, p, hint)
}

// paymentOf finds the payment that an event is about: by Stripe's reference,
// or by ours when the event came before the reply that tells us Stripe's.
func (e *Engine) paymentOf(ctx context.Context, o pay.Owner, hint pay.EventHint) (pay.Payment, error) {
	return read(ctx, e, func(tx *store.Tx) (pay.Payment, error) {
		p, err := tx.PaymentByRef(o, hint.PaymentRef)
		if pay.Is(err, pay.CodeNotFound) && hint.PaymentID != "" {
			return tx.Payment(o, hint.PaymentID)
		}
		return p, err
	})
}

// refresh reads a payment from Stripe and takes over what is new, unless what
// the event claims is known by now.
func (e *Engine) refresh(ctx context.Context, p pay.Payment, hint pay.EventHint) (note string, err error) {
	if hint.Payment != nil && !hint.Refunds && p.ProviderRef != "" && saysNothingNew(p, hint, e.clock.Now()) {
		return "nothing new", nil
	}
	if p.ProviderRef == "" {
		p.ProviderRef = hint.PaymentRef
	}
	changed, err := e.look(ctx, p, hint.Refunds)
	switch {
	case err != nil:
		return "", err
	case changed:
		return "read from Stripe and taken over", nil
	}
	return "nothing new", nil
}

func (e *Engine) closeProviderEvent(ctx context.Context, ev pay.ProviderEvent, state pay.ProviderEventState, note string) error {
	ev.State, ev.Note, ev.DoneAt = state, note, e.clock.Now()
	return e.store.Write(ctx, func(tx *store.Tx) error { return tx.FinishProviderEvent(ev) })
}

// look reads a payment from Stripe, and its refunds when asked to, and takes
// over what is new. The payment is locked only after everything was read.
func (e *Engine) look(ctx context.Context, p pay.Payment, refunds bool) (changed bool, err error) {
	todo, err := e.errandFor(ctx, pay.Call{Owner: p.Owner, Connection: p.Connection, Wire: pay.Wire{Account: p.Share.ActsAs()}})
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, e.cfg.CallTimeout)
	defer cancel()
	report, err := e.stripe.FindPayment(ctx, todo.access, pay.PaymentSought{Ref: p.ProviderRef})
	if err != nil {
		return false, err
	}
	if report.PaymentID != "" && report.PaymentID != p.ID {
		return false, errors.New("engine: Stripe's payment carries the id of another payment")
	}
	var given []pay.RefundReport
	if refunds {
		if given, err = e.stripe.FindRefunds(ctx, todo.access, p.ProviderRef); err != nil {
			return false, err
		}
	}
	err = e.store.Write(ctx, func(tx *store.Tx) error {
		before, err := tx.LockPayment(p.Owner, p.ID)
		if err != nil {
			return err
		}
		after, err := e.takeOver(tx, before, &report)
		if err != nil {
			return err
		}
		if after, err = e.tellExpiry(tx, after); err != nil {
			return err
		}
		after, err = e.takeOverRefunds(tx, after, given)
		changed = after.Sequence != before.Sequence
		return err
	})
	return changed, err
}

// takeOverRefunds takes over what Stripe knows of a payment's refunds, also of
// those that were made at Stripe and not here. Stripe also calls it a refund
// when held money is let go; no money of ours moves then.
func (e *Engine) takeOverRefunds(tx *store.Tx, p pay.Payment, reports []pay.RefundReport) (pay.Payment, error) {
	if p.Captured.IsZero() {
		return p, nil
	}
	for _, report := range reports {
		refund, err := e.refundOf(tx, p, report)
		if err != nil {
			return p, err
		}
		if _, p, err = e.takeOverRefund(tx, refund, p, report); err != nil {
			return p, err
		}
	}
	return p, nil
}

// refundOf is the refund that a report is about: ours by reference or by the
// id that Stripe keeps for us, or a new one for a refund made at Stripe.
func (e *Engine) refundOf(tx *store.Tx, p pay.Payment, report pay.RefundReport) (pay.Refund, error) {
	known, err := tx.RefundByRef(p.Owner, report.ProviderRef)
	if pay.Is(err, pay.CodeNotFound) && report.RefundID != "" {
		known, err = tx.Refund(p.Owner, report.RefundID)
	}
	if err == nil {
		return tx.LockRefund(p.Owner, known.ID)
	}
	if !pay.Is(err, pay.CodeNotFound) {
		return known, err
	}
	now := tx.Now()
	made := pay.Refund{
		ID: newID(), Owner: p.Owner, Payment: p.ID, Amount: report.Amount, Reason: report.Reason, Status: pay.RefundPending,
		ProviderRef: report.ProviderRef, External: true, Sequence: 1, CreatedAt: now, UpdatedAt: now,
	}
	return made, tx.InsertRefund(made)
}
