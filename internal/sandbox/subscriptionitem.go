package sandbox

import (
	"net/http"
	"net/url"
	"strconv"
)

// maxItems is how many items a subscription may have (§2.17.2).
const maxItems = 20

// subscriptionItem is one price of a subscription, and how many of it. It
// lives inside its subscription.
type subscriptionItem struct {
	head
	BillingThresholds  none              `json:"billing_thresholds"`
	Created            int64             `json:"created"`
	CurrentPeriodEnd   int64             `json:"current_period_end"`
	CurrentPeriodStart int64             `json:"current_period_start"`
	Discounts          []string          `json:"discounts" expand:"discount"`
	Metadata           map[string]string `json:"metadata"`
	Plan               *plan             `json:"plan"`
	Price              *price            `json:"price"`
	Quantity           *int64            `json:"quantity,omitempty"` // nil when metered
	Subscription       string            `json:"subscription"`
	TaxRates           []none            `json:"tax_rates"`
}

func (i *subscriptionItem) createdAt() int64 { return i.Created }

// amount is what the item costs for a whole period, in minor units; usage
// costs nothing in advance.
func (i *subscriptionItem) amount(w *work) int64 {
	if i.Price.metered() {
		return 0
	}
	return i.Price.amountFor(w, *i.Quantity)
}

// subscriptionItems has no objects of its own: they are in subscriptions.
var subscriptionItems = declare[subscriptionItem](kind{name: "subscription_item", prefix: "si_", length: 14, noun: "subscription item"})

func subscriptionItemResource() *resource {
	id := &subscriptionItems.kind
	options := allParams([]param{paymentBehaviors, boolean("off_session")}, prorationParams)
	return &resource{kind: id, routes: []route{
		{method: http.MethodPost, path: "/v1/subscription_items", title: "Add an item to a subscription", returns: id,
			params: allParams([]param{text("subscription").must()}, itemFields, options), do: addItem},
		{method: http.MethodGet, path: "/v1/subscription_items", title: "List the items of a subscription", returns: id, list: true,
			params: paged(text("subscription").must()), do: listItems},
		{method: http.MethodGet, path: "/v1/subscription_items/{id}", title: "Retrieve an item", returns: id, do: retrieveItem},
		{method: http.MethodPost, path: "/v1/subscription_items/{id}", title: "Change an item", returns: id,
			params: allParams(itemFields, options), do: updateItem},
		{method: http.MethodDelete, path: "/v1/subscription_items/{id}", title: "Remove an item", params: options, do: removeItem},
	}}
}

// holding is the subscription that has the item of the path, and the item.
func holding(c *call) (*subscription, *subscriptionItem, error) {
	for _, s := range subscriptions.where(c.work, indexKey{"item", c.id}) {
		return s, s.item(c.id), nil
	}
	return nil, nil, noSuch(http.StatusNotFound, "subscription item", c.id, "id")
}

func (s *subscription) item(id string) *subscriptionItem {
	for _, item := range s.Items.Data {
		if item.ID == id {
			return item
		}
	}
	return nil
}

func retrieveItem(c *call) (any, error) {
	_, item, err := holding(c)
	return item, err
}

func listItems(c *call) (any, error) {
	of, err := subscriptions.fromParam(c, "subscription")
	if err != nil {
		return nil, err
	}
	return c.pageIn(toObjects(of.Items.Data))
}

// change makes the change of an item as a change of its subscription.
func (c *call) changeItem(of string, more url.Values) (*subscription, error) {
	form := url.Values{}
	for at, name := range c.names {
		switch name {
		case "proration_behavior", "proration_date", "payment_behavior", "off_session":
			spread(form, name, c.nodes[at])
		case "subscription", "expand", "key":
		default:
			spread(form, join("items[0]", name), c.nodes[at])
		}
	}
	for name, texts := range more {
		form[name] = texts
	}
	out, err := updateSubscription(c.ask(of, form))
	if err != nil {
		return nil, err
	}
	return out.(*subscription), nil
}

// spread writes a parameter, with all that is nested in it, into a form.
func spread(form url.Values, name string, v *values) {
	if v.given {
		form.Set(name, v.text)
	}
	for at, inner := range v.names {
		if inner == "" {
			inner = strconv.Itoa(at)
		}
		spread(form, join(name, inner), v.nodes[at])
	}
}

func addItem(c *call) (any, error) {
	of, err := subscriptions.fromParam(c, "subscription")
	if err != nil {
		return nil, err
	}
	changed, err := c.changeItem(of.ID, nil)
	if err != nil {
		return nil, err
	}
	return changed.Items.Data[len(changed.Items.Data)-1], nil
}

func updateItem(c *call) (any, error) {
	of, _, err := holding(c)
	if err != nil {
		return nil, err
	}
	changed, err := c.changeItem(of.ID, url.Values{"items[0][id]": {c.id}})
	if err != nil {
		return nil, err
	}
	return changed.item(c.id), nil
}

func removeItem(c *call) (any, error) {
	of, _, err := holding(c)
	if err != nil {
		return nil, err
	}
	if _, err := c.changeItem(of.ID, url.Values{"items[0][id]": {c.id}, "items[0][deleted]": {"true"}}); err != nil {
		return nil, err
	}
	return &deletedObject{head{c.id, subscriptionItems.name}, true}, nil
}

// newItem is an item for a price that the parameters name or describe.
func (s *subscription) newItem(c *call, sent params, path string) (*subscriptionItem, error) {
	by, err := recurringPrice(c, sent, path)
	if err != nil {
		return nil, err
	}
	made := &subscriptionItem{
		head:    head{subscriptionItems.prefix + c.sandbox.ids.text(subscriptionItems.length), subscriptionItems.name},
		Created: c.now, Discounts: []string{}, Metadata: map[string]string{}, Subscription: s.ID, TaxRates: []none{},
	}
	made.price(by)
	return made, made.set(c, sent)
}

// price sets what the item is for.
func (i *subscriptionItem) price(by *price) {
	i.Price, i.Plan = by, by.plan()
	switch {
	case by.metered():
		i.Quantity = nil
	case i.Quantity == nil:
		i.Quantity = pointer(int64(1))
	}
}

// set changes quantity, metadata and discounts.
func (i *subscriptionItem) set(c *call, sent params) error {
	if n, ok := sent.integer("quantity"); ok {
		switch {
		case i.Price.metered():
			return badParam("items[0][quantity]", "", "You cannot set the quantity of a metered price.")
		case n < 0:
			return badParam("items[0][quantity]", "parameter_invalid_integer", "This value must be greater than or equal to 0.")
		}
		i.Quantity = &n
	}
	if sent.has("discounts") {
		of, _ := subscriptions.find(c.work, i.Subscription)
		owner, _ := customers.find(c.work, of.Customer)
		given, err := redeem(c, sent, owner, func(d *discount) { d.Subscription, d.SubscriptionItem = &of.ID, &i.ID })
		if err != nil {
			return err
		}
		i.Discounts = given
	}
	return sent.setMetadata(&i.Metadata)
}

// recurringPrice is the price of an item: by id, by its older name, or by data.
func recurringPrice(c *call, sent params, path string) (*price, error) {
	id, param := sent.text("price"), join(path, "price")
	if id == "" {
		id, param = sent.text("plan"), join(path, "plan")
	}
	var by *price
	var err error
	switch {
	case id != "":
		found, ok := prices.find(c.work, id)
		if !ok {
			return nil, noSuch(http.StatusBadRequest, "price", id, param)
		}
		by = found
	case sent.has("price_data"):
		if by, err = priceOfData(c, sent.hash("price_data"), join(path, "price_data")); err != nil {
			return nil, err
		}
		return by, by.mustRecur(param)
	default:
		return nil, missingParam(param)
	}
	if !by.Active {
		return nil, badParam(param, "", "The price specified is inactive. This field only accepts active prices.")
	}
	return by, by.mustRecur(param)
}

func (p *price) mustRecur(param string) error {
	if p.Recurring != nil {
		return nil
	}
	return badParam(param, "", "The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`.")
}
