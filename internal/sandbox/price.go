package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

const (
	// maxLookupKey is the longest lookup_key, in characters (§2.15).
	maxLookupKey = 200
	// maxRecurrence is the longest interval, in months: three years (§2.15).
	maxRecurrence = 36
	// maxTiers is how many tiers one price may have. Stripe names no number;
	// this is far above any price list.
	maxTiers = 100
)

// price says what a product costs (§2.15): once, or at every interval.
type price struct {
	head
	Active            bool              `json:"active"`
	BillingScheme     string            `json:"billing_scheme"`
	Created           int64             `json:"created"`
	Currency          string            `json:"currency"`
	CustomUnitAmount  none              `json:"custom_unit_amount"`
	Livemode          bool              `json:"livemode"`
	LookupKey         *string           `json:"lookup_key"`
	Metadata          map[string]string `json:"metadata"`
	Nickname          *string           `json:"nickname"`
	Product           string            `json:"product" expand:"product"`
	Recurring         *recurring        `json:"recurring"`
	TaxBehavior       string            `json:"tax_behavior"`
	TiersMode         *string           `json:"tiers_mode"`
	TransformQuantity *transform        `json:"transform_quantity"`
	Type              string            `json:"type"`
	UnitAmount        *int64            `json:"unit_amount"` // minor units
	UnitAmountDecimal *decimal          `json:"unit_amount_decimal"`

	hidden priceSecret
}

// priceSecret is what a price shows only when expand[] asks.
type priceSecret struct {
	Tiers []tier `json:"tiers,omitempty"`
}

type recurring struct {
	Interval        string  `json:"interval"`
	IntervalCount   int64   `json:"interval_count"`
	Meter           *string `json:"meter"`
	TrialPeriodDays *int64  `json:"trial_period_days"`
	UsageType       string  `json:"usage_type"`
}

// transform turns a quantity into packages.
type transform struct {
	DivideBy int64  `json:"divide_by"`
	Round    string `json:"round"`
}

// tier is one row of a price list, up to a quantity (nil: all that follows).
type tier struct {
	FlatAmount        *int64   `json:"flat_amount"`
	FlatAmountDecimal *decimal `json:"flat_amount_decimal"`
	UnitAmount        *int64   `json:"unit_amount"`
	UnitAmountDecimal *decimal `json:"unit_amount_decimal"`
	UpTo              *int64   `json:"up_to"`
}

func (p *price) private() any     { return &p.hidden }
func (p *price) createdAt() int64 { return p.Created }
func (p *price) metered() bool    { return p.Recurring != nil && p.Recurring.UsageType == "metered" }

// interval is how often a recurring price recurs.
func (p *price) interval() interval {
	return interval{p.Recurring.Interval, p.Recurring.IntervalCount}
}

var prices = declare[price](kind{name: "price", prefix: "price_1", length: 23})

var (
	recurringParams = hash("recurring", enum("interval", "day", "month", "week", "year").must(), integer("interval_count"),
		text("meter"), integer("trial_period_days"), enum("usage_type", "licensed", "metered"))
	taxBehavior = enum("tax_behavior", "exclusive", "inclusive", "unspecified")
	// priceAmounts is how a price may be given, wherever one is.
	priceAmounts = []param{integer("unit_amount"), text("unit_amount_decimal"), taxBehavior}
	priceParams  = []param{boolean("active"), shortText("lookup_key", maxLookupKey), metadata(), text("nickname"), taxBehavior, boolean("transfer_lookup_key")}
	// priceData makes a price in passing, for a product that exists or is made with it.
	priceData = hash("price_data", append([]param{text("currency").must(), text("product"), recurringParams,
		hash("product_data", text("name").must(), text("description"), list("images", text("")), metadata())}, priceAmounts...)...)
)

func priceResource() *resource {
	id := &prices.kind
	return &resource{
		kind: id,
		indexes: func(o object) []indexKey {
			p := o.(*price)
			keys := append(metadataKeys(p.Metadata), indexKey{"product", p.Product}, indexKey{"type", p.Type})
			if p.LookupKey != nil {
				keys = append(keys, indexKey{"lookup_key", *p.LookupKey})
			}
			return keys
		},
		include: map[string]func(*view, object) any{"tiers": func(_ *view, o object) any { return append([]tier{}, o.(*price).hidden.Tiers...) }},
		routes: []route{
			{method: http.MethodPost, path: "/v1/prices", title: "Create a price, with its product if asked", returns: id,
				params: allParams([]param{text("currency").must(), text("product"), recurringParams, integer("unit_amount"), text("unit_amount_decimal"),
					hash("product_data", text("name").must(), text("id"), boolean("active"), metadata(), text("statement_descriptor"), text("unit_label")),
					enum("billing_scheme", "per_unit", "tiered"), enum("tiers_mode", "graduated", "volume"), tierParams,
					hash("transform_quantity", integer("divide_by").must(), enum("round", "down", "up").must())}, priceParams), do: createPrice},
			{method: http.MethodGet, path: "/v1/prices", title: "List prices", returns: id, list: true,
				params: paged(boolean("active"), text("currency"), list("lookup_keys", text("")), text("product"), enum("type", "one_time", "recurring"),
					hash("recurring", text("interval"), text("meter"), text("usage_type"))), do: listPrices},
			{method: http.MethodGet, path: "/v1/prices/search", title: "Search prices", returns: id, list: true,
				params: searchParams, do: searching(id)},
			{method: http.MethodGet, path: "/v1/prices/{id}", title: "Retrieve a price", returns: id, do: prices.retrieve},
			{method: http.MethodPost, path: "/v1/prices/{id}", title: "Update a price; its amount never changes", returns: id,
				params: priceParams, do: updatePrice},
		},
	}
}

var tierParams = list("tiers", hash("", integer("flat_amount"), text("flat_amount_decimal"), integer("unit_amount"),
	text("unit_amount_decimal"), text("up_to").must()))

func createPrice(c *call) (any, error) {
	of := ""
	switch {
	case c.has("product") == c.has("product_data"):
		return nil, badParam("product", "parameter_missing", "You must provide exactly one of the following parameters: product, product_data.")
	case c.has("product"):
		found, err := products.fromParam(c, "product")
		if err != nil {
			return nil, err
		}
		of = found.ID
	default:
		data := c.hash("product_data")
		made := newProduct(c.work, data.text("id"), data.text("name"))
		_ = data.setMetadata(&made.Metadata) // its size was checked, and a new object has no other keys
		emit(c.work, "product.created", made)
		of = made.ID
	}
	return newPrice(c, c.params, of)
}

// newPrice makes a price of what was sent, for a product.
func newPrice(c *call, sent params, of string) (*price, error) {
	currency, err := sent.currencyOf("currency")
	if err != nil {
		return nil, err
	}
	made := &price{Active: true, BillingScheme: "per_unit", Created: c.wall, Currency: currency, Metadata: map[string]string{},
		Product: of, TaxBehavior: "unspecified", Type: "one_time"}
	if made.Recurring, err = sent.hash("recurring").recurring(c.work); err != nil {
		return nil, err
	}
	if made.Recurring != nil {
		made.Type = "recurring"
	}
	if err := made.setAmounts(sent); err != nil {
		return nil, err
	}
	if t := sent.hash("transform_quantity"); t.values != nil && t.isHash() {
		by, _ := t.integer("divide_by")
		if by < 1 {
			return nil, badParam("transform_quantity[divide_by]", "", "divide_by must be positive.")
		}
		made.TransformQuantity = &transform{by, t.text("round")}
	}
	if err := made.set(c.work, sent); err != nil {
		return nil, err
	}
	prices.add(c.work, made)
	emit(c.work, "price.created", made)
	if made.Recurring != nil {
		emit(c.work, "plan.created", made.plan())
	}
	return made, nil
}

// recurring reads the hash of that name; nil when it was not sent.
func (p params) recurring(w *work) (*recurring, error) {
	if p.values == nil || !p.isHash() {
		return nil, nil
	}
	r := &recurring{Interval: p.text("interval"), IntervalCount: 1, Meter: textOrNil(p.text("meter")), UsageType: "licensed"}
	if n, ok := p.integer("interval_count"); ok {
		r.IntervalCount = n
	}
	p.setInteger("trial_period_days", &r.TrialPeriodDays)
	if how := p.text("usage_type"); how != "" {
		r.UsageType = how
	}
	return r, r.check(w)
}

func (r *recurring) check(w *work) error {
	longest := map[string]int64{"day": maxRecurrence * 365 / monthsPerYear, "week": maxRecurrence * 52 / monthsPerYear, "month": maxRecurrence, "year": maxRecurrence / monthsPerYear}
	if r.IntervalCount < 1 || r.IntervalCount > longest[r.Interval] {
		return badParam("recurring[interval_count]", "", "The interval cannot be shorter than one day or longer than three years.")
	}
	if r.UsageType != "metered" {
		return nil
	}
	if r.Meter == nil {
		return badParam("recurring[meter]", "parameter_missing", "Metered prices must be backed by a meter: provide `recurring[meter]`.")
	}
	if _, ok := meters.find(w, *r.Meter); !ok {
		return noSuch(http.StatusBadRequest, "meter", *r.Meter, "recurring[meter]")
	}
	return nil
}

// setAmounts reads one unit amount, or tiers of them.
func (p *price) setAmounts(sent params) error {
	if sent.text("billing_scheme") == "tiered" {
		return p.setTiers(sent)
	}
	amount, err := sent.amountOf("unit_amount")
	switch {
	case err != nil:
		return err
	case amount == nil:
		return badParam("unit_amount", "parameter_missing", "You must specify either `unit_amount` or `unit_amount_decimal` when `billing_scheme=per_unit`.")
	case amount.Sign() < 0:
		return badParam("unit_amount", "parameter_invalid_integer", "This value must be greater than or equal to 0.")
	}
	p.UnitAmount, p.UnitAmountDecimal = amount.whole64(), amount
	return nil
}

// amountOf reads name, whole, or name_decimal, exact; both are an error.
func (p params) amountOf(name string) (*decimal, error) {
	if p.has(name) && p.has(name+"_decimal") {
		return nil, badParam(name, "parameters_exclusive", "You may only specify one of these parameters: "+name+", "+name+"_decimal.")
	}
	if n, ok := p.integer(name); ok {
		return pointer(whole(n)), nil
	}
	return p.decimalOf(name + "_decimal")
}

func (p *price) setTiers(sent params) error {
	rows := sent.each("tiers")
	if len(rows) == 0 || len(rows) > maxTiers || sent.text("tiers_mode") == "" {
		return badParam("tiers", "parameter_missing", "`tiers` and `tiers_mode` are required when `billing_scheme=tiered`.")
	}
	p.BillingScheme, p.TiersMode = "tiered", textOrNil(sent.text("tiers_mode"))
	for at, row := range rows {
		next := tier{}
		unit, err := row.amountOf("unit_amount")
		if err != nil {
			return err
		}
		flat, err := row.amountOf("flat_amount")
		if err != nil {
			return err
		}
		if unit != nil {
			next.UnitAmount, next.UnitAmountDecimal = unit.whole64(), unit
		}
		if flat != nil {
			next.FlatAmount, next.FlatAmountDecimal = flat.whole64(), flat
		}
		row.setInteger("up_to", &next.UpTo)
		if last := at == len(rows)-1; last != (next.UpTo == nil) || at > 0 && !last && *next.UpTo <= *p.hidden.Tiers[at-1].UpTo {
			return badParam("tiers", "", "Tiers must ascend by `up_to`, and the last must have `up_to=inf`.")
		}
		p.hidden.Tiers = append(p.hidden.Tiers, next)
	}
	return nil
}

// set changes what may be changed of a price.
func (p *price) set(w *work, sent params) error {
	if sent.has("active") {
		p.Active = sent.yes("active")
	}
	if how := sent.text("tax_behavior"); how != "" {
		p.TaxBehavior = how
	}
	sent.setText("nickname", &p.Nickname)
	if key := sent.text("lookup_key"); key != "" && key != value(p.LookupKey) {
		for _, other := range prices.where(w, indexKey{"lookup_key", key}) {
			if !sent.yes("transfer_lookup_key") {
				return badParam("lookup_key", "", "A price (`"+other.ID+"`) already uses that lookup key.")
			}
			prices.edit(w, other.ID).LookupKey = nil
		}
	}
	sent.setText("lookup_key", &p.LookupKey)
	return sent.setMetadata(&p.Metadata)
}

func updatePrice(c *call) (any, error) {
	if _, err := prices.fromPath(c); err != nil {
		return nil, err
	}
	next := prices.edit(c.work, c.id)
	if err := next.set(c.work, c.params); err != nil {
		return nil, err
	}
	emitUpdated(c.work, "price.updated", next)
	return next, nil
}

func listPrices(c *call) (any, error) {
	keys := c.params.list("lookup_keys")
	shape := c.hash("recurring")
	return c.pageOf(query{kind: &prices.kind, key: c.filtered("product", "type"), keep: func(o object) bool {
		p := o.(*price)
		r := p.Recurring
		if r == nil {
			r = &recurring{}
		}
		return c.agrees("active", p.Active) && c.equals("currency", p.Currency) && c.equals("product", p.Product) && c.equals("type", p.Type) &&
			among(keys, value(p.LookupKey)) && shape.equals("interval", r.Interval) && shape.equals("meter", value(r.Meter)) && shape.equals("usage_type", r.UsageType)
	}})
}

// amountFor is what a quantity costs, in minor units (§2.15).
func (p *price) amountFor(w *work, quantity int64) int64 {
	if t := p.TransformQuantity; t != nil {
		packages := quantity / t.DivideBy
		if t.Round == "up" && quantity%t.DivideBy != 0 {
			packages++
		}
		quantity = packages
	}
	switch {
	case p.BillingScheme != "tiered":
		return p.UnitAmountDecimal.times(quantity).round()
	case *p.TiersMode == "volume":
		return volume(p.tiers(w), quantity)
	}
	return graduated(p.tiers(w), quantity)
}

// tiers is the price list. Objects that show a price have it without what it
// hides, so that the price itself is asked.
func (p *price) tiers(w *work) []tier {
	if kept, ok := prices.find(w, p.ID); ok {
		return kept.hidden.Tiers
	}
	return p.hidden.Tiers // being made
}

// volume prices all units by the tier that the total falls in; the last tier
// has no end.
func volume(tiers []tier, quantity int64) int64 {
	at := slices.IndexFunc(tiers, func(t tier) bool { return t.UpTo == nil || quantity <= *t.UpTo })
	return tiers[at].cost(quantity).round()
}

// graduated prices each unit by the tier that it falls in.
func graduated(tiers []tier, quantity int64) int64 {
	sum, below := whole(0), int64(0)
	for _, t := range tiers {
		inside := quantity - below
		if t.UpTo != nil {
			inside = min(inside, *t.UpTo-below)
			below = *t.UpTo
		}
		if inside <= 0 {
			break
		}
		sum = sum.plus(t.cost(inside))
	}
	return sum.round()
}

func (t tier) cost(units int64) decimal {
	sum := whole(0)
	if t.UnitAmountDecimal != nil {
		sum = sum.plus(t.UnitAmountDecimal.times(units))
	}
	if t.FlatAmountDecimal != nil && units > 0 {
		sum = sum.plus(*t.FlatAmountDecimal)
	}
	return sum
}

// label is how lines of invoices name what the price is for: the product.
func (p *price) label(w *work) string {
	if of, ok := products.find(w, p.Product); ok {
		return of.Name
	}
	return strings.TrimSpace(value(p.Nickname) + " " + p.ID)
}
