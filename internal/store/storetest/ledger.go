package storetest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"florin/internal/pay"
	"florin/internal/store"
)

// testRefundTotals counts refunds by what became of them.
func testRefundTotals(t *testing.T, s *store.Store) {
	w := NewWorld(t, s)
	p := w.NewPayment()
	w.Write(t, func(tx *store.Tx) error {
		require.NoError(t, tx.InsertPayment(p))
		for i, status := range []pay.RefundStatus{"completed", "pending", "failed", "completed", "canceled", "pending"} {
			r := w.NewRefund(p)
			r.Status, r.Amount.Minor = status, int64(1)<<i
			require.NoError(t, tx.InsertRefund(r))
		}
		completed, pending, err := tx.RefundTotals(w.Owner, p.ID)
		assert.Equal(t, []int64{1 + 8, 2 + 32}, []int64{completed, pending})
		return err
	})
}

// life is a payment in the hands of the property test.
type life struct {
	payment pay.Payment
	refunds []pay.Refund
}

// testLedger lets random payments go through random lives by the rules of pay,
// and checks that what the ledger says always follows: balances sum to zero in
// every currency, and the walk through all of it finds nothing.
func testLedger(t *testing.T, s *store.Store) {
	total := 0
	rapid.Check(t, func(rt *rapid.T) {
		w := NewWorld(t, s)
		lives := make([]life, rapid.IntRange(1, 4).Draw(rt, "payments"))
		for i := range lives {
			lives[i].payment = w.begin(rt)
			for range rapid.IntRange(0, 6).Draw(rt, "steps") {
				w.step(rt, &lives[i])
			}
		}
		total += len(lives)
		w.checkBalances(rt, lives)
	})
	report, err := s.VerifyLedger(t.Context())
	require.NoError(t, err)
	assert.Equal(t, total, report.Payments, "every payment is walked")
	assert.Positive(t, report.Transactions)
	assert.GreaterOrEqual(t, report.Entries, 2*report.Transactions)
	assert.Empty(t, report.Problems)
	assert.Zero(t, report.Broken)
}

func (w *World) begin(rt *rapid.T) pay.Payment {
	p := w.PendingPayment()
	p.Amount = pay.Amount(rapid.Int64Range(50, pay.MaxAmount).Draw(rt, "amount"), rapid.SampledFrom(someCurrencies).Draw(rt, "currency"))
	p.Captured, p.Refunded = pay.Amount(0, p.Amount.Currency), pay.Amount(0, p.Amount.Currency)
	require.NoError(rt, w.Store.Write(rt.Context(), func(tx *store.Tx) error { return tx.InsertPayment(p) }))
	return p
}

// step is one thing that Stripe reports, of a payment or a refund of it.
func (w *World) step(rt *rapid.T, l *life) {
	if left := l.payment.Captured.Minor - l.payment.Refunded.Minor; left > 0 && rapid.Bool().Draw(rt, "refund") {
		w.refund(rt, l, rapid.Int64Range(1, left).Draw(rt, "part"))
		return
	}
	if len(l.refunds) > 0 && rapid.Bool().Draw(rt, "return") {
		w.bringBack(rt, l)
		return
	}
	captured := pay.Amount(rapid.Int64Range(1, l.payment.Amount.Minor).Draw(rt, "captured"), l.payment.Amount.Currency)
	report := pay.Report{
		Status: rapid.SampledFrom([]pay.PaymentStatus{"authorized", "completed", "failed", "canceled"}).Draw(rt, "status"), Captured: captured,
	}
	if rapid.Bool().Draw(rt, "fee") && report.Status == pay.PaymentCompleted {
		report.Fee = pay.Amount(rapid.Int64Range(1, 500).Draw(rt, "fee amount"), "EUR")
	}
	w.settle(rt, l, l.payment.Apply(report, w.Now).Payment)
}

// settle keeps a change of the payment with what it means in the ledger.
func (w *World) settle(rt *rapid.T, l *life, next pay.Payment, more ...pay.LedgerTransaction) {
	err := w.Store.Write(rt.Context(), func(tx *store.Tx) error {
		for _, booked := range append(pay.Booking(l.payment, next), more...) {
			booked.ID, booked.Owner, booked.At = NewID(), w.Owner, tx.Now()
			if err := tx.InsertLedger(booked); err != nil {
				return err
			}
		}
		return tx.UpdatePayment(next)
	})
	require.NoError(rt, err)
	for _, booked := range pay.Booking(l.payment, next) {
		booked.ID, booked.Owner, booked.At = NewID(), w.Owner, w.Now
		err := w.Store.Write(rt.Context(), func(tx *store.Tx) error { return tx.InsertLedger(booked) })
		require.Equal(rt, pay.CodeExists, pay.CodeOf(err), "a source has one of a kind")
	}
	l.payment = next
}

func (w *World) refund(rt *rapid.T, l *life, minor int64) {
	r := w.NewRefund(l.payment)
	r.Amount = pay.Amount(minor, l.payment.Amount.Currency)
	before := r
	before.Status = pay.RefundPending
	require.NoError(rt, w.Store.Write(rt.Context(), func(tx *store.Tx) error { return tx.InsertRefund(r) }))
	l.refunds = append(l.refunds, r)
	w.recount(rt, l, pay.RefundBooking(before, r, l.payment.Share))
}

// bringBack lets the bank return the latest refund.
func (w *World) bringBack(rt *rapid.T, l *life) {
	r := l.refunds[len(l.refunds)-1]
	l.refunds = l.refunds[:len(l.refunds)-1]
	failed := r
	failed.Status = pay.RefundFailed
	require.NoError(rt, w.Store.Write(rt.Context(), func(tx *store.Tx) error { return tx.UpdateRefund(failed) }))
	w.recount(rt, l, pay.RefundBooking(r, failed, l.payment.Share))
}

func (w *World) recount(rt *rapid.T, l *life, booked []pay.LedgerTransaction) {
	var completed int64
	require.NoError(rt, w.Store.Read(rt.Context(), func(tx *store.Tx) (err error) {
		completed, _, err = tx.RefundTotals(w.Owner, l.payment.ID)
		return err
	}))
	change, err := l.payment.ApplyRefunds(pay.Amount(completed, l.payment.Amount.Currency), w.Now)
	require.NoError(rt, err)
	w.settle(rt, l, change.Payment, booked...)
}

// checkBalances compares the balances with the payments they come from.
func (w *World) checkBalances(rt *rapid.T, lives []life) {
	want, sums := map[pay.Currency]int64{}, map[pay.Currency]int64{}
	stripe := map[pay.Currency]int64{}
	for _, l := range lives {
		want[l.payment.Amount.Currency] += l.payment.Captured.Minor - l.payment.Refunded.Minor
		want[l.payment.Fee.Currency] -= l.payment.Fee.Minor
	}
	require.NoError(rt, w.Store.Read(rt.Context(), func(tx *store.Tx) error {
		balances, err := tx.LedgerBalances(w.Owner)
		for _, b := range balances {
			sums[b.Amount.Currency] += b.Amount.Minor
			if b.Account == pay.LedgerStripe {
				stripe[b.Amount.Currency] = b.Amount.Minor
			}
		}
		return err
	}))
	for currency, sum := range sums {
		require.Zero(rt, sum, "all accounts in %s", currency)
	}
	for currency, amount := range want {
		require.Equal(rt, amount, stripe[currency], "what Stripe holds in %s", currency)
	}
}

// testLedgerProblems plants what a defect could leave behind, and checks that
// the walk finds each.
func testLedgerProblems(t *testing.T, s *store.Store) {
	w := NewWorld(t, s)
	usd := func(minor int64) pay.Money { return pay.Amount(minor, "USD") }
	book := func(p pay.Payment, kind pay.LedgerKind, amount int64, to, from pay.LedgerAccount) pay.LedgerTransaction {
		return pay.LedgerTransaction{ID: NewID(), Owner: w.Owner, Kind: kind, Source: p.ID, Payment: p.ID, At: w.Now, Entries: []pay.Entry{
			{Account: to, Amount: usd(amount)}, {Account: from, Amount: usd(-amount)},
		}}
	}
	plant := func(change func(p *pay.Payment) []pay.LedgerTransaction) {
		p := w.PendingPayment()
		booked := change(&p)
		w.Write(t, func(tx *store.Tx) error {
			require.NoError(t, tx.InsertPayment(p))
			for _, b := range booked {
				require.NoError(t, tx.InsertLedger(b))
			}
			return nil
		})
	}
	plants := []func(p *pay.Payment) []pay.LedgerTransaction{
		func(p *pay.Payment) []pay.LedgerTransaction { p.Captured = usd(1); return nil },
		func(p *pay.Payment) []pay.LedgerTransaction { p.Fee = usd(1); return nil },
		func(p *pay.Payment) []pay.LedgerTransaction { p.Status = pay.PaymentAuthorized; return nil },
		func(p *pay.Payment) []pay.LedgerTransaction {
			return []pay.LedgerTransaction{book(*p, pay.LedgerHold, 5000, pay.LedgerHeld, pay.LedgerAuthorizations)}
		},
		func(p *pay.Payment) []pay.LedgerTransaction {
			return []pay.LedgerTransaction{book(*p, pay.LedgerHoldEnd, 5000, pay.LedgerAuthorizations, pay.LedgerHeld)}
		},
		func(p *pay.Payment) []pay.LedgerTransaction {
			p.Status = pay.PaymentAuthorized
			return []pay.LedgerTransaction{book(*p, pay.LedgerHold, 4999, pay.LedgerHeld, pay.LedgerAuthorizations)}
		},
		func(p *pay.Payment) []pay.LedgerTransaction {
			return []pay.LedgerTransaction{book(*p, pay.LedgerFee, 7, pay.LedgerFees, pay.LedgerStripe)}
		},
	}
	for i, change := range plants {
		plant(change)
		report, err := s.VerifyLedger(t.Context())
		require.NoError(t, err)
		assert.Equal(t, i+1, report.Broken, "plant %d: %+v", i, report.Problems)
		assert.Len(t, report.Problems, i+1)
	}
	unbalanced := book(w.PendingPayment(), pay.LedgerHold, 1, pay.LedgerHeld, pay.LedgerAuthorizations)
	unbalanced.Entries[0].Amount.Minor = 2
	err := s.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertLedger(unbalanced) })
	assert.ErrorContains(t, err, "off by")
	manyPayments(t, w)
}

// manyPayments is more than one batch of the walk.
func manyPayments(t *testing.T, w *World) {
	before, err := w.Store.VerifyLedger(t.Context())
	require.NoError(t, err)
	w.Write(t, func(tx *store.Tx) error {
		for range 1100 {
			require.NoError(t, tx.InsertPayment(w.PendingPayment()))
		}
		return nil
	})
	after, err := w.Store.VerifyLedger(t.Context())
	require.NoError(t, err)
	assert.Equal(t, before.Payments+1100, after.Payments)
	assert.Equal(t, before.Broken, after.Broken)
}
