package stripe

import (
	"context"
	"encoding/json"
	"time"

	stripego "github.com/stripe/stripe-go/v85"

	"florin/internal/pay"
)

// CreateCustomer writes the request that makes a customer, to whom cards can be
// attached.
func (g *Gateway) CreateCustomer(c pay.Customer) (pay.Wire, error) {
	return compose("/v1/customers", &stripego.CustomerCreateParams{
		Email:    optional(c.Email),
		Name:     optional(c.Name),
		Metadata: map[string]string{keyCustomer: string(c.ID), keyMerchant: string(c.Owner.Merchant)},
	}), nil
}

// AttachCard writes the request that keeps a card for later charges.
//
// Errors: invalid_payment_method; internal_error when the customer has no ref.
func (g *Gateway) AttachCard(card pay.Card, customer pay.Customer) (pay.Wire, error) {
	method, err := methodRef(card.ProviderRef, card.Owner.Mode, "payment_method_id")
	if err != nil {
		return pay.Wire{}, err
	}
	if customer.ProviderRef == "" {
		return pay.Wire{}, pay.Errorf(pay.CodeInternal, "customer %s is not known to Stripe yet", customer.ID)
	}
	return compose(stripego.FormatURLPath("/v1/payment_methods/%s/attach", method), &stripego.PaymentMethodAttachParams{
		Customer: stripego.String(customer.ProviderRef),
	}), nil
}

// DetachCard writes the request that forgets a card for good.
//
// Errors: invalid_payment_method.
func (g *Gateway) DetachCard(card pay.Card) (pay.Wire, error) {
	method, err := methodRef(card.ProviderRef, card.Owner.Mode, "")
	if err != nil {
		return pay.Wire{}, err
	}
	return compose(stripego.FormatURLPath("/v1/payment_methods/%s/detach", method), &stripego.PaymentMethodDetachParams{}), nil
}

// FindCustomer reads a customer by our id in its metadata, among all that were
// created since.
//
// Errors: those of a read, and not_found only when the whole list was seen.
func (g *Gateway) FindCustomer(ctx context.Context, access pay.Access, id pay.ID, since time.Time) (string, error) {
	r := reader{g: g, access: access, name: "find_customer"}
	body, err := r.findCreated(ctx, created{path: "/v1/customers", key: keyCustomer, id: id, since: since})
	if err != nil {
		return "", err
	}
	return readCustomer(body)
}

// FindCard reads a payment method and whose it is.
//
// Errors: those of a read.
func (g *Gateway) FindCard(ctx context.Context, access pay.Access, ref string) (pay.CardFound, error) {
	r := reader{g: g, access: access, name: "find_card"}
	body, err := r.get(ctx, stripego.FormatURLPath("/v1/payment_methods/%s", ref))
	if err != nil {
		return pay.CardFound{}, err
	}
	return readCard(body)
}

// readCustomer decodes a Customer, of which only the ref is wanted.
//
// Errors: in_doubt, when it cannot be read.
func readCustomer(body []byte) (string, error) {
	var customer struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(body, &customer); err != nil || customer.ID == "" {
		return "", doubtful("its customer cannot be read").Because(err)
	}
	return customer.ID, nil
}

// readCard decodes a PaymentMethod. One that is no card keeps its type as its
// brand, which is what there is to show of it.
//
// Errors: in_doubt, when it cannot be read.
func readCard(body []byte) (pay.CardFound, error) {
	var method stripego.PaymentMethod
	if err := json.Unmarshal(body, &method); err != nil || method.ID == "" {
		return pay.CardFound{}, doubtful("its payment method cannot be read").Because(err)
	}
	found := pay.CardFound{CardReport: pay.CardReport{ProviderRef: method.ID, Brand: string(method.Type)}}
	if card := method.Card; card != nil {
		found.Brand, found.Last4 = string(card.Brand), card.Last4
		found.ExpMonth, found.ExpYear = int(card.ExpMonth), int(card.ExpYear)
	}
	if method.Customer != nil {
		found.CustomerRef = method.Customer.ID
	}
	return found, nil
}
