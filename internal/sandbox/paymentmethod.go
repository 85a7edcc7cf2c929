package sandbox

import (
	"crypto/sha256"
	"net/http"
	"strings"
	"time"
)

// aliasPrefix begins the test ids that make a new payment method each time
// they are used (§3.1).
const aliasPrefix = "pm_card_"

// fingerprintLength is how long a card's fingerprint is, in characters (§F.2).
const fingerprintLength = 16

// paymentMethod is a card (§2.3), attached to a customer or used once.
type paymentMethod struct {
	head
	AllowRedisplay  string            `json:"allow_redisplay"`
	BillingDetails  billingDetails    `json:"billing_details"`
	Card            *cardDetails      `json:"card"`
	Created         int64             `json:"created"`
	Customer        *string           `json:"customer" expand:"customer"`
	CustomerAccount none              `json:"customer_account"`
	Livemode        bool              `json:"livemode"`
	Metadata        map[string]string `json:"metadata"`
	Type            string            `json:"type"`

	secret methodSecret
}

// methodSecret is what Stripe knows of a payment method and never shows.
type methodSecret struct {
	Number string `json:"number"`           // of the test card
	Spent  bool   `json:"spent,omitempty"`  // used without a customer, or detached: never again (§2.3)
	SetUp  bool   `json:"set_up,omitempty"` // authenticated for use off session
	NoCVC  bool   `json:"no_cvc,omitempty"` // given without a security code, which the bank then cannot check
}

func (m *paymentMethod) private() any     { return &m.secret }
func (m *paymentMethod) createdAt() int64 { return m.Created }
func (m *paymentMethod) test() *testCard  { return cards.byNumber[m.secret.Number] }

type billingDetails struct {
	Address postalAddress `json:"address"`
	Email   *string       `json:"email"`
	Name    *string       `json:"name"`
	Phone   *string       `json:"phone"`
	TaxID   *string       `json:"tax_id"`
}

type cardDetails struct {
	Brand             string       `json:"brand"`
	Checks            cardChecks   `json:"checks"`
	Country           string       `json:"country"`
	DisplayBrand      string       `json:"display_brand"`
	ExpMonth          int64        `json:"exp_month"`
	ExpYear           int64        `json:"exp_year"`
	Fingerprint       string       `json:"fingerprint"`
	Funding           string       `json:"funding"`
	GeneratedFrom     none         `json:"generated_from"`
	Last4             string       `json:"last4"`
	Networks          cardNetworks `json:"networks"`
	RegulatedStatus   string       `json:"regulated_status"`
	ThreeDSecureUsage secureUsage  `json:"three_d_secure_usage"`
	Wallet            none         `json:"wallet"`
}

type cardChecks struct {
	AddressLine1Check      *string `json:"address_line1_check"`
	AddressPostalCodeCheck *string `json:"address_postal_code_check"`
	CVCCheck               *string `json:"cvc_check"`
}

type cardNetworks struct {
	Available []string `json:"available"`
	Preferred none     `json:"preferred"`
}

type secureUsage struct {
	Supported bool `json:"supported"`
}

var paymentMethods = declare[paymentMethod](kind{
	name: "payment_method", prefix: "pm_", length: 24, noun: "PaymentMethod", param: "payment_method",
})

// cardParams is the card hash: a number, or a token for one.
var cardParams = hash("card", text("number"), integer("exp_month"), integer("exp_year"), shortText("cvc", 5), text("token"), anything("networks"))

var redisplay = enum("allow_redisplay", "always", "limited", "unspecified")

func paymentMethodResource() *resource {
	id := &paymentMethods.kind
	return &resource{
		kind: id,
		indexes: func(o object) []indexKey {
			if m := o.(*paymentMethod); m.Customer != nil {
				return []indexKey{{"customer", *m.Customer}}
			}
			return nil
		},
		routes: []route{
			{method: http.MethodPost, path: "/v1/payment_methods", title: "Create a payment method from a test card", returns: id, browser: true,
				params: []param{enum("type", "card"), text("customer"), text("payment_method"), cardParams, billing, redisplay, metadata(), anything("radar_options")}, do: createMethod},
			{method: http.MethodGet, path: "/v1/payment_methods", title: "List payment methods", returns: id, list: true,
				params: paged(text("customer"), text("type"), redisplay), do: listMethods},
			{method: http.MethodGet, path: "/v1/payment_methods/{id}", title: "Retrieve a payment method; a test id makes a new one",
				returns: id, mints: true, do: retrieveMethod},
			{method: http.MethodPost, path: "/v1/payment_methods/{id}", title: "Update a payment method", returns: id,
				params: []param{redisplay, billing, hash("card", integer("exp_month"), integer("exp_year"), anything("networks")), metadata()}, do: updateMethod},
			{method: http.MethodPost, path: "/v1/payment_methods/{id}/attach", title: "Attach to a customer; checks the card", returns: id,
				params: []param{text("customer").must()}, do: attachMethod},
			{method: http.MethodPost, path: "/v1/payment_methods/{id}/detach", title: "Detach; it can never be used again", returns: id, do: detachMethod},
		},
	}
}

func createMethod(c *call) (any, error) {
	switch {
	case c.has("customer") || c.has("payment_method"):
		return cloneMethod(c)
	case !c.has("type"):
		return nil, missingParam("type")
	}
	return newMethod(c, c.params, "")
}

// cloneMethod copies a card that a customer of the platform has saved into the
// connected account that asks, which may then charge it once or save it
// (docs.stripe.com/connect/direct-charges-multiple-accounts).
//
// Errors: the platform asks for itself; parameter_missing, resource_missing.
func cloneMethod(c *call) (any, error) {
	owner, method := c.text("customer"), c.text("payment_method")
	switch {
	case method == "":
		return nil, missingParam("payment_method")
	case !c.account.connected():
		return nil, badParam("payment_method", "", "You can only clone a PaymentMethod to a connected account: send the Stripe-Account header.")
	}
	saved, ok := paymentMethods.find(c.platform(), method)
	switch {
	case !ok || saved.secret.Spent:
		return nil, noSuch(http.StatusNotFound, paymentMethods.noun, method, "payment_method")
	case value(saved.Customer) != owner:
		return nil, badParam("customer", "", "The customer does not have a payment method with the ID "+method+". The payment method must belong to the customer.")
	}
	made := paymentMethods.add(c.work, copyOf(c.work, saved))
	return made, c.setMetadata(&made.Metadata)
}

// copyOf is the same card in another account, not stored, of nobody.
func copyOf(w *work, saved *paymentMethod) *paymentMethod {
	made := draw(w, saved.test(), params{})
	made.Card.ExpMonth, made.Card.ExpYear, made.BillingDetails = saved.Card.ExpMonth, saved.Card.ExpYear, saved.BillingDetails
	made.secret.SetUp = saved.secret.SetUp
	return made
}

// newMethod makes a payment method of a card hash; prefix is where the hash
// lies in the request, for error.param.
func newMethod(c *call, sent params, prefix string) (*paymentMethod, error) {
	card := sent.hash("card")
	if token := card.text("token"); token != "" {
		kept, err := cardOfToken(c, token, join(prefix, "card")+"[token]")
		if err != nil {
			return nil, err
		}
		made := *kept
		made.head = head{}
		made.setDetails(sent)
		return paymentMethods.add(c.work, &made), nil
	}
	test, err := testCardOf(c, card, join(prefix, "card"))
	if err != nil {
		return nil, err
	}
	made := mint(c.work, test, sent)
	made.Card.ExpMonth, _ = card.integer("exp_month")
	made.Card.ExpYear = fullYear(card)
	return made, nil
}

// testCardOf is the test card that a card hash at path describes, checked as
// far as it can be without asking a bank.
func testCardOf(c *call, card params, path string) (*testCard, error) {
	for _, name := range []string{"number", "exp_month", "exp_year"} {
		if card.text(name) == "" {
			return nil, missingParam(join(path, name))
		}
	}
	test, refused := cardByNumber(strings.NewReplacer(" ", "", "-", "").Replace(card.text("number")))
	if refused != nil {
		return nil, refused.onInput()
	}
	return test, checkCard(c, card, test)
}

func fullYear(card params) int64 {
	year, _ := card.integer("exp_year")
	if year < 100 {
		return year + 2000
	}
	return year
}

// checkCard refuses a card that cannot be right (§3.4, input errors).
func checkCard(c *call, card params, test *testCard) error {
	now := time.Unix(c.now, 0).UTC()
	month, _ := card.integer("exp_month")
	year := fullYear(card)
	wanted := 3
	if test.brand == "amex" {
		wanted = 4
	}
	cvc := card.text("cvc")
	switch {
	case month < 1 || month > 12:
		return inputError("invalid_expiry_month", "exp_month", "Your card's expiration month is invalid.")
	case year < int64(now.Year()) || year > int64(now.Year())+50:
		return inputError("invalid_expiry_year", "exp_year", "Your card's expiration year is invalid.")
	case year == int64(now.Year()) && month < int64(now.Month()):
		return inputError("invalid_expiry_month", "exp_month", "Your card's expiration month is invalid.")
	case cvc != "" && (len(cvc) != wanted && len(cvc) != 3 || strings.Trim(cvc, "0123456789") != ""):
		return inputError("invalid_cvc", "cvc", "Your card's security code is invalid.")
	}
	return nil
}

func inputError(code, param, message string) error {
	return (&decline{code: code, message: message, param: param}).onInput()
}

// onInput is the error for a card that was never asked to pay.
func (d *decline) onInput() *apiError {
	e := &apiError{Type: typeCard, Message: d.message, DeclineCode: d.declineCode, Param: d.param,
		AdviceCode: d.advice, NetworkDeclineCode: d.network, NetworkAdviceCode: d.networkAdvice, status: http.StatusPaymentRequired}
	return e.withCode(d.code)
}

// mint makes a payment method of a test card.
func mint(w *work, test *testCard, sent params) *paymentMethod {
	return paymentMethods.add(w, draw(w, test, sent))
}

// draw is a payment method of a test card, valid for another year; it is not
// stored yet.
func draw(w *work, test *testCard, sent params) *paymentMethod {
	now := time.Unix(w.now, 0).UTC()
	last4 := test.number[len(test.number)-4:]
	if strings.HasPrefix(test.number, "customerFail") {
		last4 = "0341"
	}
	available := []string{test.brand}
	if network := brandOf(test.number); network != test.brand && network != "unknown" {
		available = append(available, network)
	}
	made := &paymentMethod{
		AllowRedisplay: "unspecified", Created: w.now, Metadata: map[string]string{}, Type: "card",
		Card: &cardDetails{
			Brand: test.brand, Checks: cardChecks{CVCCheck: pointer("unchecked")}, Country: test.country, DisplayBrand: test.brand,
			ExpMonth: int64(now.Month()), ExpYear: int64(now.Year()) + 1, Fingerprint: fingerprintOf(w.account.id, test.number),
			Funding: test.funding, Last4: last4, Networks: cardNetworks{Available: available},
			RegulatedStatus: "unregulated", ThreeDSecureUsage: secureUsage{!test.noAuth},
		},
		secret: methodSecret{Number: test.number},
	}
	made.setDetails(sent)
	return made
}

// setDetails changes what any owner of a payment method may say about it.
func (m *paymentMethod) setDetails(sent params) {
	if kind := sent.text("allow_redisplay"); kind != "" {
		m.AllowRedisplay = kind
	}
	details := sent.hash("billing_details")
	details.setText("email", &m.BillingDetails.Email)
	details.setText("name", &m.BillingDetails.Name)
	details.setText("phone", &m.BillingDetails.Phone)
	details.setText("tax_id", &m.BillingDetails.TaxID)
	if details.has("address") {
		m.BillingDetails.Address = details.hash("address").address()
	}
	_ = sent.setMetadata(&m.Metadata) // its size was checked, and a new object has no other keys
}

// fingerprintOf is the same for the same number within an account.
func fingerprintOf(account, number string) string {
	sum := sha256.Sum256([]byte(account + number))
	out := make([]byte, fingerprintLength)
	for at := range out {
		out[at] = idAlphabet[int(sum[at])%len(idAlphabet)]
	}
	return string(out)
}

// methodToUse is the payment method that an id names: a test id makes a new one.
func methodToUse(c *call, id string) (*paymentMethod, error) {
	if alias, is := strings.CutPrefix(id, aliasPrefix); is {
		if test := cards.byAlias[alias]; test != nil {
			return mint(c.work, test, params{}), nil
		}
	}
	if method, ok := paymentMethods.find(c.work, id); ok {
		return method, nil
	}
	e := noSuch(http.StatusNotFound, "PaymentMethod", id, "payment_method")
	e.Message += "; It's possible this PaymentMethod exists on one of your connected accounts, in which case you should retry this request on that connected account. Learn more at https://stripe.com/docs/connect/authentication"
	return nil, e
}

func retrieveMethod(c *call) (any, error) { return methodToUse(c, c.id) }

func updateMethod(c *call) (any, error) {
	method, err := paymentMethods.fromPath(c)
	if err != nil {
		return nil, err
	}
	if method.Customer == nil {
		return nil, badState("", "You must save this PaymentMethod to a customer before you can update it.")
	}
	next := paymentMethods.edit(c.work, c.id)
	if err := c.setMetadata(&next.Metadata); err != nil {
		return nil, err
	}
	next.setDetails(c.params)
	card := *next.Card
	if n, ok := c.hash("card").integer("exp_month"); ok {
		card.ExpMonth = n
	}
	if n, ok := c.hash("card").integer("exp_year"); ok {
		card.ExpYear = n
	}
	next.Card = &card
	emitUpdated(c.work, "payment_method.updated", next)
	return next, nil
}

func attachMethod(c *call) (any, error) {
	method, err := methodToUse(c, c.id)
	if err != nil {
		return nil, err
	}
	owner, err := customers.fromParam(c, "customer")
	if err != nil {
		return nil, err
	}
	if err := attach(c.work, method.ID, owner.ID); err != nil {
		return nil, err
	}
	attached, _ := paymentMethods.find(c.work, method.ID)
	return attached, nil
}

// attach saves a card with a customer, after the check that Stripe makes: a
// card that declines is refused here already (§2.3).
func attach(w *work, id, owner string) error {
	method, _ := paymentMethods.find(w, id)
	switch refused := method.test().attach; {
	case method.Customer != nil:
		return badState("", "The payment method you provided has already been attached to a customer.")
	case method.secret.Spent:
		return spentMethod()
	case refused != nil:
		return refused.onInput()
	}
	next := paymentMethods.edit(w, id)
	next.Customer = &owner
	next.check(method.test())
	emit(w, "payment_method.attached", next)
	return nil
}

// check records what the bank said about address and security code.
func (m *paymentMethod) check(test *testCard) {
	card := *m.Card
	card.Checks = cardChecks{textOrNil(test.checks.line1), textOrNil(test.checks.postal), pointer(test.checks.cvc)}
	if m.secret.NoCVC {
		card.Checks.CVCCheck = nil
	}
	m.Card = &card
}

func spentMethod() *apiError {
	return badState("payment_method_unexpected_state", "This PaymentMethod was previously used without being attached to a Customer or was detached from a Customer, and may not be used again. To use a PaymentMethod multiple times, you must attach it to a Customer first.")
}

func detachMethod(c *call) (any, error) {
	method, err := paymentMethods.fromPath(c)
	if err != nil {
		return nil, err
	}
	if method.Customer == nil {
		return nil, badState("", "The payment method you provided is not attached to a customer so detachment is impossible.")
	}
	return detach(c.work, c.id), nil
}

// detach takes a card from its customer, who loses it as a default too.
func detach(w *work, id string) *paymentMethod {
	next := paymentMethods.edit(w, id)
	if owner, ok := customers.find(w, value(next.Customer)); ok && value(owner.InvoiceSettings.DefaultPaymentMethod) == id {
		customers.edit(w, owner.ID).InvoiceSettings.DefaultPaymentMethod = nil
	}
	owner := value(next.Customer)
	next.Customer, next.secret.Spent = nil, true
	if isCard(next) {
		settleDefault(w, owner)
	}
	emitUpdated(w, "payment_method.detached", next)
	return next
}

// methodsOf is every card attached to a customer.
func methodsOf(w *work, owner string) []*paymentMethod {
	t := w.account.table(&paymentMethods.kind)
	var out []*paymentMethod
	for _, at := range t.places(indexKey{"customer", owner}) {
		out = append(out, t.at(at).object().(*paymentMethod))
	}
	return out
}

// listMethods answers the attached ones of a customer; without one, Stripe
// lists what belongs to nobody, which is nothing that can be used again.
func listMethods(c *call) (any, error) {
	if _, err := customers.fromParam(c, "customer"); err != nil {
		return nil, err
	}
	return c.pageOf(query{kind: &paymentMethods.kind, key: c.filtered("customer"), keep: c.keepMethods()})
}

func (c *call) keepMethods() func(object) bool {
	sort, show := c.text("type"), c.text("allow_redisplay")
	return func(o object) bool {
		m := o.(*paymentMethod)
		return (sort == "" || m.Type == sort) && (show == "" || m.AllowRedisplay == show)
	}
}
