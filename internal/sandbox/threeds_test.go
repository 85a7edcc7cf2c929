package sandbox_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// visit opens a hosted page as a browser does, and does not follow redirects.
func (w *world) visit(method, page string, form url.Values) (*http.Response, string) {
	w.Helper()
	client := &http.Client{Transport: w.server.Client().Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	request, err := http.NewRequest(method, page, strings.NewReader(form.Encode()))
	require.NoError(w, err)
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := client.Do(request)
	require.NoError(w, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(w, err)
	return answer, string(body)
}

func (w *world) askFor(card string, more ...string) (id, page string) {
	w.Helper()
	asked := w.pay(card, append(more, "return_url="+url.QueryEscape("https://shop.example/done?order=7"))...)
	require.Equal(w, "requires_action", asked.at("status"), asked.raw)
	require.Nil(w, asked.at("latest_charge"))
	require.Equal(w, "redirect_to_url", asked.at("next_action", "type"))
	return asked.at("id").(string), asked.at("next_action", "redirect_to_url", "url").(string)
}

func TestCustomerAuthenticates(t *testing.T) {
	t.Parallel()
	w := open(t)
	id, page := w.askFor("pm_card_authenticationRequired")
	shown, html := w.visit("GET", page, nil)
	require.Equal(t, 200, shown.StatusCode)
	require.Contains(t, html, "$10.00 usd")
	require.Contains(t, html, `value="complete"`)
	require.NotContains(t, html, "<script")

	back, _ := w.visit("POST", page, url.Values{"outcome": {"complete"}})
	require.Equal(t, http.StatusSeeOther, back.StatusCode)
	to, err := back.Location()
	require.NoError(t, err)
	paid := w.send("GET", "/v1/payment_intents/"+id+"?expand[]=latest_charge", "")
	require.Equal(t, "shop.example", to.Host)
	require.Equal(t, url.Values{"order": {"7"}, "payment_intent": {id}, "redirect_status": {"succeeded"},
		"payment_intent_client_secret": {paid.at("client_secret").(string)}}, to.Query())
	require.Equal(t, "succeeded", paid.at("status"))
	require.Nil(t, paid.at("next_action"))
	require.Equal(t, "authenticated", paid.at("latest_charge", "payment_method_details", "card", "three_d_secure", "result"))
	require.Equal(t, []string{"payment_intent.created", "payment_intent.requires_action", "charge.succeeded", "payment_intent.succeeded"}, w.eventTypes())

	again, _ := w.visit("POST", page, url.Values{"outcome": {"fail"}}) // the back button changes nothing
	require.Equal(t, http.StatusSeeOther, again.StatusCode)
	require.Equal(t, "succeeded", w.send("GET", "/v1/payment_intents/"+id, "").at("status"))
}

func TestCustomerFailsAuthentication(t *testing.T) {
	t.Parallel()
	w := open(t)
	id, page := w.askFor("pm_card_threeDSecure2Required")
	back, _ := w.visit("POST", page, url.Values{"outcome": {"fail"}})
	to, err := back.Location()
	require.NoError(t, err)
	require.Equal(t, "failed", to.Query().Get("redirect_status"))
	failed := w.send("GET", "/v1/payment_intents/"+id, "")
	require.Equal(t, []any{"requires_payment_method", "payment_intent_authentication_failure", nil},
		[]any{failed.at("status"), failed.at("last_payment_error", "code"), failed.at("latest_charge")})
	require.Equal(t, "payment_intent.payment_failed", w.eventTypes()[2])
}

func TestCardDeclinesAfterAuthentication(t *testing.T) {
	t.Parallel()
	w := open(t)
	id, page := w.askFor("pm_card_authenticationRequiredChargeDeclinedInsufficientFunds")
	back, _ := w.visit("POST", page, url.Values{"outcome": {"complete"}})
	to, err := back.Location()
	require.NoError(t, err)
	require.Equal(t, "failed", to.Query().Get("redirect_status"))
	require.Equal(t, "insufficient_funds", w.send("GET", "/v1/payment_intents/"+id, "").at("last_payment_error", "decline_code"))
}

func TestAuthenticationWithoutReturnURL(t *testing.T) {
	t.Parallel()
	w := open(t)
	asked := w.pay("pm_card_authenticationRequired")
	require.Equal(t, "use_stripe_sdk", asked.at("next_action", "type"))
	page := asked.at("next_action", "use_stripe_sdk", "stripe_js").(string)
	answer, html := w.visit("POST", page, url.Values{"outcome": {"complete"}})
	require.Equal(t, 200, answer.StatusCode)
	require.Contains(t, html, "authenticated")
	require.Equal(t, 400, func() int { a, _ := w.visit("POST", page, url.Values{}); return a.StatusCode }())
	wrong := strings.Replace(page, "_secret_", "_secret_x", 1)
	gone, _ := w.visit("GET", wrong, nil)
	require.Equal(t, 404, gone.StatusCode)
}

func TestManualConfirmationAfterAuthentication(t *testing.T) {
	t.Parallel()
	w := open(t)
	id, page := w.askFor("pm_card_authenticationRequired", "confirmation_method=manual")
	w.visit("POST", page, url.Values{"outcome": {"complete"}})
	require.Equal(t, "requires_confirmation", w.send("GET", "/v1/payment_intents/"+id, "").at("status"))
	require.Equal(t, "succeeded", w.send("POST", "/v1/payment_intents/"+id+"/confirm", "").at("status"))
}

// The decision table of §3.6, row by row.
func TestWhenAuthenticationIsRequired(t *testing.T) {
	t.Parallel()
	w := open(t)
	const ok, action, refused = "succeeded", "requires_action", "authentication_required"
	for _, row := range []struct{ card, onSession, offAfterSetup, offWithout string }{
		{"visa", ok, ok, ok},
		{"authenticationRequiredOnSetup", action, ok, refused},
		{"authenticationRequired", action, refused, refused},
		{"authenticationRequiredSetupForOffSession", action, ok, ok},
		{"authenticationRequiredChargeDeclinedInsufficientFunds", action, "insufficient_funds", refused},
		{"threeDSecure2Required", action, ok, refused},
		{"threeDSecureOptional", ok, ok, ok},
		{"threeDSecureRequiredProcessingError", refused, refused, refused},
	} {
		require.Equal(t, row.onSession, ending(w.pay("pm_card_"+row.card, "return_url=https://a.example")), row.card)
		require.Equal(t, row.offWithout, ending(w.pay("pm_card_"+row.card, "off_session=true")), row.card)
		if customer, method := w.save(row.card); method != "" {
			require.Equal(t, row.offAfterSetup, ending(w.pay(method, "off_session=true", "customer="+customer)), row.card)
		}
	}
	require.Equal(t, refused, ending(w.pay("pm_card_authenticationRequired", "error_on_requires_action=true")))
	require.Equal(t, action, ending(w.pay("pm_card_threeDSecureOptional", "payment_method_options[card][request_three_d_secure]=any", "return_url=https://a.example")))
}

// ending is how a payment came out: its status, or why it was refused.
func ending(r reply) string {
	if r.status == 200 {
		return r.at("status").(string)
	}
	if why, ok := r.at("error", "decline_code").(string); ok {
		return why
	}
	return r.at("error", "code").(string)
}

// save pays once on session for later use off session, which sets the card up.
func (w *world) save(card string) (customer, method string) {
	w.Helper()
	customer = w.send("POST", "/v1/customers", "").at("id").(string)
	method = w.send("POST", "/v1/payment_methods/pm_card_"+card+"/attach", "customer="+customer).at("id").(string)
	first := w.pay(method, "customer="+customer, "setup_future_usage=off_session", "return_url=https://a.example")
	if first.at("status") == "requires_action" {
		w.visit("POST", first.at("next_action", "redirect_to_url", "url").(string), url.Values{"outcome": {"complete"}})
	}
	return customer, method
}
