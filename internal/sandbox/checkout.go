package sandbox

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const (
	// checkoutLife is how long a session is open, in seconds, unless it says
	// otherwise: a day; half an hour is the least (§2.20).
	checkoutLife    = 24 * 60 * 60
	minCheckoutLife = 30 * 60
	// maxLineItems is how many lines a session may have (§2.20).
	maxLineItems = 100
	// lineItemIDLength is how long the random part of a line item's id is.
	lineItemIDLength = 23
	// placeholder is replaced by the session's id in a return address.
	placeholder = "{CHECKOUT_SESSION_ID}"
)

// Modes and statuses of a session (§2.20).
const (
	modePayment      = "payment"
	modeSetup        = "setup"
	modeSubscription = "subscription"
	sessionOpen      = "open"
	sessionComplete  = "complete"
	sessionExpired   = "expired"
)

// checkoutSession is one visit to the page where a customer pays (§2.20).
type checkoutSession struct {
	head
	AdaptivePricing            none               `json:"adaptive_pricing"`
	AfterExpiration            none               `json:"after_expiration"`
	AllowPromotionCodes        *bool              `json:"allow_promotion_codes"`
	AmountSubtotal             *int64             `json:"amount_subtotal"` // minor units
	AmountTotal                *int64             `json:"amount_total"`
	AutomaticTax               checkoutTax        `json:"automatic_tax"`
	BillingAddressCollection   none               `json:"billing_address_collection"`
	CancelURL                  *string            `json:"cancel_url"`
	ClientReferenceID          *string            `json:"client_reference_id"`
	ClientSecret               *string            `json:"client_secret"`
	CollectedInformation       none               `json:"collected_information"`
	Consent                    none               `json:"consent"`
	ConsentCollection          none               `json:"consent_collection"`
	Created                    int64              `json:"created"`
	Currency                   *string            `json:"currency"`
	CurrencyConversion         none               `json:"currency_conversion"`
	CustomFields               []none             `json:"custom_fields"`
	CustomText                 checkoutText       `json:"custom_text"`
	Customer                   *string            `json:"customer" expand:"customer"`
	CustomerAccount            none               `json:"customer_account"`
	CustomerCreation           *string            `json:"customer_creation"`
	CustomerDetails            *checkoutCustomer  `json:"customer_details"`
	CustomerEmail              *string            `json:"customer_email"`
	Discounts                  []checkoutDiscount `json:"discounts"`
	ExpiresAt                  int64              `json:"expires_at"`
	Invoice                    *string            `json:"invoice" expand:"invoice"`
	InvoiceCreation            none               `json:"invoice_creation"`
	Livemode                   bool               `json:"livemode"`
	Locale                     *string            `json:"locale"`
	Metadata                   map[string]string  `json:"metadata"`
	Mode                       string             `json:"mode"`
	OriginContext              none               `json:"origin_context"`
	PaymentIntent              *string            `json:"payment_intent" expand:"payment_intent"`
	PaymentLink                *string            `json:"payment_link" expand:"payment_link"`
	PaymentMethodCollection    *string            `json:"payment_method_collection"`
	MethodConfigurationDetails none               `json:"payment_method_configuration_details"`
	PaymentMethodOptions       struct{}           `json:"payment_method_options"`
	PaymentMethodTypes         []string           `json:"payment_method_types"`
	PaymentStatus              string             `json:"payment_status"`
	Permissions                none               `json:"permissions"`
	PhoneNumberCollection      checkoutPhone      `json:"phone_number_collection"`
	RecoveredFrom              none               `json:"recovered_from"`
	ReturnURL                  string             `json:"return_url,omitempty"`
	SavedPaymentMethodOptions  none               `json:"saved_payment_method_options"`
	SetupIntent                *string            `json:"setup_intent" expand:"setup_intent"`
	ShippingAddressCollection  none               `json:"shipping_address_collection"`
	ShippingCost               none               `json:"shipping_cost"`
	ShippingOptions            []none             `json:"shipping_options"`
	Status                     string             `json:"status"`
	SubmitType                 *string            `json:"submit_type"`
	Subscription               *string            `json:"subscription" expand:"subscription"`
	SuccessURL                 *string            `json:"success_url"`
	TotalDetails               *checkoutTotals    `json:"total_details"`
	UIMode                     string             `json:"ui_mode"`
	URL                        *string            `json:"url"`
	WalletOptions              none               `json:"wallet_options"`

	secret checkoutSecret
}

// checkoutSecret is what the page needs: what is sold, and the parameters that
// wait for what the session will make, form-encoded.
type checkoutSecret struct {
	Lines        []*checkoutLine `json:"lines,omitempty"`
	Intent       string          `json:"intent,omitempty"`
	Subscription string          `json:"subscription,omitempty"`
	Setup        string          `json:"setup,omitempty"`
}

type checkoutTax struct {
	Enabled   bool `json:"enabled"`
	Liability none `json:"liability"`
	Provider  none `json:"provider"`
	Status    none `json:"status"`
}

type checkoutText struct {
	AfterSubmit     none `json:"after_submit"`
	ShippingAddress none `json:"shipping_address"`
	Submit          none `json:"submit"`
	Terms           none `json:"terms_of_service_acceptance"`
}

type checkoutCustomer struct {
	Address   *postalAddress `json:"address"`
	Email     *string        `json:"email"`
	Name      *string        `json:"name"`
	Phone     *string        `json:"phone"`
	TaxExempt string         `json:"tax_exempt"`
	TaxIDs    []none         `json:"tax_ids"`
}

type checkoutDiscount struct {
	Coupon        *string `json:"coupon" expand:"coupon"`
	PromotionCode *string `json:"promotion_code" expand:"promotion_code"`
}

type checkoutPhone struct {
	Enabled bool `json:"enabled"`
}

type checkoutTotals struct {
	AmountDiscount int64 `json:"amount_discount"`
	AmountShipping int64 `json:"amount_shipping"`
	AmountTax      int64 `json:"amount_tax"`
}

// checkoutLine is what is sold: a price, and how many.
type checkoutLine struct {
	head
	AmountDiscount int64             `json:"amount_discount"` // minor units
	AmountSubtotal int64             `json:"amount_subtotal"`
	AmountTax      int64             `json:"amount_tax"`
	AmountTotal    int64             `json:"amount_total"`
	Currency       string            `json:"currency"`
	Description    string            `json:"description"`
	Metadata       map[string]string `json:"metadata"`
	Price          *price            `json:"price"`
	Quantity       int64             `json:"quantity"`
}

func (s *checkoutSession) private() any     { return &s.secret }
func (s *checkoutSession) createdAt() int64 { return s.Created }

var checkoutSessions = declare[checkoutSession](kind{name: "checkout.session", prefix: "cs_test_a1", length: 56, noun: "checkout.session", param: "session"})

var (
	lineItemParams = list("line_items", hash("", text("price"), priceData, integer("quantity"), metadata(), anything("adjustable_quantity")))
	// sessionDataParams are handed on to what the session makes.
	sessionDataParams = []param{
		hash("payment_intent_data", integer("application_fee_amount"), captureMethods, text("description"), metadata(), text("on_behalf_of"), text("receipt_email"),
			futureUsage, shipping, text("statement_descriptor"), text("statement_descriptor_suffix"), hash("transfer_data", text("destination").must(), integer("amount")), text("transfer_group")),
		hash("subscription_data", text("application_fee_percent"), integer("billing_cycle_anchor"), text("description"), metadata(), text("on_behalf_of"),
			enum("proration_behavior", "create_prorations", "none"), hash("transfer_data", text("amount_percent"), text("destination").must()), integer("trial_end"),
			integer("trial_period_days"), hash("trial_settings", hash("end_behavior", text("missing_payment_method").must()).must())),
		hash("setup_intent_data", text("description"), metadata(), text("on_behalf_of")),
	}
)

func checkoutResource() *resource {
	id := &checkoutSessions.kind
	return &resource{
		kind: id,
		indexes: func(o object) []indexKey {
			s := o.(*checkoutSession)
			return []indexKey{{"customer", value(s.Customer)}, {"payment_intent", value(s.PaymentIntent)}, {"subscription", value(s.Subscription)}, {"payment_link", value(s.PaymentLink)}}
		},
		due: func(o object) int64 {
			if s := o.(*checkoutSession); s.Status == sessionOpen {
				return s.ExpiresAt
			}
			return 0
		},
		wake: func(w *work, id string) error {
			checkoutSessions.edit(w, id).expire(w)
			return nil
		},
		include: map[string]func(*view, object) any{"line_items": func(_ *view, o object) any {
			return &page{url: "/v1/checkout/sessions/" + o.identity().ID + "/line_items", objects: toObjects(o.(*checkoutSession).secret.Lines)}
		}},
		routes: []route{
			{method: http.MethodPost, path: "/v1/checkout/sessions", title: "Open a checkout session", returns: id,
				params: allParams([]param{boolean("allow_promotion_codes"), text("cancel_url"), text("client_reference_id"), text("currency"), text("customer"), enum("customer_creation", "always", "if_required"),
					text("customer_email"), discountsParam, integer("expires_at"), lineItemParams, text("locale"), metadata(), enum("mode", modePayment, modeSetup, modeSubscription),
					enum("payment_method_collection", "always", "if_required"), list("payment_method_types", text("")), text("return_url"), text("success_url"), anything("payment_method_options"),
					enum("submit_type", "auto", "book", "donate", "pay", "subscribe"), enum("ui_mode", "hosted_page", "hosted", "embedded_page", "embedded", "elements", "custom")}, sessionDataParams), do: createSession},
			{method: http.MethodGet, path: "/v1/checkout/sessions", title: "List checkout sessions", returns: id, list: true,
				params: paged(text("customer"), text("payment_intent"), text("payment_link"), text("subscription"), text("status")), do: listSessions},
			{method: http.MethodGet, path: "/v1/checkout/sessions/{id}", title: "Retrieve a checkout session", returns: id, do: checkoutSessions.retrieve},
			{method: http.MethodPost, path: "/v1/checkout/sessions/{id}", title: "Update a checkout session's metadata", returns: id, params: []param{metadata()}, do: updateSession},
			{method: http.MethodPost, path: "/v1/checkout/sessions/{id}/expire", title: "Close an open checkout session", returns: id, do: expireSession},
			{method: http.MethodGet, path: "/v1/checkout/sessions/{id}/line_items", title: "List what a checkout session sells", list: true, params: paged(), do: listSessionLines},
		},
	}
}

func createSession(c *call) (any, error) {
	owner, err := customers.fromParam(c, "customer")
	if err != nil {
		return nil, err
	}
	made := &checkoutSession{
		Created: c.wall, CustomFields: []none{}, CustomerEmail: textOrNil(c.text("customer_email")), Discounts: []checkoutDiscount{}, ExpiresAt: c.wall + checkoutLife,
		Metadata: map[string]string{}, Mode: c.text("mode"), PaymentMethodTypes: []string{"card"}, PaymentStatus: "unpaid", ShippingOptions: []none{}, Status: sessionOpen,
		TotalDetails: &checkoutTotals{}, UIMode: "hosted_page",
	}
	if made.Mode == "" {
		made.Mode = modePayment
	}
	if owner != nil {
		made.Customer = &owner.ID
	}
	if err := made.set(c); err != nil {
		return nil, err
	}
	made.secret.Intent, made.secret.Subscription, made.secret.Setup = c.kept("payment_intent_data"), c.kept("subscription_data"), c.kept("setup_intent_data")
	if made.secret.Lines, err = sessionLines(c, made.Mode); err != nil {
		return nil, err
	}
	if err := made.price(c); err != nil {
		return nil, err
	}
	return made.open(c)
}

// open stores the session, and gives it its page.
func (s *checkoutSession) open(c *call) (any, error) {
	checkoutSessions.add(c.work, s)
	if s.UIMode == "hosted_page" {
		s.URL = pointer(c.sandbox.baseFor(c.request) + checkoutPath + "/" + c.account.id + "/" + s.ID)
	} else {
		s.ClientSecret = pointer(s.ID + "_secret_" + c.sandbox.ids.text(clientSecretLength))
	}
	return s, nil
}

// kept is the parameters inside a hash, form-encoded, for later.
func (c *call) kept(name string) string {
	form := url.Values{}
	if inside := c.hash(name); inside.values != nil {
		for at, inner := range inside.names {
			spread(form, inner, inside.nodes[at])
		}
	}
	return form.Encode()
}

// olderModes is what the ways to show a session were called before 2026-03-25.
var olderModes = map[string]string{"hosted": "hosted_page", "embedded": "embedded_page", "custom": "elements"}

func (s *checkoutSession) set(c *call) error {
	if mode := c.text("ui_mode"); mode != "" {
		s.UIMode = mode
		if today, older := olderModes[mode]; older {
			s.UIMode = today
		}
	}
	c.setText("cancel_url", &s.CancelURL)
	c.setText("client_reference_id", &s.ClientReferenceID)
	c.setText("customer_creation", &s.CustomerCreation)
	c.setText("locale", &s.Locale)
	c.setText("payment_method_collection", &s.PaymentMethodCollection)
	c.setText("submit_type", &s.SubmitType)
	c.setText("success_url", &s.SuccessURL)
	s.ReturnURL = c.text("return_url")
	if c.has("allow_promotion_codes") {
		s.AllowPromotionCodes = pointer(c.yes("allow_promotion_codes"))
	}
	if types := c.params.list("payment_method_types"); len(types) > 0 {
		s.PaymentMethodTypes = types
	}
	if at, ok := c.integer("expires_at"); ok {
		if at < c.wall+minCheckoutLife || at > c.wall+checkoutLife {
			return badParam("expires_at", "", "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.")
		}
		s.ExpiresAt = at
	}
	switch {
	case s.UIMode == "hosted_page" && s.SuccessURL == nil:
		return missingParam("success_url")
	case s.UIMode != "hosted_page" && s.SuccessURL != nil:
		return badParam("success_url", "", "You cannot set `success_url` when `ui_mode` is not `hosted_page`. Use `return_url`.")
	}
	return c.setMetadata(&s.Metadata)
}

// sessionLines reads what is sold. A subscription needs a price that recurs; a
// payment has none that does.
func sessionLines(c *call, mode string) ([]*checkoutLine, error) {
	rows := c.each("line_items")
	switch {
	case mode == modeSetup && len(rows) > 0:
		return nil, badParam("line_items", "", "You cannot pass `line_items` in `setup` mode.")
	case mode != modeSetup && (len(rows) == 0 || len(rows) > maxLineItems):
		return nil, missingParam("line_items")
	}
	var out []*checkoutLine
	recurs := false
	for at, row := range rows {
		line, err := sessionLine(c, row, join("line_items", strconv.Itoa(at)))
		if err != nil {
			return nil, err
		}
		recurs = recurs || line.Price.Recurring != nil
		out = append(out, line)
	}
	switch {
	case mode == modePayment && recurs:
		return nil, badParam("line_items", "", "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only one-time prices.")
	case mode == modeSubscription && !recurs:
		return nil, badParam("line_items", "", "You must provide at least one recurring price in `subscription` mode when using prices.")
	}
	return out, nil
}

func sessionLine(c *call, row params, path string) (*checkoutLine, error) {
	var by *price
	var err error
	switch id := row.text("price"); {
	case id != "":
		by, _ = prices.find(c.work, id)
		if by == nil {
			return nil, noSuch(http.StatusBadRequest, "price", id, join(path, "price"))
		}
	case row.has("price_data"):
		if by, err = priceOfData(c, row.hash("price_data"), join(path, "price_data")); err != nil {
			return nil, err
		}
	default:
		return nil, missingParam(join(path, "price"))
	}
	quantity := int64(1)
	if n, ok := row.integer("quantity"); ok {
		quantity = n
	}
	if quantity < 1 {
		return nil, badParam(join(path, "quantity"), "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	}
	line := &checkoutLine{head: head{"li_1" + c.sandbox.ids.text(lineItemIDLength), "item"}, Currency: by.Currency, Description: by.label(c.work),
		Metadata: map[string]string{}, Price: by, Quantity: quantity}
	if !by.metered() {
		line.AmountSubtotal = by.amountFor(c.work, quantity)
	}
	return line, row.setMetadata(&line.Metadata)
}

// price adds up the lines, less discounts. Coupons are only counted as given
// when the customer pays.
func (s *checkoutSession) price(c *call) error {
	if s.Mode == modeSetup {
		s.TotalDetails = nil
		return nil
	}
	var given []*discount
	for _, row := range c.each("discounts") {
		of, err := s.promise(c, row)
		if err != nil {
			return err
		}
		given = append(given, of)
	}
	s.sum(given)
	currency := s.secret.Lines[0].Currency
	s.Currency = &currency
	for _, line := range s.secret.Lines {
		if line.Currency != currency {
			return badParam("line_items", "", "All line items must have the same currency.")
		}
	}
	if s.Mode == modePayment && *s.AmountTotal > 0 {
		return checkAmount(*s.AmountTotal, currency)
	}
	return nil
}

// promise is a discount that nobody has yet.
func (s *checkoutSession) promise(c *call, row params) (*discount, error) {
	entry := checkoutDiscount{textOrNil(row.text("coupon")), textOrNil(row.text("promotion_code"))}
	id := row.text("coupon")
	if code := row.text("promotion_code"); code != "" {
		found, ok := promotionCodes.find(c.work, code)
		if !ok || !found.usable(c.now) {
			return nil, noSuch(http.StatusBadRequest, "promotion code", code, "discounts[0][promotion_code]")
		}
		id = *found.Promotion.Coupon
	}
	of, ok := coupons.find(c.work, id)
	if !ok || !of.valid(c.now) {
		return nil, noSuch(http.StatusBadRequest, "coupon", id, "discounts[0][coupon]")
	}
	s.Discounts = append(s.Discounts, entry)
	return &discount{secret: discountSecret{Coupon: *of, Products: of.hidden.Products}}, nil
}

// sum sets what each line and the session cost; a trial costs nothing now.
func (s *checkoutSession) sum(given []*discount) {
	trial := strings.Contains(s.secret.Subscription, "trial_period_days") || strings.Contains(s.secret.Subscription, "trial_end")
	rows := make([]*priced, len(s.secret.Lines))
	for at, line := range s.secret.Lines {
		if trial && line.Price.Recurring != nil {
			line.AmountSubtotal = 0
		}
		rows[at] = &priced{amount: line.AmountSubtotal, product: line.Price.Product}
	}
	lower(rows, given)
	subtotal, total := int64(0), int64(0)
	for at, line := range s.secret.Lines {
		line.AmountTotal = rows[at].net()
		line.AmountDiscount = line.AmountSubtotal - line.AmountTotal
		subtotal, total = subtotal+line.AmountSubtotal, total+line.AmountTotal
	}
	s.AmountSubtotal, s.AmountTotal, s.TotalDetails = &subtotal, &total, &checkoutTotals{AmountDiscount: subtotal - total}
}

func listSessions(c *call) (any, error) {
	return c.pageOf(query{kind: &checkoutSessions.kind, key: c.filtered("payment_intent", "subscription", "customer", "payment_link"), keep: func(o object) bool {
		return c.equals("status", o.(*checkoutSession).Status)
	}})
}

func updateSession(c *call) (any, error) {
	if _, err := checkoutSessions.fromPath(c); err != nil {
		return nil, err
	}
	next := checkoutSessions.edit(c.work, c.id)
	return next, c.setMetadata(&next.Metadata)
}

func expireSession(c *call) (any, error) {
	old, err := checkoutSessions.fromPath(c)
	if err != nil {
		return nil, err
	}
	if old.Status != sessionOpen {
		return nil, badState("", "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout Session has a status of "+old.Status+".")
	}
	next := checkoutSessions.edit(c.work, c.id)
	next.expire(c.work)
	return next, nil
}

// expire closes the page; a payment that was begun is withdrawn.
func (s *checkoutSession) expire(w *work) {
	s.Status, s.URL = sessionExpired, nil
	if p, ok := paymentIntents.find(w, value(s.PaymentIntent)); ok && p.Status != intentCanceled {
		paymentIntents.edit(w, p.ID).cancel(w, "expired")
	}
	emit(w, "checkout.session.expired", s)
}

func listSessionLines(c *call) (any, error) {
	found, err := checkoutSessions.fromPath(c)
	if err != nil {
		return nil, err
	}
	return c.pageIn(toObjects(found.secret.Lines))
}
