package sandbox_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v85"

	"florin/internal/sandbox"
)

// asker makes requests whose answers Stripe's own document must allow.
func (w *world) asker() func(method, path, form string) reply {
	doc, err := stripeAPI()
	require.NoError(w, err)
	return func(method, path, form string) reply {
		w.Helper()
		got := w.send(method, path, form)
		require.Equal(w, 200, got.status, "%s %s %s: %s", method, path, form, got.raw)
		operation := operationOf(doc, method, path)
		require.NotNil(w, operation, "%s %s is not an operation of Stripe's", method, path)
		var body any
		require.NoError(w, json.Unmarshal([]byte(got.raw), &body))
		err := operation.Responses.Value(strconv.Itoa(got.status)).Value.Content["application/json"].Schema.Value.VisitJSON(body, openapi3.MultiErrors(), openapi3.VisitAsResponse())
		require.NoError(w, err, "%s %s %s: %s", method, path, form, got.raw)
		return got
	}
}

// Every answer of the billing objects is what Stripe's own document says.
func TestBillingAnswersAreValid(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ask := s.asker()
	id := func(r reply) string { return r.at("id").(string) }
	product := id(ask("POST", "/v1/products", "name=Gold&description=x&images[]=https://a.example/b.png&default_price_data[currency]=usd&default_price_data[unit_amount]=500&marketing_features[0][name]=Fast"))
	monthly := id(ask("POST", "/v1/prices", "currency=usd&unit_amount_decimal=1000.5&recurring[interval]=month&product="+product+"&lookup_key=gold"))
	once := id(ask("POST", "/v1/prices", "currency=usd&unit_amount=250&product="+product))
	plan := id(ask("POST", "/v1/plans", "id=ivory-express-917&amount=999&currency=usd&interval=month&product[name]=Ivory+Express"))
	ask("POST", "/v1/prices", "currency=usd&billing_scheme=tiered&tiers_mode=volume&tiers[0][up_to]=10&tiers[0][unit_amount]=5&tiers[1][up_to]=inf&tiers[1][flat_amount]=7&recurring[interval]=month&product="+product+"&expand[]=tiers")
	half := id(ask("POST", "/v1/coupons", "percent_off=12.5&duration=repeating&duration_in_months=3&applies_to[products][]="+product+"&expand[]=applies_to"))
	five := id(ask("POST", "/v1/coupons", "amount_off=50&currency=usd&id=FIVE"))
	code := id(ask("POST", "/v1/promotion_codes", "promotion[type]=coupon&promotion[coupon]="+five+"&code=Hello"))
	made := ask("POST", "/v1/subscriptions", "customer="+s.customer+"&items[0][price]="+monthly+"&items[1][plan]="+plan+"&items[0][quantity]=2&discounts[0][coupon]="+half+
		"&discounts[1][promotion_code]="+code+"&expand[]=latest_invoice.payments&expand[]=latest_invoice.confirmation_secret&expand[]=discounts.source.coupon&expand[]=items.data.price.product")
	sub, item := id(made), made.first("items", "data", "id").(string)
	invoice := made.at("latest_invoice", "id").(string)
	require.Equal(t, "Gold", made.first("items", "data", "price", "product", "name"))
	draft := id(ask("POST", "/v1/invoices", "customer="+s.customer+"&collection_method=send_invoice&days_until_due=30"))
	loose := id(ask("POST", "/v1/invoiceitems", "customer="+s.customer+"&pricing[price]="+once+"&quantity=3&invoice="+draft))
	ask("POST", "/v1/invoiceitems", "customer="+s.customer+"&amount=700&currency=usd&description=Work&invoice="+draft)
	meter := id(ask("POST", "/v1/billing/meters", "display_name=Calls&event_name=call&default_aggregation[formula]=sum"))
	ask("POST", "/v1/billing/meter_events", "event_name=call&identifier=one&payload[value]=25&payload[stripe_customer_id]="+s.customer)
	clock := id(ask("POST", "/v1/test_helpers/test_clocks", "frozen_time=1600000000&name=c"))
	for _, row := range [][3]string{
		{"GET", "/v1/products", ""}, {"GET", "/v1/products/" + product, ""}, {"POST", "/v1/products/" + product, "name=Gold2&url=https://a.example"},
		{"GET", "/v1/prices?lookup_keys[]=gold&expand[]=data.product", ""}, {"GET", "/v1/prices/" + monthly, ""}, {"POST", "/v1/prices/" + monthly, "nickname=n&metadata[a]=b"},
		{"GET", "/v1/plans", ""}, {"GET", "/v1/plans/" + plan, ""}, {"POST", "/v1/plans/" + plan, "nickname=x"},
		{"GET", "/v1/coupons", ""}, {"GET", "/v1/coupons/" + half, ""}, {"POST", "/v1/coupons/" + half, "name=Half"},
		{"GET", "/v1/promotion_codes?code=hello", ""}, {"POST", "/v1/promotion_codes/" + code, "active=false"},
		{"GET", "/v1/subscriptions", ""}, {"GET", "/v1/subscriptions/" + sub, ""}, {"POST", "/v1/subscriptions/" + sub, "items[0][id]=" + item + "&items[0][quantity]=3"},
		{"GET", "/v1/subscription_items?subscription=" + sub, ""}, {"GET", "/v1/subscription_items/" + item, ""}, {"POST", "/v1/subscription_items/" + item, "metadata[a]=b"},
		{"GET", "/v1/invoiceitems", ""}, {"GET", "/v1/invoiceitems/" + loose, ""}, {"POST", "/v1/invoiceitems/" + loose, "quantity=4"},
		{"GET", "/v1/invoices", ""}, {"GET", "/v1/invoices/" + invoice, ""}, {"GET", "/v1/invoices/" + invoice + "/lines", ""}, {"POST", "/v1/invoices/" + draft, "description=x"},
		{"POST", "/v1/invoices/create_preview", "subscription=" + sub}, {"POST", "/v1/invoices/" + draft + "/finalize", ""},
		{"POST", "/v1/invoices/" + draft + "/send", ""}, {"POST", "/v1/invoices/" + draft + "/mark_uncollectible", ""}, {"POST", "/v1/invoices/" + draft + "/pay", ""},
		{"GET", "/v1/invoice_payments?invoice=" + invoice, ""}, {"GET", "/v1/billing/meters", ""}, {"GET", "/v1/billing/meters/" + meter, ""},
		{"GET", fmt.Sprintf("/v1/billing/meters/%s/event_summaries?customer=%s&start_time=%d&end_time=%d", meter, s.customer, start-start%60, start-start%60+3600), ""},
		{"POST", "/v1/billing/meter_event_adjustments", "event_name=call&type=cancel&cancel[identifier]=one"}, {"POST", "/v1/billing/meters/" + meter + "/deactivate", ""},
		{"GET", "/v1/test_helpers/test_clocks/" + clock, ""}, {"POST", "/v1/test_helpers/test_clocks/" + clock + "/advance", "frozen_time=1600000001"}, {"GET", "/v1/test_helpers/test_clocks", ""},
		{"DELETE", "/v1/test_helpers/test_clocks/" + clock, ""}, {"DELETE", "/v1/subscriptions/" + sub, ""}, {"DELETE", "/v1/plans/" + plan, ""}, {"DELETE", "/v1/coupons/" + half, ""},
		{"GET", "/v1/customers/" + s.customer + "?expand[]=subscriptions", ""},
	} {
		ask(row[0], row[1], row[2])
	}
}

// Golden vector 12: 17400 with 10 %, and 8700 with 10 % twice.
func TestDiscounts(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	coupon := func(form string) string { return s.must("POST", "/v1/coupons", form).at("id").(string) }
	forever, once := coupon("percent_off=10&duration=forever"), coupon("percent_off=10")
	first := s.must("POST", "/v1/subscriptions", "customer="+s.customer+"&items[0][price]="+s.price("A", 17400)+"&discounts[0][coupon]="+forever+"&expand[]=latest_invoice")
	require.Equal(t, []any{17400.0, 15660.0, 1740.0}, []any{first.at("latest_invoice", "subtotal"), first.at("latest_invoice", "total"), first.first("latest_invoice", "total_discount_amounts", "amount")})
	second := s.must("POST", "/v1/subscriptions", "customer="+s.customer+"&items[0][price]="+s.price("B", 8700)+"&discounts[0][coupon]="+forever+"&discounts[1][coupon]="+once+"&expand[]=latest_invoice")
	offs := second.at("latest_invoice", "total_discount_amounts").([]any)
	require.Equal(t, []any{870.0, 783.0}, []any{offs[0].(map[string]any)["amount"], offs[1].(map[string]any)["amount"]})
	s.advance(31*24*time.Hour + time.Hour)
	renewed := s.must("GET", "/v1/subscriptions/"+second.at("id").(string)+"?expand[]=latest_invoice", "")
	require.Equal(t, 8700.0-870, renewed.at("latest_invoice", "amount_paid"), "a discount for once was for once")

	split := coupon("amount_off=100&currency=usd")
	items := fmt.Sprintf("&items[0][price]=%s&items[1][price]=%s&items[2][price]=%s", s.price("X", 1000), s.price("Y", 1000), s.price("Z", 1000))
	third := s.must("POST", "/v1/subscriptions", "customer="+s.customer+items+"&discounts[0][coupon]="+split+"&expand[]=latest_invoice")
	require.Equal(t, 2900.0, third.at("latest_invoice", "total"))
	sum := 0.0
	for _, line := range third.at("latest_invoice", "lines", "data").([]any) {
		sum += (reply{body: line.(map[string]any)}).first("discount_amounts", "amount").(float64)
	}
	require.Equal(t, 100.0, sum, "an amount is split without a cent lost")

	limited := coupon("percent_off=50&max_redemptions=1")
	s.must("POST", "/v1/subscriptions", "customer="+s.customer+"&items[0][price]="+s.price("W", 1000)+"&discounts[0][coupon]="+limited)
	require.Equal(t, false, s.must("GET", "/v1/coupons/"+limited, "").at("valid"))
	over := s.send("POST", "/v1/subscriptions", "customer="+s.customer+"&items[0][price]="+s.price("V", 1000)+"&discounts[0][coupon]="+limited)
	require.Equal(t, "coupon_expired", over.at("error", "code"))
	for _, form := range []string{"percent_off=101", "percent_off=1.234", "amount_off=5", "percent_off=5&amount_off=5&currency=usd", "percent_off=5&duration=repeating"} {
		require.Equal(t, 400, s.send("POST", "/v1/coupons", form).status, form)
	}
}

func TestTiers(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	const tiers = "currency=usd&recurring[interval]=month&billing_scheme=tiered&product_data[name]=T&tiers[0][up_to]=10&tiers[0][unit_amount]=100&tiers[0][flat_amount]=50&tiers[1][up_to]=inf&tiers[1][unit_amount_decimal]=33.35&tiers_mode="
	for mode, want := range map[string]float64{"graduated": 10*100 + 50 + 167, "volume": 500} { // 5 × 33.35 = 166.75; 15 × 33.35 = 500.25
		price := s.must("POST", "/v1/prices", tiers+mode).at("id").(string)
		made := s.must("POST", "/v1/subscriptions", "customer="+s.customer+"&items[0][quantity]=15&items[0][price]="+price+"&expand[]=latest_invoice")
		require.Equal(t, want, made.at("latest_invoice", "total"), mode)
	}
	require.Equal(t, 400, s.send("POST", "/v1/prices", "currency=usd&unit_amount=1&unit_amount_decimal=1&product_data[name]=T").status)
	require.Equal(t, 400, s.send("POST", "/v1/prices", "currency=usd&unit_amount=1&product_data[name]=T&recurring[interval]=month&recurring[interval_count]=37").status)
}

func TestUsageIsBilledAfterThePeriod(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	meter := s.must("POST", "/v1/billing/meters", "display_name=Calls&event_name=call&default_aggregation[formula]=sum").at("id").(string)
	price := s.price("Calls", 3, "recurring[interval]=month", "recurring[usage_type]=metered", "recurring[meter]="+meter)
	made := s.must("POST", "/v1/subscriptions", "customer="+s.customer+"&items[0][price]="+price+"&expand[]=latest_invoice")
	require.Equal(t, []any{"active", 0.0}, []any{made.at("status"), made.at("latest_invoice", "total")})
	use := func(id string, value int) reply {
		return s.send("POST", "/v1/billing/meter_events", fmt.Sprintf("event_name=call&identifier=%s&payload[value]=%d&payload[stripe_customer_id]=%s", id, value, s.customer))
	}
	require.Equal(t, 200, use("a", 500).status)
	require.Equal(t, 400, use("a", 500).status, "the same use is not counted twice")
	s.advance(24 * time.Hour)
	require.Equal(t, 200, use("b", 250).status)
	require.Equal(t, 200, use("c", 1000).status)
	s.must("POST", "/v1/billing/meter_event_adjustments", "event_name=call&type=cancel&cancel[identifier]=c")
	from := start - start%86400
	days := s.must("GET", fmt.Sprintf("/v1/billing/meters/%s/event_summaries?customer=%s&start_time=%d&end_time=%d&value_grouping_window=day", meter, s.customer, from, from+3*86400), "")
	require.Len(t, days.at("data"), 2)
	require.Equal(t, 250.0, days.first("data", "aggregated_value"))
	s.advance(30*24*time.Hour + time.Hour)
	got := s.must("GET", "/v1/subscriptions/"+made.at("id").(string)+"?expand[]=latest_invoice", "")
	require.Equal(t, []any{2250.0, 750.0}, []any{got.at("latest_invoice", "amount_paid"), got.first("latest_invoice", "lines", "data", "quantity")})
	require.Equal(t, 400, s.send("POST", "/v1/billing/meter_events", "event_name=nope&payload[value]=1&payload[stripe_customer_id]="+s.customer).status)
}

func TestOneOffInvoice(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	c := s.stripe
	ctx := t.Context()
	_, err := c.V1InvoiceItems.Create(ctx, &stripe.InvoiceItemCreateParams{Customer: &s.customer, Amount: stripe.Int64(1234), Currency: stripe.String("usd")})
	require.NoError(t, err)
	draft, err := c.V1Invoices.Create(ctx, &stripe.InvoiceCreateParams{Customer: &s.customer, PendingInvoiceItemsBehavior: stripe.String("include")})
	require.NoError(t, err)
	require.Equal(t, []any{stripe.InvoiceStatusDraft, int64(1234), ""}, []any{draft.Status, draft.AmountDue, draft.Number})
	final, err := c.V1Invoices.FinalizeInvoice(ctx, draft.ID, nil)
	require.NoError(t, err)
	require.Equal(t, stripe.InvoiceStatusOpen, final.Status)
	paid, err := c.V1Invoices.Pay(ctx, draft.ID, nil)
	require.NoError(t, err)
	require.Equal(t, []any{stripe.InvoiceStatusPaid, int64(1234)}, []any{paid.Status, paid.AmountPaid})
	require.Equal(t, 400, s.send("POST", "/v1/invoices/"+draft.ID+"/void", "").status)
	for payment, err := range c.V1InvoicePayments.List(ctx, &stripe.InvoicePaymentListParams{Invoice: &draft.ID}).All(ctx) {
		require.NoError(t, err)
		require.Equal(t, "paid", string(payment.Status))
	}

	declined := s.newPayer("pm_card_chargeCustomerFail", "")
	s.must("POST", "/v1/invoiceitems", "customer="+declined+"&amount=500&currency=usd")
	bad := s.must("POST", "/v1/invoices", "customer="+declined+"&pending_invoice_items_behavior=include").at("id").(string)
	refused := s.send("POST", "/v1/invoices/"+bad+"/pay", "")
	require.Equal(t, []any{402, "card_declined"}, []any{refused.status, refused.at("error", "code")})
	require.Equal(t, "open", s.must("GET", "/v1/invoices/"+bad, "").at("status"), "a decline is kept")
	void := s.must("POST", "/v1/invoices/"+bad+"/void", "expand[]=payments.data.payment.payment_intent")
	require.Equal(t, []any{"void", "canceled"}, []any{void.at("status"), void.first("payments", "data", "payment", "payment_intent", "status")})
	away := s.must("POST", "/v1/invoices", "customer="+declined).at("id").(string)
	require.Equal(t, true, s.must("DELETE", "/v1/invoices/"+away, "").at("deleted"))
}

func TestTestClock(t *testing.T) {
	t.Parallel()
	w := open(t)
	const frozen = 1609459200 // 2021-01-01
	clock := w.must("POST", "/v1/test_helpers/test_clocks", fmt.Sprintf("frozen_time=%d", frozen)).at("id").(string)
	who := w.newPayer("pm_card_visa", "&test_clock="+clock)
	sub := w.must("POST", "/v1/subscriptions", "customer="+who+"&items[0][price]="+w.price("Gold", 1000))
	require.Equal(t, []any{float64(frozen), clock}, []any{sub.at("created"), sub.at("test_clock")})
	w.advance(29 * 24 * time.Hour)
	count := func() int { return len(w.must("GET", "/v1/invoices?customer="+who, "").at("data").([]any)) }
	require.Equal(t, 1, count(), "the sandbox's clock is not theirs")
	advance := func(to int) reply {
		return w.send("POST", "/v1/test_helpers/test_clocks/"+clock+"/advance", fmt.Sprintf("frozen_time=%d", to))
	}
	require.Equal(t, 400, advance(frozen).status)
	require.Equal(t, 400, advance(frozen+70*86400).status, "at most two intervals at once")
	began := advance(frozen + 32*86400)
	require.Equal(t, "advancing", began.at("status"))
	over := w.must("GET", "/v1/test_helpers/test_clocks/"+clock, "")
	require.Equal(t, []any{"ready", float64(frozen + 32*86400)}, []any{over.at("status"), over.at("frozen_time")})
	require.Equal(t, 2, count())
	latest := w.must("GET", "/v1/invoices?limit=1&customer="+who, "")
	require.Equal(t, []any{"paid", float64(frozen + 31*86400)}, []any{latest.first("data", "status"), latest.first("data", "created")})
	old := w.must("GET", fmt.Sprintf("/v1/invoices?created[lt]=%d", frozen+1), "")
	require.Len(t, old.at("data"), 1, "lists filter what clocks made out of order")
	require.Equal(t, true, w.must("DELETE", "/v1/test_helpers/test_clocks/"+clock, "").at("deleted"))
	require.Equal(t, true, w.must("GET", "/v1/customers/"+who, "").at("deleted"))
	require.Equal(t, "canceled", w.must("GET", "/v1/subscriptions/"+sub.at("id").(string), "").at("status"))
}

// What billing keeps survives a restart: clocks, drafts, tiers and usage.
func TestBillingSurvivesARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := openIn(t, sandbox.Config{Dir: dir})
	who := w.newPayer("pm_card_visa", "")
	tiers := w.must("POST", "/v1/prices", "currency=usd&recurring[interval]=month&billing_scheme=tiered&tiers_mode=graduated&product_data[name]=T&tiers[0][up_to]=2&tiers[0][unit_amount]=100&tiers[1][up_to]=inf&tiers[1][unit_amount]=50").at("id").(string)
	half := w.must("POST", "/v1/coupons", "percent_off=50&duration=forever").at("id").(string)
	sub := w.must("POST", "/v1/subscriptions", "customer="+who+"&items[0][price]="+tiers+"&items[0][quantity]=4&discounts[0][coupon]="+half).at("id").(string)
	clock := w.must("POST", "/v1/test_helpers/test_clocks", "frozen_time=1700000000").at("id").(string)
	clocked := w.must("POST", "/v1/subscriptions", "customer="+w.newPayer("pm_card_visa", "&test_clock="+clock)+"&items[0][price]="+tiers+"&items[0][quantity]=3").at("id").(string)
	session := w.must("POST", "/v1/checkout/sessions", "mode=subscription&line_items[0][quantity]=5&line_items[0][price]="+tiers+shopBack)
	paths := []string{"/v1/subscriptions/" + sub, "/v1/invoices", "/v1/prices?expand[]=data.tiers", "/v1/coupons", "/v1/checkout/sessions", "/v1/test_helpers/test_clocks", "/v1/products"}
	before := map[string]string{}
	for _, path := range paths {
		before[path] = w.must("GET", path, "").raw
	}
	w.stop()

	again := openIn(t, sandbox.Config{Dir: dir})
	for _, path := range paths {
		require.Equal(t, before[path], again.must("GET", path, "").raw, path)
	}
	again.advance(29 * 24 * time.Hour)
	again.must("POST", "/v1/test_helpers/test_clocks/"+clock+"/advance", "frozen_time=1703000000")
	require.Equal(t, 250.0, again.must("GET", "/v1/subscriptions/"+clocked+"?expand[]=latest_invoice", "").at("latest_invoice", "amount_paid"))
	again.advance(2*24*time.Hour + time.Hour)
	renewed := again.must("GET", "/v1/subscriptions/"+sub+"?expand[]=latest_invoice", "")
	require.Equal(t, []any{"subscription_cycle", 150.0}, []any{renewed.at("latest_invoice", "billing_reason"), renewed.at("latest_invoice", "amount_paid")})
	require.Equal(t, "expired", again.must("GET", "/v1/checkout/sessions/"+session.at("id").(string), "").at("status"))
}
