package engine

import (
	"context"

	"florin/internal/pay"
	"florin/internal/store"
)

// adoptPayment takes a payment that was made at Stripe into the books, with its
// refunds, as they stand there. Endpoints are not told: it is no news. A payment
// that is known stays as it is.
func (e *Engine) adoptPayment(ctx context.Context, access pay.Access, c pay.Connection, a pay.Adoptable) (adopted bool, err error) {
	if a.Shared {
		return false, nil // whose part is whose is not known here
	}
	known, err := glance(ctx, e, func(tx *store.Tx) (bool, error) {
		_, err := tx.PaymentByRef(c.Owner, a.ProviderRef)
		return err == nil, ignoreNotFound(err)
	})
	if err != nil || known {
		return false, err
	}
	var refunds []pay.RefundReport
	if a.Refunded && a.Status == pay.PaymentCompleted {
		if refunds, err = e.stripe.FindRefunds(ctx, access, a.ProviderRef); err != nil {
			return false, err
		}
	}
	err = e.store.Write(ctx, func(tx *store.Tx) error {
		adopted = false
		id, free, err := idFor(tx, c.Owner, a.PaymentID)
		if err != nil || !free {
			return err // ours, and its own call has the say
		}
		adopted = true
		return keepAdopted(tx, a.NewPayment(id, c, tx.Now()), a, refunds)
	})
	return adopted, err
}

func ignoreNotFound(err error) error {
	if pay.Is(err, pay.CodeNotFound) {
		return nil
	}
	return err
}

// idFor is the id of an adopted payment: the one that Stripe keeps for us, for
// whoever lost a database, or a new one. It is not free when a payment has it.
func idFor(tx *store.Tx, o pay.Owner, told pay.ID) (id pay.ID, free bool, err error) {
	if told == "" {
		return newID(), true, nil
	}
	_, err = tx.Payment(o, told)
	if pay.Is(err, pay.CodeNotFound) {
		return told, true, nil
	}
	return told, false, err
}

// keepAdopted writes a payment down as Stripe reports it, with what that means
// in money.
func keepAdopted(tx *store.Tx, before pay.Payment, a pay.Adoptable, refunds []pay.RefundReport) error {
	customer, err := tx.CustomerByRef(before.Owner, a.CustomerRef)
	if err := ignoreNotFound(err); err != nil {
		return err
	}
	before.Customer = customer.ID
	p := before.Apply(a.Report, tx.Now()).Payment
	p.LookAt = nextLook(p, tx.Now())
	if !p.CapturedAt.IsZero() {
		p.CapturedAt = a.CreatedAt
	}
	if !p.AuthorizedAt.IsZero() {
		p.AuthorizedAt = a.CreatedAt
	}
	if err := tx.InsertPayment(p); err != nil {
		return err
	}
	if err := book(tx, p.Owner, pay.Booking(before, p)); err != nil || len(refunds) == 0 {
		return err
	}
	return keepAdoptedRefunds(tx, p, refunds)
}

func keepAdoptedRefunds(tx *store.Tx, p pay.Payment, refunds []pay.RefundReport) error {
	total := pay.Amount(0, p.Captured.Currency)
	for _, report := range refunds {
		before := pay.Refund{
			ID: newID(), Owner: p.Owner, Payment: p.ID, Amount: report.Amount, Reason: report.Reason, Status: pay.RefundPending,
			ProviderRef: report.ProviderRef, External: true, Sequence: 1, CreatedAt: report.CreatedAt, UpdatedAt: tx.Now(),
		}
		after := before.Apply(report, tx.Now()).Refund
		after.LookAt = nextRefundLook(after, tx.Now())
		if err := tx.InsertRefund(after); err != nil {
			return err
		}
		if err := book(tx, p.Owner, pay.RefundBooking(before, after, p.Share)); err != nil {
			return err
		}
		if after.Status == pay.RefundCompleted {
			total.Minor += after.Amount.Minor
		}
	}
	change, err := p.ApplyRefunds(total, tx.Now())
	if err != nil || !change.Changed {
		return err
	}
	return tx.UpdatePayment(change.Payment)
}
