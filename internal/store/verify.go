package store

import (
	"context"
	"fmt"

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
	Broken       int             // problems in all
	Problems     []LedgerProblem // the first hundred
}

// LedgerProblem is one thing that does not add up.
type LedgerProblem struct {
	Owner       pay.Owner
	Payment     pay.ID
	Transaction pay.ID // empty when it is about the payment as a whole
	Message     string
}

// VerifyLedger walks every payment of every owner with its bookings: each
// transaction is balanced; what a payment says was captured, refunded and kept
// as a fee is what its entries say; a hold exists when it must, and has ended
// exactly when the payment is no longer authorized. It may run beside
// everything else: each batch is one snapshot.
func (s *Store) VerifyLedger(ctx context.Context) (LedgerReport, error) {
	var report LedgerReport
	var last pay.Payment
	for {
		n := 0
		err := s.Read(ctx, func(tx *Tx) error {
			batch, err := tx.paymentsAfter(last, verifyBatch)
			if err != nil || len(batch) == 0 {
				return err
			}
			n, last = len(batch), batch[len(batch)-1]
			return tx.verify(&report, batch)
		})
		if err != nil || n < verifyBatch {
			return report, err
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

// account names one account in one currency.
type account struct {
	name     pay.LedgerAccount
	currency pay.Currency
}

// verifyPayment checks one payment against all its bookings.
func verifyPayment(report *LedgerReport, p pay.Payment, booked []pay.LedgerTransaction) {
	report.Payments++
	report.Transactions += len(booked)
	sums, kinds := map[account]int64{}, map[pay.LedgerKind]int{}
	for _, t := range booked {
		report.Entries += len(t.Entries)
		kinds[t.Kind]++
		if err := t.Check(); err != nil {
			report.add(p, t.ID, err.Error())
		}
		for _, e := range t.Entries {
			sums[account{e.Account, e.Amount.Currency}] += e.Amount.Minor
		}
	}
	ours := p
	if p.Share.IsDirect() { // the partner's sale, refund and fee
		ours.Captured.Minor, ours.Refunded.Minor, ours.Fee = 0, 0, pay.Money{}
	}
	report.compare(p, sums, pay.LedgerSales, pay.Amount(-ours.Captured.Minor, p.Captured.Currency))
	report.compare(p, sums, pay.LedgerRefunds, ours.Refunded)
	report.compare(p, sums, pay.LedgerFees, ours.Fee)
	report.holds(p, kinds, sums[account{pay.LedgerHeld, p.Amount.Currency}])
}

// compare checks that an account got what the payment says, in the currency
// that it says, and nothing in any other.
func (r *LedgerReport) compare(p pay.Payment, sums map[account]int64, name pay.LedgerAccount, says pay.Money) {
	if booked := sums[account{name, says.Currency}]; booked != says.Minor {
		r.add(p, "", fmt.Sprintf("the payment says %s for %s, its entries say %s", says, name, pay.Amount(booked, says.Currency)))
	}
	for a, sum := range sums {
		if a.name == name && a.currency != says.Currency && sum != 0 {
			r.add(p, "", fmt.Sprintf("its entries bring %s to %s, of which the payment knows nothing", pay.Amount(sum, a.currency), name))
		}
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
