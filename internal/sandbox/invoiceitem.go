package sandbox

import (
	"net/http"
	"strconv"
)

// invoiceItem is an amount that waits for an invoice, or is on one (§2.18.4).
type invoiceItem struct {
	head
	Amount           int64              `json:"amount"` // minor units; negative is a credit
	Currency         string             `json:"currency"`
	Customer         string             `json:"customer" expand:"customer"`
	CustomerAccount  none               `json:"customer_account"`
	Date             int64              `json:"date"`
	Description      *string            `json:"description"`
	Discountable     bool               `json:"discountable"`
	Discounts        []string           `json:"discounts" expand:"discount"`
	Invoice          *string            `json:"invoice" expand:"invoice"`
	Livemode         bool               `json:"livemode"`
	Metadata         map[string]string  `json:"metadata"`
	NetAmount        int64              `json:"net_amount"`
	Parent           *invoiceItemParent `json:"parent"`
	Period           period             `json:"period"`
	Pricing          *linePricing       `json:"pricing"`
	Proration        bool               `json:"proration"`
	ProrationDetails *itemProration     `json:"proration_details,omitempty"`
	Quantity         int64              `json:"quantity"`
	QuantityDecimal  string             `json:"quantity_decimal"`
	TaxRates         []none             `json:"tax_rates"`
	TestClock        *string            `json:"test_clock" expand:"test_helpers.test_clock"`

	secret invoiceItemSecret
}

// itemProration is empty: the amount has its discounts in it already.
type itemProration struct {
	DiscountAmounts []discountAmount `json:"discount_amounts"`
}

type invoiceItemSecret struct {
	Credited *creditedItems `json:"credited,omitempty"`
}

type invoiceItemParent struct {
	SubscriptionDetails *itemSubscription `json:"subscription_details"`
	Type                string            `json:"type"`
}

type itemSubscription struct {
	Subscription     string  `json:"subscription"`
	SubscriptionItem *string `json:"subscription_item"`
}

func (o *invoiceItem) private() any     { return &o.secret }
func (o *invoiceItem) createdAt() int64 { return o.Date }

// subscription is whose invoice the item waits for, "" for any.
func (o *invoiceItem) subscription() string {
	if o.Parent == nil {
		return ""
	}
	return o.Parent.SubscriptionDetails.Subscription
}

var invoiceItems = declare[invoiceItem](kind{name: "invoiceitem", prefix: "ii_1", length: 23, noun: "invoiceitem", param: "invoiceitem"})

// itemParams may be set when creating and when updating.
var itemParams = []param{
	integer("amount"), text("description"), boolean("discountable"), discountsParam, metadata(), hash("period", integer("end").must(), integer("start").must()),
	hash("pricing", text("price")), priceData, integer("quantity"), text("unit_amount_decimal"), integer("unit_amount"), text("price"),
}

func invoiceItemResource() *resource {
	id := &invoiceItems.kind
	return &resource{
		kind: id,
		indexes: func(o object) []indexKey {
			item := o.(*invoiceItem)
			keys := []indexKey{{"customer", item.Customer}}
			if item.Invoice == nil {
				return append(keys, indexKey{"pending", item.Customer})
			}
			return append(keys, indexKey{"invoice", *item.Invoice})
		},
		routes: []route{
			{method: http.MethodPost, path: "/v1/invoiceitems", title: "Add an item to a draft, or to the next invoice", returns: id,
				params: allParams([]param{text("customer").must(), text("currency"), text("invoice"), text("subscription")}, itemParams), do: createInvoiceItem},
			{method: http.MethodGet, path: "/v1/invoiceitems", title: "List invoice items", returns: id, list: true,
				params: paged(text("customer"), text("invoice"), boolean("pending")), do: listInvoiceItems},
			{method: http.MethodGet, path: "/v1/invoiceitems/{id}", title: "Retrieve an invoice item", returns: id, do: invoiceItems.retrieve},
			{method: http.MethodPost, path: "/v1/invoiceitems/{id}", title: "Update an item that is not on a final invoice", returns: id,
				params: itemParams, do: updateInvoiceItem},
			{method: http.MethodDelete, path: "/v1/invoiceitems/{id}", title: "Delete an item that is not on a final invoice", do: deleteInvoiceItem},
		},
	}
}

// newInvoiceItem is an item of the customer for now, of nothing yet.
func newInvoiceItem(w *work, owner *customer, currency string) *invoiceItem {
	return invoiceItems.add(w, &invoiceItem{
		Currency: currency, Customer: owner.ID, Date: w.now, Discountable: true, Discounts: []string{}, Metadata: map[string]string{},
		Period: period{w.now, w.now}, Quantity: 1, QuantityDecimal: "1", TaxRates: []none{}, TestClock: owner.TestClock,
	})
}

func createInvoiceItem(c *call) (any, error) {
	owner, err := customers.fromParam(c, "customer")
	if err != nil {
		return nil, err
	}
	c.follow(owner.TestClock)
	onto, err := invoices.fromParam(c, "invoice")
	if err != nil {
		return nil, err
	}
	if onto != nil && (onto.Status != invoiceDraft || onto.Customer != owner.ID) {
		return nil, badState("invoice_not_editable", "The invoice must be a draft of the same customer.").withParam("invoice")
	}
	sub, err := subscriptions.fromParam(c, "subscription")
	if err != nil {
		return nil, err
	}
	currency := "usd"
	if onto != nil {
		currency = onto.Currency
	}
	made := newInvoiceItem(c.work, owner, currency)
	if sub != nil {
		made.Parent = &invoiceItemParent{&itemSubscription{Subscription: sub.ID}, "subscription_details"}
	}
	if err := made.set(c, owner); err != nil {
		return nil, err
	}
	emit(c.work, "invoiceitem.created", made)
	if onto != nil {
		made.Invoice = &onto.ID
		next := invoices.edit(c.work, onto.ID)
		if len(next.Lines.Data) == 0 {
			next.Currency = made.Currency
		}
		next.setLines(c.work, append(next.copyLines(), made.line()))
	}
	return made, nil
}

// copyLines is the lines of an invoice in a new list.
func (i *invoice) copyLines() []*invoiceLine { return append([]*invoiceLine{}, i.Lines.Data...) }

// set prices the item and changes what else the parameters name.
func (o *invoiceItem) set(c *call, owner *customer) error {
	if c.has("currency") {
		currency, err := c.currencyOf("currency")
		if err != nil {
			return err
		}
		o.Currency = currency
	}
	if n, ok := c.integer("quantity"); ok {
		if n < 0 {
			return badParam("quantity", "parameter_invalid_integer", "This value must be greater than or equal to 0.")
		}
		o.Quantity, o.QuantityDecimal = n, strconv.FormatInt(n, 10)
	}
	if err := o.setPrice(c); err != nil {
		return err
	}
	c.setText("description", &o.Description)
	if c.has("discountable") {
		o.Discountable = c.yes("discountable")
	}
	if span := c.hash("period"); span.values != nil {
		o.Period.Start, _ = span.integer("start")
		o.Period.End, _ = span.integer("end")
	}
	if c.has("discounts") {
		given, err := redeem(c, c.params, owner, func(d *discount) { d.InvoiceItem = &o.ID })
		if err != nil {
			return err
		}
		o.Discounts = given
	}
	row := &priced{amount: o.Amount, own: lasting(c.work, o.Discounts, c.now)}
	lower([]*priced{row}, nil)
	o.NetAmount = row.net()
	return c.setMetadata(&o.Metadata)
}

// setPrice reads an amount, or a price to multiply; a price made in passing is
// kept, as Stripe keeps it, inactive.
func (o *invoiceItem) setPrice(c *call) error {
	if amount, ok := c.integer("amount"); ok {
		o.Amount, o.Pricing = amount, nil
		if o.Quantity != 1 {
			return badParam("quantity", "parameters_exclusive", "You may only specify one of these parameters: amount, quantity.")
		}
		return nil
	}
	unit, err := c.amountOf("unit_amount")
	if err != nil {
		return err
	}
	id := c.hash("pricing").text("price")
	if id == "" {
		id = c.text("price")
	}
	var by *price
	switch {
	case unit != nil:
		o.Amount, o.Pricing = unit.times(o.Quantity).round(), &linePricing{nil, "price_details", unit}
		return nil
	case id != "":
		by, _ = prices.find(c.work, id)
		if by == nil {
			return noSuch(http.StatusBadRequest, "price", id, "pricing[price]")
		}
		if by.Recurring != nil {
			return badParam("pricing[price]", "", "The price specified is set to `type=recurring` but this field only accepts prices with `type=one_time`.")
		}
	case c.has("price_data"):
		if by, err = priceOfData(c, c.hash("price_data"), "price_data"); err != nil {
			return err
		}
	case o.Pricing != nil && o.Pricing.PriceDetails != nil:
		by, _ = prices.find(c.work, o.Pricing.PriceDetails.Price)
	}
	if by == nil {
		return nil
	}
	o.Amount, o.Currency, o.Pricing = by.amountFor(c.work, o.Quantity), by.Currency, by.pricing()
	if o.Description == nil {
		o.Description = pointer(by.label(c.work))
	}
	return nil
}

// priceOfData makes the price that a price_data hash describes, and the
// product if that is described too.
func priceOfData(c *call, data params, path string) (*price, error) {
	of := data.text("product")
	if named := data.hash("product_data"); of == "" && named.values != nil {
		made := newProduct(c.work, "", named.text("name"))
		emit(c.work, "product.created", made)
		of = made.ID
	}
	if _, ok := products.find(c.work, of); !ok {
		return nil, noSuch(http.StatusBadRequest, "product", of, join(path, "product"))
	}
	made, err := newPrice(c, data, of)
	if err != nil {
		return nil, err
	}
	made.Active = false
	return made, nil
}

// editable is the item of the path, unless its invoice is final.
func editableItem(c *call) (*invoiceItem, *invoice, error) {
	old, err := invoiceItems.fromPath(c)
	if err != nil || old.Invoice == nil {
		return old, nil, err
	}
	on, _ := invoices.find(c.work, *old.Invoice)
	if on.Status != invoiceDraft {
		return nil, nil, badState("invoice_not_editable", "This invoice item is on an invoice that can no longer be changed.")
	}
	return old, on, nil
}

func updateInvoiceItem(c *call) (any, error) {
	old, on, err := editableItem(c)
	if err != nil {
		return nil, err
	}
	c.follow(old.TestClock)
	owner, _ := customers.find(c.work, old.Customer)
	next := invoiceItems.edit(c.work, c.id)
	if err := next.set(c, owner); err != nil {
		return nil, err
	}
	if on != nil {
		edited := invoices.edit(c.work, on.ID)
		edited.setLines(c.work, append(edited.linesWithout(old.ID), next.line()))
	}
	return next, nil
}

// linesWithout is the lines but that of one invoice item.
func (i *invoice) linesWithout(item string) []*invoiceLine {
	var out []*invoiceLine
	for _, line := range i.Lines.Data {
		if d := line.Parent.InvoiceItemDetails; d == nil || d.InvoiceItem != item {
			out = append(out, line)
		}
	}
	return out
}

func deleteInvoiceItem(c *call) (any, error) {
	old, on, err := editableItem(c)
	if err != nil {
		return nil, err
	}
	if on != nil {
		edited := invoices.edit(c.work, on.ID)
		edited.setLines(c.work, edited.linesWithout(old.ID))
	}
	emit(c.work, "invoiceitem.deleted", old)
	return invoiceItems.remove(c.work, old.ID, deleted), nil
}

func listInvoiceItems(c *call) (any, error) {
	return c.pageOf(query{kind: &invoiceItems.kind, key: c.filtered("invoice", "customer"), keep: func(o object) bool {
		item := o.(*invoiceItem)
		return c.equals("customer", item.Customer) && c.agrees("pending", item.Invoice == nil)
	}})
}
