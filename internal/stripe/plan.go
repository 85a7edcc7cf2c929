package stripe

import (
	"context"
	"encoding/json"
	"net/url"

	stripego "github.com/stripe/stripe-go/v85"

	"florin/internal/pay"
)

// CreatePlan writes the request that makes a plan's price, together with a
// product of its own. Our id is the price's lookup key, which one price has at
// the most: a plan cannot be made twice, and is found without a search.
func (g *Gateway) CreatePlan(p pay.Plan) (pay.Wire, error) {
	return compose("/v1/prices", &stripego.PriceCreateParams{
		Currency:  stripego.String(currencyOnWire(p.Amount.Currency)),
		LookupKey: stripego.String(string(p.ID)),
		Metadata:  tagged(p.Metadata, map[string]string{keyPlan: string(p.ID), keyMerchant: string(p.Owner.Merchant)}),
		ProductData: &stripego.PriceCreateProductDataParams{
			Name: stripego.String(p.Name), Metadata: map[string]string{keyPlan: string(p.ID), keyMerchant: string(p.Owner.Merchant)},
		},
		Recurring: &stripego.PriceCreateRecurringParams{
			Interval: stripego.String(string(p.Interval)), IntervalCount: stripego.Int64(int64(p.IntervalCount)),
		},
		UnitAmount: stripego.Int64(toWire(p.Amount)),
	}), nil
}

// ChangePlan writes the request that lets a plan take new subscriptions, or no
// more of them.
//
// Errors: in_doubt, when Stripe never said which price it is.
func (g *Gateway) ChangePlan(p pay.Plan, active bool) (pay.Wire, error) {
	if p.ProviderRef == "" {
		return pay.Wire{}, pay.Errorf(pay.CodeInDoubt, "the plan is not known to Stripe yet")
	}
	return compose(stripego.FormatURLPath("/v1/prices/%s", p.ProviderRef), &stripego.PriceUpdateParams{Active: stripego.Bool(active)}), nil
}

// FindPlan reads a plan's price by our id.
//
// Errors: those of a read, and not_found.
func (g *Gateway) FindPlan(ctx context.Context, access pay.Access, id pay.ID) (pay.PlanReport, error) {
	r := reader{g: g, access: access, name: "find_plan"}
	list, err := r.page(ctx, "/v1/prices?lookup_keys[0]="+url.QueryEscape(string(id)))
	if err != nil {
		return pay.PlanReport{}, err
	}
	if len(list.Data) == 0 {
		return pay.PlanReport{}, pay.NotFound("price of plan", id)
	}
	return readPlan(list.Data[0])
}

// FindPrice reads a price by Stripe's id.
//
// Errors: those of a read.
func (g *Gateway) FindPrice(ctx context.Context, access pay.Access, ref string) (pay.PlanReport, error) {
	r := reader{g: g, access: access, name: "find_price"}
	body, err := r.get(ctx, stripego.FormatURLPath("/v1/prices/%s", ref))
	if err != nil {
		return pay.PlanReport{}, err
	}
	return readPlan(body)
}

func intoPlan(result *pay.Answer, body []byte) error {
	report, err := readPlan(body)
	result.Plan = &report
	return err
}

// readPlan decodes a Price.
//
// Errors: in_doubt, when it cannot be read.
func readPlan(body []byte) (pay.PlanReport, error) {
	var price struct {
		ID       string            `json:"id"`
		Active   bool              `json:"active"`
		Product  reference         `json:"product"`
		Metadata map[string]string `json:"metadata"`
	}
	if err := json.Unmarshal(body, &price); err != nil || price.ID == "" {
		return pay.PlanReport{}, doubtful("its price cannot be read").Because(err)
	}
	return pay.PlanReport{
		PlanID: ourID(price.Metadata[keyPlan]), ProviderRef: price.ID, ProductRef: string(price.Product), Active: price.Active,
	}, nil
}
