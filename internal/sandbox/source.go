package sandbox

import "net/http"

// sourcePrefix begins the ids of sources. Like a card, a source can be used
// wherever a payment method can: one with its id is kept beside it.
const sourcePrefix = "src_1"

// Statuses of a source (§2.2).
const (
	sourceChargeable = "chargeable"
	sourceConsumed   = "consumed"
)

// source is the older, general means of payment (§2.2). Stripe has retired all
// sources but those made of a card, and so the sandbox has only these.
type source struct {
	head
	AllowRedisplay      string            `json:"allow_redisplay"`
	Amount              *int64            `json:"amount"`
	Card                *cardInSource     `json:"card"`
	ClientSecret        string            `json:"client_secret"`
	Created             int64             `json:"created"`
	Currency            *string           `json:"currency"`
	Customer            string            `json:"customer,omitempty"`
	Flow                string            `json:"flow"`
	Livemode            bool              `json:"livemode"`
	Metadata            map[string]string `json:"metadata"`
	Owner               sourceOwner       `json:"owner"`
	StatementDescriptor *string           `json:"statement_descriptor"`
	Status              string            `json:"status"`
	Type                string            `json:"type"`
	Usage               string            `json:"usage"`
}

func (s *source) createdAt() int64 { return s.Created }

// cardInSource is the card that a source was made of.
type cardInSource struct {
	AddressLine1Check  *string `json:"address_line1_check"`
	AddressZipCheck    *string `json:"address_zip_check"`
	Brand              string  `json:"brand"`
	Country            string  `json:"country"`
	CVCCheck           *string `json:"cvc_check"`
	DynamicLast4       none    `json:"dynamic_last4"`
	ExpMonth           int64   `json:"exp_month"`
	ExpYear            int64   `json:"exp_year"`
	Fingerprint        string  `json:"fingerprint"`
	Funding            string  `json:"funding"`
	Last4              string  `json:"last4"`
	Name               *string `json:"name"`
	ThreeDSecure       string  `json:"three_d_secure"`
	TokenizationMethod none    `json:"tokenization_method"`
}

type sourceOwner struct {
	Address         *postalAddress `json:"address"`
	Email           *string        `json:"email"`
	Name            *string        `json:"name"`
	Phone           *string        `json:"phone"`
	VerifiedAddress none           `json:"verified_address"`
	VerifiedEmail   none           `json:"verified_email"`
	VerifiedName    none           `json:"verified_name"`
	VerifiedPhone   none           `json:"verified_phone"`
}

var sources = declare[source](kind{name: "source", prefix: sourcePrefix, length: 23, param: "source"})

func sourceResource() *resource {
	id := &sources.kind
	owner := hash("owner", address, text("email"), text("name"), text("phone"))
	return &resource{
		kind: id,
		indexes: func(o object) []indexKey {
			if s := o.(*source); s.Customer != "" {
				return []indexKey{{"customer", s.Customer}}
			}
			return nil
		},
		routes: append(sourceRoutes(),
			route{method: http.MethodPost, path: "/v1/sources", title: "Create a source of a card", returns: id, browser: true,
				params: []param{enum("type", "card").must(), cardHashParams.orToken(), text("token"), integer("amount"), text("currency"), text("customer"),
					enum("flow", "none"), metadata(), owner, text("statement_descriptor"), text("original_source"), enum("usage", "reusable", "single_use")}, do: createOwnSource},
			route{method: http.MethodGet, path: "/v1/sources/{id}", title: "Retrieve a source", returns: id, browser: true,
				params: []param{text("client_secret")}, do: retrieveSource},
			route{method: http.MethodPost, path: "/v1/sources/{id}", title: "Update a source's owner or metadata", returns: id,
				params: []param{metadata(), owner, integer("amount")}, do: updateSource},
		),
	}
}

func createOwnSource(c *call) (any, error) {
	card, err := cardForSource(c)
	if err != nil {
		return nil, err
	}
	made := sources.add(c.work, &source{
		AllowRedisplay: "unspecified", Card: cardInSourceOf(card), Created: c.now, Flow: "none", Metadata: map[string]string{},
		Status: sourceChargeable, Type: "card", Usage: "reusable",
	})
	made.ClientSecret = "src_client_secret_" + c.sandbox.ids.text(clientSecretLength)
	method := *card
	method.head = head{ID: made.ID}
	paymentMethods.add(c.work, &method)
	if usage := c.text("usage"); usage != "" {
		made.Usage = usage
	}
	c.setInteger("amount", &made.Amount)
	c.setText("statement_descriptor", &made.StatementDescriptor)
	if c.has("currency") {
		currency, err := c.currencyOf("currency")
		if err != nil {
			return nil, err
		}
		made.Currency = &currency
	}
	if err := made.set(c); err != nil {
		return nil, err
	}
	emit(c.work, "source.chargeable", made)
	return made, nil
}

// cardForSource is the card that token= or card= names.
func cardForSource(c *call) (*paymentMethod, error) {
	switch {
	case c.text("token") != "":
		return cardOfToken(c, c.text("token"), "token")
	case c.text("card") != "":
		return cardOfToken(c, c.text("card"), "card")
	case c.has("card"):
		return newCard(c, c.hash("card"), "card")
	}
	return nil, missingParam("card")
}

// cardInSourceOf shows a card inside its source.
func cardInSourceOf(m *paymentMethod) *cardInSource {
	usage := map[authentication]string{authNever: "not_supported", authOnRequest: "optional"}[m.test().auth]
	switch {
	case m.test().auth == authNever && !m.test().noAuth:
		usage = "optional"
	case usage == "":
		usage = "required"
	}
	card := cardOf(m)
	return &cardInSource{
		AddressLine1Check: card.AddressLine1Check, AddressZipCheck: card.AddressZipCheck, Brand: card.Brand, Country: card.Country,
		CVCCheck: card.CVCCheck, ExpMonth: card.ExpMonth, ExpYear: card.ExpYear, Fingerprint: card.Fingerprint, Funding: card.Funding,
		Last4: card.Last4, Name: card.Name, ThreeDSecure: usage,
	}
}

// set changes what an update may change.
func (s *source) set(c *call) error {
	sent := c.hash("owner")
	next := s.Owner
	sent.setAddress("address", &next.Address)
	sent.setText("email", &next.Email)
	sent.setText("name", &next.Name)
	sent.setText("phone", &next.Phone)
	s.Owner = next
	return c.setMetadata(&s.Metadata)
}

func retrieveSource(c *call) (any, error) {
	found, err := sources.fromPath(c)
	if err != nil {
		return nil, err
	}
	if secret := c.text("client_secret"); c.who.publishable && !sameSecret(secret, found.ClientSecret) {
		return nil, badParam("client_secret", "", "The client secret provided does not match this source.")
	}
	return found, nil
}

func updateSource(c *call) (any, error) {
	if _, err := sources.fromPath(c); err != nil {
		return nil, err
	}
	next := sources.edit(c.work, c.id)
	c.setInteger("amount", &next.Amount)
	return next, next.set(c)
}

// ownSource attaches a reusable source to a customer.
func ownSource(c *call, owner, id, param string) (object, error) {
	found, ok := sources.find(c.work, id)
	switch {
	case !ok:
		return nil, noSuch(http.StatusBadRequest, "source", id, param)
	case found.Status != sourceChargeable:
		return nil, badState("", "The source you provided has a status of "+found.Status+" and cannot be attached.").withParam(param)
	case found.Usage == "single_use":
		return nil, badState("", "The source you provided can only be used once and cannot be attached to a customer.").withParam(param)
	case found.Customer != "":
		return nil, badState("", "The source you provided has already been attached to a customer.").withParam(param)
	}
	method := paymentMethods.edit(c.work, id)
	if refused := method.test().attach; refused != nil {
		return nil, refused.onInput()
	}
	method.Customer = &owner
	method.check(method.test())
	next := sources.edit(c.work, id)
	next.Customer = owner
	return next, nil
}
