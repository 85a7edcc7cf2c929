package sandbox

import (
	"fmt"
	"net/http"
	"slices"
)

// setupIntent saves a card for later payments without charging it (§2.4). Its
// statuses are those of a payment intent, less the two about capture.
type setupIntent struct {
	head
	Application               none              `json:"application"`
	AttachToSelf              bool              `json:"attach_to_self"`
	AutomaticPaymentMethods   *automaticMethods `json:"automatic_payment_methods"`
	CancellationReason        *string           `json:"cancellation_reason"`
	ClientSecret              string            `json:"client_secret"`
	Created                   int64             `json:"created"`
	Customer                  *string           `json:"customer" expand:"customer"`
	CustomerAccount           none              `json:"customer_account"`
	Description               *string           `json:"description"`
	ExcludedTypes             none              `json:"excluded_payment_method_types"`
	FlowDirections            none              `json:"flow_directions"`
	LastSetupError            *apiError         `json:"last_setup_error"`
	LatestAttempt             *string           `json:"latest_attempt" expand:"setup_attempt"`
	Livemode                  bool              `json:"livemode"`
	Mandate                   none              `json:"mandate"`
	Metadata                  map[string]string `json:"metadata"`
	NextAction                *nextAction       `json:"next_action"`
	OnBehalfOf                none              `json:"on_behalf_of"`
	PaymentMethod             *string           `json:"payment_method" expand:"payment_method"`
	MethodConfigurationDetail none              `json:"payment_method_configuration_details"`
	PaymentMethodOptions      setupOptions      `json:"payment_method_options"`
	PaymentMethodTypes        []string          `json:"payment_method_types"`
	SingleUseMandate          none              `json:"single_use_mandate"`
	Status                    string            `json:"status"`
	Usage                     string            `json:"usage"`

	secret setupSecret
}

// setupSecret is what the confirmation under way needs, and the API never shows.
type setupSecret struct {
	ReturnURL string `json:"return_url,omitempty"`
}

func (s *setupIntent) private() any     { return &s.secret }
func (s *setupIntent) createdAt() int64 { return s.Created }

type setupOptions struct {
	Card setupCardOptions `json:"card"`
}

type setupCardOptions struct {
	MandateOptions      none   `json:"mandate_options"`
	Network             none   `json:"network"`
	RequestThreeDSecure string `json:"request_three_d_secure"`
}

var setupIntents = declare[setupIntent](kind{name: "setup_intent", prefix: "seti_1", length: 23, noun: "setupintent", param: "intent"})

var (
	setupOptionParams = hash("payment_method_options", hash("card", enum("request_three_d_secure", "any", "automatic", "challenge"),
		anything("mandate_options"), anything("network"), anything("moto"), anything("three_d_secure")))
	// setupParams may be set when creating and when updating.
	setupParams = []param{
		boolean("attach_to_self"), text("customer"), shortText("description", 1000), metadata(), text("payment_method"), methodData,
		setupOptionParams, list("payment_method_types", text("")), list("flow_directions", enum("", "inbound", "outbound")),
	}
	// setupConfirmParams belong to a confirmation, alone or while creating.
	setupConfirmParams = []param{text("return_url"), boolean("use_stripe_sdk"), anything("mandate_data")}
)

func setupIntentResource() *resource {
	id := &setupIntents.kind
	return &resource{
		kind: id,
		indexes: func(o object) []indexKey {
			s := o.(*setupIntent)
			return append(optionalKey("customer", s.Customer), optionalKey("payment_method", s.PaymentMethod)...)
		},
		routes: []route{
			{method: http.MethodPost, path: "/v1/setup_intents", title: "Create a setup intent, and confirm it if asked", returns: id,
				params: allParams([]param{boolean("confirm"), enum("usage", "off_session", "on_session"), anything("single_use"),
					hash("automatic_payment_methods", boolean("enabled").must(), enum("allow_redirects", "always", "never"))}, setupParams, setupConfirmParams), do: createSetup},
			{method: http.MethodGet, path: "/v1/setup_intents", title: "List setup intents", returns: id, list: true,
				params: paged(text("customer"), text("payment_method"), boolean("attach_to_self")), do: listSetups},
			{method: http.MethodGet, path: "/v1/setup_intents/{id}", title: "Retrieve a setup intent", returns: id, browser: true,
				params: []param{text("client_secret")}, do: retrieveSetup},
			{method: http.MethodPost, path: "/v1/setup_intents/{id}", title: "Update a setup intent", returns: id, params: setupParams, do: updateSetup},
			{method: http.MethodPost, path: "/v1/setup_intents/{id}/confirm", title: "Confirm: check the card with the bank", returns: id, browser: true,
				params: allParams([]param{text("client_secret"), text("payment_method"), methodData, setupOptionParams}, setupConfirmParams), do: confirmSetup},
			{method: http.MethodPost, path: "/v1/setup_intents/{id}/cancel", title: "Cancel a setup intent", returns: id,
				params: []param{enum("cancellation_reason", "abandoned", "duplicate", "requested_by_customer")}, do: cancelSetup},
		},
	}
}

// optionalKey is the index entry of a field that may be null.
func optionalKey(field string, id *string) []indexKey {
	if id == nil {
		return nil
	}
	return []indexKey{{field, *id}}
}

func createSetup(c *call) (any, error) {
	if c.has("automatic_payment_methods") && c.has("payment_method_types") {
		return nil, badParam("payment_method_types", "parameters_exclusive", "You may only specify one of these parameters: automatic_payment_methods, payment_method_types.")
	}
	if c.has("return_url") && !c.yes("confirm") {
		return nil, badParam("return_url", "", "You may only specify `return_url` when `confirm` is `true`.")
	}
	made := setupIntents.add(c.work, &setupIntent{
		Created: c.now, Metadata: map[string]string{}, PaymentMethodTypes: []string{"card"}, Status: intentNeedsMethod, Usage: "off_session",
		PaymentMethodOptions: setupOptions{setupCardOptions{RequestThreeDSecure: "automatic"}},
	})
	made.ClientSecret = made.ID + "_secret_" + c.sandbox.ids.text(clientSecretLength)
	if !c.has("payment_method_types") {
		made.AutomaticPaymentMethods = c.automaticMethods()
	}
	if usage := c.text("usage"); usage != "" {
		made.Usage = usage
	}
	if err := made.set(c); err != nil {
		return nil, err
	}
	emit(c.work, "setup_intent.created", made)
	if c.yes("confirm") {
		return made.confirm(c)
	}
	return made, nil
}

// set changes what the parameters name, for create, update and confirm alike.
func (s *setupIntent) set(c *call) error {
	owner, err := customers.fromParam(c, "customer")
	if err != nil {
		return err
	}
	if owner != nil {
		s.Customer = &owner.ID
	}
	if c.has("attach_to_self") {
		s.AttachToSelf = c.yes("attach_to_self")
	}
	c.setText("description", &s.Description)
	if types := c.params.list("payment_method_types"); len(types) > 0 {
		s.PaymentMethodTypes, s.AutomaticPaymentMethods = types, nil
	}
	if when := c.hash("payment_method_options").hash("card").text("request_three_d_secure"); when != "" {
		s.PaymentMethodOptions.Card.RequestThreeDSecure = when
	}
	if err := c.setMetadata(&s.Metadata); err != nil {
		return err
	}
	return c.useMethod(s.maySave, &s.PaymentMethod, &s.Status)
}

// maySave refuses a card of somebody else, and one that is used up.
func (s *setupIntent) maySave(method *paymentMethod) error {
	switch {
	case method.secret.Spent:
		return spentMethod()
	case !slices.Contains(s.PaymentMethodTypes, method.Type):
		return badParam("payment_method", "setup_intent_invalid_parameter", fmt.Sprintf("The PaymentMethod provided (%s) is not allowed for this SetupIntent. Please attach a PaymentMethod of one of the following types: %v.", method.Type, s.PaymentMethodTypes))
	case method.Customer != nil && *method.Customer != value(s.Customer):
		return badParam("payment_method", "", "The provided PaymentMethod cannot be used because it belongs to a Customer. Please include the Customer in the `customer` parameter on the SetupIntent.")
	}
	return nil
}

func retrieveSetup(c *call) (any, error) {
	found, err := setupIntents.fromPath(c)
	if err != nil {
		return nil, err
	}
	return found, c.mayActOn("SetupIntent", found.ClientSecret, "setup_intent_invalid_parameter")
}

func listSetups(c *call) (any, error) {
	if _, err := customers.fromParam(c, "customer"); err != nil {
		return nil, err
	}
	owner, self := c.text("customer"), c.text("attach_to_self")
	return c.pageOf(query{kind: &setupIntents.kind, key: c.filtered("payment_method", "customer"), keep: func(o object) bool {
		s := o.(*setupIntent)
		return (owner == "" || value(s.Customer) == owner) && (self == "" || s.AttachToSelf == c.yes("attach_to_self"))
	}})
}

func updateSetup(c *call) (any, error) {
	old, err := setupIntents.fromPath(c)
	if err != nil {
		return nil, err
	}
	if old.Status == intentSucceeded || old.Status == intentCanceled {
		for _, name := range c.names {
			if !slices.Contains([]string{"metadata", "description", "expand"}, name) {
				return nil, old.unexpected("You cannot update this SetupIntent because it has a status of " + old.Status + ".").withParam(name)
			}
		}
	}
	next := setupIntents.edit(c.work, c.id)
	return next, next.set(c)
}

// unexpected is the error for what the intent's status does not allow.
func (s *setupIntent) unexpected(message string) *apiError {
	e := badState("setup_intent_unexpected_state", message)
	e.setup = s
	return e
}

func cancelSetup(c *call) (any, error) {
	old, err := setupIntents.fromPath(c)
	if err != nil {
		return nil, err
	}
	if !slices.Contains([]string{intentNeedsMethod, intentNeedsConfirmation, intentNeedsAction}, old.Status) {
		return nil, old.unexpected("You cannot cancel this SetupIntent because it has a status of " + old.Status + ". Only a SetupIntent with one of the following statuses may be canceled: requires_payment_method, requires_confirmation, requires_action.")
	}
	next := setupIntents.edit(c.work, c.id)
	next.Status, next.NextAction, next.CancellationReason = intentCanceled, nil, textOrNil(c.text("cancellation_reason"))
	emit(c.work, "setup_intent.canceled", next)
	return next, nil
}
