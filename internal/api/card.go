package api

import (
	"context"
	"net/http"

	"florin/internal/engine"
	"florin/internal/pay"
)

// Card is a saved card as callers and merchants' endpoints read it.
type Card struct {
	ID          string      `json:"id" format:"uuid"`
	MerchantID  string      `json:"merchant_id" format:"uuid"`
	Mode        string      `json:"mode" enum:"test,live"`
	CustomerID  string      `json:"customer_id" format:"uuid"`
	Provider    string      `json:"provider" enum:"stripe"`
	ProviderRef string      `json:"provider_ref" doc:"Stripe's pm_…; empty until Stripe answered."`
	Brand       string      `json:"brand" example:"visa"`
	Last4       string      `json:"last4" example:"4242"`
	ExpMonth    int         `json:"exp_month" example:"12"`
	ExpYear     int         `json:"exp_year" example:"2027"`
	IsDefault   bool        `json:"is_default" doc:"The customer's default card; one a customer."`
	Status      string      `json:"status" enum:"pending,active,failed,removed"`
	IsExpired   bool        `json:"is_expired" doc:"The month that stands on it is over, and the bank has not replaced it yet."`
	NextAction  *NextAction `json:"next_action" doc:"What its holder must do while it is pending; null when nothing."`
	Error       *Failure    `json:"error" doc:"Why the card could not be saved; null otherwise."`
	Sequence    int64       `json:"sequence"`
	CreatedAt   string      `json:"created_at" format:"date-time"`
	UpdatedAt   string      `json:"updated_at" format:"date-time"`
}

func cardView(c pay.Card) Card {
	return Card{
		ID: string(c.ID), MerchantID: string(c.Owner.Merchant), Mode: string(c.Owner.Mode), CustomerID: string(c.Customer),
		Provider: c.Provider, ProviderRef: c.ProviderRef, Brand: c.Brand, Last4: c.Last4,
		ExpMonth: c.ExpMonth, ExpYear: c.ExpYear, IsDefault: c.Default, Status: string(c.Status),
		IsExpired: !c.ToldExpired.IsZero(), NextAction: cardAction(c),
		Error: failureView(c.Failure), Sequence: c.Sequence, CreatedAt: stamp(c.CreatedAt), UpdatedAt: stamp(c.UpdatedAt),
	}
}

func cardAction(c pay.Card) *NextAction {
	if c.Status != pay.CardPending || c.RedirectURL == "" {
		return nil
	}
	return &NextAction{Type: "redirect", RedirectURL: c.RedirectURL}
}

// SetUpCard is the body of POST /v1/payments/cards/setup.
type SetUpCard struct {
	NewCard
	ReturnURL string `json:"return_url,omitempty" maxLength:"2048" doc:"Where the holder comes back to who had to authenticate; a plain page of Florin's when absent." example:"https://merchant.com/return"`
}

func setUpCard(ctx context.Context, e *engine.Engine, ask engine.Ask, body SetUpCard) (engine.Reply, error) {
	request, err := body.request()
	if err != nil {
		return engine.Reply{}, err
	}
	request.ReturnURL = body.ReturnURL
	return e.SetUpCard(ctx, ask, request)
}

// NewCard is the body of POST /v1/payments/cards.
type NewCard struct {
	PaymentMethodID string `json:"payment_method_id" minLength:"1" maxLength:"255" doc:"Stripe's pm_… from the client." example:"pm_card_visa"`
	CustomerID      string `json:"customer_id,omitempty" maxLength:"64" doc:"Whose card it is; a new customer is made when absent."`
	CustomerEmail   string `json:"customer_email,omitempty" maxLength:"254" example:"user@example.com"`
	CustomerName    string `json:"customer_name,omitempty" maxLength:"256" example:"Jane Doe"`
	IsDefault       bool   `json:"is_default,omitempty" doc:"Make it the customer's default; the first card is anyway."`
}

func (b NewCard) request() (engine.CardRequest, error) {
	customer, err := parseID(b.CustomerID, "customer_id")
	return engine.CardRequest{
		PaymentMethod: b.PaymentMethodID, CustomerEmail: b.CustomerEmail, CustomerName: b.CustomerName,
		Customer: customer, Default: b.IsDefault,
	}, err
}

func saveCard(ctx context.Context, e *engine.Engine, ask engine.Ask, body NewCard) (engine.Reply, error) {
	request, err := body.request()
	if err != nil {
		return engine.Reply{}, err
	}
	return e.SaveCard(ctx, ask, request)
}

// CardQuery is the query of GET /v1/payments/cards.
type CardQuery struct {
	Page
	CustomerID string `json:"customer_id,omitempty" maxLength:"64"`
}

func cards(ctx context.Context, e *engine.Engine, o pay.Owner, q CardQuery) (pay.List[pay.Card], error) {
	customer, err := parseID(q.CustomerID, "customer_id")
	if err != nil {
		return pay.List[pay.Card]{}, err
	}
	return e.Cards(ctx, o, customer, q.page())
}

const cardsTag = "Saved cards"

var cardRoutes = []Route{
	write(Route{
		Method: http.MethodPost, Path: "/v1/payments/cards", Scope: pay.ScopePaymentsWrite, Key: KeyHonoured,
		Tag: cardsTag, Name: "saveCard", Status: http.StatusCreated, Gives: Card{},
		Summary: "Save a card", Detail: "Attaches a payment method to a customer at Stripe, so that it can be charged with saved_card_id while the customer is away.",
		Codes: append([]pay.Code{pay.CodeNotFound, pay.CodeInvalidPaymentMeth, pay.CodeCardDeclined}, settled...),
	}, saveCard),
	write(Route{
		Method: http.MethodPost, Path: "/v1/payments/cards/setup", Scope: pay.ScopePaymentsWrite, Key: KeyHonoured,
		Tag: cardsTag, Name: "setUpCard", Status: http.StatusCreated, Gives: Card{},
		Summary: "Save a card with its holder present, without charging it",
		Detail: "A bank that wants to see the holder makes the card pending: send the browser to next_action.redirect_url and wait for card.saved. " +
			"A card that was saved so is less often refused while the customer is away.",
		Codes: append([]pay.Code{pay.CodeNotFound, pay.CodeInvalidPaymentMeth, pay.CodeInvalidURL, pay.CodeCardDeclined}, settled...),
	}, setUpCard),
	list(Route{
		Method: http.MethodGet, Path: "/v1/payments/cards", Scope: pay.ScopePaymentsRead, Key: KeyUnused,
		Tag: cardsTag, Name: "listCards", Status: http.StatusOK, Gives: Card{}, List: true,
		Summary: "List saved cards", Detail: "Newest first, of all customers unless customer_id names one.",
		Codes: []pay.Code{pay.CodeInvalidCursor, pay.CodeInvalidID},
	}, cards, cardView),
	change(Route{
		Method: http.MethodDelete, Path: "/v1/payments/cards/{id}", Scope: pay.ScopePaymentsWrite, Key: KeyHonoured,
		Tag: cardsTag, Name: "removeCard", Status: http.StatusOK, Gives: Card{},
		Summary: "Remove a saved card", Detail: "Detaches it at Stripe; it cannot be charged again.",
		Codes: append([]pay.Code{pay.CodeNotFound}, settled...),
	}, (*engine.Engine).RemoveCard),
	change(Route{
		Method: http.MethodPut, Path: "/v1/payments/cards/{id}/default", Scope: pay.ScopePaymentsWrite, Key: KeyHonoured,
		Tag: cardsTag, Name: "setDefaultCard", Status: http.StatusOK, Gives: Card{},
		Summary: "Make a card its customer's default", Codes: []pay.Code{pay.CodeNotFound},
	}, (*engine.Engine).SetDefaultCard),
}
