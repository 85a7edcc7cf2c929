package api

import (
	"context"
	"net/http"

	"florin/internal/engine"
	"florin/internal/pay"
)

// Customer is who pays, as callers read it. Saving a card makes one.
type Customer struct {
	ID            string  `json:"id" format:"uuid"`
	MerchantID    string  `json:"merchant_id" format:"uuid"`
	Mode          string  `json:"mode" enum:"test,live"`
	Email         string  `json:"email" example:"user@example.com"`
	Name          string  `json:"name" example:"Jane Doe"`
	Provider      string  `json:"provider" enum:"stripe"`
	ProviderRef   string  `json:"provider_ref" doc:"Stripe's cus_…; empty until Stripe answered." example:"cus_1abc"`
	DefaultCardID *string `json:"default_card_id" doc:"The saved card that is charged unless another is named; null when there is none."`
	CreatedAt     string  `json:"created_at" format:"date-time"`
}

func customerView(c pay.Customer) Customer {
	return Customer{
		ID: string(c.ID), MerchantID: string(c.Owner.Merchant), Mode: string(c.Owner.Mode), Email: c.Email, Name: c.Name,
		Provider: pay.ProviderStripe, ProviderRef: c.ProviderRef, DefaultCardID: orNull(string(c.DefaultCard)), CreatedAt: stamp(c.CreatedAt),
	}
}

// CustomerQuery is the query of GET /v1/customers.
type CustomerQuery struct {
	Page
	Email string `json:"email,omitempty" maxLength:"254" doc:"Exactly this address."`
}

func customers(ctx context.Context, e *engine.Engine, o pay.Owner, q CustomerQuery) (pay.List[pay.Customer], error) {
	return e.Customers(ctx, o, q.Email, q.page())
}

const customersTag = "Customers"

var customerRoutes = []Route{
	list(Route{
		Method: http.MethodGet, Path: "/v1/customers", Scope: pay.ScopePaymentsRead, Key: KeyUnused,
		Tag: customersTag, Name: "listCustomers", Status: http.StatusOK, Gives: Customer{}, List: true,
		Summary: "List customers", Detail: "Newest first. A customer is made when a card is saved, and is Stripe's customer too.",
		Codes: []pay.Code{pay.CodeInvalidCursor},
	}, customers, customerView),
	one(Route{
		Method: http.MethodGet, Path: "/v1/customers/{id}", Scope: pay.ScopePaymentsRead, Key: KeyUnused,
		Tag: customersTag, Name: "getCustomer", Status: http.StatusOK, Gives: Customer{},
		Summary: "Read a customer", Codes: []pay.Code{pay.CodeNotFound},
	}, (*engine.Engine).Customer, customerView),
}
