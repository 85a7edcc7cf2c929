package sandbox_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v85"
)

// browse opens or submits a page as a browser does, without following where it leads.
func (w *world) browse(address string, form url.Values) (status int, to, body string) {
	w.Helper()
	browser := &http.Client{Transport: w.server.Client().Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	var answer *http.Response
	var err error
	if form == nil {
		answer, err = browser.Get(address)
	} else {
		answer, err = browser.PostForm(address, form)
	}
	require.NoError(w, err)
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	require.NoError(w, err)
	return answer.StatusCode, answer.Header.Get("Location"), string(raw)
}

func typedCard(number string) url.Values {
	return url.Values{"email": {"eve@example.org"}, "name": {"Eve"}, "number": {number}, "expiry": {"12 / 30"}, "cvc": {"123"}}
}

const shopBack = "&success_url=https://shop.example/thanks?id={CHECKOUT_SESSION_ID}&cancel_url=https://shop.example/cart"

func TestCheckoutPayment(t *testing.T) {
	t.Parallel()
	w := open(t)
	price := w.price("Shirt", 2000, "metadata[a]=b")
	made, err := w.stripe.V1CheckoutSessions.Create(t.Context(), &stripe.CheckoutSessionCreateParams{
		Mode: stripe.String("payment"), SuccessURL: stripe.String("https://shop.example/thanks?id={CHECKOUT_SESSION_ID}"),
		LineItems: []*stripe.CheckoutSessionCreateLineItemParams{{Price: &price, Quantity: stripe.Int64(2)}},
	})
	require.NoError(t, err)
	require.Equal(t, []any{int64(4000), stripe.CheckoutSessionStatusOpen, stripe.CheckoutSessionPaymentStatusUnpaid}, []any{made.AmountTotal, made.Status, made.PaymentStatus})
	status, _, page := w.browse(made.URL, nil)
	require.Equal(t, 200, status)
	require.Contains(t, page, "2 × Shirt")
	require.NotContains(t, page, "<script")
	for _, field := range []string{"email", "name", "number", "expiry", "cvc"} {
		require.Contains(t, page, `<label for="`+field+`">`, "every field has a label")
	}

	status, _, page = w.browse(made.URL, typedCard("4000000000000002"))
	require.Equal(t, 402, status)
	require.Contains(t, page, `role="alert">Your card was declined.`)
	status, to, _ := w.browse(made.URL, typedCard("4242 4242 4242 4242"))
	require.Equal(t, []any{303, "https://shop.example/thanks?id=" + made.ID}, []any{status, to})
	done, err := w.stripe.V1CheckoutSessions.Retrieve(t.Context(), made.ID, nil)
	require.NoError(t, err)
	require.Equal(t, []any{stripe.CheckoutSessionStatusComplete, stripe.CheckoutSessionPaymentStatusPaid, "", "eve@example.org"},
		[]any{done.Status, done.PaymentStatus, done.URL, done.CustomerDetails.Email})
	require.Equal(t, 4000.0, w.must("GET", "/v1/payment_intents/"+done.PaymentIntent.ID, "").at("amount_received"))
	require.Equal(t, []string{"payment_intent.created", "charge.failed", "payment_intent.payment_failed", "charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"}, tail(w.eventTypes(), 6))
	status, to, _ = w.browse(made.URL, typedCard("4242424242424242"))
	require.Equal(t, []any{303, "https://shop.example/thanks?id=" + made.ID}, []any{status, to}, "nobody pays twice")
	require.Len(t, w.must("GET", "/v1/charges", "").at("data"), 2)
}

// A card that asks for 3D Secure goes there, and comes back to the end.
func TestCheckoutAuthenticates(t *testing.T) {
	t.Parallel()
	w := open(t)
	for mode, price := range map[string]string{"payment": w.price("Shirt", 2000, "active=true"), "subscription": w.price("Gold", 2000)} {
		made := w.must("POST", "/v1/checkout/sessions", "mode="+mode+"&line_items[0][price]="+price+shopBack)
		_, to, _ := w.browse(made.at("url").(string), typedCard("4000002760003184"))
		require.Contains(t, to, "/3d_secure_2/hosted", mode)
		_, back, _ := w.browse(to, url.Values{"outcome": {"complete"}})
		require.True(t, strings.HasPrefix(back, made.at("url").(string)), back)
		status, end, _ := w.browse(back, nil)
		require.Equal(t, []any{303, "https://shop.example/thanks?id=" + made.at("id").(string)}, []any{status, end}, mode)
		done := w.must("GET", "/v1/checkout/sessions/"+made.at("id").(string)+"?expand[]=subscription", "")
		require.Equal(t, []any{"complete", "paid"}, []any{done.at("status"), done.at("payment_status")})
	}
}

func TestCheckoutSubscriptionAndSetup(t *testing.T) {
	t.Parallel()
	w := open(t)
	ask := w.asker()
	five := w.must("POST", "/v1/coupons", "percent_off=50").at("id").(string)
	code := w.must("POST", "/v1/promotion_codes", "code=HALF&promotion[type]=coupon&promotion[coupon]="+five).at("id").(string)
	made := ask("POST", "/v1/checkout/sessions", "mode=subscription&allow_promotion_codes=true&line_items[0][price]="+w.price("Gold", 2000)+
		"&line_items[1][price]="+w.price("Setup", 500, "active=true")+"&subscription_data[metadata][a]=b"+shopBack+"&expand[]=line_items")
	require.Equal(t, 2500.0, made.at("amount_total"))
	path, address := "/v1/checkout/sessions/"+made.at("id").(string), made.at("url").(string)
	require.Len(t, ask("GET", path+"/line_items", "").at("data"), 2)
	status, _, page := w.browse(address, typedCard("4000000000000341"))
	require.Equal(t, 402, status, page)
	require.Empty(t, w.must("GET", "/v1/subscriptions?status=all", "").at("data"), "of a refused card nothing remains")
	bad := typedCard("4242424242424242")
	bad.Set("code", "NOPE")
	_, _, page = w.browse(address, bad)
	require.Contains(t, page, "This promotion code is not valid.")
	good := typedCard("4242424242424242")
	good.Set("code", "half")
	status, _, page = w.browse(address, good)
	require.Equal(t, 303, status, page)
	done := ask("GET", path+"?expand[]=subscription.latest_invoice&expand[]=customer", "")
	require.Equal(t, []any{"complete", "active", 1250.0, 1250.0, "eve@example.org"}, []any{done.at("status"), done.at("subscription", "status"),
		done.at("subscription", "latest_invoice", "amount_paid"), done.at("amount_total"), done.at("customer", "email")})
	require.Equal(t, 1.0, w.must("GET", "/v1/promotion_codes/"+code, "").at("times_redeemed"))

	keep := ask("POST", "/v1/checkout/sessions", "mode=setup"+shopBack)
	status, _, page = w.browse(keep.at("url").(string), typedCard("4242424242424242"))
	require.Equal(t, 303, status, page)
	saved := ask("GET", "/v1/checkout/sessions/"+keep.at("id").(string)+"?expand[]=setup_intent", "")
	require.Equal(t, []any{"complete", "no_payment_required", "succeeded"}, []any{saved.at("status"), saved.at("payment_status"), saved.at("setup_intent", "status")})
	ask("GET", "/v1/checkout/sessions", "")
}

func TestCheckoutExpires(t *testing.T) {
	t.Parallel()
	w := open(t)
	price := w.price("Shirt", 2000, "active=true")
	form := "mode=payment&line_items[0][price]=" + price + shopBack
	soon, later := w.must("POST", "/v1/checkout/sessions", form), w.must("POST", "/v1/checkout/sessions", form)
	require.Equal(t, "expired", w.must("POST", "/v1/checkout/sessions/"+soon.at("id").(string)+"/expire", "").at("status"))
	require.Equal(t, 400, w.send("POST", "/v1/checkout/sessions/"+soon.at("id").(string)+"/expire", "").status)
	w.advance(24 * time.Hour)
	require.Equal(t, "expired", w.must("GET", "/v1/checkout/sessions/"+later.at("id").(string), "").at("status"))
	status, _, _ := w.browse(later.at("url").(string), nil)
	require.Equal(t, 404, status)
	for _, bad := range []string{"mode=payment&line_items[0][price]=" + price, "mode=subscription&line_items[0][price]=" + price + shopBack,
		"mode=payment" + shopBack, "mode=payment&line_items[0][price]=nope" + shopBack} {
		require.Equal(t, 400, w.send("POST", "/v1/checkout/sessions", bad).status, bad)
	}
}

func TestPaymentLink(t *testing.T) {
	t.Parallel()
	w := open(t)
	ask := w.asker()
	made := ask("POST", "/v1/payment_links", "line_items[0][quantity]=3&line_items[0][price]="+w.price("Shirt", 700, "active=true")+
		"&restrictions[completed_sessions][limit]=1&payment_intent_data[metadata][order]=7&expand[]=line_items")
	path, address := "/v1/payment_links/"+made.at("id").(string), made.at("url").(string)
	status, session, _ := w.browse(address, nil)
	require.Equal(t, 303, status)
	status, _, page := w.browse(session, typedCard("4242424242424242"))
	require.Equal(t, 200, status)
	require.Contains(t, page, "Thank you")
	sold := w.must("GET", "/v1/checkout/sessions?payment_link="+made.at("id").(string)+"&expand[]=data.payment_intent", "")
	require.Equal(t, []any{"complete", 2100.0, "7"}, []any{sold.first("data", "status"), sold.first("data", "amount_total"), sold.first("data", "payment_intent", "metadata", "order")})
	status, _, _ = w.browse(address, nil)
	require.Equal(t, 404, status, "it was for one sale")
	ask("POST", path, "active=false")
	ask("GET", path, "")
	ask("GET", path+"/line_items", "")
	ask("GET", "/v1/payment_links", "")
}
