package sandbox_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v85"

	"florin/internal/clock"
	"florin/internal/sandbox"
)

// shop is a world with a customer who has a card, and monthly prices.
type shop struct {
	*world
	customer string
}

func openShop(t *testing.T) *shop {
	w := open(t)
	return &shop{w, w.newPayer("pm_card_visa", "")}
}

// newPayer is a customer with a default card.
func (w *world) newPayer(card, more string) string {
	w.Helper()
	made := w.must("POST", "/v1/customers", "name=Ada&email=ada@example.org"+more)
	id := made.at("id").(string)
	if card != "" {
		method := w.must("POST", "/v1/payment_methods/"+card+"/attach", "customer="+id).at("id").(string)
		w.must("POST", "/v1/customers/"+id, "invoice_settings[default_payment_method]="+method)
	}
	return id
}

// must is send for what has to succeed.
func (w *world) must(method, path, form string) reply {
	w.Helper()
	got := w.send(method, path, form)
	require.Equal(w, 200, got.status, "%s %s %s: %s", method, path, form, got.raw)
	return got
}

// price makes a price of a new product, monthly unless more says otherwise.
func (w *world) price(name string, amount int, more ...string) string {
	w.Helper()
	form := fmt.Sprintf("currency=usd&unit_amount=%d&product_data[name]=%s", amount, url.QueryEscape(name))
	if len(more) == 0 {
		more = []string{"recurring[interval]=month"}
	}
	return w.must("POST", "/v1/prices", form+"&"+strings.Join(more, "&")).at("id").(string)
}

// first reads a value out of the first element of a list.
func (r reply) first(path ...string) any {
	level := r
	for at, name := range path {
		if list, ok := r.at(path[:at]...).([]any); ok {
			level = reply{body: list[0].(map[string]any)}
			return level.first(path[at:]...)
		}
		_ = name
	}
	return level.at(path...)
}

func TestSubscriptionRenewsAndIsPaid(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	gold := s.price("Gold", 1000)
	params := &stripe.SubscriptionCreateParams{Customer: &s.customer, Items: []*stripe.SubscriptionCreateItemParams{{Price: &gold, Quantity: stripe.Int64(2)}}}
	params.AddExpand("latest_invoice.payments.data.payment.payment_intent")
	made, err := s.stripe.V1Subscriptions.Create(t.Context(), params)
	require.NoError(t, err)
	require.Equal(t, stripe.SubscriptionStatusActive, made.Status)
	item := made.Items.Data[0]
	require.Equal(t, []int64{start, 1777584051}, []int64{item.CurrentPeriodStart, item.CurrentPeriodEnd}, "golden vector 4, two seconds on")
	first := made.LatestInvoice
	require.Equal(t, stripe.InvoiceStatusPaid, first.Status)
	require.Equal(t, stripe.InvoiceBillingReasonSubscriptionCreate, first.BillingReason)
	require.Equal(t, []int64{2000, 2000, 2000, 0}, []int64{first.Total, first.AmountDue, first.AmountPaid, first.AmountRemaining})
	require.Equal(t, []int64{start, start}, []int64{first.PeriodStart, first.PeriodEnd})
	require.Equal(t, "2 × Gold (at $10.00 / month)", first.Lines.Data[0].Description)
	require.EqualValues(t, 1777584051, first.Lines.Data[0].Period.End)
	require.Equal(t, stripe.PaymentIntentStatusSucceeded, first.Payments.Data[0].Payment.PaymentIntent.Status)
	require.Equal(t, []string{"customer.subscription.created", "invoice.created", "invoice.finalized", "customer.updated", "payment_intent.created",
		"charge.succeeded", "payment_intent.succeeded", "invoice.updated", "invoice.paid", "invoice.payment_succeeded", "invoice_payment.paid",
		"customer.subscription.updated"}, tail(s.eventTypes(), 12))

	s.advance(31*24*time.Hour - time.Second)
	require.Len(t, s.must("GET", "/v1/invoices", "").at("data"), 1)
	s.advance(time.Second)
	draft := s.must("GET", "/v1/invoices?limit=1", "")
	require.Equal(t, []any{"draft", "subscription_cycle", float64(start), 1777584051.0}, []any{draft.first("data", "status"), draft.first("data", "billing_reason"),
		draft.first("data", "period_start"), draft.first("data", "period_end")})
	s.advance(time.Hour)
	paid := s.must("GET", "/v1/invoices/"+draft.first("data", "id").(string), "")
	require.Equal(t, []any{"paid", 2000.0, 1.0}, []any{paid.at("status"), paid.at("amount_paid"), paid.at("attempt_count")})
	require.Regexp(t, `^[0-9A-Z]{8}-0002$`, paid.at("number"))
	listed, err := s.stripe.V1Balance.Retrieve(t.Context(), nil)
	require.NoError(t, err)
	require.EqualValues(t, 2*(2000-88), listed.Available[0].Amount+listed.Pending[0].Amount)
}

func TestTrialThenPaid(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	made := s.must("POST", "/v1/subscriptions", "customer="+s.customer+"&items[0][price]="+s.price("Author", 1000)+"&trial_period_days=7&expand[]=latest_invoice")
	require.Equal(t, []any{"trialing", float64(start + 7*86400), 0.0, "paid"}, []any{made.at("status"), made.at("trial_end"), made.at("latest_invoice", "amount_due"), made.at("latest_invoice", "status")})
	id := made.at("id").(string)
	s.advance(4 * 24 * time.Hour)
	require.Equal(t, "customer.subscription.trial_will_end", tail(s.eventTypes(), 1)[0])
	s.advance(3 * 24 * time.Hour)
	require.Equal(t, "active", s.must("GET", "/v1/subscriptions/"+id, "").at("status"))
	s.advance(time.Hour)
	got := s.must("GET", "/v1/subscriptions/"+id+"?expand[]=latest_invoice", "")
	require.Equal(t, []any{"paid", 1000.0}, []any{got.at("latest_invoice", "status"), got.at("latest_invoice", "amount_paid")})
}

func TestTrialWithoutCard(t *testing.T) {
	t.Parallel()
	w := open(t)
	gold := w.price("Gold", 1000)
	for behavior, status := range map[string]string{"cancel": "canceled", "pause": "paused", "create_invoice": "past_due"} {
		made := w.must("POST", "/v1/subscriptions", "customer="+w.newPayer("", "")+"&items[0][price]="+gold+"&trial_period_days=7&trial_settings[end_behavior][missing_payment_method]="+behavior)
		defer func() {
			require.Equal(t, status, w.must("GET", "/v1/subscriptions/"+made.at("id").(string), "").at("status"), behavior)
		}()
	}
	w.advance(7*24*time.Hour + time.Hour)
}

// A card that attaches and then declines: four attempts, then the end (§2.17.9).
func TestDunning(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	made := s.must("POST", "/v1/subscriptions", "customer="+s.newPayer("pm_card_chargeCustomerFail", "")+"&items[0][price]="+s.price("Gold", 1000)+"&trial_period_days=1")
	path := "/v1/subscriptions/" + made.at("id").(string)
	s.advance(25 * time.Hour)
	require.Equal(t, "past_due", s.must("GET", path, "").at("status"))
	look := func() []any {
		i := s.must("GET", path+"?expand[]=latest_invoice", "").at("latest_invoice").(map[string]any)
		return []any{i["status"], i["attempt_count"], i["next_payment_attempt"]}
	}
	at := float64(start + 25*3600)
	require.Equal(t, []any{"open", 1.0, at + 3*86400}, look())
	for n, days := range []time.Duration{3, 5} {
		s.advance(days * 24 * time.Hour)
		at += float64(days) * 86400
		require.Equal(t, []any{"open", float64(n + 2), at + []float64{5, 7}[n]*86400}, look())
	}
	s.advance(7 * 24 * time.Hour)
	require.Equal(t, []any{"open", 4.0, nil}, look())
	over := s.must("GET", path, "")
	require.Equal(t, []any{"canceled", "payment_failed"}, []any{over.at("status"), over.at("cancellation_details", "reason")})
	s.advance(60 * 24 * time.Hour)
	require.Equal(t, 4.0, look()[1], "nothing is tried any more")
}

func TestDunningEndsWithANewCard(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	who := s.newPayer("pm_card_chargeCustomerFail", "")
	made := s.must("POST", "/v1/subscriptions", "customer="+who+"&items[0][price]="+s.price("Gold", 1000)+"&trial_period_days=1")
	s.advance(25 * time.Hour)
	require.Equal(t, true, s.must("GET", "/v1/customers/"+who, "").at("delinquent"))
	method := s.must("POST", "/v1/payment_methods/pm_card_visa/attach", "customer="+who).at("id").(string)
	s.must("POST", "/v1/subscriptions/"+made.at("id").(string), "default_payment_method="+method)
	s.advance(3 * 24 * time.Hour)
	got := s.must("GET", "/v1/subscriptions/"+made.at("id").(string)+"?expand[]=latest_invoice&expand[]=customer", "")
	require.Equal(t, []any{"active", "paid", 2.0, false}, []any{got.at("status"), got.at("latest_invoice", "status"), got.at("latest_invoice", "attempt_count"), got.at("customer", "delinquent")})
}

func TestFirstPaymentMayFail(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	gold := s.price("Gold", 1000)
	failing := s.newPayer("pm_card_chargeCustomerFail", "")
	form := "customer=" + failing + "&items[0][price]=" + gold
	refused := s.send("POST", "/v1/subscriptions", form+"&payment_behavior=error_if_incomplete")
	require.Equal(t, []any{402, "card_declined"}, []any{refused.status, refused.at("error", "code")})
	require.Empty(t, s.must("GET", "/v1/subscriptions?status=all", "").at("data"), "nothing is left of it")
	none := s.send("POST", "/v1/subscriptions", "customer="+s.newPayer("", "")+"&items[0][price]="+gold)
	require.Equal(t, []any{400, "resource_missing"}, []any{none.status, none.at("error", "code")})

	made := s.must("POST", "/v1/subscriptions", form+"&expand[]=latest_invoice.confirmation_secret")
	require.Equal(t, []any{"incomplete", "open", "payment_intent"}, []any{made.at("status"), made.at("latest_invoice", "status"), made.at("latest_invoice", "confirmation_secret", "type")})
	secret := made.at("latest_invoice", "confirmation_secret", "client_secret").(string)
	intent, _, _ := strings.Cut(secret, "_secret_")
	paid := s.send("POST", "/v1/payment_intents/"+intent+"/confirm", "client_secret="+secret+"&payment_method=pm_card_visa&key=pk_test_world")
	require.Equal(t, 200, paid.status, paid.raw)
	got := s.must("GET", "/v1/subscriptions/"+made.at("id").(string)+"?expand[]=latest_invoice", "")
	require.Equal(t, []any{"active", "paid"}, []any{got.at("status"), got.at("latest_invoice", "status")})

	late := s.must("POST", "/v1/subscriptions", form+"&payment_behavior=default_incomplete")
	s.advance(23 * time.Hour)
	over := s.must("GET", "/v1/subscriptions/"+late.at("id").(string)+"?expand[]=latest_invoice", "")
	require.Equal(t, []any{"incomplete_expired", "void"}, []any{over.at("status"), over.at("latest_invoice", "status")})
}

// Recorded: from 2500 to 25000 with 2 591 996 of 2 592 000 seconds left (§2.17.5).
func TestProration(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	product := s.must("POST", "/v1/products", "name=Plan").at("id").(string)
	price := func(amount int) string {
		return s.must("POST", "/v1/prices", fmt.Sprintf("currency=usd&unit_amount=%d&product=%s&recurring[interval]=day&recurring[interval_count]=30", amount, product)).at("id").(string)
	}
	made := s.must("POST", "/v1/subscriptions", "customer="+s.customer+"&items[0][price]="+price(2500))
	item := made.first("items", "data", "id").(string)
	s.advance(4 * time.Second)
	preview := s.must("POST", "/v1/invoices/create_preview", "subscription="+made.at("id").(string)+"&subscription_details[items][0][id]="+item+
		"&subscription_details[items][0][price]="+price(25000)+"&subscription_details[proration_behavior]=always_invoice")
	require.Equal(t, 22500.0, preview.at("total"))
	require.Regexp(t, "^upcoming_in_", preview.at("id"))
	require.Len(t, s.must("GET", "/v1/invoices", "").at("data"), 1, "a preview leaves nothing")

	got := s.must("POST", "/v1/subscriptions/"+made.at("id").(string), "items[0][id]="+item+"&items[0][price]="+price(25000)+"&proration_behavior=always_invoice&expand[]=latest_invoice")
	require.Equal(t, []any{22500.0, "paid", "subscription_update"}, []any{got.at("latest_invoice", "total"), got.at("latest_invoice", "status"), got.at("latest_invoice", "billing_reason")})
	lines := got.at("latest_invoice", "lines", "data").([]any)
	require.Equal(t, []any{-2500.0, "Unused time on Plan after 30 Mar 2026"}, []any{lines[0].(map[string]any)["amount"], lines[0].(map[string]any)["description"]})
	require.Equal(t, []any{25000.0, "Remaining time on Plan after 30 Mar 2026"}, []any{lines[1].(map[string]any)["amount"], lines[1].(map[string]any)["description"]})
	credited := reply{body: lines[0].(map[string]any)}
	require.Equal(t, made.at("latest_invoice"), credited.at("parent", "subscription_item_details", "proration_details", "credited_items", "invoice"))

	s.advance(15*24*time.Hour - 4*time.Second)
	down := s.must("POST", "/v1/subscriptions/"+made.at("id").(string), "items[0][id]="+item+"&items[0][price]="+price(2500)+"&proration_behavior=always_invoice&expand[]=latest_invoice&expand[]=customer")
	require.Equal(t, []any{-11250.0, 0.0, "paid", -11250.0}, []any{down.at("latest_invoice", "total"), down.at("latest_invoice", "amount_due"), down.at("latest_invoice", "status"), down.at("customer", "balance")})
	s.advance(15*24*time.Hour + time.Hour)
	next := s.must("GET", "/v1/subscriptions/"+made.at("id").(string)+"?expand[]=latest_invoice", "")
	require.Equal(t, []any{2500.0, 0.0, -11250.0, -8750.0}, []any{next.at("latest_invoice", "total"), next.at("latest_invoice", "amount_due"),
		next.at("latest_invoice", "starting_balance"), next.at("latest_invoice", "ending_balance")})
}

func TestQuantityAndItems(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	gold, extra := s.price("Gold", 1000), s.price("Extra", 500)
	made := s.must("POST", "/v1/subscriptions", "customer="+s.customer+"&items[0][price]="+gold)
	id, item := made.at("id").(string), made.first("items", "data", "id").(string)
	s.must("POST", "/v1/subscription_items/"+item, "quantity=3")
	added := s.must("POST", "/v1/subscription_items", "subscription="+id+"&price="+extra+"&quantity=2")
	require.Len(t, s.must("GET", "/v1/subscription_items?subscription="+id, "").at("data"), 2)
	pending := s.must("GET", "/v1/invoiceitems?pending=true&customer="+s.customer, "")
	sum := 0.0
	for _, one := range pending.at("data").([]any) {
		sum += one.(map[string]any)["amount"].(float64)
	}
	require.Equal(t, 3000.0, sum, "two more Gold and two Extra, all for the whole period")
	gone := s.must("DELETE", "/v1/subscription_items/"+added.at("id").(string)+"?proration_behavior=none", "")
	require.Equal(t, true, gone.at("deleted"))
	s.advance(31*24*time.Hour + time.Hour)
	next := s.must("GET", "/v1/subscriptions/"+id+"?expand[]=latest_invoice", "")
	require.Equal(t, 6000.0, next.at("latest_invoice", "amount_paid"))
	require.Equal(t, 404, s.send("GET", "/v1/subscription_items/si_x", "").status)
}

func TestCancelSubscription(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	gold := s.price("Gold", 3100)
	create := func() string {
		return s.must("POST", "/v1/subscriptions", "customer="+s.customer+"&items[0][price]="+gold).at("id").(string)
	}
	now, later, undone := create(), create(), create()
	s.must("POST", "/v1/subscriptions/"+undone, "cancel_at_period_end=true")
	require.Nil(t, s.must("POST", "/v1/subscriptions/"+undone, "cancel_at_period_end=false").at("canceled_at"))
	s.advance(24 * time.Hour)
	over := s.must("DELETE", "/v1/subscriptions/"+now+"?prorate=true&invoice_now=true", "")
	require.Equal(t, []any{"canceled", "cancellation_requested"}, []any{over.at("status"), over.at("cancellation_details", "reason")})
	require.Equal(t, -3000.0, s.must("GET", "/v1/customers/"+s.customer, "").at("balance"), "30 of 31 days")
	require.Equal(t, 404, s.send("DELETE", "/v1/subscriptions/"+now, "").status)
	planned := s.must("POST", "/v1/subscriptions/"+later, "cancel_at_period_end=true&cancellation_details[feedback]=unused")
	require.Equal(t, []any{"active", true, 1777584051.0}, []any{planned.at("status"), planned.at("cancel_at_period_end"), planned.at("cancel_at")})
	none := s.send("POST", "/v1/invoices/create_preview", "subscription="+later)
	require.Equal(t, "invoice_upcoming_none", none.at("error", "code"))
	s.advance(30 * 24 * time.Hour)
	require.Equal(t, "canceled", s.must("GET", "/v1/subscriptions/"+later, "").at("status"))
	require.Equal(t, "active", s.must("GET", "/v1/subscriptions/"+undone, "").at("status"))
	require.Len(t, s.must("GET", "/v1/subscriptions?customer="+s.customer, "").at("data"), 1)
	require.Len(t, s.must("GET", "/v1/subscriptions?status=ended", "").at("data"), 2)
}

func TestPauseCollection(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	gold := s.price("Gold", 1000)
	want := map[string]string{"keep_as_draft": "draft", "void": "void", "mark_uncollectible": "uncollectible"}
	ids := map[string]string{}
	for behavior := range want {
		ids[behavior] = s.must("POST", "/v1/subscriptions", "customer="+s.customer+"&items[0][price]="+gold).at("id").(string)
		s.must("POST", "/v1/subscriptions/"+ids[behavior], "pause_collection[behavior]="+behavior)
	}
	s.advance(32 * 24 * time.Hour)
	for behavior, status := range want {
		got := s.must("GET", "/v1/subscriptions/"+ids[behavior]+"?expand[]=latest_invoice", "")
		require.Equal(t, []any{"active", status}, []any{got.at("status"), got.at("latest_invoice", "status")}, behavior)
	}
	require.Nil(t, s.must("POST", "/v1/subscriptions/"+ids["void"], "pause_collection=").at("pause_collection"))
}

// A year of a monthly subscription takes under a second, and with a seed every
// run answers the same bytes.
func TestAYearIsTheSameOnEveryRun(t *testing.T) {
	t.Parallel()
	year := func() (string, time.Duration) {
		s, err := sandbox.Open(sandbox.Config{Seed: "a year", Clock: clock.NewMovable(clock.Fixed(time.Unix(start, 0)), 0)})
		require.NoError(t, err)
		defer func() { require.NoError(t, s.Close()) }()
		ask := func(method, path, form string) *httptest.ResponseRecorder {
			request := httptest.NewRequest(method, path, strings.NewReader(form))
			request.Header.Set("Authorization", "Bearer sk_test_world")
			out := httptest.NewRecorder()
			s.ServeHTTP(out, request)
			require.Equal(t, http.StatusOK, out.Code, out.Body)
			return out
		}
		ask("POST", "/v1/plans", "id=gold&amount=1000&currency=usd&interval=month&product[name]=Gold")
		who := strings.Split(ask("POST", "/v1/customers", "name=Ada").Body.String(), `"`)[3]
		method := strings.Split(ask("POST", "/v1/payment_methods/pm_card_visa/attach", "customer="+who).Body.String(), `"`)[3]
		ask("POST", "/v1/subscriptions", "customer="+who+"&items[0][plan]=gold&default_payment_method="+method)
		began := time.Now()
		require.NoError(t, s.Advance(365*24*time.Hour))
		took := time.Since(began)
		all := ""
		for _, path := range []string{"events", "invoices", "charges", "balance_transactions", "subscriptions", "customers"} {
			all += ask("GET", "/v1/"+path+"?limit=100", "").Body.String()
		}
		return all, took
	}
	first, took := year()
	require.Less(t, took, time.Second)
	require.Equal(t, 12, strings.Count(first, `"object":"balance_transaction"`))
	again, _ := year()
	require.Equal(t, first, again)
}
