package sandbox

import (
	"strconv"
	"strings"
)

// cardPrefix begins the ids of cards that came from a token. Stripe takes such
// an id wherever it takes a payment method's, so a card is kept as a payment
// method that has this id, and sourceCard is its older face.
const cardPrefix = "card_1"

// cardIDLength is how many random characters follow cardPrefix (§1.16).
const cardIDLength = 23

// sourceCard is a card as tokens, charges and customer.sources show it (§2.2):
// flat, and with the brand spelled for people.
type sourceCard struct {
	head
	AddressCity        *string           `json:"address_city"`
	AddressCountry     *string           `json:"address_country"`
	AddressLine1       *string           `json:"address_line1"`
	AddressLine1Check  *string           `json:"address_line1_check"`
	AddressLine2       *string           `json:"address_line2"`
	AddressState       *string           `json:"address_state"`
	AddressZip         *string           `json:"address_zip"`
	AddressZipCheck    *string           `json:"address_zip_check"`
	AllowRedisplay     string            `json:"allow_redisplay"`
	Brand              string            `json:"brand"`
	Country            string            `json:"country"`
	Customer           *string           `json:"customer" expand:"customer"`
	CVCCheck           *string           `json:"cvc_check"`
	DynamicLast4       none              `json:"dynamic_last4"`
	ExpMonth           int64             `json:"exp_month"`
	ExpYear            int64             `json:"exp_year"`
	Fingerprint        string            `json:"fingerprint"`
	Funding            string            `json:"funding"`
	Last4              string            `json:"last4"`
	Metadata           map[string]string `json:"metadata"`
	Name               *string           `json:"name"`
	RegulatedStatus    string            `json:"regulated_status"`
	TokenizationMethod none              `json:"tokenization_method"`
}

var sourceCards = declare[sourceCard](kind{name: "card", prefix: cardPrefix, length: cardIDLength})

// cardResource lets expand[] find cards among the payment methods.
func cardResource() *resource {
	return &resource{kind: &sourceCards.kind, find: func(w *work, id string) object {
		if m, ok := paymentMethods.find(w, id); ok && strings.HasPrefix(id, cardPrefix) {
			return cardOf(m)
		}
		return nil
	}}
}

// brandNames are the brands as a card spells them (§2.2).
var brandNames = map[string]string{
	"amex": "American Express", "diners": "Diners Club", "discover": "Discover", "jcb": "JCB",
	"mastercard": "MasterCard", "unionpay": "UnionPay", "visa": "Visa",
}

// spelledBrand is the network of a number as people write it.
func spelledBrand(number string) string {
	if name := brandNames[brandOf(number)]; name != "" {
		return name
	}
	return "Unknown"
}

// cardOf shows a payment method as a card.
func cardOf(m *paymentMethod) *sourceCard {
	at := m.BillingDetails.Address
	return &sourceCard{
		head: head{m.ID, sourceCards.name}, AddressCity: at.City, AddressCountry: at.Country, AddressLine1: at.Line1,
		AddressLine1Check: m.Card.Checks.AddressLine1Check, AddressLine2: at.Line2, AddressState: at.State, AddressZip: at.PostalCode,
		AddressZipCheck: m.Card.Checks.AddressPostalCodeCheck, AllowRedisplay: m.AllowRedisplay, Brand: spelledBrand(m.secret.Number),
		Country: m.Card.Country, Customer: m.Customer, CVCCheck: m.Card.Checks.CVCCheck, ExpMonth: m.Card.ExpMonth, ExpYear: m.Card.ExpYear,
		Fingerprint: m.Card.Fingerprint, Funding: m.Card.Funding, Last4: m.Card.Last4, Metadata: m.Metadata, Name: m.BillingDetails.Name,
		RegulatedStatus: m.Card.RegulatedStatus,
	}
}

// isCard says whether a payment method is the card of a token.
func isCard(m *paymentMethod) bool { return strings.HasPrefix(m.ID, cardPrefix) }

// cardHashParams are the card hash of tokens, sources and charges; the string
// in its place is a token.
var cardHashParams = hash("card", text("address_city"), text("address_country"), text("address_line1"), text("address_line2"),
	text("address_state"), text("address_zip"), text("currency"), shortText("cvc", 5), integer("exp_month"), integer("exp_year"),
	metadata(), text("name"), anything("networks"), text("number"), text("object"))

// setFlat changes what a card says flatly about its holder.
func (m *paymentMethod) setFlat(sent params) {
	details := m.BillingDetails
	sent.setText("name", &details.Name)
	sent.setText("address_city", &details.Address.City)
	sent.setText("address_country", &details.Address.Country)
	sent.setText("address_line1", &details.Address.Line1)
	sent.setText("address_line2", &details.Address.Line2)
	sent.setText("address_state", &details.Address.State)
	sent.setText("address_zip", &details.Address.PostalCode)
	m.BillingDetails = details
}

// setExpiry changes when a card expires; it may be sent as text.
func (m *paymentMethod) setExpiry(sent params) error {
	card := *m.Card
	for name, field := range map[string]*int64{"exp_month": &card.ExpMonth, "exp_year": &card.ExpYear} {
		if !sent.has(name) {
			continue
		}
		n, err := strconv.ParseInt(sent.text(name), 10, 64)
		if err != nil {
			return badParam(name, "parameter_invalid_integer", "Invalid integer: "+sent.text(name))
		}
		*field = n
	}
	if card.ExpMonth < 1 || card.ExpMonth > 12 {
		return inputError("invalid_expiry_month", "exp_month", "Your card's expiration month is invalid.")
	}
	m.Card = &card
	return nil
}

// newCard makes the card of a hash, stored and without an owner: what a token,
// a source or a charge was given. path is where the hash lies in the request.
func newCard(c *call, sent params, path string) (*paymentMethod, error) {
	test, err := testCardOf(c, sent, path)
	if err != nil {
		return nil, err
	}
	made := draw(c.work, test, params{})
	made.Card.ExpMonth, _ = sent.integer("exp_month")
	made.Card.ExpYear = fullYear(sent)
	made.setFlat(sent)
	made.secret.NoCVC = sent.text("cvc") == ""
	return keepCard(c.work, made), sent.setMetadata(&made.Metadata)
}

// mintCard makes a new card of a test token's alias, as each use of tok_visa does.
func mintCard(w *work, test *testCard) *paymentMethod { return keepCard(w, draw(w, test, params{})) }

func keepCard(w *work, m *paymentMethod) *paymentMethod {
	m.ID = cardPrefix + w.sandbox.ids.text(cardIDLength)
	return paymentMethods.add(w, m)
}
