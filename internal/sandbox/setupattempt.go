package sandbox

import (
	"net/http"
	"slices"
)

// Statuses of a try to save a card.
const (
	attemptNeedsAction = "requires_action"
	attemptSucceeded   = "succeeded"
	attemptFailed      = "failed"
	attemptAbandoned   = "abandoned"
)

// setupAttempt is one confirmation of a setup intent, granted or not.
type setupAttempt struct {
	head
	Application     none         `json:"application"`
	AttachToSelf    bool         `json:"attach_to_self"`
	Created         int64        `json:"created"`
	Customer        *string      `json:"customer" expand:"customer"`
	CustomerAccount none         `json:"customer_account"`
	FlowDirections  none         `json:"flow_directions"`
	Livemode        bool         `json:"livemode"`
	OnBehalfOf      none         `json:"on_behalf_of"`
	PaymentMethod   string       `json:"payment_method" expand:"payment_method"`
	MethodDetails   setupDetails `json:"payment_method_details"`
	SetupError      *apiError    `json:"setup_error"`
	SetupIntent     string       `json:"setup_intent" expand:"setup_intent"`
	Status          string       `json:"status"`
	Usage           string       `json:"usage"`
}

func (a *setupAttempt) createdAt() int64 { return a.Created }

type setupDetails struct {
	Card setupCard `json:"card"`
	Type string    `json:"type"`
}

// setupCard is the card as it was when it was checked.
type setupCard struct {
	Brand        string        `json:"brand"`
	Checks       cardChecks    `json:"checks"`
	Country      string        `json:"country"`
	ExpMonth     int64         `json:"exp_month"`
	ExpYear      int64         `json:"exp_year"`
	Fingerprint  string        `json:"fingerprint"`
	Funding      string        `json:"funding"`
	Last4        string        `json:"last4"`
	Network      string        `json:"network"`
	ThreeDSecure *threeDSecure `json:"three_d_secure"`
	Wallet       none          `json:"wallet"`
}

var setupAttempts = declare[setupAttempt](kind{name: "setup_attempt", prefix: "setatt_1", length: 23})

func setupAttemptResource() *resource {
	id := &setupAttempts.kind
	return &resource{
		kind:    id,
		indexes: func(o object) []indexKey { return []indexKey{{"setup_intent", o.(*setupAttempt).SetupIntent}} },
		routes: []route{
			{method: http.MethodGet, path: "/v1/setup_attempts", title: "List the tries of a setup intent", returns: id, list: true,
				params: paged(text("setup_intent").must()), do: func(c *call) (any, error) {
					return c.pageOf(query{kind: id, key: c.filtered("setup_intent")})
				}},
		},
	}
}

func confirmSetup(c *call) (any, error) {
	old, err := setupIntents.fromPath(c)
	if err != nil {
		return nil, err
	}
	if err := c.mayActOn("SetupIntent", old.ClientSecret, "setup_intent_invalid_parameter"); err != nil {
		return nil, err
	}
	if !slices.Contains([]string{intentNeedsMethod, intentNeedsConfirmation, intentNeedsAction}, old.Status) {
		return nil, old.unexpected("You cannot confirm this SetupIntent because it has a status of " + old.Status + ". Only a SetupIntent with one of the following statuses may be confirmed: requires_confirmation, requires_action.")
	}
	next := setupIntents.edit(c.work, c.id)
	if err := next.set(c); err != nil {
		return nil, err
	}
	return next.confirm(c)
}

// confirm ends in a saved card, in a step for the customer, or in a decline,
// which is an error that keeps what happened.
func (s *setupIntent) confirm(c *call) (any, error) {
	if s.PaymentMethod == nil {
		return nil, s.unexpected("You cannot confirm this SetupIntent because it's missing a payment method. You can either update the SetupIntent with a payment method and then confirm it again, or confirm it again directly with a payment method.")
	}
	if err := c.setReturn("SetupIntent", s.AutomaticPaymentMethods, &s.secret.ReturnURL); err != nil {
		return nil, err
	}
	method, _ := paymentMethods.find(c.work, *s.PaymentMethod)
	if err := s.maySave(method); err != nil {
		return nil, err
	}
	s.abandon(c.work)
	try := newSetupAttempt(c.work, s, method)
	test := method.test()
	switch requested := s.PaymentMethodOptions.Card.RequestThreeDSecure != "automatic"; {
	case test.attach != nil:
		return nil, s.refuse(c.work, try, test.attach.onInput())
	case test.lookup && test.charge != nil:
		return nil, s.refuse(c.work, try, test.charge.onInput())
	case test.auth.required(false, false, requested):
		try.Status = attemptNeedsAction
		s.askCustomer(c)
		return s, nil
	}
	s.succeed(c.work, try)
	return s, nil
}

func newSetupAttempt(w *work, s *setupIntent, m *paymentMethod) *setupAttempt {
	checked := *m
	checked.check(m.test())
	card := checked.Card
	made := setupAttempts.add(w, &setupAttempt{
		AttachToSelf: s.AttachToSelf, Created: w.now, Customer: s.Customer, PaymentMethod: m.ID, SetupIntent: s.ID, Status: attemptSucceeded, Usage: s.Usage,
		MethodDetails: setupDetails{Type: "card", Card: setupCard{
			Brand: card.Brand, Checks: card.Checks, Country: card.Country, ExpMonth: card.ExpMonth, ExpYear: card.ExpYear, Fingerprint: card.Fingerprint,
			Funding: card.Funding, Last4: card.Last4, Network: brandOf(m.secret.Number),
		}},
	})
	s.LatestAttempt = &made.ID
	return made
}

// abandon ends a try that waited for the customer when another one begins.
func (s *setupIntent) abandon(w *work) {
	if s.Status == intentNeedsAction && s.LatestAttempt != nil {
		setupAttempts.edit(w, *s.LatestAttempt).Status = attemptAbandoned
	}
}

// askCustomer sends the customer to the authentication page.
func (s *setupIntent) askCustomer(c *call) {
	s.Status, s.LastSetupError = intentNeedsAction, nil
	s.NextAction = c.authentication(s, s.ClientSecret, s.secret.ReturnURL)
	emit(c.work, "setup_intent.requires_action", s)
}

// succeed saves the card: with the customer, when there is one.
func (s *setupIntent) succeed(w *work, try *setupAttempt) {
	try.Status, try.SetupError = attemptSucceeded, nil
	s.Status, s.NextAction, s.LastSetupError = intentSucceeded, nil, nil
	next := paymentMethods.edit(w, *s.PaymentMethod)
	next.check(next.test())
	next.secret.SetUp = next.secret.SetUp || s.Usage == "off_session"
	if s.Customer != nil && next.Customer == nil {
		next.Customer = s.Customer
		emit(w, "payment_method.attached", next)
	}
	emit(w, "setup_intent.succeeded", s)
}

// refuse records a try that failed; the intent is back where it wants a card.
func (s *setupIntent) refuse(w *work, try *setupAttempt, e *apiError) error {
	method, _ := paymentMethods.find(w, try.PaymentMethod)
	shown := *e
	shown.PaymentMethod = (&view{work: w}).object(method, nil)
	try.Status, try.SetupError = attemptFailed, &shown
	s.LastSetupError, s.PaymentMethod, s.NextAction, s.Status = &shown, nil, nil, intentNeedsMethod
	e.kept, e.setup, e.method = true, s, method
	emit(w, "setup_intent.setup_failed", s)
	return e
}

// waiting says whether the customer has something to do.
func (s *setupIntent) waiting() bool { return s.Status == intentNeedsAction }

// describe tells the hosted page what is being authenticated.
func (s *setupIntent) describe(w *work, text *hostedText) {
	method, _ := paymentMethods.find(w, *s.PaymentMethod)
	text.Payment, text.Card = s.ID, method.Card.Brand+" ending in "+method.Card.Last4
}

// authenticate continues the intent after the customer's step.
func (s *setupIntent) authenticate(w *work, complete bool) hosted {
	next := setupIntents.edit(w, s.ID)
	try := setupAttempts.edit(w, *next.LatestAttempt)
	method, _ := paymentMethods.find(w, try.PaymentMethod)
	after := method.test().after
	switch {
	case !complete:
		e := invalidRequest("The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod to attempt to fulfill this SetupIntent again.")
		_ = next.refuse(w, try, e.withCode("setup_intent_authentication_failure")) // kept in the intent, which is all that the page tells
	case after != nil && after.declineCode != insufficientFunds.declineCode: // no money is asked for, so a lack of it does not matter
		_ = next.refuse(w, try, after.onInput())
	default:
		try.MethodDetails.Card.ThreeDSecure = authenticatedBy(w)
		next.succeed(w, try)
	}
	return next
}

// goodbye is how the hosted page ends.
func (s *setupIntent) goodbye() hostedText {
	return farewell(s, s.ClientSecret, s.secret.ReturnURL, s.LastSetupError != nil || s.Status == intentCanceled)
}
