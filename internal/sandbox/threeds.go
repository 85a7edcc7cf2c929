package sandbox

import (
	"bytes"
	"crypto/subtle"
	"html/template"
	"net/http"
	"net/url"
)

// hostedPath is where a customer authenticates, as on hooks.stripe.com (§1.20).
const hostedPath = "/3d_secure_2/hosted"

// nextAction is the step that the customer must take (§2.5.4).
type nextAction struct {
	RedirectToURL *redirectToURL `json:"redirect_to_url,omitempty"`
	Type          string         `json:"type"`
	UseStripeSDK  *useStripeSDK  `json:"use_stripe_sdk,omitempty"`
}

type redirectToURL struct {
	ReturnURL *string `json:"return_url"`
	URL       string  `json:"url"`
}

// useStripeSDK is what Stripe.js gets; its stripe_js is the same hosted page.
type useStripeSDK struct {
	Source   string `json:"source"`
	StripeJS string `json:"stripe_js"`
	Type     string `json:"type"`
}

// askCustomer sends the payment to the authentication page.
func (t *attempt) askCustomer(c *call) {
	p := t.intent
	p.Status, p.LastPaymentError = intentNeedsAction, nil
	p.NextAction = c.authentication(p, p.ClientSecret, p.secret.ReturnURL)
	emit(t.work, "payment_intent.requires_action", p)
	intentMoved(t.work, p)
}

// authentication is the step of going to the page where an intent is
// authenticated, and then to the address back, if there is one.
func (c *call) authentication(of object, secret, back string) *nextAction {
	source := "payatt_" + c.sandbox.ids.text(attemptIDLength)
	name := of.identity().Object
	page := c.sandbox.baseFor(c.request) + hostedPath + "?" + url.Values{
		"merchant": {c.account.id}, name: {of.identity().ID}, name + "_client_secret": {secret}, "source": {source},
	}.Encode()
	if back == "" || c.yes("use_stripe_sdk") {
		return &nextAction{Type: "use_stripe_sdk", UseStripeSDK: &useStripeSDK{source, page, "three_d_secure_redirect"}}
	}
	return &nextAction{Type: "redirect_to_url", RedirectToURL: &redirectToURL{&back, page}}
}

// hosted is what a customer authenticates on a page: a payment, or the saving
// of a card.
type hosted interface {
	object
	waiting() bool
	describe(w *work, text *hostedText)
	authenticate(w *work, complete bool) hosted
	goodbye() hostedText
}

// baseFor is where browsers reach this sandbox.
func (s *Sandbox) baseFor(r *http.Request) string {
	if s.base != "" {
		return s.base
	}
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

func sameSecret(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// mountHosted registers the pages for people.
func (s *Sandbox) mountHosted() {
	s.mux.HandleFunc("GET "+hostedPath, s.showAuthentication)
	s.mux.HandleFunc("POST "+hostedPath, s.authenticate)
	s.mountCheckout()
	s.mountInvoices()
	s.mountConnect()
}

// hostedPage works without scripts and with the keyboard alone: headings,
// labels and plain buttons, and nothing is loaded from anywhere.
var hostedPage = template.Must(template.New("3ds").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}}</title>
<style>
body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 3rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff }
button, a.button { display: inline-block; font: inherit; padding: .6rem 1.2rem; margin: .3rem .6rem .3rem 0; border: 2px solid #1a3a6b; border-radius: .4rem; background: #fff; color: #1a3a6b; cursor: pointer; text-decoration: none }
button.main { background: #1a3a6b; color: #fff }
:focus-visible { outline: 3px solid #b8860b; outline-offset: 2px }
dt { font-weight: 600 } dd { margin: 0 0 .6rem }
</style>
</head>
<body>
<main>
<h1>{{.Title}}</h1>
<p>{{.Text}}</p>
{{if .Card}}<dl>{{if .Amount}}<dt>Amount</dt><dd>{{.Amount}}</dd>{{end}}<dt>Card</dt><dd>{{.Card}}</dd><dt>{{if .Amount}}Payment{{else}}To be saved by{{end}}</dt><dd><code>{{.Payment}}</code></dd></dl>{{end}}
{{if .Ask}}<form method="post">
<button class="main" type="submit" name="outcome" value="complete" autofocus>Complete authentication</button>
<button type="submit" name="outcome" value="fail">Fail authentication</button>
</form>{{end}}
{{if .Back}}<p><a class="button" href="{{.Back}}">Return to the shop</a></p>{{end}}
</main>
</body>
</html>
`))

type hostedText struct {
	Title, Text, Amount, Card, Payment string
	Ask                                bool
	Back                               string
}

func (s *Sandbox) page(w http.ResponseWriter, status int, text hostedText) {
	var out bytes.Buffer
	if err := hostedPage.Execute(&out, text); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer") // the address holds the client secret
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'")
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes()) // a browser that went away needs no page
}

var hostedGone = hostedText{Title: "Nothing to authenticate", Text: "There is no payment at this address. It may be mistyped, or the sandbox was reset."}

// guest is the account that a hosted page's address names.
func (s *Sandbox) guest(r *http.Request) *account {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.accounts[r.URL.Query().Get("merchant")]
}

// intentOf is the intent that a hosted page's address names, if its client
// secret is right. Nobody who cannot know the secret learns that it exists.
func (w *work) intentOf(q url.Values) (hosted, bool) {
	if p, ok := paymentIntents.find(w, q.Get("payment_intent")); ok {
		return p, sameSecret(q.Get("payment_intent_client_secret"), p.ClientSecret)
	}
	if s, ok := setupIntents.find(w, q.Get("setup_intent")); ok {
		return s, sameSecret(q.Get("setup_intent_client_secret"), s.ClientSecret)
	}
	return nil, false
}

// visit runs f on the intent that the page's address names.
func (s *Sandbox) visit(r *http.Request, f func(*work, hosted)) (ticket, bool) {
	s.gate.RLock()
	defer s.gate.RUnlock()
	a := s.guest(r)
	if a == nil {
		return 0, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.latest = a.instant(s.seconds())
	s.catchUp(a, a.latest)
	w := s.newWork(a, a.latest)
	found, ok := w.intentOf(r.URL.Query())
	if !ok {
		return 0, false
	}
	f(w, found)
	return w.commit(), true
}

func (s *Sandbox) showAuthentication(w http.ResponseWriter, r *http.Request) {
	text := hostedText{Title: "3D Secure authentication", Text: "This is the sandbox's page in place of your bank's. Choose how the authentication ends.", Ask: true}
	_, found := s.visit(r, func(w *work, it hosted) {
		if !it.waiting() {
			text = it.goodbye()
			return
		}
		it.describe(w, &text)
	})
	if !found {
		s.page(w, http.StatusNotFound, hostedGone)
		return
	}
	s.page(w, http.StatusOK, text)
}

// authenticate is the customer's decision; the payment goes on from there.
func (s *Sandbox) authenticate(w http.ResponseWriter, r *http.Request) {
	complete := r.PostFormValue("outcome") == "complete"
	if !complete && r.PostFormValue("outcome") != "fail" {
		s.page(w, http.StatusBadRequest, hostedText{Title: "Choose an outcome", Text: "Send outcome=complete or outcome=fail."})
		return
	}
	var text hostedText
	until, found := s.visit(r, func(w *work, it hosted) {
		if it.waiting() {
			it = it.authenticate(w, complete)
		}
		text = it.goodbye()
	})
	switch {
	case !found:
		s.page(w, http.StatusNotFound, hostedGone)
	case s.journal.wait(until) != nil:
		s.page(w, http.StatusInternalServerError, hostedText{Title: "The sandbox could not write to its disk", Text: "Nothing more can be done until it is restarted."})
	case text.Back != "":
		http.Redirect(w, r, text.Back, http.StatusSeeOther)
	default:
		s.page(w, http.StatusOK, text)
	}
}

// waiting says whether the customer has something to do.
func (p *paymentIntent) waiting() bool { return p.Status == intentNeedsAction }

// describe tells the hosted page what is being authenticated.
func (p *paymentIntent) describe(w *work, text *hostedText) {
	method, _ := paymentMethods.find(w, *p.PaymentMethod)
	text.Amount, text.Payment = spell(p.Amount, p.Currency)+" "+p.Currency, p.ID
	text.Card = method.Card.Brand + " ending in " + method.Card.Last4
}

// authenticate continues an intent after the customer's step (§2.5.2).
func (p *paymentIntent) authenticate(w *work, complete bool) hosted {
	p = paymentIntents.edit(w, p.ID)
	method, _ := paymentMethods.find(w, *p.PaymentMethod)
	try := &attempt{work: w, intent: p, method: method}
	if !complete {
		try.failAuthentication()
		return p
	}
	p.secret.Authenticated = true
	if value(p.futureUsage()) == "off_session" {
		paymentMethods.edit(w, method.ID).secret.SetUp = true // even if the bank then declines
	}
	if p.ConfirmationMethod == "manual" {
		p.Status, p.NextAction = intentNeedsConfirmation, nil
		return p
	}
	_, _ = try.charge() // a decline is kept in the intent, which is all that the page tells
	return p
}

func (t *attempt) failAuthentication() {
	e := invalidRequest("The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod to attempt to fulfill this PaymentIntent again.")
	t.fail(e.withCode("payment_intent_authentication_failure"))
	emit(t.work, "payment_intent.payment_failed", t.intent)
	intentMoved(t.work, t.intent)
}

// goodbye is how the hosted page ends.
func (p *paymentIntent) goodbye() hostedText {
	return farewell(p, p.ClientSecret, p.secret.ReturnURL, p.LastPaymentError != nil || p.Status == intentCanceled)
}

// farewell is how a hosted page ends: back to the merchant with the outcome in
// the address (§1.20), or in words when there is no way back.
func farewell(of object, secret, to string, failed bool) hostedText {
	outcome, text := "succeeded", "The payment was authenticated. You can close this page."
	if failed {
		outcome, text = "failed", "The payment was not completed. You can close this page."
	}
	out := hostedText{Title: "3D Secure authentication", Text: text}
	back, err := url.Parse(to)
	if to == "" || err != nil {
		return out
	}
	q := back.Query()
	q.Set(of.identity().Object, of.identity().ID)
	q.Set(of.identity().Object+"_client_secret", secret)
	q.Set("redirect_status", outcome)
	back.RawQuery = q.Encode()
	out.Back = back.String()
	return out
}

// authenticatedBy is the proof that the customer took a challenge.
func authenticatedBy(w *work) *threeDSecure {
	return &threeDSecure{AuthenticationFlow: "challenge", CommerceIndicator: "05", Result: "authenticated",
		TransactionID: w.sandbox.ids.text(36), Version: "2.2.0"}
}
