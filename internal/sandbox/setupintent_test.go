package sandbox_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v85"
)

// setUp creates and confirms a setup intent for a new customer.
func (w *world) setUp(card string, more string) (reply, string) {
	w.Helper()
	customer := w.send("POST", "/v1/customers", "").at("id").(string)
	return w.send("POST", "/v1/setup_intents", "confirm=true&payment_method_types[]=card&customer="+customer+"&payment_method=pm_card_"+card+more), customer
}

// Every status, by stripe-go: §2.4.
func TestSetupIntentJourney(t *testing.T) {
	t.Parallel()
	w := open(t)
	ctx := t.Context()
	owner, err := w.stripe.V1Customers.Create(ctx, &stripe.CustomerCreateParams{})
	require.NoError(t, err)
	made, err := w.stripe.V1SetupIntents.Create(ctx, &stripe.SetupIntentCreateParams{Customer: &owner.ID, PaymentMethodTypes: stripe.StringSlice([]string{"card"})})
	require.NoError(t, err)
	require.Equal(t, []any{stripe.SetupIntentStatusRequiresPaymentMethod, stripe.SetupIntentUsageOffSession}, []any{made.Status, made.Usage})
	_, err = w.stripe.V1SetupIntents.Confirm(ctx, made.ID, &stripe.SetupIntentConfirmParams{})
	require.Equal(t, stripe.ErrorCodeSetupIntentUnexpectedState, problem(t, err).Code)

	_, err = w.stripe.V1SetupIntents.Confirm(ctx, made.ID, &stripe.SetupIntentConfirmParams{PaymentMethod: stripe.String("pm_card_chargeDeclined")})
	refused := problem(t, err)
	require.Equal(t, []any{stripe.ErrorCodeCardDeclined, made.ID, stripe.SetupIntentStatusRequiresPaymentMethod},
		[]any{refused.Code, refused.SetupIntent.ID, refused.SetupIntent.Status})

	updated, err := w.stripe.V1SetupIntents.Update(ctx, made.ID, &stripe.SetupIntentUpdateParams{PaymentMethod: stripe.String("pm_card_visa"), Description: stripe.String("x")})
	require.NoError(t, err)
	require.Equal(t, stripe.SetupIntentStatusRequiresConfirmation, updated.Status)
	done, err := w.stripe.V1SetupIntents.Confirm(ctx, made.ID, &stripe.SetupIntentConfirmParams{Expand: stripe.StringSlice([]string{"payment_method", "latest_attempt"})})
	require.NoError(t, err)
	require.Equal(t, []any{stripe.SetupIntentStatusSucceeded, owner.ID, "succeeded"}, []any{done.Status, done.PaymentMethod.Customer.ID, string(done.LatestAttempt.Status)})
	_, err = w.stripe.V1SetupIntents.Cancel(ctx, made.ID, nil)
	require.Equal(t, stripe.ErrorCodeSetupIntentUnexpectedState, problem(t, err).Code)

	var attempts []string
	for a, err := range w.stripe.V1SetupAttempts.List(ctx, &stripe.SetupAttemptListParams{SetupIntent: &made.ID}).All(ctx) {
		require.NoError(t, err)
		attempts = append(attempts, string(a.Status))
	}
	require.Equal(t, []string{"succeeded", "failed"}, attempts)
	require.Equal(t, []string{"customer.created", "setup_intent.created", "setup_intent.setup_failed", "payment_method.attached", "setup_intent.succeeded"}, w.eventTypes())

	other, err := w.stripe.V1SetupIntents.Create(ctx, &stripe.SetupIntentCreateParams{})
	require.NoError(t, err)
	gone, err := w.stripe.V1SetupIntents.Cancel(ctx, other.ID, &stripe.SetupIntentCancelParams{CancellationReason: stripe.String("abandoned")})
	require.NoError(t, err)
	require.Equal(t, []any{stripe.SetupIntentStatusCanceled, stripe.SetupIntentCancellationReasonAbandoned}, []any{gone.Status, gone.CancellationReason})
	require.Len(t, w.send("GET", "/v1/setup_intents?customer="+owner.ID, "").at("data"), 1)
}

// A card that was set up with a challenge pays off session afterwards.
func TestSetupByAuthentication(t *testing.T) {
	t.Parallel()
	w := open(t)
	asked, customer := w.setUp("authenticationRequiredOnSetup", "&return_url="+url.QueryEscape("https://shop.example/saved"))
	require.Equal(t, []any{"requires_action", "redirect_to_url"}, []any{asked.at("status"), asked.at("next_action", "type")}, asked.raw)
	page := asked.at("next_action", "redirect_to_url", "url").(string)
	_, html := w.visit("GET", page, nil)
	require.Contains(t, html, "visa ending in 3155")
	require.NotContains(t, html, "Amount")
	back, _ := w.visit("POST", page, url.Values{"outcome": {"complete"}})
	to, err := back.Location()
	require.NoError(t, err)
	id := asked.at("id").(string)
	require.Equal(t, url.Values{"setup_intent": {id}, "setup_intent_client_secret": {asked.at("client_secret").(string)}, "redirect_status": {"succeeded"}}, to.Query())
	done := w.send("GET", "/v1/setup_intents/"+id+"?expand[]=latest_attempt", "")
	require.Equal(t, []any{"succeeded", "authenticated"}, []any{done.at("status"),
		done.at("latest_attempt", "payment_method_details", "card", "three_d_secure", "result")})
	require.Equal(t, "succeeded", w.pay(done.at("payment_method").(string), "off_session=true&customer="+customer).at("status"))
}

func TestSetupFails(t *testing.T) {
	t.Parallel()
	w := open(t)
	asked, _ := w.setUp("authenticationRequired", "")
	page := asked.at("next_action", "use_stripe_sdk", "stripe_js").(string)
	w.visit("POST", page, url.Values{"outcome": {"fail"}})
	failed := w.send("GET", "/v1/setup_intents/"+asked.at("id").(string), "")
	require.Equal(t, []any{"requires_payment_method", "setup_intent_authentication_failure", nil},
		[]any{failed.at("status"), failed.at("last_setup_error", "code"), failed.at("payment_method")})

	asked, _ = w.setUp("threeDSecureRequiredChargeDeclined", "")
	w.visit("POST", asked.at("next_action", "use_stripe_sdk", "stripe_js").(string), url.Values{"outcome": {"complete"}})
	require.Equal(t, "card_declined", w.send("GET", "/v1/setup_intents/"+asked.at("id").(string), "").at("last_setup_error", "code"))

	for form, code := range map[string]string{
		"automatic_payment_methods[enabled]=true&payment_method_types[]=card":   "parameters_exclusive",
		"payment_method=pm_card_chargeCustomerFail&confirm=true&customer=cus_x": "resource_missing",
	} {
		require.Equal(t, code, w.send("POST", "/v1/setup_intents", form).at("error", "code"), form)
	}
	require.Equal(t, 400, w.send("POST", "/v1/setup_intents", "payment_method=pm_card_visa&confirm=true").status) // no return_url
	require.Equal(t, "No such setupintent: 'seti_x'", w.send("GET", "/v1/setup_intents/seti_x", "").at("error", "message"))
}

// A browser may confirm with the client secret, and only with it.
func TestBrowserConfirmsSetup(t *testing.T) {
	t.Parallel()
	w := open(t)
	made := w.send("POST", "/v1/setup_intents", "payment_method_types[]=card")
	path := "/v1/setup_intents/" + made.at("id").(string)
	bearer := []string{"Authorization", "Bearer pk_test_world"}
	require.Equal(t, 400, w.send("GET", path, "", bearer...).status)
	require.Equal(t, 400, w.send("GET", path+"?client_secret=wrong", "", bearer...).status)
	form := "payment_method_data[type]=card&payment_method_data[card][token]=tok_visa&client_secret=" + made.at("client_secret").(string)
	require.Equal(t, "succeeded", w.send("POST", path+"/confirm", form, bearer...).at("status"))
}
