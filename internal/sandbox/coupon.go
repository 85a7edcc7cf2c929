package sandbox

import "net/http"

const (
	// maxCouponName is the longest name of a coupon, in characters (§2.16).
	maxCouponName = 40
	// couponIDLength is how long the id is that a coupon gets when it names none.
	couponIDLength = 8
)

// How long a coupon's discount lasts (§2.16).
const (
	couponOnce      = "once"
	couponForever   = "forever"
	couponRepeating = "repeating"
)

// coupon is a reduction that can be given (§2.16): a part of the price, or an
// amount. Whom it was given to is said by discounts.
type coupon struct {
	head
	AmountOff        *int64            `json:"amount_off"` // minor units
	Created          int64             `json:"created"`
	Currency         *string           `json:"currency"`
	Duration         string            `json:"duration"`
	DurationInMonths *int64            `json:"duration_in_months"`
	Livemode         bool              `json:"livemode"`
	MaxRedemptions   *int64            `json:"max_redemptions"`
	Metadata         map[string]string `json:"metadata"`
	Name             *string           `json:"name"`
	PercentOff       *percent          `json:"percent_off"`
	RedeemBy         *int64            `json:"redeem_by"`
	TimesRedeemed    int64             `json:"times_redeemed"`
	Valid            bool              `json:"valid"`

	hidden couponSecret
}

// couponSecret is what is shown only when expand[] asks.
type couponSecret struct {
	Products []string `json:"products,omitempty"`
}

// couponProducts is applies_to: the products that a coupon is for.
type couponProducts struct {
	Products []string `json:"products"`
}

func (o *coupon) private() any     { return &o.hidden }
func (o *coupon) createdAt() int64 { return o.Created }

// asOf shows a coupon as no longer valid once its time is over.
func (o *coupon) asOf(now int64) object {
	shown := *o
	shown.Valid = o.valid(now)
	return &shown
}

func (o *coupon) valid(now int64) bool {
	return (o.RedeemBy == nil || now < *o.RedeemBy) && (o.MaxRedemptions == nil || o.TimesRedeemed < *o.MaxRedemptions)
}

var coupons = declare[coupon](kind{name: "coupon", length: couponIDLength, param: "coupon"})

func couponResource() *resource {
	id := &coupons.kind
	return &resource{
		kind: id,
		include: map[string]func(*view, object) any{"applies_to": func(_ *view, o object) any {
			return couponProducts{append([]string{}, o.(*coupon).hidden.Products...)}
		}},
		routes: []route{
			{method: http.MethodPost, path: "/v1/coupons", title: "Create a coupon", returns: id,
				params: []param{text("id"), integer("amount_off"), text("currency"), enum("duration", couponForever, couponOnce, couponRepeating),
					integer("duration_in_months"), integer("max_redemptions"), metadata(), shortText("name", maxCouponName), text("percent_off"),
					integer("redeem_by"), hash("applies_to", list("products", text("")))}, do: createCoupon},
			{method: http.MethodGet, path: "/v1/coupons", title: "List coupons", returns: id, list: true,
				params: paged(), do: func(c *call) (any, error) { return c.pageOf(query{kind: id}) }},
			{method: http.MethodGet, path: "/v1/coupons/{id}", title: "Retrieve a coupon", returns: id, do: coupons.retrieve},
			{method: http.MethodPost, path: "/v1/coupons/{id}", title: "Update a coupon's name and metadata", returns: id,
				params: []param{metadata(), shortText("name", maxCouponName)}, do: updateCoupon},
			{method: http.MethodDelete, path: "/v1/coupons/{id}", title: "Delete a coupon; discounts that were given stay", do: deleteCoupon},
		},
	}
}

func createCoupon(c *call) (any, error) {
	id := c.text("id")
	if id != "" && c.seek(&coupons.kind, id) != nil {
		return nil, badState("resource_already_exists", "Coupon already exists.").withParam("id")
	}
	if id == "" {
		id = c.sandbox.ids.text(couponIDLength)
	}
	made := &coupon{head: head{ID: id}, Created: c.wall, Duration: couponOnce, Metadata: map[string]string{}, Name: textOrNil(c.text("name")), Valid: true}
	if how := c.text("duration"); how != "" {
		made.Duration = how
	}
	if err := made.setReduction(c); err != nil {
		return nil, err
	}
	c.setInteger("duration_in_months", &made.DurationInMonths)
	c.setInteger("max_redemptions", &made.MaxRedemptions)
	c.setInteger("redeem_by", &made.RedeemBy)
	made.hidden.Products = c.hash("applies_to").list("products")
	switch {
	case (made.Duration == couponRepeating) != (made.DurationInMonths != nil):
		return nil, badParam("duration_in_months", "", "You must specify `duration_in_months` if and only if `duration` is `repeating`.")
	case made.DurationInMonths != nil && *made.DurationInMonths < 1, made.MaxRedemptions != nil && *made.MaxRedemptions < 1:
		return nil, badParam("max_redemptions", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	case made.RedeemBy != nil && *made.RedeemBy <= c.wall:
		return nil, badParam("redeem_by", "", "Invalid timestamp: must be an integer Unix timestamp in the future.")
	}
	coupons.add(c.work, made)
	emit(c.work, "coupon.created", made)
	return made, c.setMetadata(&made.Metadata)
}

// setReduction reads exactly one of a percentage and an amount.
func (o *coupon) setReduction(c *call) error {
	var err error
	if o.PercentOff, err = c.percent("percent_off", 1); err != nil {
		return err
	}
	c.setInteger("amount_off", &o.AmountOff)
	switch {
	case (o.PercentOff == nil) == (o.AmountOff == nil):
		return badParam("percent_off", "parameter_missing", "You must specify either `percent_off` or `amount_off`, and not both.")
	case o.AmountOff == nil:
		return nil
	case *o.AmountOff < 1:
		return badParam("amount_off", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	case !c.has("currency"):
		return badParam("currency", "parameter_missing", "You must pass currency when passing amount_off.")
	}
	currency, err := c.currencyOf("currency")
	o.Currency = &currency
	return err
}

func updateCoupon(c *call) (any, error) {
	if _, err := coupons.fromPath(c); err != nil {
		return nil, err
	}
	next := coupons.edit(c.work, c.id)
	c.setText("name", &next.Name)
	if err := c.setMetadata(&next.Metadata); err != nil {
		return nil, err
	}
	emitUpdated(c.work, "coupon.updated", next)
	return next, nil
}

func deleteCoupon(c *call) (any, error) {
	old, err := coupons.fromPath(c)
	if err != nil {
		return nil, err
	}
	emit(c.work, "coupon.deleted", old)
	return coupons.remove(c.work, old.ID, deleted), nil
}

// reduction is what one coupon takes off some amount, in minor units; it never
// takes more than there is, nor anything off what is owed back.
func (o *coupon) reduction(amount, pool int64) int64 {
	if amount <= 0 {
		return 0
	}
	if o.PercentOff != nil {
		return o.PercentOff.of(amount)
	}
	return min(amount, share(min(*o.AmountOff, pool), amount, pool))
}
