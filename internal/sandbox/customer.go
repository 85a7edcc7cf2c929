package sandbox

import (
	"errors"
	"net/http"
	"strings"
)

// invoicePrefixLength is how many characters begin a customer's invoice numbers (§2.1).
const invoicePrefixLength = 8

// customer is who pays (§2.1). Duplicate e-mails are allowed; finding one
// before creating another is the caller's work.
type customer struct {
	head
	Address             *postalAddress    `json:"address"`
	Balance             int64             `json:"balance"` // minor units; negative is credit
	Created             int64             `json:"created"`
	Currency            *string           `json:"currency"`
	CustomerAccount     none              `json:"customer_account"`
	DefaultSource       *string           `json:"default_source" expand:"card,bank_account,source"`
	Delinquent          bool              `json:"delinquent"`
	Description         *string           `json:"description"`
	Discount            none              `json:"discount"`
	Email               *string           `json:"email"`
	InvoicePrefix       string            `json:"invoice_prefix"`
	InvoiceSettings     invoiceSettings   `json:"invoice_settings"`
	Livemode            bool              `json:"livemode"`
	Metadata            map[string]string `json:"metadata"`
	Name                *string           `json:"name"`
	NextInvoiceSequence int64             `json:"next_invoice_sequence"`
	Phone               *string           `json:"phone"`
	PreferredLocales    []string          `json:"preferred_locales"`
	Shipping            *shippingDetails  `json:"shipping"`
	TaxExempt           string            `json:"tax_exempt"`
	TestClock           *string           `json:"test_clock" expand:"test_helpers.test_clock"`
}

type invoiceSettings struct {
	CustomFields         none    `json:"custom_fields"`
	DefaultPaymentMethod *string `json:"default_payment_method" expand:"payment_method"`
	Footer               *string `json:"footer"`
	RenderingOptions     none    `json:"rendering_options"`
}

// postalAddress is Stripe's ADDRESS.
type postalAddress struct {
	City       *string `json:"city"`
	Country    *string `json:"country"`
	Line1      *string `json:"line1"`
	Line2      *string `json:"line2"`
	PostalCode *string `json:"postal_code"`
	State      *string `json:"state"`
}

type shippingDetails struct {
	Address        postalAddress `json:"address"`
	Carrier        *string       `json:"carrier,omitempty"`
	Name           string        `json:"name"`
	Phone          *string       `json:"phone"`
	TrackingNumber *string       `json:"tracking_number,omitempty"`
}

var customers = declare[customer](kind{name: "customer", prefix: "cus_", length: 14})

func (o *customer) createdAt() int64 { return o.Created }

// customerParams may be set when creating and when updating.
var customerParams = []param{
	address, integer("balance"), text("description"), shortText("email", 512),
	hash("invoice_settings", text("default_payment_method"), text("footer"), anything("custom_fields"), anything("rendering_options")),
	shortText("invoice_prefix", 12), metadata(), shortText("name", 256), integer("next_invoice_sequence"),
	shortText("phone", 20), list("preferred_locales", text("")), shipping,
	enum("tax_exempt", "exempt", "none", "reverse").clearable(), hash("tax", text("ip_address"), text("validate_location")),
	text("source"), cardHashParams.orToken(), text("default_source"),
}

func customerResource() *resource {
	id := &customers.kind
	return &resource{
		kind: id,
		indexes: func(o object) []indexKey {
			who := o.(*customer)
			return append(metadataKeys(who.Metadata), indexKey{"email", value(who.Email)}, indexKey{"test_clock", value(who.TestClock)})
		},
		include: map[string]func(*view, object) any{"sources": sourcesOfCustomer, "subscriptions": subscriptionsOf},
		routes: []route{
			{method: http.MethodPost, path: "/v1/customers", title: "Create a customer", returns: id,
				params: append([]param{text("payment_method"), text("test_clock")}, customerParams...), do: createCustomer},
			{method: http.MethodGet, path: "/v1/customers", title: "List customers", returns: id, list: true,
				params: paged(text("email"), text("test_clock")), do: listCustomers},
			{method: http.MethodGet, path: "/v1/customers/search", title: "Search customers", returns: id, list: true,
				params: searchParams, do: searching(id)},
			{method: http.MethodGet, path: "/v1/customers/{id}", title: "Retrieve a customer", returns: id, do: customers.retrieve},
			{method: http.MethodPost, path: "/v1/customers/{id}", title: "Update a customer", returns: id,
				params: customerParams, do: updateCustomer},
			{method: http.MethodDelete, path: "/v1/customers/{id}", title: "Delete a customer; cards are detached", do: deleteCustomer},
			{method: http.MethodGet, path: "/v1/customers/{id}/payment_methods", title: "List a customer's payment methods",
				returns: &paymentMethods.kind, list: true, params: paged(text("type"), text("allow_redisplay")), do: listCustomerMethods},
			{method: http.MethodGet, path: "/v1/customers/{id}/payment_methods/{method}", title: "Retrieve a customer's payment method",
				returns: &paymentMethods.kind, do: retrieveCustomerMethod},
		},
	}
}

func createCustomer(c *call) (any, error) {
	clock, err := clockFromParam(c)
	if err != nil {
		return nil, err
	}
	c.follow(clock)
	made := customers.add(c.work, &customer{
		Created: c.now, InvoicePrefix: c.sandbox.ids.upper(invoicePrefixLength), Metadata: map[string]string{},
		NextInvoiceSequence: 1, PreferredLocales: []string{}, TaxExempt: "none", TestClock: clock,
	})
	if id := c.text("payment_method"); id != "" {
		method, err := methodToUse(c, id)
		if err == nil {
			err = attach(c.work, method.ID, made.ID)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := made.set(c); err != nil {
		return nil, err
	}
	source, err := addFirstSource(c, made)
	if err != nil {
		return nil, err
	}
	emit(c.work, "customer.created", made)
	if source != nil {
		tellSource(c.work, "customer.source.created", source, nil)
	}
	return made, nil
}

// set changes what the parameters name.
func (o *customer) set(c *call) error {
	c.setAddress("address", &o.Address)
	c.setText("description", &o.Description)
	c.setText("email", &o.Email)
	c.setText("name", &o.Name)
	c.setText("phone", &o.Phone)
	c.setShipping(&o.Shipping)
	if n, ok := c.integer("balance"); ok {
		o.Balance = n
	}
	if n, ok := c.integer("next_invoice_sequence"); ok {
		o.NextInvoiceSequence = n
	}
	if prefix := c.text("invoice_prefix"); prefix != "" {
		o.InvoicePrefix = prefix
	}
	if c.has("tax_exempt") {
		o.TaxExempt = c.text("tax_exempt")
	}
	if c.has("preferred_locales") {
		o.PreferredLocales = append([]string{}, c.params.list("preferred_locales")...)
	}
	if err := o.setInvoiceSettings(c); err != nil {
		return err
	}
	return c.setMetadata(&o.Metadata)
}

func (o *customer) setInvoiceSettings(c *call) error {
	settings := c.hash("invoice_settings")
	settings.setText("footer", &o.InvoiceSettings.Footer)
	id := settings.text("default_payment_method")
	if id == "" {
		settings.setText("default_payment_method", &o.InvoiceSettings.DefaultPaymentMethod)
		return nil
	}
	method := o.saved(c.work, id)
	if method == nil {
		return badParam("invoice_settings[default_payment_method]", "resource_missing", "The customer does not have a payment method with the ID "+id+". The payment method must be attached to the customer.")
	}
	o.InvoiceSettings.DefaultPaymentMethod = &method.ID
	return nil
}

// saved is the payment method of the customer that an id names, nil for none; a
// test id such as pm_card_visa names the newest that was made of it.
func (o *customer) saved(w *work, id string) *paymentMethod {
	if test := cards.byAlias[strings.TrimPrefix(id, aliasPrefix)]; test != nil && strings.HasPrefix(id, aliasPrefix) {
		var newest *paymentMethod
		for _, method := range paymentMethods.where(w, indexKey{"customer", o.ID}) {
			if method.secret.Number == test.number {
				newest = method
			}
		}
		return newest
	}
	if method, ok := paymentMethods.find(w, id); ok && value(method.Customer) == o.ID {
		return method
	}
	return nil
}

func updateCustomer(c *call) (any, error) {
	if _, err := customers.fromPath(c); err != nil {
		return nil, err
	}
	next := customers.edit(c.work, c.id)
	if err := next.set(c); err != nil {
		return nil, err
	}
	if err := errors.Join(replaceSource(c, c.id), next.setDefaultSource(c)); err != nil {
		return nil, err
	}
	emitUpdated(c.work, "customer.updated", next)
	return next, nil
}

func deleteCustomer(c *call) (any, error) {
	old, err := customers.fromPath(c)
	if err != nil {
		return nil, err
	}
	return removeCustomer(c.work, old), nil
}

// removeCustomer deletes a customer; what was saved goes, and subscriptions end.
func removeCustomer(w *work, old *customer) *deletedObject {
	for _, s := range subscriptions.where(w, indexKey{"customer", old.ID}) {
		subscriptions.edit(w, s.ID).cancel(w, "cancellation_requested")
	}
	for _, method := range methodsOf(w, old.ID) {
		detach(w, method.ID)
	}
	for _, bank := range bankAccounts.matching(w, indexKey{"customer", old.ID}) {
		bankAccounts.remove(w, bank.ID, gone)
	}
	emit(w, "customer.deleted", old)
	return customers.remove(w, old.ID, deleted)
}

func listCustomers(c *call) (any, error) {
	return c.pageOf(query{kind: &customers.kind, key: c.filtered("email", "test_clock")})
}

func listCustomerMethods(c *call) (any, error) {
	if _, err := customers.fromPath(c); err != nil {
		return nil, err
	}
	return c.pageOf(query{kind: &paymentMethods.kind, key: indexKey{"customer", c.id}, keep: c.keepMethods()})
}

func retrieveCustomerMethod(c *call) (any, error) {
	id := c.request.PathValue("method")
	method, ok := paymentMethods.find(c.work, id)
	if !ok || value(method.Customer) != c.id {
		return nil, noSuch(http.StatusNotFound, "PaymentMethod", id, "payment_method")
	}
	return method, nil
}

// setAddress replaces an address as a whole, as Stripe does; empty unsets it.
func (p params) setAddress(name string, field **postalAddress) {
	node := p.node(name)
	if node == nil {
		return
	}
	*field = nil
	if sent := p.hash(name); node.isHash() {
		*field = pointer(sent.address())
	}
}

func (p params) address() postalAddress {
	var a postalAddress
	p.setText("city", &a.City)
	p.setText("country", &a.Country)
	p.setText("line1", &a.Line1)
	p.setText("line2", &a.Line2)
	p.setText("postal_code", &a.PostalCode)
	p.setText("state", &a.State)
	return a
}

func (p params) setShipping(field **shippingDetails) {
	if !p.has("shipping") {
		return
	}
	*field = nil
	sent := p.hash("shipping")
	if !sent.isHash() {
		return
	}
	next := &shippingDetails{Address: sent.hash("address").address(), Name: sent.text("name")}
	sent.setText("carrier", &next.Carrier)
	sent.setText("phone", &next.Phone)
	sent.setText("tracking_number", &next.TrackingNumber)
	*field = next
}
