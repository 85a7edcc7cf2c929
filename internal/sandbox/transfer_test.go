package sandbox_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v85"
)

// funded gives the platform 9.41 USD to spend at once.
func (w *world) funded() {
	w.Helper()
	require.Equal(w, 200, w.pay("pm_card_bypassPending").status)
}

// The seed's transfer: 250 leaves at once, without a fee.
func TestTransferOfTheSeed(t *testing.T) {
	t.Parallel()
	w := open(t)
	account := w.connect()
	w.funded()
	p := &stripe.TransferCreateParams{Amount: stripe.Int64(250), Currency: stripe.String("usd"), Destination: &account}
	p.AddExpand("balance_transaction")
	sent, err := w.stripe.V1Transfers.Create(t.Context(), p)
	require.NoError(t, err)
	require.Regexp(t, `^tr_1[0-9A-Za-z]{23}$`, sent.ID)
	entry := sent.BalanceTransaction
	require.Equal(t, []any{int64(-250), int64(0), int64(-250), entry.Created, stripe.BalanceTransactionStatusAvailable, stripe.BalanceTransactionTypeTransfer},
		[]any{entry.Amount, entry.Fee, entry.Net, entry.AvailableOn, entry.Status, entry.Type})
	require.Equal(t, []any{false, int64(0), "card"}, []any{sent.Reversed, sent.AmountReversed, string(sent.SourceType)})

	theirs := &stripe.BalanceRetrieveParams{}
	theirs.SetStripeAccount(account)
	balance, err := w.stripe.V1Balance.Retrieve(t.Context(), theirs)
	require.NoError(t, err)
	require.EqualValues(t, 250, balance.Available[0].Amount)
	require.Len(t, w.send("GET", "/v1/transfers?destination="+account, "").at("data"), 1)
	require.Equal(t, "x", w.send("POST", "/v1/transfers/"+sent.ID, "description=x").at("description"))
}

func TestTransfersRefused(t *testing.T) {
	t.Parallel()
	w := open(t)
	account := w.connect()
	charge := w.pay("pm_card_visa").at("latest_charge").(string) // pending: it cannot be spent yet
	held := w.pay("pm_card_visa", "capture_method=manual").at("latest_charge").(string)
	for _, row := range []struct{ form, code string }{
		{"amount=1&currency=usd&destination=" + account, "balance_insufficient"},
		{"currency=usd&destination=" + account, "parameter_missing"},
		{"amount=0&currency=usd&destination=" + account, "parameter_invalid_integer"},
		{"amount=1&currency=usd&destination=acct_x", "resource_missing"},
		{"amount=1&currency=usd&source_transaction=ch_x&destination=" + account, "resource_missing"},
		{"amount=1001&currency=usd&source_transaction=" + charge + "&destination=" + account, "balance_insufficient"},
		{"amount=10&currency=eur&source_transaction=" + charge + "&destination=" + account, ""},
		{"amount=10&currency=usd&source_transaction=" + held + "&destination=" + account, ""},
	} {
		got := w.send("POST", "/v1/transfers", row.form)
		code, _ := got.at("error", "code").(string)
		require.Equal(t, []any{400, row.code}, []any{got.status, code}, row.form)
	}
	require.Equal(t, "transfers_not_allowed", w.send("POST", "/v1/transfers", "amount=1&currency=usd&destination="+account, "Stripe-Account", account).at("error", "code"))
	require.Equal(t, 200, w.send("POST", "/v1/transfers", "amount=600&currency=usd&source_transaction="+charge+"&destination="+account).status)
	over := w.send("POST", "/v1/transfers", "amount=401&currency=usd&source_transaction="+charge+"&destination="+account)
	require.Contains(t, over.at("error", "message"), "There is already a transfer using this source, amounting to $6.00.")
	require.EqualValues(t, 400, w.send("POST", "/v1/transfers", "currency=usd&source_transaction="+charge+"&destination="+account).at("amount"))
}

// What comes of a pending charge is available when the charge is (§2.10).
func TestTransferWaitsForItsCharge(t *testing.T) {
	t.Parallel()
	w := open(t)
	account := w.connect()
	charge := w.pay("pm_card_visa").at("latest_charge").(string)
	w.send("POST", "/v1/transfers", "amount=700&currency=usd&source_transaction="+charge+"&destination="+account)
	theirs := func(which string) any {
		return w.send("GET", "/v1/balance", "", "Stripe-Account", account).at(which).([]any)[0].(map[string]any)["amount"]
	}
	require.EqualValues(t, []any{0.0, 700.0}, []any{theirs("available"), theirs("pending")})
	w.advance(time.Duration(1775433600-start) * time.Second)
	require.EqualValues(t, []any{700.0, 0.0}, []any{theirs("available"), theirs("pending")})
	require.Equal(t, "balance.available", tail(w.typesOf(account), 1)[0])
}

func TestReversals(t *testing.T) {
	t.Parallel()
	w := open(t)
	account := w.connect()
	w.funded()
	sent := w.send("POST", "/v1/transfers", "amount=700&currency=usd&transfer_group=12345&destination="+account).at("id").(string)
	p := &stripe.TransferReversalCreateParams{ID: &sent, Amount: stripe.Int64(200)}
	p.AddExpand("balance_transaction")
	p.AddExpand("destination_payment_refund")
	back, err := w.stripe.V1TransferReversals.Create(t.Context(), p)
	require.NoError(t, err)
	require.EqualValues(t, 200, back.BalanceTransaction.Net)
	require.Equal(t, stripe.BalanceTransactionTypeTransferRefund, back.BalanceTransaction.Type)
	require.Regexp(t, `^pyr_1`, back.DestinationPaymentRefund.ID)
	path := "/v1/transfers/" + sent
	require.Equal(t, []any{200.0, false, 1.0}, []any{w.send("GET", path, "").at("amount_reversed"), w.send("GET", path, "").at("reversed"), w.send("GET", path, "").at("reversals", "total_count")})
	require.Equal(t, 400, w.send("POST", path+"/reversals", "amount=501").status)
	require.EqualValues(t, 500, w.send("POST", path+"/reversals", "metadata[a]=b").at("amount"))
	require.Equal(t, true, w.send("GET", path, "").at("reversed"))
	require.Equal(t, 400, w.send("POST", path+"/reversals", "").status, "all is back already")
	entries, sum := w.movements(account)
	require.Equal(t, []movement{{"payment", 700, 0, 700}, {"payment_refund", -200, 0, -200}, {"payment_refund", -500, 0, -500}}, entries)
	require.EqualValues(t, 0, sum)
	require.Len(t, w.send("GET", path+"/reversals", "").at("data"), 2)
	require.Equal(t, "c", w.send("POST", path+"/reversals/"+back.ID, "metadata[b]=c").at("metadata", "b"))
	require.Equal(t, []string{"transfer.created", "transfer.reversed", "transfer.reversed"}, tail(w.eventTypes(), 3))
	require.Equal(t, 404, w.send("GET", path+"/reversals/trr_x", "").status)
}

// Where Stripe bears the losses, a reversal cannot take what is not there (§2.11).
func TestReversalNeedsMoney(t *testing.T) {
	t.Parallel()
	w := open(t)
	account := w.onboarded("standard")
	w.funded()
	sent := w.send("POST", "/v1/transfers", "amount=700&currency=usd&destination="+account).at("id").(string)
	paid := w.send("POST", "/v1/payouts", "amount=300&currency=usd", "Stripe-Account", account)
	require.Equal(t, 200, paid.status, paid.raw)
	require.Equal(t, "balance_insufficient", w.send("POST", "/v1/transfers/"+sent+"/reversals", "").at("error", "code"))
	require.Equal(t, 200, w.send("POST", "/v1/transfers/"+sent+"/reversals", "amount=400").status)
}

func TestApplicationFeeRefunds(t *testing.T) {
	t.Parallel()
	w := open(t)
	account := w.connect()
	w.shared("application_fee_amount=123", "Stripe-Account", account)
	fees := w.send("GET", "/v1/application_fees", "").at("data").([]any)
	require.Len(t, fees, 1)
	id := fees[0].(map[string]any)["id"].(string)
	back, err := w.stripe.V1FeeRefunds.Create(t.Context(), &stripe.FeeRefundCreateParams{ID: &id, Amount: stripe.Int64(23)})
	require.NoError(t, err)
	require.Equal(t, []any{int64(23), id}, []any{back.Amount, back.Fee.ID})
	require.Equal(t, 400, w.send("POST", "/v1/application_fees/"+id+"/refunds", "amount=101").status)
	whole := w.send("POST", "/v1/application_fees/"+id+"/refund", "")
	require.Equal(t, []any{true, 123.0}, []any{whole.at("refunded"), whole.at("amount_refunded")})
	require.Equal(t, 400, w.send("POST", "/v1/application_fees/"+id+"/refunds", "").status)
	_, sum := w.movements("")
	require.EqualValues(t, 0, sum)
	_, sum = w.movements(account)
	require.EqualValues(t, 941, sum)
	require.Len(t, w.send("GET", "/v1/application_fees/"+id+"/refunds", "").at("data"), 2)
	require.Equal(t, "b", w.send("POST", "/v1/application_fees/"+id+"/refunds/"+back.ID, "metadata[a]=b").at("metadata", "a"))
	require.Equal(t, []string{"application_fee.created", "application_fee.refunded", "application_fee.refunded", "application_fee.refund.updated"}, w.eventTypes())
}

// Twelve transfers at once cannot send more than there is.
func TestTransfersRace(t *testing.T) {
	t.Parallel()
	w := open(t)
	account := w.connect()
	w.funded()
	var sent atomic.Int64
	var all sync.WaitGroup
	for range 12 {
		all.Go(func() {
			r, err := w.try("POST", "/v1/transfers", "amount=300&currency=usd&destination="+account)
			if err == nil && r.status == 200 {
				sent.Add(1)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 3, sent.Load(), "9.41 is enough for three of 3.00")
	_, sum := w.movements("")
	require.EqualValues(t, 41, sum)
}

// A retry with the same key is the same request only in the same account (§1.6).
func TestIdempotencyIsPerAccount(t *testing.T) {
	t.Parallel()
	w := open(t)
	account := w.connect()
	make := func(headers ...string) reply {
		return w.send("POST", "/v1/customers", "name=A", append(headers, "Idempotency-Key", "one")...)
	}
	own, theirs := make(), make("Stripe-Account", account)
	require.NotEqual(t, own.at("id"), theirs.at("id"))
	again := make("Stripe-Account", account)
	require.Equal(t, []any{"true", theirs.raw}, []any{again.header.Get("Idempotent-Replayed"), again.raw})
}
