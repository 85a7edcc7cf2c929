package e2e

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// transferable is a custom account about which all is told that transfers need.
const transferable = `{"type":"custom","country":"US","email":"driver@example.com","name":"Jenny Rosen","business_type":"individual",
	"capabilities":["transfers"],"metadata":{"driver":"17"},"details":{
	"business_profile":{"url":"https://accessible.stripe.com"},"tos_acceptance":{"date":1609798905,"ip":"8.8.8.8"},
	"individual":{"first_name":"Jenny","last_name":"Rosen","dob":{"day":1,"month":1,"year":1902}}}}`

// partner is an account that takes transfers and payouts.
func (w *world) partner() string {
	w.t.Helper()
	id := w.post("/v1/accounts", transferable).want(201).text("data.id")
	w.post("/v1/accounts/"+id+"/external-accounts", `{"external_account":"btok_us_verified"}`).want(201)
	w.until("/v1/accounts/"+id, "data.status", "enabled")
	return id
}

var fieldOfForm = regexp.MustCompile(`<input[^>]* name="([^"]+)" value="([^"]*)"`)

// onboard fills in Stripe's form, as it comes, in the partner's browser.
func (w *world) onboard(account string) *http.Response {
	w.t.Helper()
	link := w.post("/v1/accounts/"+account+"/onboarding-link", "{}").want(201).text("data.url")
	page := w.browse(http.MethodGet, link, nil)
	form := url.Values{"business_type": {"individual"}, "terms": {"yes"}, "done": {"submit"}}
	for _, field := range fieldOfForm.FindAllStringSubmatch(string(page.body), -1) {
		if field[1] != "business_type" && field[1] != "terms" {
			form.Set(html.UnescapeString(field[1]), html.UnescapeString(field[2]))
		}
	}
	stay := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := stay.PostForm(link, form)
	require.NoError(w.t, err)
	require.NoError(w.t, res.Body.Close())
	return res
}

// browse asks without a key, as browsers do.
func (w *world) browse(method, address string, form url.Values) answer {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, address, strings.NewReader(form.Encode()))
	require.NoError(w.t, err)
	return w.send(req)
}

func TestAPartnerIsConnected(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		made := w.post("/v1/accounts", `{"type":"express","email":"driver@example.com","name":"Jenny"}`, "Idempotency-Key", "driver-17").want(201)
		id := made.text("data.id")
		assert.Equal(t, "pending", made.text("data.status"))
		assert.Equal(t, "USD", made.text("data.currency"))
		assert.Contains(t, made.list("data.requirements.currently_due"), "business_type")
		again := w.post("/v1/accounts", `{"type":"express","email":"driver@example.com","name":"Jenny"}`, "Idempotency-Key", "driver-17").want(201)
		assert.Equal(t, made.body, again.body)

		res := w.onboard(id)
		assert.Equal(t, 303, res.StatusCode)
		back := w.browse("GET", res.Header.Get("Location"), nil).want(200)
		assert.Contains(t, string(back.body), "Stripe has what you told it")
		enabled := w.until("/v1/accounts/"+id, "data.status", "enabled")
		assert.Equal(t, true, enabled.at("data.charges_enabled"))
		assert.Equal(t, true, enabled.at("data.payouts_enabled"))
		assert.Equal(t, true, enabled.at("data.transfers_enabled"))
		assert.Equal(t, true, enabled.at("data.details_submitted"))
		assert.Nil(t, enabled.at("data.requirements.disabled_reason"))
		told := w.until("/v1/events?types=account.enabled", "data.0.type", "account.enabled")
		require.Len(t, told.list("data"), 1)

		other := w.post("/v1/accounts", `{"type":"standard","email":"author@example.com"}`).want(201).text("data.id")
		page := w.get("/v1/accounts?limit=1").want(200)
		assert.Equal(t, other, page.text("data.0.id"))
		assert.Equal(t, id, w.get("/v1/accounts?limit=1&cursor="+page.text("meta.next_cursor")).text("data.0.id"))
		assert.Equal(t, id, w.get("/v1/accounts?status=enabled,rejected").text("data.0.id"))
		require.Len(t, w.get("/v1/accounts?status=enabled").list("data"), 1)
	})
}

func TestAnAccountIsChangedAndEnds(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		stripe := w.stripeKey("accounts")
		id := w.partner()
		ref := w.get("/v1/accounts/" + id).text("data.provider_ref")
		own := w.request("PATCH", "/v1/accounts/"+id, `{"name":"Jen","debt_limit":5000,"metadata":{"driver":"18"}}`).want(200)
		assert.Equal(t, "Jen", own.text("data.name"))
		assert.Equal(t, "18", own.text("data.metadata.driver"))
		w.request("PATCH", "/v1/accounts/"+id, `{"email":"jen@example.com","details":{"business_profile":{"mcc":"4121"}}}`).want(200)
		there := w.atStripe(stripe, "GET", "/v1/accounts/"+ref, "")
		assert.Equal(t, "jen@example.com", there.text("email"))
		assert.Equal(t, "4121", there.text("business_profile.mcc"))
		assert.Equal(t, id, there.text("metadata.florin_account"))

		second := w.post("/v1/accounts/"+id+"/external-accounts", `{"external_account":"btok_us_verified_noAccount"}`).want(201)
		assert.Equal(t, false, second.at("data.is_default"))
		assert.Len(t, w.get("/v1/accounts/"+id+"/external-accounts").want(200).list("data"), 2)
		w.request("DELETE", "/v1/accounts/"+id+"/external-accounts/"+second.text("data.provider_ref"), "").want(200)
		left := w.get("/v1/accounts/" + id + "/external-accounts")
		require.Len(t, left.list("data"), 1)
		kept := w.request("DELETE", "/v1/accounts/"+id+"/external-accounts/"+left.text("data.0.provider_ref"), "")
		assert.Equal(t, "provider_refused", kept.text("error.code"), "Stripe keeps the default one")
		assert.Equal(t, id, kept.text("data.id"))

		rejected := w.post("/v1/accounts/"+id+"/reject", `{"reason":"fraud"}`).want(200)
		assert.Equal(t, "rejected", rejected.text("data.status"))
		assert.Equal(t, "rejected.fraud", rejected.text("data.requirements.disabled_reason"))

		gone := w.post("/v1/accounts", transferable).want(201).text("data.id")
		assert.Equal(t, "removed", w.request("DELETE", "/v1/accounts/"+gone, "").want(200).text("data.status"))
		late := w.request("PATCH", "/v1/accounts/"+gone, `{"email":"late@example.com"}`).want(409)
		assert.Equal(t, "account_disabled", late.text("error.code"))

		// What happens at Stripe alone is heard of.
		behind := w.partner()
		w.atStripe(stripe, "DELETE", "/v1/accounts/"+w.get("/v1/accounts/"+behind).text("data.provider_ref"), "")
		w.until("/v1/accounts/"+behind, "data.status", "removed")
	})
}

// An account that is connected already is taken as Stripe shows it, once.
func TestAnAccountIsTakenOver(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		stripe := w.stripeKey("taken")
		ref := w.atStripe(stripe, "POST", "/v1/accounts", "type=standard&email=author@example.com&business_profile[name]=Books").text("id")
		taken := w.post("/v1/accounts", `{"provider_ref":"`+ref+`","metadata":{"author":"1"}}`).want(201)
		assert.Equal(t, "standard", taken.text("data.type"))
		assert.Equal(t, "author@example.com", taken.text("data.email"))
		assert.Equal(t, "Books", taken.text("data.name"))
		twice := w.post("/v1/accounts", `{"provider_ref":"`+ref+`"}`).want(409)
		assert.Equal(t, "already_exists", twice.text("error.code"))
		assert.Equal(t, "provider_ref", w.post("/v1/accounts", `{"provider_ref":"acct_1nobody"}`).want(404).text("error.field"))
	})
}

func TestAccountsThatAreRefused(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		for body, field := range map[string]string{
			`{}`:                                        "type",
			`{"type":"deluxe"}`:                         "type",
			`{"type":"express","country":"usa"}`:        "country",
			`{"type":"express","email":"nobody"}`:       "email",
			`{"type":"express","details":{"secret":1}}`: "details.secret",
			`{"type":"custom","details":{"individual":{"first_name":null}}}`: "details.individual.first_name",
			`{"type":"express","provider_ref":"acct_1abc"}`:                  "provider_ref",
			`{"provider_ref":"pi_1abc"}`:                                     "provider_ref",
			`{"type":"express","debt_limit":-1}`:                             "debt_limit",
			`{"type":"express","capabilities":["Card"]}`:                     "capabilities",
		} {
			refused := w.post("/v1/accounts", body)
			assert.Equal(t, 400, refused.status, "%s: %s", body, refused.body)
			assert.Equal(t, field, refused.text("error.field"), "%s: %s", body, refused.body)
		}
		live := w.post("/v1/accounts", `{"type":"express","country":"ZZZ"}`)
		assert.Equal(t, 400, live.status)
		failed := w.post("/v1/accounts", `{"type":"express","capabilities":["flying"]}`)
		assert.Equal(t, "failed", failed.text("data.status"), "%s", failed.body)
		assert.NotEmpty(t, failed.text("data.error.message"))
		bank := w.post("/v1/accounts/"+failed.text("data.id")+"/external-accounts", `{"external_account":"000123456789"}`)
		assert.Equal(t, 400, bank.status)
		w.get("/v1/accounts/018f0000-0000-7000-8000-000000000009").want(404)
	})
}
