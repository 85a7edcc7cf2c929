package sandbox

import (
	"net/http"
	"strings"
)

// promotionCodeLength is how long a code is that Stripe makes up, in characters.
const promotionCodeLength = 8

// promotionCode is what a customer types to get a coupon (§2.16).
type promotionCode struct {
	head
	Active          bool                  `json:"active"`
	Code            string                `json:"code"`
	Created         int64                 `json:"created"`
	Customer        *string               `json:"customer" expand:"customer"`
	CustomerAccount none                  `json:"customer_account"`
	ExpiresAt       *int64                `json:"expires_at"`
	Livemode        bool                  `json:"livemode"`
	MaxRedemptions  *int64                `json:"max_redemptions"`
	Metadata        map[string]string     `json:"metadata"`
	Promotion       couponSource          `json:"promotion"`
	Restrictions    promotionRestrictions `json:"restrictions"`
	TimesRedeemed   int64                 `json:"times_redeemed"`
}

// couponSource names a coupon as what is behind a code or a discount.
type couponSource struct {
	Coupon *string `json:"coupon" expand:"coupon"`
	Type   string  `json:"type"`
}

type promotionRestrictions struct {
	FirstTimeTransaction  bool    `json:"first_time_transaction"`
	MinimumAmount         *int64  `json:"minimum_amount"`
	MinimumAmountCurrency *string `json:"minimum_amount_currency"`
}

func (p *promotionCode) createdAt() int64 { return p.Created }

// asOf shows a code as inactive once it can no longer be used.
func (p *promotionCode) asOf(now int64) object {
	shown := *p
	shown.Active = p.usable(now)
	return &shown
}

func (p *promotionCode) usable(now int64) bool {
	return p.Active && (p.ExpiresAt == nil || now < *p.ExpiresAt) && (p.MaxRedemptions == nil || p.TimesRedeemed < *p.MaxRedemptions)
}

var promotionCodes = declare[promotionCode](kind{name: "promotion_code", prefix: "promo_1", length: 23, noun: "promotion code", param: "promotion_code"})

func promotionCodeResource() *resource {
	id := &promotionCodes.kind
	return &resource{
		kind: id,
		indexes: func(o object) []indexKey {
			p := o.(*promotionCode)
			return []indexKey{{"code", strings.ToLower(p.Code)}, {"coupon", value(p.Promotion.Coupon)}}
		},
		routes: []route{
			{method: http.MethodPost, path: "/v1/promotion_codes", title: "Create a promotion code for a coupon", returns: id,
				params: []param{boolean("active"), text("code"), text("coupon"), text("customer"), integer("expires_at"), integer("max_redemptions"), metadata(),
					hash("promotion", text("coupon"), enum("type", "coupon").must()), hash("restrictions", boolean("first_time_transaction"),
						integer("minimum_amount"), text("minimum_amount_currency"))}, do: createPromotionCode},
			{method: http.MethodGet, path: "/v1/promotion_codes", title: "List promotion codes", returns: id, list: true,
				params: paged(boolean("active"), text("code"), text("coupon"), text("customer")), do: listPromotionCodes},
			{method: http.MethodGet, path: "/v1/promotion_codes/{id}", title: "Retrieve a promotion code", returns: id, do: promotionCodes.retrieve},
			{method: http.MethodPost, path: "/v1/promotion_codes/{id}", title: "Update a promotion code", returns: id,
				params: []param{boolean("active"), metadata()}, do: updatePromotionCode},
		},
	}
}

func createPromotionCode(c *call) (any, error) {
	of, param := c.hash("promotion").text("coupon"), "promotion[coupon]"
	if of == "" {
		of, param = c.text("coupon"), "coupon" // the name before 2025-09-30
	}
	if of == "" {
		return nil, missingParam("promotion")
	}
	if _, ok := coupons.find(c.work, of); !ok {
		return nil, noSuch(http.StatusBadRequest, "coupon", of, param)
	}
	owner, err := customers.fromParam(c, "customer")
	if err != nil {
		return nil, err
	}
	made := &promotionCode{Active: !c.has("active") || c.yes("active"), Code: c.text("code"), Created: c.wall, Metadata: map[string]string{},
		Promotion: couponSource{&of, "coupon"}}
	if owner != nil {
		made.Customer = &owner.ID
	}
	if made.Code == "" {
		made.Code = c.sandbox.ids.upper(promotionCodeLength)
	}
	if other := promotionByCode(c.work, made.Code); other != nil {
		return nil, badParam("code", "", "An active promotion code with `code: "+made.Code+"` already exists.")
	}
	c.setInteger("expires_at", &made.ExpiresAt)
	c.setInteger("max_redemptions", &made.MaxRedemptions)
	limits := c.hash("restrictions")
	made.Restrictions.FirstTimeTransaction = limits.yes("first_time_transaction")
	limits.setInteger("minimum_amount", &made.Restrictions.MinimumAmount)
	limits.setText("minimum_amount_currency", &made.Restrictions.MinimumAmountCurrency)
	promotionCodes.add(c.work, made)
	emit(c.work, "promotion_code.created", made)
	return made, c.setMetadata(&made.Metadata)
}

// promotionByCode is the usable code that a customer typed; case does not matter.
func promotionByCode(w *work, code string) *promotionCode {
	for _, p := range promotionCodes.where(w, indexKey{"code", strings.ToLower(code)}) {
		if p.usable(w.now) {
			return p
		}
	}
	return nil
}

func updatePromotionCode(c *call) (any, error) {
	if _, err := promotionCodes.fromPath(c); err != nil {
		return nil, err
	}
	next := promotionCodes.edit(c.work, c.id)
	if c.has("active") {
		next.Active = c.yes("active")
	}
	if err := c.setMetadata(&next.Metadata); err != nil {
		return nil, err
	}
	emitUpdated(c.work, "promotion_code.updated", next)
	return next, nil
}

func listPromotionCodes(c *call) (any, error) {
	key := c.filtered("coupon")
	if code := c.text("code"); code != "" {
		key = indexKey{"code", strings.ToLower(code)}
	}
	return c.pageOf(query{kind: &promotionCodes.kind, key: key, keep: func(o object) bool {
		p := o.(*promotionCode)
		return c.agrees("active", p.usable(c.now)) && c.equals("customer", value(p.Customer)) && c.equals("coupon", value(p.Promotion.Coupon))
	}})
}
