package sandbox_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v85"
	"pgregory.net/rapid"

	"florin/internal/clock"
	"florin/internal/sandbox"
)

// The fees of §4.1, to the cent, through the front door.
func TestFees(t *testing.T) {
	t.Parallel()
	w := open(t)
	for amount, fee := range map[int]int{10000: 320, 1000: 59, 950: 58, 1900: 85, 2250: 95, 2500: 103, 2900: 114, 22500: 683, 25000: 755, 999: 59, 500: 45, 2000: 88, 50: 31} {
		paid := w.send("POST", "/v1/payment_intents", fmt.Sprintf("amount=%d&currency=usd&confirm=true&payment_method_types[]=card&payment_method=pm_card_visa&expand[]=latest_charge.balance_transaction", amount))
		entry := func(name string) any { return paid.at("latest_charge", "balance_transaction", name) }
		require.Equal(t, []any{float64(amount), float64(fee), float64(amount - fee)}, []any{entry("amount"), entry("fee"), entry("net")})
	}
}

// Golden vectors 2 and 3: midnight UTC, seven days on.
func TestFundsBecomeAvailable(t *testing.T) {
	t.Parallel()
	w := open(t)
	entry := w.pay("pm_card_visa", "expand[]=latest_charge.balance_transaction").at("latest_charge", "balance_transaction").(map[string]any)
	require.Equal(t, []any{float64(1775433600), "pending"}, []any{entry["available_on"], entry["status"]})
	balance := func() (pending, available int64) {
		b, err := w.stripe.V1Balance.Retrieve(t.Context(), nil)
		require.NoError(t, err)
		return b.Pending[0].Amount, b.Available[0].Amount
	}
	w.advance(time.Duration(1775433600-start-1) * time.Second)
	pending, available := balance()
	require.Equal(t, []int64{941, 0}, []int64{pending, available})
	w.advance(time.Second)
	pending, available = balance()
	require.Equal(t, []int64{0, 941}, []int64{pending, available})
	require.Equal(t, "available", w.send("GET", "/v1/balance_transactions/"+entry["id"].(string), "").at("status"))
	require.Equal(t, "balance.available", w.eventTypes()[3])

	w.pay("pm_card_bypassPending")
	_, available = balance()
	require.EqualValues(t, 941*2, available)
}

func TestFundsOfARecordingOf2018(t *testing.T) {
	t.Parallel()
	s, err := sandbox.Open(sandbox.Config{Clock: clock.NewMovable(clock.Fixed(time.Unix(1528728983, 0)), 0)})
	require.NoError(t, err)
	w := serve(t, s)
	require.EqualValues(t, 1529280000, w.pay("pm_card_visa", "expand[]=latest_charge.balance_transaction").at("latest_charge", "balance_transaction", "available_on"))
}

func TestBalanceTransactionsFilter(t *testing.T) {
	t.Parallel()
	w := open(t)
	paid := w.pay("pm_card_visa")
	w.send("POST", "/v1/refunds", "payment_intent="+paid.at("id").(string))
	count := func(filter string) int {
		return len(w.send("GET", "/v1/balance_transactions?"+filter, "").at("data").([]any))
	}
	require.Equal(t, []int{2, 1, 1, 1, 0, 2}, []int{count(""), count("type=refund"), count("type=charge"),
		count("source=" + paid.at("latest_charge").(string)), count("currency=eur"), count("currency=usd")})
	require.Len(t, w.send("GET", "/v1/balance/history", "").at("data"), 2)
}

// Whatever happens, the balance is the sum of its transactions (§4.6), for
// every account and currency, and no charge gives back more than it took.
func TestBalanceIsTheSumOfItsTransactions(t *testing.T) {
	t.Parallel()
	w := open(t)
	runs := 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++
		book := &bookkeeper{world: w, rt: rt, keys: []string{fmt.Sprintf("sk_test_a%d", runs), fmt.Sprintf("sk_test_b%d", runs)}}
		book.clients = map[string]*stripe.Client{book.keys[0]: w.client(book.keys[0]), book.keys[1]: w.client(book.keys[1])}
		rt.Repeat(map[string]func(*rapid.T){
			"pay": book.pay, "capture": book.capture, "cancel": book.cancel, "refund": book.refund, "wait": book.wait, "": book.check,
			"charge": book.charge, "chargeLater": book.chargeLater, "answer": book.answer,
		})
	})
}

// bookkeeper makes random calls on two accounts.
type bookkeeper struct {
	*world
	rt      *rapid.T
	keys    []string
	clients map[string]*stripe.Client
	intents []payment
	charges []payment // without an intent
}

type payment struct{ key, id string }

func (b *bookkeeper) post(key, path, form string) reply {
	r, err := b.try("POST", path, form, "Authorization", "Bearer "+key)
	require.NoError(b.rt, err)
	require.Less(b.rt, r.status, 500, r.raw)
	return r
}

func (b *bookkeeper) pay(t *rapid.T) {
	key := rapid.SampledFrom(b.keys).Draw(t, "key")
	card := rapid.SampledFrom([]string{"visa", "bypassPending", "chargeDeclined", "pendingRefund", "refundFail", "authenticationRequired", "createDispute", "createMultipleDisputes", "createDisputeInquiry"}).Draw(t, "card")
	form := url.Values{
		"amount": {fmt.Sprint(rapid.IntRange(50, 100000).Draw(t, "amount"))}, "currency": {rapid.SampledFrom([]string{"usd", "eur"}).Draw(t, "currency")},
		"capture_method": {rapid.SampledFrom([]string{"automatic", "manual"}).Draw(t, "capture")}, "confirm": {"true"},
		"payment_method": {"pm_card_" + card}, "payment_method_types[]": {"card"},
	}
	r := b.post(key, "/v1/payment_intents", form.Encode())
	if id, ok := r.at("id").(string); ok {
		b.intents = append(b.intents, payment{key, id})
	}
}

func (b *bookkeeper) some(t *rapid.T) payment {
	if len(b.intents) == 0 {
		t.Skip("nothing was paid yet")
	}
	return rapid.SampledFrom(b.intents).Draw(t, "intent")
}

func (b *bookkeeper) capture(t *rapid.T) {
	p := b.some(t)
	b.post(p.key, "/v1/payment_intents/"+p.id+"/capture", fmt.Sprintf("amount_to_capture=%d", rapid.IntRange(1, 100000).Draw(t, "amount")))
}

func (b *bookkeeper) cancel(t *rapid.T) {
	p := b.some(t)
	b.post(p.key, "/v1/payment_intents/"+p.id+"/cancel", "")
}

func (b *bookkeeper) refund(t *rapid.T) {
	p := b.some(t)
	b.post(p.key, "/v1/refunds", fmt.Sprintf("payment_intent=%s&amount=%d", p.id, rapid.IntRange(1, 50000).Draw(t, "amount")))
}

func (b *bookkeeper) wait(t *rapid.T) {
	b.advance(time.Duration(rapid.IntRange(1, 4*24*3600).Draw(t, "seconds")) * time.Second)
}

func (b *bookkeeper) check(*rapid.T) {
	for _, key := range b.keys {
		client := b.clients[key]
		now := b.send("GET", "/_sandbox/clock", "").at("now").(float64)
		sums := map[string]int64{}
		for entry, err := range client.V1BalanceTransactions.List(b.Context(), &stripe.BalanceTransactionListParams{}).All(b.Context()) {
			require.NoError(b.rt, err)
			require.Equal(b.rt, entry.Amount-entry.Fee, entry.Net)
			require.Equal(b.rt, entry.AvailableOn <= int64(now), entry.Status == "available")
			sums[string(entry.Status)+string(entry.Currency)] += entry.Net
		}
		got, err := client.V1Balance.Retrieve(b.Context(), nil)
		require.NoError(b.rt, err)
		for at := range got.Available {
			require.Equal(b.rt, sums["available"+string(got.Available[at].Currency)], got.Available[at].Amount)
			require.Equal(b.rt, sums["pending"+string(got.Pending[at].Currency)], got.Pending[at].Amount)
			delete(sums, "available"+string(got.Available[at].Currency))
			delete(sums, "pending"+string(got.Pending[at].Currency))
		}
		require.Empty(b.rt, sums, "money outside the balance")
		b.checkCharges(client)
	}
}

func (b *bookkeeper) checkCharges(client *stripe.Client) {
	back := map[string]int64{}
	for r, err := range client.V1Refunds.List(b.Context(), &stripe.RefundListParams{}).All(b.Context()) {
		require.NoError(b.rt, err)
		if r.Status != stripe.RefundStatusFailed {
			back[r.Charge.ID] += r.Amount
		}
	}
	for ch, err := range client.V1Charges.List(b.Context(), &stripe.ChargeListParams{}).All(b.Context()) {
		require.NoError(b.rt, err)
		if ch.Captured {
			require.Equal(b.rt, back[ch.ID], ch.AmountRefunded, strings.Join([]string{ch.ID, string(ch.Status)}, " "))
			require.LessOrEqual(b.rt, ch.AmountRefunded, ch.AmountCaptured)
		}
	}
}
