package store

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"florin/internal/pay"
)

// Limits of a walk through the ledger.
const (
	// verifyBatch is how many payments are read in one snapshot, so that the
	// walk neither fills the memory nor keeps old rows from being cleaned up.
	verifyBatch = 500
	// verifyProblems is how many problems are told in words; more say no more.
	verifyProblems = 100
)

// LedgerReport is what a walk through the ledger found.
type LedgerReport struct {
	Payments     int
	Transactions int
	Entries      int
	Blocks       int               // of the chains
	Heads        []pay.LedgerBlock // the last block of each owner: note their hashes elsewhere
	Broken       int               // problems in all
	Problems     []LedgerProblem   // the first hundred
}

// LedgerProblem is one thing that does not add up.
type LedgerProblem struct {
	Owner       pay.Owner
	Payment     pay.ID // empty when it is about no single payment
	Transaction pay.ID // empty when it is about more than one
	Message     string
}

// VerifyLedger walks all books of every owner. By payments: what a payment says
// was captured, refunded, kept as a fee and shared is what its entries say; a
// hold exists when it must, and has ended exactly when the payment is no longer
// authorized. By transactions: each is balanced, all of them sum to zero in
// each currency, every block's hash is that of its transactions and of the
// block before, and every kept balance is the sum of its entries. It may run
// beside everything else.
//
// Each of heads is a hash of a block that someone noted: it must still be
// there.
func (s *Store) VerifyLedger(ctx context.Context, heads ...[]byte) (LedgerReport, error) {
	var report LedgerReport
	if err := s.verifyPayments(ctx, &report); err != nil {
		return report, err
	}
	return report, s.verifyBooks(ctx, &report, heads)
}

// verifyPayments walks the payments; each batch is one snapshot.
func (s *Store) verifyPayments(ctx context.Context, report *LedgerReport) error {
	var last pay.Payment
	for {
		n := 0
		err := s.Read(ctx, func(tx *Tx) error {
			batch, err := tx.paymentsAfter(last, verifyBatch)
			if err != nil || len(batch) == 0 {
				return err
			}
			n, last = len(batch), batch[len(batch)-1]
			return tx.verify(report, batch)
		})
		if err != nil || n < verifyBatch {
			return err
		}
	}
}

// paymentsAfter reads payments of every owner in the order of their keys.
func (tx *Tx) paymentsAfter(last pay.Payment, limit int) ([]pay.Payment, error) {
	return payments.all(tx, "WHERE (merchant, mode, id) > ($1, $2, $3) ORDER BY merchant, mode, id LIMIT $4",
		last.Owner.Merchant, last.Owner.Mode, last.ID, limit)
}

// verify checks a batch of payments, which are neighbours by key.
func (tx *Tx) verify(report *LedgerReport, batch []pay.Payment) error {
	first, last := batch[0], batch[len(batch)-1]
	booked, err := tx.bookings(`WHERE (t.merchant, t.mode, t.payment) >= ($1, $2, $3) AND (t.merchant, t.mode, t.payment) <= ($4, $5, $6)
		ORDER BY t.merchant, t.mode, t.payment, t.at, t.id, e.number`,
		first.Owner.Merchant, first.Owner.Mode, first.ID, last.Owner.Merchant, last.Owner.Mode, last.ID)
	if err != nil {
		return err
	}
	for _, p := range batch {
		n := 0
		for n < len(booked) && booked[n].Payment == p.ID && booked[n].Owner == p.Owner {
			n++
		}
		verifyPayment(report, p, booked[:n])
		booked = booked[n:]
	}
	return nil
}

// verifyPayment checks one payment against all its bookings.
func verifyPayment(report *LedgerReport, p pay.Payment, booked []pay.LedgerTransaction) {
	report.Payments++
	sums, kinds := map[place]int64{}, map[pay.LedgerKind]int{}
	for _, t := range booked {
		kinds[t.Kind]++
		for _, e := range t.Entries {
			sums[place{e.Account, e.Amount.Currency}] += e.Amount.Minor
		}
	}
	ours := p
	if p.Share.IsDirect() { // the partner's sale, refund and fee
		ours.Captured.Minor, ours.Refunded.Minor, ours.Fee = 0, 0, pay.Money{}
	}
	report.compare(p, sums, pay.LedgerSales, pay.Amount(-ours.Captured.Minor, p.Captured.Currency))
	report.compare(p, sums, pay.LedgerRefunds, ours.Refunded)
	report.compare(p, sums, pay.LedgerFees, ours.Fee)
	report.share(p, booked)
	report.holds(p, kinds, sums[place{pay.LedgerHeld, p.Amount.Currency}])
}

// compare checks that an account got what the payment says, in the currency
// that it says, and nothing in any other.
func (r *LedgerReport) compare(p pay.Payment, sums map[place]int64, name pay.LedgerAccount, says pay.Money) {
	if booked := sums[place{name, says.Currency}]; booked != says.Minor {
		r.add(p, "", fmt.Sprintf("the payment says %s for %s, its entries say %s", says, name, pay.Amount(booked, says.Currency)))
	}
	for a, sum := range sums {
		if a.account == name && a.currency != says.Currency && sum != 0 {
			r.add(p, "", fmt.Sprintf("its entries bring %s to %s, of which the payment knows nothing", pay.Amount(sum, a.currency), name))
		}
	}
}

// shareKinds is which booking gives a partner its part of a payment.
var shareKinds = map[pay.ChargeType]pay.LedgerKind{
	pay.ChargeSeparate: pay.LedgerShare, pay.ChargeDestination: pay.LedgerAutoTransfer, pay.ChargeDirect: pay.LedgerDirectCharge,
}

// share checks that a partner got its part once, and as much as the payment
// says.
func (r *LedgerReport) share(p pay.Payment, booked []pay.LedgerTransaction) {
	for _, t := range booked {
		if slices.Contains(slices.Collect(maps.Values(shareKinds)), t.Kind) && t.Kind != shareKinds[p.Share.Type] {
			r.add(p, t.ID, fmt.Sprintf("a %s of a payment that is not shared so", t.Kind))
		}
	}
	kind, shared := shareKinds[p.Share.Type]
	if !shared {
		return
	}
	var got int64
	for _, t := range booked {
		if t.Kind == kind {
			got += t.Entries[0].Amount.Minor
		}
	}
	if part := p.PartnerShare(); got != part.Minor {
		r.add(p, "", fmt.Sprintf("the partner's part is %s, and %s was booked for it", part, pay.Amount(got, part.Currency)))
	}
}

// holds checks that money is held exactly while the payment is authorized.
func (r *LedgerReport) holds(p pay.Payment, kinds map[pay.LedgerKind]int, held int64) {
	begun, ended := kinds[pay.LedgerHold], kinds[pay.LedgerHoldEnd]
	switch {
	case begun > 1 || ended > begun:
		r.add(p, "", fmt.Sprintf("%d holds and %d ends of holds", begun, ended))
	case p.Status == pay.PaymentAuthorized && (begun != 1 || ended != 0):
		r.add(p, "", "the payment is authorized, but nothing is held")
	case p.Status != pay.PaymentAuthorized && begun != ended:
		r.add(p, "", fmt.Sprintf("the payment is %s, but its hold has not ended", p.Status))
	case p.Status != pay.PaymentAuthorized && held != 0:
		r.add(p, "", fmt.Sprintf("%s is still held", pay.Amount(held, p.Amount.Currency)))
	case p.Status == pay.PaymentAuthorized && held != p.Amount.Minor:
		r.add(p, "", fmt.Sprintf("%s is held of an authorized %s", pay.Amount(held, p.Amount.Currency), p.Amount))
	}
}

func (r *LedgerReport) add(p pay.Payment, transaction pay.ID, message string) {
	r.Broken++
	if len(r.Problems) < verifyProblems {
		r.Problems = append(r.Problems, LedgerProblem{Owner: p.Owner, Payment: p.ID, Transaction: transaction, Message: message})
	}
}
