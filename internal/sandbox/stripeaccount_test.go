package sandbox_test

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v85"

	"florin/internal/sandbox"
)

// onboarded opens an account and sends its owner through the hosted page.
func (w *world) onboarded(sort string) string {
	w.Helper()
	made := w.send("POST", "/v1/accounts", "type="+sort+"&capabilities[transfers][requested]=true&capabilities[card_payments][requested]=true"+manual)
	require.Equal(w, 200, made.status, made.raw)
	id := made.at("id").(string)
	link := w.link(id)
	require.Equal(w, "https://shop.example/back", w.submit(link, w.visitLink(link), nil))
	return id
}

func (w *world) link(account string) string {
	w.Helper()
	made := w.send("POST", "/v1/account_links", "account="+account+"&type=account_onboarding&refresh_url=https://shop.example/again&return_url=https://shop.example/back")
	require.Equal(w, 200, made.status, made.raw)
	require.Equal(w, "account_link", made.at("object"))
	return made.at("url").(string)
}

// browser does not follow redirects, so that they can be looked at.
func (w *world) browser() *http.Client {
	c := *w.server.Client()
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

// inputs finds the fields of a page without scripts, as they are filled in.
var inputs = regexp.MustCompile(`<input (?:id="[^"]*" |type="(hidden|radio|checkbox)" )?name="([^"]*)" value="([^"]*)"( checked)?`)

// visitLink opens a page and answers its form as it stands.
func (w *world) visitLink(link string) url.Values {
	w.Helper()
	answer, err := w.browser().Get(link)
	require.NoError(w, err)
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	require.NoError(w, err)
	require.Equal(w, 200, answer.StatusCode, string(raw))
	require.NotContains(w, string(raw), "<script")
	form := url.Values{}
	for _, found := range inputs.FindAllStringSubmatch(string(raw), -1) {
		if (found[1] != "radio" && found[1] != "checkbox") || found[4] != "" {
			form.Set(found[2], strings.ReplaceAll(found[3], "&#43;", "+"))
		}
	}
	return form
}

// submit sends a form with changes, and answers where the browser goes next.
func (w *world) submit(link string, form url.Values, changes map[string]string) string {
	w.Helper()
	if form.Get("done") == "" {
		form.Set("done", "submit")
	}
	for name, text := range changes {
		form.Set(name, text)
	}
	answer, err := w.browser().PostForm(link, form)
	require.NoError(w, err)
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	require.NoError(w, err)
	if answer.StatusCode == http.StatusSeeOther {
		return answer.Header.Get("Location")
	}
	require.Equal(w, http.StatusUnprocessableEntity, answer.StatusCode, string(raw))
	return string(raw)
}

// An account can do nothing until all is told, and then what it asked for.
func TestCustomAccountTellsWhoItIs(t *testing.T) {
	t.Parallel()
	w := open(t)
	made, err := w.stripe.V1Accounts.Create(t.Context(), &stripe.AccountCreateParams{
		Type: stripe.String("custom"), Country: stripe.String("US"), Email: stripe.String("a@example.org"),
		Capabilities: &stripe.AccountCreateCapabilitiesParams{Transfers: &stripe.AccountCreateCapabilitiesTransfersParams{Requested: stripe.Bool(true)}},
	})
	require.NoError(t, err)
	require.Regexp(t, `^acct_1[0-9A-Za-z]{15}$`, made.ID)
	require.Equal(t, []any{false, false, false, stripe.AccountCapabilityStatusInactive}, []any{made.ChargesEnabled, made.PayoutsEnabled, made.DetailsSubmitted, made.Capabilities.Transfers})
	require.Equal(t, []any{"application", "none", "application_custom"}, []any{string(made.Controller.RequirementCollection), string(made.Controller.StripeDashboard.Type), string(made.Controller.Fees.Payer)})
	require.Equal(t, []string{"business_profile.url", "business_type", "external_account", "tos_acceptance.date", "tos_acceptance.ip"}, made.Requirements.CurrentlyDue)
	require.EqualValues(t, "requirements.past_due", made.Requirements.DisabledReason)

	path := "/v1/accounts/" + made.ID
	half := w.send("POST", path, "business_type=individual&business_profile[url]=https://a.example&tos_acceptance[date]=1&tos_acceptance[ip]=::1&external_account=btok_us_verified")
	require.Contains(t, half.at("requirements", "currently_due"), "individual.first_name")
	done := w.send("POST", path, "individual[first_name]=A&individual[last_name]=B&individual[dob][day]=1&individual[dob][month]=1&individual[dob][year]=1901")
	require.Equal(t, []any{"active", true, true, false}, []any{done.at("capabilities", "transfers"), done.at("payouts_enabled"), done.at("details_submitted"), done.at("charges_enabled")}, done.raw)
	require.Equal(t, []string{"account.updated", "capability.updated"}, tail(w.typesOf(made.ID), 2))

	cards := w.send("POST", path+"/capabilities/card_payments", "requested=true")
	require.Equal(t, "inactive", cards.at("status"))
	require.Contains(t, cards.at("requirements", "currently_due"), "individual.ssn_last_4")
	w.send("POST", path, readyForm[strings.Index(readyForm, "business_profile"):strings.Index(readyForm, "&external_account")])
	w.send("POST", path, readyForm[strings.Index(readyForm, "individual[first"):])
	require.Equal(t, true, w.send("GET", path, "").at("charges_enabled"))
	require.Len(t, w.send("GET", path+"/capabilities", "").at("data"), 2)
	require.Equal(t, "unrequested", w.send("GET", path+"/capabilities/treasury", "").at("status"))
	require.Equal(t, 404, w.send("GET", path+"/capabilities/flying", "").status)
}

func TestHostedOnboarding(t *testing.T) {
	t.Parallel()
	w := open(t)
	id := w.send("POST", "/v1/accounts", "type=express&capabilities[transfers][requested]=true").at("id").(string)
	require.Equal(t, 400, w.send("POST", "/v1/accounts/"+id+"/login_links", "").status, "nobody told who it is")
	link := w.link(id)
	form := w.visitLink(link)
	refused := w.submit(link, form, map[string]string{"individual[first_name]": " "})
	require.Contains(t, refused, `role="alert">First name is missing.`)
	require.Contains(t, w.submit(link, form, map[string]string{"individual[first_name]": "Ann", "external_account[routing_number]": "1"}), "Routing number must have 9 digits")
	require.Equal(t, false, w.send("GET", "/v1/accounts/"+id, "").at("details_submitted"), "a refused form changes nothing")
	session := form.Get("session")
	require.Equal(t, "https://shop.example/again", w.submit(link, form, map[string]string{"session": "guessed", "external_account[routing_number]": "110000000"}))
	require.Equal(t, "https://shop.example/back", w.submit(link, form, map[string]string{"session": session}))
	done := w.send("GET", "/v1/accounts/"+id, "")
	require.Equal(t, []any{true, true, "active", "Ann", "6789"}, []any{done.at("details_submitted"), done.at("payouts_enabled"), done.at("capabilities", "transfers"),
		done.at("individual", "first_name"), done.at("external_accounts", "data").([]any)[0].(map[string]any)["last4"]})
	require.Equal(t, "https://shop.example/again", w.submit(link, form, nil), "a form counts once")

	login := w.send("POST", "/v1/accounts/"+id+"/login_links", "")
	page := w.send("GET", strings.TrimPrefix(login.at("url").(string), w.server.URL), "")
	require.Contains(t, page.raw, "$0.00 usd available")
	require.Equal(t, 404, w.send("GET", "/connect/express/"+id+"/wrong", "").status)
}

// A link works once, for minutes, and then leads back to the platform (§2.11).
func TestAccountLinksAreForOneVisit(t *testing.T) {
	t.Parallel()
	w := open(t)
	id := w.send("POST", "/v1/accounts", "type=standard").at("id").(string)
	where := func(link string) string {
		answer, err := w.browser().Get(link)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		return answer.Header.Get("Location")
	}
	link := w.link(id)
	form := w.visitLink(link)
	require.Equal(t, "https://shop.example/again", where(link))
	form.Set("done", "later")
	require.Equal(t, "https://shop.example/back", w.submit(link, form, nil))
	late := w.link(id)
	w.advance(6 * time.Minute)
	require.Equal(t, "https://shop.example/again", where(late))
	w.advance(25 * time.Hour)
	require.Equal(t, 404, w.send("GET", strings.TrimPrefix(late, w.server.URL), "").status)
	for _, form := range []string{"account=acct_x&type=account_onboarding&refresh_url=https://a.example&return_url=https://a.example", "account=" + id + "&type=account_onboarding&refresh_url=x&return_url=y",
		"account=" + id + "&type=account_update&refresh_url=https://a.example&return_url=https://a.example"} {
		require.GreaterOrEqual(t, w.send("POST", "/v1/account_links", form).status, 400, form)
	}
}

func TestAccountsAreListedRejectedAndDeleted(t *testing.T) {
	t.Parallel()
	w := open(t)
	account := w.connect()
	other := w.send("POST", "/v1/accounts", "type=standard").at("id").(string)
	list := w.send("GET", "/v1/accounts", "").at("data").([]any)
	require.Len(t, list, 2, "the platform is not among its accounts")
	require.Equal(t, other, list[0].(map[string]any)["id"])
	own := w.send("GET", "/v1/account", "", "Stripe-Account", account)
	require.Equal(t, account, own.at("id"))
	require.Equal(t, 403, w.send("GET", "/v1/accounts/"+other, "", "Stripe-Account", account).status)

	rejected := w.send("POST", "/v1/accounts/"+account+"/reject", "reason=fraud")
	require.Equal(t, []any{"rejected.fraud", false, false}, []any{rejected.at("requirements", "disabled_reason"), rejected.at("charges_enabled"), rejected.at("payouts_enabled")})
	require.Equal(t, 400, w.send("POST", "/v1/payment_intents", payForm, "Stripe-Account", account).status)
	require.Equal(t, 400, w.send("POST", "/v1/accounts/"+other+"/reject", "reason=mood").status)

	w.shared("", "Stripe-Account", other)
	require.Equal(t, 400, w.send("DELETE", "/v1/accounts/"+other, "").status, "it still has money")
	gone := w.send("DELETE", "/v1/accounts/"+account, "")
	require.Equal(t, []any{200, true}, []any{gone.status, gone.at("deleted")})
	require.Equal(t, 403, w.send("GET", "/v1/balance", "", "Stripe-Account", account).status)
	require.Len(t, w.send("GET", "/v1/accounts", "").at("data"), 1)
	key := w.send("GET", "/v1/account", "").at("id").(string)
	require.Equal(t, 400, w.send("POST", "/v1/accounts/"+key, "email=a@b.c").status)
	require.Equal(t, 400, w.send("POST", "/v1/accounts", "type=custom&controller[losses][payments]=stripe").status)
	require.Equal(t, "none", w.send("POST", "/v1/accounts", "controller[losses][payments]=application&controller[stripe_dashboard][type]=none").at("type"))
}

func TestPersonsAndBanks(t *testing.T) {
	t.Parallel()
	w := open(t)
	id := w.send("POST", "/v1/accounts", "type=custom&business_type=company&company[name]=C&company[tax_id]=000000000&capabilities[transfers][requested]=true").at("id").(string)
	path := "/v1/accounts/" + id
	someone, err := w.stripe.V1Persons.Create(t.Context(), &stripe.PersonCreateParams{Account: &id, FirstName: stripe.String("A"), LastName: stripe.String("B"),
		IDNumber: stripe.String("000000000"), DOB: &stripe.PersonCreateDOBParams{Day: stripe.Int64(1), Month: stripe.Int64(2), Year: stripe.Int64(1990)},
		Relationship: &stripe.PersonCreateRelationshipParams{Representative: stripe.Bool(true), PercentOwnership: stripe.Float64(12.5)}})
	require.NoError(t, err)
	require.Equal(t, []any{stripe.PersonVerificationStatusVerified, 12.5, true}, []any{someone.Verification.Status, someone.Relationship.PercentOwnership, someone.IDNumberProvided})
	require.NotContains(t, w.send("GET", path, "").at("requirements", "currently_due"), "representative.first_name")
	require.Len(t, w.send("GET", path+"/persons?relationship[representative]=true", "").at("data"), 1)
	require.Empty(t, w.send("GET", path+"/persons?relationship[owner]=true", "").at("data"))
	wrong := w.send("POST", path+"/persons/"+someone.ID, "id_number=111111111")
	require.Equal(t, "failed_keyed_identity", wrong.at("verification", "details_code"))
	require.Len(t, w.send("GET", path, "").at("requirements", "errors"), 1)
	require.Equal(t, true, w.send("DELETE", path+"/persons/"+someone.ID, "").at("deleted"))
	require.Equal(t, 404, w.send("GET", path+"/persons/"+someone.ID, "").status)

	const bank = "external_account[object]=bank_account&external_account[country]=US&external_account[currency]=usd&external_account[routing_number]=110000000&external_account[account_number]="
	first := w.send("POST", path+"/external_accounts", bank+"000123456789&metadata[a]=b")
	require.Equal(t, []any{true, "6789", "b"}, []any{first.at("default_for_currency"), first.at("last4"), first.at("metadata", "a")}, first.raw)
	token := w.send("POST", "/v1/tokens", strings.ReplaceAll(strings.ReplaceAll(bank, "external_account[object]=bank_account&", ""), "external_account", "bank_account")+"000111111116").at("id").(string)
	second := w.send("POST", path+"/external_accounts", "external_account="+token+"&default_for_currency=true")
	require.Equal(t, 200, second.status, second.raw)
	require.Equal(t, "token_already_used", w.send("POST", path+"/external_accounts", "external_account="+token).at("error", "code"))
	firstPath, secondPath := path+"/external_accounts/"+first.at("id").(string), path+"/external_accounts/"+second.at("id").(string)
	require.Equal(t, []any{false, true}, []any{w.send("GET", firstPath, "").at("default_for_currency"), w.send("GET", secondPath, "").at("default_for_currency")})
	require.Equal(t, 400, w.send("DELETE", secondPath, "").status, "the default cannot go")
	require.Equal(t, true, w.send("DELETE", firstPath, "").at("deleted"))
	require.Equal(t, "H", w.send("POST", secondPath, "account_holder_name=H").at("account_holder_name"))
	require.Len(t, w.send("GET", path+"/external_accounts?object=bank_account", "").at("data"), 1)
	require.Equal(t, 400, w.send("POST", path+"/external_accounts", bank+"x").status)
	require.Equal(t, []string{"account.external_account.deleted", "account.updated", "account.external_account.updated", "account.updated"}, tail(w.typesOf(id), 4))
}

// Accounts, their money and what is planned for it survive a restart.
func TestConnectedAccountsAreKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := openIn(t, sandbox.Config{Dir: dir})
	account := w.connect("settings[payouts][schedule][interval]=daily")
	charge := w.shared("application_fee_amount=123&transfer_data[destination]="+account).at("latest_charge", "id").(string)
	before, ours := w.movements(account)
	w.stop()
	again := openIn(t, sandbox.Config{Dir: dir})
	after, _ := again.movements(account)
	require.Equal(t, before, after)
	_, kept := again.movements("")
	require.Equal(t, []int64{877, 64}, []int64{ours, kept})
	again.advance(7 * 24 * time.Hour)
	made := again.send("GET", "/v1/payouts", "", "Stripe-Account", account).at("data").([]any)
	require.Len(t, made, 1)
	require.Equal(t, 877.0, made[0].(map[string]any)["amount"])
	require.Equal(t, 200, again.send("POST", "/v1/refunds", "reverse_transfer=true&charge="+charge).status)
	_, sum := again.movements(account)
	require.EqualValues(t, -1000, sum, "the platform answers for it")
}

// A snapshot holds a family together.
func TestSnapshotKeepsFamilies(t *testing.T) {
	t.Parallel()
	w := open(t)
	account := w.connect()
	charge := w.shared("application_fee_amount=123&transfer_data[destination]="+account).at("latest_charge", "id").(string)
	kept := w.send("GET", "/_sandbox/snapshot", "").raw
	w.send("POST", "/v1/refunds", "reverse_transfer=true&charge="+charge)
	require.Equal(t, 200, w.send("POST", "/_sandbox/reset", "").status)
	require.Equal(t, 403, w.send("GET", "/v1/balance", "", "Stripe-Account", account).status)
	require.Equal(t, 200, w.send("POST", "/_sandbox/restore", kept).status)
	_, sum := w.movements(account)
	require.EqualValues(t, 877, sum)
	require.Equal(t, 200, w.send("POST", "/v1/refunds", "reverse_transfer=true&refund_application_fee=true&charge="+charge).status)
	_, sum = w.movements(account)
	require.EqualValues(t, 0, sum)
}
