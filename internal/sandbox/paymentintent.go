package sandbox

import (
	"fmt"
	"net/http"
	"slices"
)

// Statuses of a payment intent (§2.5.1).
const (
	intentNeedsMethod       = "requires_payment_method"
	intentNeedsConfirmation = "requires_confirmation"
	intentNeedsAction       = "requires_action"
	intentNeedsCapture      = "requires_capture"
	intentSucceeded         = "succeeded"
	intentCanceled          = "canceled"
)

// paymentIntent is one payment from first wish to money (§2.5).
type paymentIntent struct {
	head
	Amount                    int64             `json:"amount"`
	AmountCapturable          int64             `json:"amount_capturable"`
	AmountDetails             amountDetails     `json:"amount_details"`
	AmountReceived            int64             `json:"amount_received"`
	Application               *string           `json:"application"`
	ApplicationFeeAmount      *int64            `json:"application_fee_amount"`
	AutomaticPaymentMethods   *automaticMethods `json:"automatic_payment_methods"`
	CanceledAt                *int64            `json:"canceled_at"`
	CancellationReason        *string           `json:"cancellation_reason"`
	CaptureMethod             string            `json:"capture_method"`
	ClientSecret              string            `json:"client_secret"`
	ConfirmationMethod        string            `json:"confirmation_method"`
	Created                   int64             `json:"created"`
	Currency                  string            `json:"currency"`
	Customer                  *string           `json:"customer" expand:"customer"`
	CustomerAccount           none              `json:"customer_account"`
	Description               *string           `json:"description"`
	ExcludedTypes             none              `json:"excluded_payment_method_types"`
	LastPaymentError          *apiError         `json:"last_payment_error"`
	LatestCharge              *string           `json:"latest_charge" expand:"charge"`
	Livemode                  bool              `json:"livemode"`
	Metadata                  map[string]string `json:"metadata"`
	NextAction                *nextAction       `json:"next_action"`
	OnBehalfOf                *string           `json:"on_behalf_of" expand:"account"`
	PaymentMethod             *string           `json:"payment_method" expand:"payment_method"`
	MethodConfigurationDetail none              `json:"payment_method_configuration_details"`
	PaymentMethodOptions      methodOptions     `json:"payment_method_options"`
	PaymentMethodTypes        []string          `json:"payment_method_types"`
	Processing                none              `json:"processing"`
	ReceiptEmail              *string           `json:"receipt_email"`
	Review                    none              `json:"review"`
	SetupFutureUsage          *string           `json:"setup_future_usage"`
	Shipping                  *shippingDetails  `json:"shipping"`
	Source                    none              `json:"source"`
	StatementDescriptor       none              `json:"statement_descriptor"`
	StatementDescriptorSuffix *string           `json:"statement_descriptor_suffix"`
	Status                    string            `json:"status"`
	TransferData              *transferData     `json:"transfer_data"`
	TransferGroup             *string           `json:"transfer_group"`

	secret intentSecret
}

// intentSecret is what the confirmation under way needs, and the API never shows.
type intentSecret struct {
	ReturnURL     string `json:"return_url,omitempty"`
	Authenticated bool   `json:"authenticated,omitempty"`  // 3D Secure was passed; a manual confirm may follow
	CaptureBefore int64  `json:"capture_before,omitempty"` // Unix seconds; when the authorisation lapses
	Invoice       string `json:"invoice,omitempty"`        // what it pays
	Checkout      string `json:"checkout,omitempty"`       // the session that it was made in
}

func (p *paymentIntent) private() any     { return &p.secret }
func (p *paymentIntent) createdAt() int64 { return p.Created }

type amountDetails struct {
	Tip struct{} `json:"tip"`
}

type automaticMethods struct {
	AllowRedirects string `json:"allow_redirects"`
	Enabled        bool   `json:"enabled"`
}

type methodOptions struct {
	Card cardOptions `json:"card"`
}

type cardOptions struct {
	CaptureMethod       *string `json:"capture_method,omitempty"`
	Installments        none    `json:"installments"`
	MandateOptions      none    `json:"mandate_options"`
	Network             none    `json:"network"`
	RequestThreeDSecure string  `json:"request_three_d_secure"`
	SetupFutureUsage    *string `json:"setup_future_usage,omitempty"`
}

var paymentIntents = declare[paymentIntent](kind{name: "payment_intent", prefix: "pi_3", length: 23, param: "intent"})

var (
	captureMethods = enum("capture_method", "automatic", "automatic_async", "manual")
	futureUsage    = enum("setup_future_usage", "off_session", "on_session").clearable()
	optionParams   = hash("payment_method_options", hash("card", captureMethods.clearable(),
		enum("request_three_d_secure", "any", "automatic", "challenge"), futureUsage, anything("installments"),
		anything("mandate_options"), anything("network"), anything("statement_descriptor_suffix_kana"), anything("statement_descriptor_suffix_kanji")))
	methodData = hash("payment_method_data", enum("type", "card").must(), cardParams, billing, redisplay, metadata(), anything("radar_options"))
	// intentParams may be set when creating and when updating.
	intentParams = []param{
		captureMethods, text("customer"), shortText("description", 1000), metadata(), text("payment_method"), methodData,
		optionParams, list("payment_method_types", text("")), text("receipt_email"), futureUsage, shipping,
		shortText("statement_descriptor", 22), shortText("statement_descriptor_suffix", 22), text("transfer_group"), feeAmountParam,
	}
	// confirmParams belong to a confirmation, alone or while creating.
	confirmParams = []param{
		boolean("error_on_requires_action"), anything("mandate_data"), enum("off_session", "true", "false", "one_off", "recurring"),
		text("return_url"), boolean("use_stripe_sdk"), anything("radar_options"),
	}
)

func allParams(groups ...[]param) []param { return slices.Concat(groups...) }

func paymentIntentResource() *resource {
	id := &paymentIntents.kind
	return &resource{
		kind: id,
		indexes: func(o object) []indexKey {
			p := o.(*paymentIntent)
			keys := metadataKeys(p.Metadata)
			if p.Customer != nil {
				keys = append(keys, indexKey{"customer", *p.Customer})
			}
			return keys
		},
		due: func(o object) int64 {
			if p := o.(*paymentIntent); p.Status == intentNeedsCapture {
				return p.secret.CaptureBefore
			}
			return 0
		},
		wake: expireAuthorisation,
		routes: []route{
			{method: http.MethodPost, path: "/v1/payment_intents", title: "Create a payment intent, and confirm it if asked", returns: id,
				params: allParams([]param{integer("amount").must(), text("currency").must(), boolean("confirm"),
					hash("automatic_payment_methods", boolean("enabled").must(), enum("allow_redirects", "always", "never")),
					enum("confirmation_method", "automatic", "manual"), text("on_behalf_of"), transferDataNew}, intentParams, confirmParams), do: createIntent},
			{method: http.MethodGet, path: "/v1/payment_intents", title: "List payment intents", returns: id, list: true,
				params: paged(text("customer")), do: listIntents},
			{method: http.MethodGet, path: "/v1/payment_intents/search", title: "Search payment intents", returns: id, list: true,
				params: searchParams, do: searching(id)},
			{method: http.MethodGet, path: "/v1/payment_intents/{id}", title: "Retrieve a payment intent", returns: id, browser: true,
				params: []param{text("client_secret")}, do: retrieveIntent},
			{method: http.MethodPost, path: "/v1/payment_intents/{id}", title: "Update a payment intent", returns: id,
				params: allParams([]param{integer("amount"), text("currency"), transferDataSet}, intentParams), do: updateIntent},
			{method: http.MethodPost, path: "/v1/payment_intents/{id}/confirm", title: "Confirm: ask the bank", returns: id, browser: true,
				params: allParams([]param{text("client_secret"), text("expected_payment_method_type"), captureMethods, text("payment_method"), methodData,
					optionParams, list("payment_method_types", text("")), text("receipt_email"), futureUsage, shipping}, confirmParams), do: confirmIntent},
			{method: http.MethodPost, path: "/v1/payment_intents/{id}/capture", title: "Capture an authorised payment, or part of it", returns: id,
				params: []param{integer("amount_to_capture"), feeAmountParam, transferDataSet, boolean("final_capture"), metadata(), shortText("statement_descriptor_suffix", 22)}, do: captureIntent},
			{method: http.MethodPost, path: "/v1/payment_intents/{id}/cancel", title: "Cancel; an authorisation is released", returns: id,
				params: []param{enum("cancellation_reason", "abandoned", "duplicate", "fraudulent", "requested_by_customer")}, do: cancelIntent},
		},
	}
}

func createIntent(c *call) (any, error) {
	currency, err := c.currencyOf("currency")
	if err != nil {
		return nil, err
	}
	amount, _ := c.integer("amount")
	if err := checkAmount(amount, currency); err != nil {
		return nil, err
	}
	made, err := newIntent(c, amount, currency)
	if err != nil {
		return nil, err
	}
	emit(c.work, "payment_intent.created", made)
	if c.yes("confirm") {
		return confirm(c, made.ID)
	}
	return made, nil
}

func newIntent(c *call, amount int64, currency string) (*paymentIntent, error) {
	if err := c.exclusiveIntentParams(); err != nil {
		return nil, err
	}
	made := paymentIntents.add(c.work, &paymentIntent{
		Amount: amount, Currency: currency, CaptureMethod: "automatic_async", ConfirmationMethod: "automatic", Created: c.now,
		Metadata: map[string]string{}, PaymentMethodTypes: []string{"card"}, Status: intentNeedsMethod,
		PaymentMethodOptions: methodOptions{cardOptions{RequestThreeDSecure: "automatic"}},
	})
	if c.account.connected() {
		made.Application = pointer(c.account.application())
	}
	made.ClientSecret = made.ID + "_secret_" + c.sandbox.ids.text(clientSecretLength)
	if !c.has("payment_method_types") {
		made.AutomaticPaymentMethods = c.automaticMethods()
	}
	if method := c.text("confirmation_method"); method != "" {
		made.ConfirmationMethod = method
	}
	return made, made.set(c)
}

// exclusiveIntentParams refuses combinations that Stripe refuses (§1.8.3, §2.5.3).
func (c *call) exclusiveIntentParams() error {
	for _, other := range []string{"payment_method_types", "confirmation_method"} {
		if c.has("automatic_payment_methods") && c.has(other) {
			return badParam(other, "parameters_exclusive", "You may only specify one of these parameters: automatic_payment_methods, "+other+".")
		}
	}
	for _, name := range []string{"off_session", "error_on_requires_action", "return_url"} {
		if c.has(name) && !c.yes("confirm") {
			return badParam(name, "", fmt.Sprintf("You may only specify `%s` when `confirm` is `true`.", name))
		}
	}
	return nil
}

// automaticMethods is on, with redirects, unless the request says otherwise (§2.5.3).
func (c *call) automaticMethods() *automaticMethods {
	if c.has("confirmation_method") || c.before("2023-08-16") && !c.has("automatic_payment_methods") {
		return nil
	}
	sent := c.hash("automatic_payment_methods")
	if sent.has("enabled") && !sent.yes("enabled") {
		return nil
	}
	if sent.text("allow_redirects") == "never" {
		return &automaticMethods{"never", true}
	}
	return &automaticMethods{"always", true}
}

// set changes what the parameters name, for create, update and confirm alike.
func (p *paymentIntent) set(c *call) error {
	owner, err := customers.fromParam(c, "customer")
	if err != nil {
		return err
	}
	if owner != nil {
		p.Customer = &owner.ID
	}
	if c.text("statement_descriptor") != "" {
		return badParam("statement_descriptor", "", "The `statement_descriptor` parameter is not supported for the `card` payment method type. Please use `statement_descriptor_suffix` instead to dynamically set additional information on the card statement.")
	}
	c.setText("description", &p.Description)
	c.setText("receipt_email", &p.ReceiptEmail)
	c.setText("setup_future_usage", &p.SetupFutureUsage)
	c.setText("statement_descriptor_suffix", &p.StatementDescriptorSuffix)
	c.setText("transfer_group", &p.TransferGroup)
	c.setShipping(&p.Shipping)
	p.setOptions(c)
	if err := c.setMetadata(&p.Metadata); err != nil {
		return err
	}
	if err := p.setSharing(c); err != nil {
		return err
	}
	return c.useMethod(p.mayUse, &p.PaymentMethod, &p.Status)
}

func (p *paymentIntent) setOptions(c *call) {
	if how := c.text("capture_method"); how != "" {
		p.CaptureMethod = how
	}
	if types := c.params.list("payment_method_types"); len(types) > 0 {
		p.PaymentMethodTypes, p.AutomaticPaymentMethods = types, nil
	}
	card := c.hash("payment_method_options").hash("card")
	card.setText("capture_method", &p.PaymentMethodOptions.Card.CaptureMethod)
	card.setText("setup_future_usage", &p.PaymentMethodOptions.Card.SetupFutureUsage)
	if when := card.text("request_three_d_secure"); when != "" {
		p.PaymentMethodOptions.Card.RequestThreeDSecure = when
	}
}

// mayUse refuses a card of another customer, and one that is used up (§1.8.3).
func (p *paymentIntent) mayUse(method *paymentMethod) error {
	switch {
	case method.secret.Spent:
		return spentMethod()
	case !slices.Contains(p.PaymentMethodTypes, method.Type):
		return badParam("payment_method", "payment_intent_incompatible_payment_method", fmt.Sprintf("The PaymentMethod provided (%s) is not allowed for this PaymentIntent. Please attach a PaymentMethod of one of the following types: %v.", method.Type, p.PaymentMethodTypes))
	case method.Customer == nil || *method.Customer == value(p.Customer):
		return nil
	case p.Customer == nil:
		return badParam("payment_method", "", "The provided PaymentMethod cannot be used because it belongs to a Customer. Please include the Customer in the `customer` parameter on the PaymentIntent.")
	}
	return badParam("payment_method", "", fmt.Sprintf("The provided PaymentMethod does not belong to the Customer %s. It belongs to another Customer. Please include that Customer in the `customer` parameter on the PaymentIntent.", *p.Customer))
}

func retrieveIntent(c *call) (any, error) {
	found, err := paymentIntents.fromPath(c)
	if err != nil {
		return nil, err
	}
	return found, c.mayActOn("PaymentIntent", found.ClientSecret, "payment_intent_invalid_parameter")
}

func listIntents(c *call) (any, error) {
	if _, err := customers.fromParam(c, "customer"); err != nil {
		return nil, err
	}
	return c.pageOf(query{kind: &paymentIntents.kind, key: c.filtered("customer")})
}

// settledParams may still be updated once a payment is authorised or over (§2.5.3).
var settledParams = []string{"metadata", "description", "receipt_email", "expand", "transfer_group"}

func updateIntent(c *call) (any, error) {
	old, err := paymentIntents.fromPath(c)
	if err != nil {
		return nil, err
	}
	if !slices.Contains([]string{intentNeedsMethod, intentNeedsConfirmation, intentNeedsAction}, old.Status) {
		for _, name := range c.names {
			if !slices.Contains(settledParams, name) {
				return nil, old.unexpected(fmt.Sprintf("This PaymentIntent's %s could not be updated because it has a status of %s. You may only update the %s of a PaymentIntent with one of the following statuses: requires_payment_method, requires_confirmation, requires_action.", name, old.Status, name)).withParam(name)
			}
		}
	}
	next := paymentIntents.edit(c.work, c.id)
	if err := next.setAmount(c); err != nil {
		return nil, err
	}
	return next, next.set(c)
}

// setAmount changes what is asked for; a customer who was authenticating must start again.
func (p *paymentIntent) setAmount(c *call) error {
	if c.has("currency") {
		currency, err := c.currencyOf("currency")
		if err != nil {
			return err
		}
		p.Currency = currency
	}
	amount, sent := c.integer("amount")
	if !sent {
		return nil
	}
	if err := checkAmount(amount, p.Currency); err != nil {
		return err
	}
	if p.Status == intentNeedsAction && amount != p.Amount {
		p.Status, p.NextAction, p.secret.Authenticated = intentNeedsConfirmation, nil, false
	}
	p.Amount = amount
	return nil
}

// unexpected is the error for what the intent's status does not allow.
func (p *paymentIntent) unexpected(message string) *apiError {
	e := badState("payment_intent_unexpected_state", message)
	e.intent = p
	return e
}
