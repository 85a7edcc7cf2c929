package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strings"
)

// Where a checkout session is paid, and where a payment link begins one, as on
// checkout.stripe.com and buy.stripe.com. The ids in the address cannot be
// guessed, which is what keeps strangers out.
const (
	checkoutPath = "/c/pay"
	linkPath     = "/b"
)

// checkoutPage works without scripts and with the keyboard alone: labels,
// fields that browsers can fill in, and plain buttons.
var checkoutPage = template.Must(template.New("checkout").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}} (sandbox)</title>
<style>
body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 3rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff }
label { display: block; margin: .8rem 0 .2rem; font-weight: 600 }
input { font: inherit; width: 100%; box-sizing: border-box; padding: .5rem; border: 1px solid #555; border-radius: .3rem }
table { width: 100%; border-collapse: collapse } td, th { text-align: left; padding: .3rem 0; border-bottom: 1px solid #ccc } td:last-child, th:last-child { text-align: right }
button, a.button { display: inline-block; font: inherit; padding: .6rem 1.2rem; margin: 1rem .6rem .3rem 0; border: 2px solid #1a3a6b; border-radius: .4rem; background: #fff; color: #1a3a6b; cursor: pointer; text-decoration: none }
button { background: #1a3a6b; color: #fff }
:focus-visible { outline: 3px solid #b8860b; outline-offset: 2px }
.problem { border-left: .3rem solid #a00; padding-left: .8rem }
</style>
</head>
<body>
<main>
<h1>{{.Title}}</h1>
<p>This is the sandbox's page: no real card is charged. Use a test card such as 4242 4242 4242 4242.</p>
{{if .Problem}}<p class="problem" role="alert">{{.Problem}}</p>{{end}}
{{if .Note}}<p role="status">{{.Note}}</p>{{end}}
{{if .Rows}}<table><caption>{{.Caption}}</caption>
{{range .Rows}}<tr><td>{{.Name}}</td><td>{{.Amount}}</td></tr>
{{end}}<tr><th scope="row">Total now</th><th>{{.Total}}</th></tr></table>{{end}}
{{if .PDF}}<p><a class="button" href="{{.PDF}}">Download as PDF</a></p>{{end}}
{{if .Button}}<form method="post">
<label for="email">E-mail</label><input id="email" name="email" type="email" autocomplete="email" required value="{{.Email}}">
<label for="name">Name on card</label><input id="name" name="name" autocomplete="cc-name" value="{{.Name}}">
<label for="number">Card number</label><input id="number" name="number" inputmode="numeric" autocomplete="cc-number" required>
<label for="expiry">Expiry (MM / YY)</label><input id="expiry" name="expiry" inputmode="numeric" autocomplete="cc-exp" required>
<label for="cvc">Security code</label><input id="cvc" name="cvc" inputmode="numeric" autocomplete="cc-csc" required>
{{if .Codes}}<label for="code">Promotion code (optional)</label><input id="code" name="code">{{end}}
<button type="submit">{{.Button}}</button>
{{if .Cancel}}<a class="button" href="{{.Cancel}}">Back to the shop</a>{{end}}
</form>{{end}}
</main>
</body>
</html>
`))

// checkoutForm is what the page shows.
type checkoutForm struct {
	Title, Caption, Problem, Note, Total string
	Email, Name, Cancel, PDF             string
	Button                               string // empty when there is nothing to send
	Rows                                 []checkoutRow
	Codes                                bool
}

type checkoutRow struct{ Name, Amount string }

// mountCheckout registers the pages where customers pay.
func (s *Sandbox) mountCheckout() {
	s.mux.HandleFunc("GET "+checkoutPath+"/{account}/{session}", s.showCheckout)
	s.mux.HandleFunc("POST "+checkoutPath+"/{account}/{session}", s.payCheckout)
	s.mux.HandleFunc("GET "+linkPath+"/{account}/{link}", s.followLink)
}

var checkoutGone = hostedText{Title: "Nothing to pay", Text: "There is no checkout at this address. It may be mistyped, it has expired, or the sandbox was reset."}

// outcome is what a visit to the page led to: a place to go, or a page.
type visitOutcome struct {
	to    string
	form  *checkoutForm
	found bool
}

// shopping runs f in the account that a page's address names, and answers what
// it led to once that is on disk.
func (s *Sandbox) shopping(w http.ResponseWriter, r *http.Request, f func(*call) visitOutcome) {
	out, until := s.shop(r, f)
	switch {
	case !out.found:
		s.page(w, http.StatusNotFound, checkoutGone)
	case s.journal.wait(until) != nil:
		s.page(w, http.StatusInternalServerError, hostedText{Title: "The sandbox could not write to its disk", Text: "Nothing more can be done until it is restarted."})
	case out.form != nil:
		s.checkoutForm(w, out.form)
	case out.to != "":
		http.Redirect(w, r, out.to, http.StatusSeeOther)
	default:
		s.page(w, http.StatusOK, hostedText{Title: "Thank you", Text: "This checkout is complete. You can close this page."})
	}
}

func (s *Sandbox) shop(r *http.Request, f func(*call) visitOutcome) (visitOutcome, ticket) {
	s.gate.RLock()
	defer s.gate.RUnlock()
	s.mu.RLock()
	a := s.accounts[r.PathValue("account")]
	s.mu.RUnlock()
	if a == nil {
		return visitOutcome{}, 0
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.latest = a.instant(s.seconds())
	s.catchUp(a, a.latest)
	w := s.newWork(a, a.latest)
	c := w.ask("", nil)
	c.request = r
	out := f(c)
	return out, w.commit()
}

func (s *Sandbox) checkoutForm(w http.ResponseWriter, form *checkoutForm) {
	var out bytes.Buffer
	if err := checkoutPage.Execute(&out, form); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer") // the address is the key
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'")
	if form.Problem != "" {
		w.WriteHeader(http.StatusPaymentRequired)
	}
	_, _ = w.Write(out.Bytes()) // a browser that went away needs no page
}

func (s *Sandbox) showCheckout(w http.ResponseWriter, r *http.Request) {
	s.shopping(w, r, func(c *call) visitOutcome {
		old, ok := checkoutSessions.find(c.work, r.PathValue("session"))
		if !ok || old.Status == sessionExpired {
			return visitOutcome{}
		}
		if old.Status == sessionOpen && old.SetupIntent != nil {
			old = checkoutSessions.edit(c.work, old.ID)
			old.look(c.work)
		}
		if old.Status == sessionComplete {
			return visitOutcome{to: old.goodbye(), found: true}
		}
		return visitOutcome{form: old.form(c.work, ""), found: true}
	})
}

// payCheckout takes the form. When the card is refused, the page tells why; of
// the try only a payment that the bank refused remains, as a failed charge.
func (s *Sandbox) payCheckout(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxControl)
	s.shopping(w, r, func(c *call) visitOutcome {
		id := r.PathValue("session")
		old, ok := checkoutSessions.find(c.work, id)
		switch {
		case !ok || old.Status == sessionExpired:
			return visitOutcome{}
		case old.Status == sessionComplete:
			return visitOutcome{to: old.goodbye(), found: true}
		}
		next := checkoutSessions.edit(c.work, id)
		err := next.enter(c, r.PostFormValue("code"))
		to := ""
		if err == nil {
			to, err = next.pay(c.typed(r))
		}
		if err != nil && (old.Mode != modePayment || next.PaymentIntent == nil) {
			c.discard()
		}
		if err != nil {
			return visitOutcome{form: old.form(c.work, reasonOf(err)), found: true}
		}
		return visitOutcome{to: to, found: true}
	})
}

// enter takes a promotion code that the customer typed.
func (s *checkoutSession) enter(c *call, code string) error {
	if code == "" || s.AllowPromotionCodes == nil || !*s.AllowPromotionCodes {
		return nil
	}
	by := promotionByCode(c.work, code)
	if by == nil {
		return badParam("code", "", "This promotion code is not valid.")
	}
	of, ok := coupons.find(c.work, *by.Promotion.Coupon)
	if !ok || !of.valid(c.now) {
		return badParam("code", "", "This promotion code is not valid.")
	}
	s.Discounts = append([]checkoutDiscount{}, checkoutDiscount{PromotionCode: &by.ID})
	lines := make([]*checkoutLine, len(s.secret.Lines))
	for at, line := range s.secret.Lines {
		next := *line
		lines[at] = &next
	}
	s.secret.Lines = lines
	s.sum([]*discount{{secret: discountSecret{Coupon: *of, Products: of.hidden.Products}}})
	return nil
}

// typed is the page's form as the parameters of a payment method.
func (c *call) typed(r *http.Request) *call {
	month, year, _ := strings.Cut(strings.ReplaceAll(r.PostFormValue("expiry"), " ", ""), "/")
	next := c.ask("", map[string][]string{
		"card[number]": {r.PostFormValue("number")}, "card[exp_month]": {month}, "card[exp_year]": {year}, "card[cvc]": {r.PostFormValue("cvc")},
		"billing_details[email]": {r.PostFormValue("email")}, "billing_details[name]": {r.PostFormValue("name")},
	})
	return next
}

// reasonOf is an error as the page tells it.
func reasonOf(err error) string {
	var problem *apiError
	if errors.As(err, &problem) {
		return problem.Message
	}
	return err.Error()
}

// form is the page for an open session.
func (s *checkoutSession) form(w *work, problem string) *checkoutForm {
	out := &checkoutForm{Title: "Checkout", Caption: "What you buy", Problem: problem, Email: value(s.CustomerEmail), Button: "Pay", Cancel: value(s.CancelURL),
		Codes: s.AllowPromotionCodes != nil && *s.AllowPromotionCodes}
	if owner, ok := customers.find(w, value(s.Customer)); ok {
		out.Email, out.Name = value(owner.Email), value(owner.Name)
	}
	switch s.Mode {
	case modeSetup:
		out.Button = "Save card"
		return out
	case modeSubscription:
		out.Button = "Subscribe"
	}
	for _, line := range s.secret.Lines {
		name := fmt.Sprintf("%d × %s", line.Quantity, line.Description)
		if line.Price.Recurring != nil {
			name += ", each " + line.Price.every()
		}
		out.Rows = append(out.Rows, checkoutRow{name, spell(line.AmountTotal, line.Currency)})
	}
	out.Total = spell(*s.AmountTotal, *s.Currency)
	return out
}
