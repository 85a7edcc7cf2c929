package sandbox_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v85"
)

func TestRefundInParts(t *testing.T) {
	t.Parallel()
	w := open(t)
	paid := w.pay("pm_card_visa")
	p := &stripe.RefundCreateParams{PaymentIntent: stripe.String(paid.at("id").(string)), Amount: stripe.Int64(400), Reason: stripe.String("duplicate")}
	p.AddExpand("balance_transaction")
	p.AddExpand("charge")
	part, err := w.stripe.V1Refunds.Create(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, stripe.RefundStatusSucceeded, part.Status)
	require.Regexp(t, `^re_3[0-9A-Za-z]{23}$`, part.ID)
	require.EqualValues(t, -400, part.BalanceTransaction.Net)
	require.EqualValues(t, 0, part.BalanceTransaction.Fee)
	require.EqualValues(t, 400, part.Charge.AmountRefunded)
	require.False(t, part.Charge.Refunded)

	over := w.send("POST", "/v1/refunds", "amount=601&charge="+part.Charge.ID)
	require.Equal(t, []any{400, "amount", "Refund amount ($6.01) is greater than unrefunded amount on charge ($6.00)"},
		[]any{over.status, over.at("error", "param"), over.at("error", "message")})
	rest := w.send("POST", "/v1/refunds", "charge="+part.Charge.ID+"&metadata[why]=all")
	require.EqualValues(t, 600, rest.at("amount"))
	require.Equal(t, true, w.send("GET", "/v1/charges/"+part.Charge.ID, "").at("refunded"))
	require.Equal(t, "charge_already_refunded", w.send("POST", "/v1/refunds", "charge="+part.Charge.ID).at("error", "code"))
	require.Len(t, w.send("GET", "/v1/refunds?payment_intent="+paid.at("id").(string), "").at("data"), 2)
	require.Equal(t, []string{"refund.created", "charge.refunded", "refund.created", "charge.refunded"}, w.eventTypes()[3:])
}

func TestRefundsRefused(t *testing.T) {
	t.Parallel()
	w := open(t)
	failed := w.pay("pm_card_chargeDeclined")
	for _, row := range []struct{ form, code string }{
		{"", "parameter_missing"}, {"charge=ch_x", "resource_missing"}, {"payment_intent=pi_x", "resource_missing"},
		{"charge=ch_x&payment_intent=pi_x", "parameters_exclusive"},
		{"charge=" + failed.at("error", "charge").(string), "charge_not_refundable"},
		{"payment_intent=" + failed.at("error", "payment_intent", "id").(string), "payment_intent_unexpected_state"},
	} {
		got := w.send("POST", "/v1/refunds", row.form)
		require.Equal(t, []any{400, row.code}, []any{got.status, got.at("error", "code")}, row.form)
	}
	held := w.pay("pm_card_visa", "capture_method=manual").at("id").(string)
	require.Equal(t, 400, w.send("POST", "/v1/refunds", "amount=1&payment_intent="+held).status)
	require.Equal(t, 200, w.send("POST", "/v1/refunds", "payment_intent="+held).status)
	require.Equal(t, "canceled", w.send("GET", "/v1/payment_intents/"+held, "").at("status"))
	paid := w.send("POST", "/v1/refunds", "payment_intent="+w.pay("pm_card_visa").at("id").(string)).at("id").(string)
	require.Equal(t, 400, w.send("POST", "/v1/refunds/"+paid+"/cancel", "").status)
	require.Equal(t, map[string]any{"a": "b"}, w.send("POST", "/v1/refunds/"+paid, "metadata[a]=b").at("metadata"))
}

func TestPendingRefundSucceedsLater(t *testing.T) {
	t.Parallel()
	w := open(t)
	made := w.send("POST", "/v1/refunds", "payment_intent="+w.pay("pm_card_pendingRefund").at("id").(string))
	require.Equal(t, []any{"pending", "processing"}, []any{made.at("status"), made.at("pending_reason")})
	w.advance(5 * time.Minute)
	require.Equal(t, "succeeded", w.send("GET", "/v1/refunds/"+made.at("id").(string), "").at("status"))
	require.Equal(t, []string{"refund.updated", "charge.refund.updated"}, w.eventTypes()[5:])
}

func TestRefundFailsLater(t *testing.T) {
	t.Parallel()
	w := open(t)
	paid := w.pay("pm_card_refundFail")
	made := w.send("POST", "/v1/refunds", "payment_intent="+paid.at("id").(string))
	require.Equal(t, "succeeded", made.at("status"))
	w.advance(5 * time.Minute)
	failed := w.send("GET", "/v1/refunds/"+made.at("id").(string)+"?expand[]=failure_balance_transaction", "")
	require.Equal(t, []any{"failed", "expired_or_canceled_card", float64(1000), "refund_failure"},
		[]any{failed.at("status"), failed.at("failure_reason"), failed.at("failure_balance_transaction", "net"), failed.at("failure_balance_transaction", "type")})
	charge := w.send("GET", "/v1/charges/"+paid.at("latest_charge").(string), "")
	require.Equal(t, []any{float64(0), false}, []any{charge.at("amount_refunded"), charge.at("refunded")})
	require.Equal(t, []string{"refund.failed", "charge.refund.updated", "charge.updated"}, w.eventTypes()[5:])
}

// Twenty refunds of a quarter each at once: four are paid.
func TestRefundRaceNeverExceedsTheCharge(t *testing.T) {
	t.Parallel()
	w := open(t)
	charge := w.pay("pm_card_visa").at("latest_charge").(string)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { _, _ = w.try("POST", "/v1/refunds", "amount=250&charge="+charge) })
	}
	all.Wait()
	require.Len(t, w.send("GET", "/v1/refunds?limit=100&charge="+charge, "").at("data"), 4)
	require.EqualValues(t, 1000, w.send("GET", "/v1/charges/"+charge, "").at("amount_refunded"))
}
