package pay_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"florin/internal/pay"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// reported are the statuses that Stripe can report; refunds are counted.
var reported = []pay.PaymentStatus{
	pay.PaymentPending, pay.PaymentAuthorized, pay.PaymentCompleted, pay.PaymentFailed, pay.PaymentCanceled,
}

// world is a payment and its refunds under random reports, with the ledger
// that follows from them.
type world struct {
	payment pay.Payment
	refunds []pay.Refund
	ledger  map[pay.LedgerAccount]int64
	booked  map[pay.LedgerKind]int
}

func newWorld(t *rapid.T) *world {
	amount := pay.Amount(rapid.Int64Range(50, 1000).Draw(t, "amount"), "USD")
	return &world{
		payment: pay.Payment{
			ID: "p", Amount: amount, Captured: pay.Amount(0, "USD"), Refunded: pay.Amount(0, "USD"),
			Status: pay.PaymentPending, Sequence: 1,
		},
		ledger: map[pay.LedgerAccount]int64{},
		booked: map[pay.LedgerKind]int{},
	}
}

func (w *world) book(t *rapid.T, transactions []pay.LedgerTransaction) {
	for _, tx := range transactions {
		require.NoError(t, tx.Check())
		if tx.Source == "p" {
			w.booked[tx.Kind]++
		}
		for _, e := range tx.Entries {
			w.ledger[e.Account] += e.Amount.Minor
		}
	}
}

func (w *world) keep(t *rapid.T, before pay.Payment, c pay.Change) {
	if before.Status != c.Payment.Status {
		move, legal := pay.PaymentMoves.Find(before.Status, c.Payment.Status)
		require.True(t, legal, "%s to %s", before.Status, c.Payment.Status)
		require.NotEmpty(t, c.Event)
		if move.Event != pay.EventPaymentRefunded {
			require.Equal(t, move.Event, c.Event)
		}
		require.Greater(t, c.Payment.Sequence, before.Sequence)
	}
	w.payment = c.Payment
	w.book(t, pay.Booking(before, c.Payment))
}

func (w *world) report(t *rapid.T) {
	status := rapid.SampledFrom(reported).Draw(t, "status")
	r := pay.Report{Status: status, ProviderRef: "pi_1", Captured: pay.Amount(0, "USD")}
	if status == pay.PaymentCompleted {
		r.Captured = pay.Amount(rapid.Int64Range(1, w.payment.Amount.Minor).Draw(t, "captured"), "USD")
		r.Fee = pay.Amount(rapid.Int64Range(0, 30).Draw(t, "fee"), "USD")
	}
	w.keep(t, w.payment, w.payment.Apply(r, noon))
}

func (w *world) refund(t *rapid.T) {
	var pending int64
	for _, r := range w.refunds {
		if r.Status == pay.RefundPending {
			pending += r.Amount.Minor
		}
	}
	amount := pay.Amount(rapid.Int64Range(1, 1200).Draw(t, "refund"), "USD")
	if w.payment.CheckRefund(amount, pay.Amount(pending, "USD")) == nil {
		w.refunds = append(w.refunds, pay.Refund{ID: "r", Payment: "p", Amount: amount, Status: pay.RefundPending})
	}
}

func (w *world) reportRefund(t *rapid.T) {
	if len(w.refunds) == 0 {
		t.Skip("no refund yet")
	}
	i := rapid.IntRange(0, len(w.refunds)-1).Draw(t, "which")
	before := w.refunds[i]
	change := before.Apply(pay.RefundReport{Status: rapid.SampledFrom(pay.RefundStatuses).Draw(t, "refund status")}, noon)
	w.refunds[i] = change.Refund
	w.book(t, pay.RefundBooking(before, change.Refund, pay.Share{}))
	var total int64
	for _, r := range w.refunds {
		if r.Status == pay.RefundCompleted {
			total += r.Amount.Minor
		}
	}
	counted, err := w.payment.ApplyRefunds(pay.Amount(total, "USD"), noon)
	require.NoError(t, err)
	w.keep(t, w.payment, counted)
}

// check holds after every step, whatever the order of reports.
func (w *world) check(t *rapid.T) {
	var sum, given int64
	for account, amount := range w.ledger {
		sum += amount
		if account == pay.LedgerHeld {
			require.Contains(t, []int64{0, w.payment.Amount.Minor}, amount, "a hold is posted or voided once")
		}
	}
	require.Zero(t, sum, "the ledger is balanced")
	for _, r := range w.refunds {
		if r.Status == pay.RefundCompleted {
			given += r.Amount.Minor
		}
	}
	p := w.payment
	require.LessOrEqual(t, given, p.Captured.Minor)
	require.Equal(t, given, p.Refunded.Minor)
	require.Equal(t, -p.Captured.Minor, w.ledger[pay.LedgerSales])
	require.Equal(t, given, w.ledger[pay.LedgerRefunds])
	require.Equal(t, p.Fee.Minor, w.ledger[pay.LedgerFees])
	require.Equal(t, p.Captured.Minor-given-p.Fee.Minor, w.ledger[pay.LedgerStripe])
	require.Equal(t, p.Status == pay.PaymentAuthorized, w.ledger[pay.LedgerHeld] != 0)
	for kind, times := range w.booked {
		require.LessOrEqual(t, times, 1, "%s is booked once", kind)
	}
}

func TestMoneyAddsUpUnderAnyReports(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		t.Repeat(map[string]func(*rapid.T){
			"":       w.check,
			"report": w.report,
			"refund": w.refund,
			"settle": w.reportRefund,
		})
	})
}

// Reports that come again, or late, change nothing: answers, events and
// look-ups arrive in any order.
func TestApplyIsIdempotent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		for range rapid.IntRange(1, 6).Draw(t, "reports") {
			w.report(t)
			r := pay.Report{Status: w.payment.Status, ProviderRef: w.payment.ProviderRef, Captured: w.payment.Captured, RedirectURL: w.payment.RedirectURL}
			again := w.payment.Apply(r, noon.Add(time.Hour))
			assert.False(t, again.Changed)
			assert.Equal(t, w.payment, again.Payment)
		}
	})
}

func TestEveryMoveEmitsAKnownEvent(t *testing.T) {
	t.Parallel()
	known := map[pay.EventType]bool{}
	for _, info := range pay.EventTypes {
		assert.NotEmpty(t, info.Meaning)
		known[info.Type] = true
	}
	for _, m := range pay.PaymentMoves {
		assert.True(t, known[m.Event], m)
	}
	for _, m := range pay.RefundMoves {
		assert.True(t, known[m.Event], m)
	}
	for _, m := range pay.CardMoves {
		assert.True(t, known[m.Event], m)
	}
}

func TestNoMoneyComesBackFromTheEnd(t *testing.T) {
	t.Parallel()
	for _, end := range []pay.PaymentStatus{pay.PaymentCanceled} {
		for _, to := range pay.PaymentStatuses {
			_, legal := pay.PaymentMoves.Find(end, to)
			assert.False(t, legal, "%s to %s", end, to)
		}
	}
	for _, to := range []pay.PaymentStatus{pay.PaymentPending, pay.PaymentAuthorized, pay.PaymentFailed, pay.PaymentCanceled} {
		for _, taken := range []pay.PaymentStatus{pay.PaymentCompleted, pay.PaymentPartiallyRefunded, pay.PaymentRefunded} {
			_, legal := pay.PaymentMoves.Find(taken, to)
			assert.False(t, legal, "%s to %s", taken, to)
		}
	}
}

func TestDeliveryWaits(t *testing.T) {
	t.Parallel()
	var total time.Duration
	for tries := 1; tries < pay.MaxDeliveryAttempts; tries++ {
		wait, more := pay.NextDelivery(tries, 0)
		require.True(t, more, tries)
		total += wait
	}
	_, more := pay.NextDelivery(pay.MaxDeliveryAttempts, 0)
	assert.False(t, more)
	assert.Equal(t, 75*time.Hour+35*time.Minute+5*time.Second, total)
	wait, _ := pay.NextDelivery(1, time.Hour)
	assert.Equal(t, time.Hour, wait, "a receiver may put us off")
	wait, _ = pay.NextDelivery(1, 300*time.Hour)
	assert.Equal(t, pay.MaxRetryAfter, wait, "but not for ever")
}

func TestReplayWindow(t *testing.T) {
	t.Parallel()
	c := pay.Call{FirstSentAt: noon}
	assert.True(t, c.MayReplay(noon.Add(23*time.Hour-time.Second)))
	assert.False(t, c.MayReplay(noon.Add(23*time.Hour)))
}
