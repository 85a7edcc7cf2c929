package sandbox

import (
	"bytes"
	"errors"
	"html/template"
	"net"
	"net/http"
	"net/url"
	"strconv"
)

// maxOnboarding is the largest form that the onboarding page takes, in bytes:
// many times what its fields can hold.
const maxOnboarding = 64 << 10

// onboardingField is one line of the form; its name is the parameter of the API
// that it fills in, and its value is one that passes in test mode.
type onboardingField struct {
	Name, Label, Value, Fill string // Fill is the browser's autocomplete word
	company                  bool   // asked of companies only
	bank                     bool   // asked only when there is no bank account yet
}

// onboardingFields is what the page asks (§2.11), already filled in with values
// that pass, since this is a test.
var onboardingFields = []onboardingField{
	{Name: "business_profile[url]", Label: "Website", Value: "https://accessible.stripe.com", Fill: "url"},
	{Name: "business_profile[mcc]", Label: "Merchant category code", Value: "5734", Fill: "off"},
	{Name: "individual[first_name]", Label: "First name", Value: "Jenny", Fill: "given-name"},
	{Name: "individual[last_name]", Label: "Last name", Value: "Rosen", Fill: "family-name"},
	{Name: "individual[email]", Label: "E-mail", Value: "jenny@example.com", Fill: "email"},
	{Name: "individual[phone]", Label: "Phone", Value: "+10000000000", Fill: "tel"},
	{Name: "individual[dob][day]", Label: "Day of birth", Value: "1", Fill: "bday-day"},
	{Name: "individual[dob][month]", Label: "Month of birth", Value: "1", Fill: "bday-month"},
	{Name: "individual[dob][year]", Label: "Year of birth", Value: "1901", Fill: "bday-year"},
	{Name: "individual[address][line1]", Label: "Street", Value: "address_full_match", Fill: "address-line1"},
	{Name: "individual[address][city]", Label: "City", Value: "San Francisco", Fill: "address-level2"},
	{Name: "individual[address][state]", Label: "State", Value: "CA", Fill: "address-level1"},
	{Name: "individual[address][postal_code]", Label: "Postal code", Value: "94111", Fill: "postal-code"},
	{Name: "individual[id_number]", Label: "Social security number", Value: "000000000", Fill: "off"},
	{Name: "company[name]", Label: "Company name", Value: "Rosen Ltd", Fill: "organization", company: true},
	{Name: "company[tax_id]", Label: "Employer identification number", Value: "000000000", Fill: "off", company: true},
	{Name: "company[address][line1]", Label: "Company's street", Value: "address_full_match", Fill: "off", company: true},
	{Name: "external_account[routing_number]", Label: "Routing number", Value: testRouting, Fill: "off", bank: true},
	{Name: "external_account[account_number]", Label: "Account number", Value: testBankNumber, Fill: "off", bank: true},
}

type onboardingForm struct {
	Name, Session, Problem string
	Company                bool
	Fields                 []onboardingField
}

// onboardingPage works without scripts and with the keyboard alone: labels,
// fields and two buttons, and nothing is loaded from anywhere.
var onboardingPage = template.Must(template.New("onboarding").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tell us about your business</title>
<style>
body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 3rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff }
label { display: block; font-weight: 600; margin-top: .8rem } label.choice { font-weight: 400; margin: 0 }
input:not([type=radio]):not([type=checkbox]) { font: inherit; width: 100%; box-sizing: border-box; padding: .4rem .6rem; border: 2px solid #555; border-radius: .4rem }
button { font: inherit; padding: .6rem 1.2rem; margin: 1rem .6rem .3rem 0; border: 2px solid #1a3a6b; border-radius: .4rem; background: #fff; color: #1a3a6b; cursor: pointer }
button.main { background: #1a3a6b; color: #fff }
fieldset { border: 0; padding: 0; margin: 0 } legend { font-weight: 600 }
[role=alert] { border-left: .3rem solid #a31621; padding-left: .8rem }
:focus-visible { outline: 3px solid #b8860b; outline-offset: 2px }
</style>
</head>
<body>
<main>
<h1>Tell us about your business</h1>
<p>This is the sandbox's page in place of Stripe's, for {{.Name}}. The values below pass; change one to see what happens.</p>
{{if .Problem}}<p role="alert">{{.Problem}}</p>{{end}}
<form method="post">
<input type="hidden" name="session" value="{{.Session}}">
<fieldset><legend>Type of business</legend>
<label class="choice"><input type="radio" name="business_type" value="individual"{{if not .Company}} checked{{end}}> One person</label>
<label class="choice"><input type="radio" name="business_type" value="company"{{if .Company}} checked{{end}}> A company</label>
</fieldset>
{{range .Fields}}<label for="{{.Name}}">{{.Label}}</label>
<input id="{{.Name}}" name="{{.Name}}" value="{{.Value}}" autocomplete="{{.Fill}}">
{{end}}<label class="choice"><input type="checkbox" name="terms" value="yes" checked> I accept the terms of service</label>
<button class="main" type="submit" name="done" value="submit" autofocus>Submit</button>
<button type="submit" name="done" value="later">Save nothing and come back later</button>
</form>
</main>
</body>
</html>
`))

// mountConnect registers the pages for the owners of connected accounts.
func (s *Sandbox) mountConnect() {
	s.mux.HandleFunc("GET "+onboardingPath+"/{account}/{token}", s.showOnboarding)
	s.mux.HandleFunc("POST "+onboardingPath+"/{account}/{token}", s.onboard)
	s.mux.HandleFunc("GET "+expressPath+"/{account}/{token}", s.showExpress)
}

var linkGone = hostedText{Title: "This link does not work", Text: "It may be mistyped, or the sandbox was reset."}

// showOnboarding is the one visit that a link allows; later ones, and too late
// ones, go back to the platform for a new link (§2.11).
func (s *Sandbox) showOnboarding(w http.ResponseWriter, r *http.Request) {
	var form *onboardingForm
	back := ""
	until, found := s.invited(r, func(h *holder, link *invitation) {
		if back = link.RefreshURL; link.Login || link.Session != "" || link.ExpiresAt <= h.home.now {
			return
		}
		next := invitations.edit(h.home, link.ID)
		next.Session = s.ids.text(linkTokenLength)
		form = h.form(next, nil)
	})
	switch {
	case !found || form == nil && back == "":
		s.page(w, http.StatusNotFound, linkGone)
	case s.journal.wait(until) != nil:
		s.page(w, http.StatusInternalServerError, hostedText{Title: "The sandbox could not write to its disk", Text: "Nothing more can be done until it is restarted."})
	case form == nil:
		http.Redirect(w, r, back, http.StatusSeeOther)
	default:
		s.form(w, http.StatusOK, form)
	}
}

// form is the page for an account, with what was sent before if it was refused.
func (h *holder) form(link *invitation, sent url.Values) *onboardingForm {
	out := &onboardingForm{Name: h.account().Settings.Dashboard.DisplayName, Session: link.Session,
		Company: value(h.account().BusinessType) == "company" || sent.Get("business_type") == "company"}
	if out.Name == "" {
		out.Name = h.id
	}
	for _, field := range onboardingFields {
		if field.bank && len(h.banks()) > 0 {
			continue
		}
		if sent.Has(field.Name) {
			field.Value = sent.Get(field.Name)
		}
		out.Fields = append(out.Fields, field)
	}
	return out
}

func (s *Sandbox) form(w http.ResponseWriter, status int, form *onboardingForm) {
	var out bytes.Buffer
	if err := onboardingPage.Execute(&out, form); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer") // the address holds a secret
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'")
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes()) // a browser that went away needs no page
}

// onboard takes the form. What the API would refuse is shown on the form.
func (s *Sandbox) onboard(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxOnboarding)
	if err := r.ParseForm(); err != nil {
		s.page(w, http.StatusBadRequest, hostedText{Title: "The form could not be read", Text: "Go back and send it again."})
		return
	}
	var again *onboardingForm
	back := ""
	until, found := s.invited(r, func(h *holder, link *invitation) {
		if link.Login || link.Session == "" || !sameSecret(link.Session, r.PostForm.Get("session")) {
			back = link.RefreshURL
			return
		}
		if r.PostForm.Get("done") == "later" {
			back = link.ReturnURL
			return
		}
		if problem := h.onboard(r); problem != "" {
			h.home.discard()
			again = h.form(link, r.PostForm)
			again.Problem = problem
			return
		}
		back = link.ReturnURL
		invitations.edit(h.home, link.ID).Session = "used " + link.Session
	})
	switch {
	case !found || again == nil && back == "":
		s.page(w, http.StatusNotFound, linkGone)
	case s.journal.wait(until) != nil:
		s.page(w, http.StatusInternalServerError, hostedText{Title: "The sandbox could not write to its disk", Text: "Nothing more can be done until it is restarted."})
	case again != nil:
		s.form(w, http.StatusUnprocessableEntity, again)
	default:
		http.Redirect(w, r, back, http.StatusSeeOther)
	}
}

// onboard sets what the form says as the API would, and answers what is wrong
// with it in words, or nothing.
func (h *holder) onboard(r *http.Request) string {
	sent := url.Values{"business_type": {r.PostForm.Get("business_type")}, "external_account[country]": {h.account().Country},
		"tos_acceptance[ip]": {clientIP(r)}, "tos_acceptance[date]": {strconv.FormatInt(h.home.now, 10)}}
	isCompany := sent.Get("business_type") == "company"
	if isCompany {
		sent.Set("company[owners_provided]", "true")
	}
	hasBank := len(h.banks()) > 0
	if hasBank {
		sent.Del("external_account[country]")
	}
	for _, field := range onboardingFields {
		text := trimmed(r.PostForm.Get(field.Name))
		switch {
		case field.company && !isCompany, field.bank && hasBank:
			continue
		case text == "":
			return field.Label + " is missing."
		}
		sent.Set(field.Name, text)
	}
	if r.PostForm.Get("terms") != "yes" {
		return "The terms of service must be accepted."
	}
	return h.apply(r, sent)
}

// apply runs the same check and change as POST /v1/accounts/{id}.
func (h *holder) apply(r *http.Request, sent url.Values) string {
	tree, err := parseForm(sent.Encode())
	if err == nil {
		err = checkParams(accountParams, tree, "")
	}
	before := *h.account()
	if err == nil {
		err = h.set(&call{work: h.home, params: params{tree}, id: h.id, path: r.URL.Path, request: r})
	}
	var problem *apiError
	if errors.As(err, &problem) {
		return problem.Message
	}
	h.edit().secret.Onboarded = true
	h.review(&before)
	return ""
}

func clientIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
