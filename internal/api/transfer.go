package api

import (
	"context"
	"net/http"

	"florin/internal/engine"
	"florin/internal/pay"
)

// Transfer is a transfer as callers and merchants' endpoints read it.
type Transfer struct {
	ID             string            `json:"id" format:"uuid"`
	MerchantID     string            `json:"merchant_id" format:"uuid"`
	Mode           string            `json:"mode" enum:"test,live"`
	Account        string            `json:"account" format:"uuid" doc:"The partner's account that got the money."`
	AccountRef     string            `json:"account_ref" doc:"Stripe's acct_…." example:"acct_1abc"`
	PaymentID      *string           `json:"payment_id" doc:"The payment whose money it is; null for a free transfer."`
	PayoutID       *string           `json:"payout_id" doc:"The payout that it brings the money for; null for others."`
	From           string            `json:"from" enum:"balance,platform,charge" doc:"Whose money it is: the partner's own in-app balance, yours, or charge: Stripe sent it by itself for a destination charge."`
	Amount         string            `json:"amount" example:"16.00"`
	AmountReversed string            `json:"amount_reversed" example:"0.00"`
	Currency       string            `json:"currency" example:"USD"`
	Status         string            `json:"status" enum:"pending,completed,failed,partially_reversed,reversed"`
	ProviderRef    string            `json:"provider_ref" doc:"Stripe's id; empty until Stripe answered." example:"tr_1abc"`
	Description    string            `json:"description"`
	External       bool              `json:"external" doc:"True for a transfer that was made at Stripe and not through this API."`
	Metadata       map[string]string `json:"metadata"`
	Error          *Failure          `json:"error" doc:"Why Stripe refused it; null otherwise."`
	IdempotencyKey *string           `json:"idempotency_key"`
	Sequence       int64             `json:"sequence" doc:"Grows with every change."`
	CreatedAt      string            `json:"created_at" format:"date-time"`
	UpdatedAt      string            `json:"updated_at" format:"date-time"`
}

func transferView(t pay.Transfer) Transfer {
	return Transfer{
		ID: string(t.ID), MerchantID: string(t.Owner.Merchant), Mode: string(t.Owner.Mode), Account: string(t.Account), AccountRef: t.AccountRef,
		PaymentID: orNull(string(t.Payment)), PayoutID: orNull(string(t.Payout)), From: string(t.Funding),
		Amount: t.Amount.Decimal(), AmountReversed: t.Reversed.Decimal(), Currency: string(t.Amount.Currency), Status: string(t.Status),
		ProviderRef: t.ProviderRef, Description: t.Description, External: t.External, Metadata: orEmpty(t.Metadata), Error: failureView(t.Failure),
		IdempotencyKey: orNull(t.IdempotencyKey), Sequence: t.Sequence, CreatedAt: stamp(t.CreatedAt), UpdatedAt: stamp(t.UpdatedAt),
	}
}

// Transfer is the reply to a write that made a transfer.
func (Presenter) Transfer(t pay.Transfer, standing engine.Standing) engine.Reply {
	return reply(t.ID, transferView(t), standing, t.Failure)
}

// TransferEvent is the body of an event about a transfer.
func (Presenter) TransferEvent(e pay.Event, t pay.Transfer) []byte {
	return eventBody(e, transferView(t))
}

// NewTransfer is the body of POST /v1/transfers.
type NewTransfer struct {
	Account     string            `json:"account" minLength:"1" maxLength:"64" doc:"The partner's account."`
	PaymentID   string            `json:"payment_id,omitempty" maxLength:"64" doc:"Whose money to send. It can be sent before Stripe lets go of it, and arrives when Stripe does."`
	Amount      Amount            `json:"amount,omitempty" doc:"With payment_id: all that is left of its share when absent."`
	Currency    string            `json:"currency,omitempty" maxLength:"8" doc:"Needed without payment_id." example:"USD"`
	From        string            `json:"from,omitempty" enum:"balance,platform" doc:"Whose money it is. balance: the partner's own, in-app; the default. platform: yours; the default for a payment that is not shared with the account."`
	Description string            `json:"description,omitempty" maxLength:"1000"`
	Metadata    map[string]string `json:"metadata,omitempty" doc:"At most 45 keys of 40 characters, values of 500."`
}

func createTransfer(ctx context.Context, e *engine.Engine, ask engine.Ask, body NewTransfer) (engine.Reply, error) {
	r := engine.TransferRequest{
		Amount: string(body.Amount), From: pay.Funding(body.From), Description: body.Description, Metadata: body.Metadata,
	}
	var errs [3]error
	r.Account, errs[0] = parseID(body.Account, "account")
	r.Payment, errs[1] = parseID(body.PaymentID, "payment_id")
	if body.Currency != "" {
		r.Currency, errs[2] = pay.ParseCurrency(body.Currency)
	}
	if err := firstOf(errs[:]); err != nil {
		return engine.Reply{}, err
	}
	return e.CreateTransfer(ctx, ask, r)
}

// TransferQuery is the query of GET /v1/transfers.
type TransferQuery struct {
	Page
	Account   string   `json:"account,omitempty" maxLength:"64"`
	PaymentID string   `json:"payment_id,omitempty" maxLength:"64"`
	PayoutID  string   `json:"payout_id,omitempty" maxLength:"64"`
	Status    []string `json:"status,omitempty" enum:"pending,completed,failed,partially_reversed,reversed" doc:"One or several, repeated or with commas."`
	Since     string   `json:"since,omitempty" maxLength:"40" doc:"Created at or after: RFC 3339 or a date."`
	Until     string   `json:"until,omitempty" maxLength:"40" doc:"Created before: RFC 3339, or a date, which is included as a whole."`
}

func (q TransferQuery) filter() (pay.TransferFilter, error) {
	f := pay.TransferFilter{Statuses: words[pay.TransferStatus](q.Status)}
	var errs [5]error
	f.Account, errs[0] = parseID(q.Account, "account")
	f.Payment, errs[1] = parseID(q.PaymentID, "payment_id")
	f.Payout, errs[2] = parseID(q.PayoutID, "payout_id")
	f.Since, errs[3] = parseSince(q.Since, "since")
	f.Until, errs[4] = parseUntil(q.Until, "until")
	return f, firstOf(errs[:])
}

func transfers(ctx context.Context, e *engine.Engine, o pay.Owner, q TransferQuery) (pay.List[pay.Transfer], error) {
	filter, err := q.filter()
	if err != nil {
		return pay.List[pay.Transfer]{}, err
	}
	return e.Transfers(ctx, o, filter, q.page())
}

const transfersTag = "Transfers"

var transferRoutes = []Route{
	write(Route{
		Method: http.MethodPost, Path: "/v1/transfers", Scope: pay.ScopeTransfersWrite, Key: KeyHonoured,
		Tag: transfersTag, Name: "createTransfer", Status: http.StatusCreated, Gives: Transfer{},
		Summary: "Send money to a partner's account at Stripe",
		Detail: "Tied to a payment, never more than what is left of the partner's share of it; or free, never more than the partner's available balance. " +
			"from: platform sends your own money instead. Send an Idempotency-Key to be able to repeat the request.",
		Codes: append([]pay.Code{pay.CodeMissingField, pay.CodeInvalidField, pay.CodeNotFound, pay.CodeInvalidAmount, pay.CodeInvalidCurrency, pay.CodeNotCaptured,
			pay.CodeTooMuch, pay.CodeBalanceTooLow, pay.CodeAccountDisabled, pay.CodeInvalidMetadata}, settled...),
	}, createTransfer),
	list(Route{
		Method: http.MethodGet, Path: "/v1/transfers", Scope: pay.ScopeTransfersRead, Key: KeyUnused,
		Tag: transfersTag, Name: "listTransfers", Status: http.StatusOK, Gives: Transfer{}, List: true,
		Summary: "List transfers", Detail: "Newest first. Those that were made at Stripe are there too.", Codes: []pay.Code{pay.CodeInvalidCursor, pay.CodeInvalidID},
	}, transfers, transferView),
	one(Route{
		Method: http.MethodGet, Path: "/v1/transfers/{id}", Scope: pay.ScopeTransfersRead, Key: KeyUnused,
		Tag: transfersTag, Name: "getTransfer", Status: http.StatusOK, Gives: Transfer{},
		Summary: "Read a transfer", Codes: []pay.Code{pay.CodeNotFound},
	}, (*engine.Engine).Transfer, transferView),
	changeWith(Route{
		Method: http.MethodPost, Path: "/v1/transfers/{id}/reversals", Scope: pay.ScopeTransfersWrite, Key: KeyHonoured,
		Tag: transfersTag, Name: "createReversal", Status: http.StatusCreated, Gives: Reversal{},
		Summary: "Take a transfer back, or part of it",
		Detail:  "The partner's own money is in its in-app balance again; money that was yours is yours. Several reversals together never exceed the transfer.",
		Codes: append([]pay.Code{pay.CodeNotFound, pay.CodeNotTransferred, pay.CodeInvalidAmount, pay.CodeTooMuch, pay.CodeInvalidMetadata},
			settled...),
	}, createReversal),
	{
		Method: http.MethodGet, Path: "/v1/transfers/{id}/reversals", Scope: pay.ScopeTransfersRead, Key: KeyUnused,
		Tag: transfersTag, Name: "listReversals", Status: http.StatusOK, Gives: Reversal{}, List: true,
		Summary: "List a transfer's reversals", Detail: "All of them, oldest first.", Codes: []pay.Code{pay.CodeNotFound}, handle: listReversals,
	},
}
