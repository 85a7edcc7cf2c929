package sandbox

import (
	"net/http"
	"slices"
)

// maxDiscounts is how many discounts one object may have. Stripe allows 20.
const maxDiscounts = 20

// discount is a coupon that was given to something (§2.16).
type discount struct {
	head
	CheckoutSession  *string      `json:"checkout_session"`
	Customer         *string      `json:"customer" expand:"customer"`
	CustomerAccount  none         `json:"customer_account"`
	End              *int64       `json:"end"`
	Invoice          *string      `json:"invoice"`
	InvoiceItem      *string      `json:"invoice_item"`
	PromotionCode    *string      `json:"promotion_code" expand:"promotion_code"`
	Source           couponSource `json:"source"`
	Start            int64        `json:"start"`
	Subscription     *string      `json:"subscription"`
	SubscriptionItem *string      `json:"subscription_item"`

	secret discountSecret
}

// discountSecret keeps the coupon as it was given: deleting it changes nothing
// for those who have it.
type discountSecret struct {
	Coupon   coupon   `json:"coupon"`
	Products []string `json:"products,omitempty"`
	Spent    bool     `json:"spent,omitempty"` // a discount for once was on an invoice
}

func (d *discount) private() any     { return &d.secret }
func (d *discount) createdAt() int64 { return d.Start }

// discounts have no routes of their own: they are seen where they apply.
var discounts = declare[discount](kind{name: "discount", prefix: "di_1", length: 23})

func discountResource() *resource { return &resource{kind: &discounts.kind} }

// discountsParam is how discounts are asked for.
var discountsParam = list("discounts", hash("", text("coupon"), text("discount"), text("promotion_code")))

// discountAmount is what one discount took off, in minor units.
type discountAmount struct {
	Amount   int64  `json:"amount"`
	Discount string `json:"discount" expand:"discount"`
}

// redeem gives the coupons that discounts[] names, for an object that onto
// names in each discount; the customer is who gets them.
func redeem(c *call, sent params, owner *customer, onto func(*discount)) ([]string, error) {
	rows := sent.each("discounts")
	if len(rows) > maxDiscounts {
		return nil, badParam("discounts", "", "You may specify up to 20 discounts.")
	}
	out := []string{}
	for _, row := range rows {
		if kept := row.text("discount"); kept != "" {
			if _, ok := discounts.find(c.work, kept); !ok {
				return nil, noSuch(http.StatusBadRequest, "discount", kept, "discounts[0][discount]")
			}
			out = append(out, kept)
			continue
		}
		given, err := redeemOne(c, row, owner)
		if err != nil {
			return nil, err
		}
		onto(given)
		out = append(out, given.ID)
	}
	return out, nil
}

func redeemOne(c *call, row params, owner *customer) (*discount, error) {
	id, code := row.text("coupon"), row.text("promotion_code")
	var promotion *promotionCode
	if code != "" {
		found, ok := promotionCodes.find(c.work, code)
		switch {
		case !ok:
			return nil, noSuch(http.StatusBadRequest, "promotion code", code, "discounts[0][promotion_code]")
		case !found.usable(c.now) || found.Customer != nil && *found.Customer != owner.ID:
			return nil, badParam("discounts[0][promotion_code]", "promotion_code_expired", "This promotion code cannot be redeemed because it is not active, or is for another customer.")
		}
		promotion, id = found, *found.Promotion.Coupon
	}
	of, ok := coupons.find(c.work, id)
	switch {
	case !ok:
		return nil, noSuch(http.StatusBadRequest, "coupon", id, "discounts[0][coupon]")
	case !of.valid(c.now):
		return nil, badParam("discounts[0][coupon]", "coupon_expired", "Coupon expired: "+id)
	}
	return give(c.work, of, promotion, owner), nil
}

// give counts a redemption and makes the discount.
func give(w *work, of *coupon, by *promotionCode, owner *customer) *discount {
	made := discounts.add(w, &discount{Customer: &owner.ID, Source: couponSource{&of.ID, "coupon"}, Start: w.now,
		secret: discountSecret{Coupon: *of, Products: of.hidden.Products}})
	if of.Duration == couponRepeating {
		made.End = pointer(addMonths(w.now, *of.DurationInMonths))
	}
	coupons.edit(w, of.ID).TimesRedeemed++
	if by != nil {
		made.PromotionCode = &by.ID
		promotionCodes.edit(w, by.ID).TimesRedeemed++
	}
	return made
}

// lasting is the discounts, of these, that still apply at a time.
func lasting(w *work, ids []string, now int64) []*discount {
	var out []*discount
	for _, id := range ids {
		if d, ok := discounts.find(w, id); ok && !d.secret.Spent && (d.End == nil || now < *d.End) {
			out = append(out, d)
		}
	}
	return out
}

// useUp ends discounts that are for one invoice only.
func useUp(w *work, given []*discount) {
	for _, d := range given {
		if d.secret.Coupon.Duration == couponOnce {
			next := discounts.edit(w, d.ID)
			next.secret.Spent, next.End = true, pointer(w.now)
		}
	}
}

// covers says whether the discount is for this product.
func (d *discount) covers(product string) bool {
	return len(d.secret.Products) == 0 || slices.Contains(d.secret.Products, product)
}

// priced is something whose amount discounts may lower.
type priced struct {
	amount  int64 // minor units, before discounts
	product string
	own     []*discount // the item's own, which go first
	fixed   bool        // no discount applies
	taken   []discountAmount
}

// net is what is left of the amount.
func (p *priced) net() int64 {
	left := p.amount
	for _, off := range p.taken {
		left -= off.Amount
	}
	return left
}

// lower applies discounts to lines: each line's own first, then those of all,
// one after the other (§2.16). An amount is split over the lines in proportion
// and adds up exactly.
func lower(lines []*priced, all []*discount) {
	for _, line := range lines {
		for _, d := range line.own {
			d.apply([]*priced{line})
		}
	}
	for _, d := range all {
		d.apply(lines)
	}
}

func (d *discount) apply(lines []*priced) {
	var fit []*priced
	pool := int64(0)
	for _, line := range lines {
		if !line.fixed && d.covers(line.product) && line.net() > 0 {
			fit = append(fit, line)
			pool += line.net()
		}
	}
	of := d.secret.Coupon
	left := pool
	if of.AmountOff != nil {
		left = min(*of.AmountOff, pool)
	}
	for at, line := range fit {
		off := min(of.reduction(line.net(), pool), left)
		if of.AmountOff != nil && at == len(fit)-1 {
			off = min(left, line.net())
		}
		left -= off
		line.taken = append(line.taken, discountAmount{off, d.ID})
	}
}
