package api

import (
	"context"
	"net/http"

	"florin/internal/engine"
	"florin/internal/pay"
)

// Payout is a payout as callers and merchants' endpoints read it.
type Payout struct {
	ID             string            `json:"id" format:"uuid"`
	MerchantID     string            `json:"merchant_id" format:"uuid"`
	Mode           string            `json:"mode" enum:"test,live"`
	Account        string            `json:"account" format:"uuid" doc:"The partner's account that is paid out."`
	AccountRef     string            `json:"account_ref" doc:"Stripe's acct_…." example:"acct_1abc"`
	From           string            `json:"from" enum:"balance,stripe" doc:"Where the money stood: in the in-app balance, or in the account at Stripe already."`
	Amount         string            `json:"amount" example:"16.00"`
	Currency       string            `json:"currency" example:"USD"`
	Status         string            `json:"status" enum:"pending,submitted,in_transit,paid,failed,canceled"`
	ProviderRef    string            `json:"provider_ref" doc:"Stripe's id; empty until Stripe has taken it on." example:"po_1abc"`
	ArrivesAt      *string           `json:"arrives_at" format:"date-time" doc:"When Stripe expects it at the bank; null until known."`
	RetryOf        *string           `json:"retry_of" doc:"The payout that it tries again; null for others."`
	Description    string            `json:"description"`
	External       bool              `json:"external" doc:"True for a payout that was made at Stripe, by hand or by its own schedule."`
	Metadata       map[string]string `json:"metadata"`
	Error          *Failure          `json:"error" doc:"Why it failed; null otherwise."`
	IdempotencyKey *string           `json:"idempotency_key"`
	Sequence       int64             `json:"sequence" doc:"Grows with every change."`
	CreatedAt      string            `json:"created_at" format:"date-time"`
	UpdatedAt      string            `json:"updated_at" format:"date-time"`
}

func payoutView(p pay.Payout) Payout {
	return Payout{
		ID: string(p.ID), MerchantID: string(p.Owner.Merchant), Mode: string(p.Owner.Mode), Account: string(p.Account), AccountRef: p.AccountRef,
		From: string(p.From), Amount: p.Amount.Decimal(), Currency: string(p.Amount.Currency), Status: string(p.Status), ProviderRef: p.ProviderRef,
		ArrivesAt: stampOrNull(p.ArrivesAt), RetryOf: orNull(string(p.RetryOf)), Description: p.Description, External: p.External,
		Metadata: orEmpty(p.Metadata), Error: failureView(p.Failure), IdempotencyKey: orNull(p.IdempotencyKey), Sequence: p.Sequence,
		CreatedAt: stamp(p.CreatedAt), UpdatedAt: stamp(p.UpdatedAt),
	}
}

// Payout is the reply to a write that made or changed a payout.
func (Presenter) Payout(p pay.Payout, standing engine.Standing) engine.Reply {
	return reply(p.ID, payoutView(p), standing, p.Failure)
}

// PayoutRefusal is the reply to a change of a payout that Stripe refused: why,
// and the payout as it still is.
func (Presenter) PayoutRefusal(err *pay.Error, p pay.Payout) engine.Reply {
	return refusal(p.ID, payoutView(p), err.Code, Problem{Message: err.Message, Field: err.Field, Fields: err.Fields})
}

// PayoutEvent is the body of an event about a payout.
func (Presenter) PayoutEvent(e pay.Event, p pay.Payout) []byte { return eventBody(e, payoutView(p)) }

// NewPayout is the body of POST /v1/payouts.
type NewPayout struct {
	Account     string            `json:"account" minLength:"1" maxLength:"64" doc:"The partner's account."`
	Amount      Amount            `json:"amount" doc:"Above zero, in whole units of the currency."`
	Currency    string            `json:"currency" minLength:"1" maxLength:"8" example:"USD"`
	From        string            `json:"from,omitempty" enum:"balance,stripe" doc:"Where the money stands: balance (in-app; the default) or stripe (in the account at Stripe already, as direct and destination charges leave it)."`
	Description string            `json:"description,omitempty" maxLength:"1000"`
	Metadata    map[string]string `json:"metadata,omitempty" doc:"At most 45 keys of 40 characters, values of 500."`
}

func createPayout(ctx context.Context, e *engine.Engine, ask engine.Ask, body NewPayout) (engine.Reply, error) {
	r := engine.PayoutRequest{
		Amount: string(body.Amount), From: pay.PayoutSource(body.From), Description: body.Description, Metadata: body.Metadata,
	}
	var errs [2]error
	r.Account, errs[0] = parseID(body.Account, "account")
	r.Currency, errs[1] = pay.ParseCurrency(body.Currency)
	if err := firstOf(errs[:]); err != nil {
		return engine.Reply{}, err
	}
	return e.CreatePayout(ctx, ask, r)
}

// PayoutQuery is the query of GET /v1/payouts.
type PayoutQuery struct {
	Page
	Account string   `json:"account,omitempty" maxLength:"64"`
	Status  []string `json:"status,omitempty" enum:"pending,submitted,in_transit,paid,failed,canceled" doc:"One or several, repeated or with commas."`
	Since   string   `json:"since,omitempty" maxLength:"40" doc:"Created at or after: RFC 3339 or a date."`
	Until   string   `json:"until,omitempty" maxLength:"40" doc:"Created before: RFC 3339, or a date, which is included as a whole."`
}

func payouts(ctx context.Context, e *engine.Engine, o pay.Owner, q PayoutQuery) (pay.List[pay.Payout], error) {
	f := pay.PayoutFilter{Statuses: words[pay.PayoutStatus](q.Status)}
	var errs [3]error
	f.Account, errs[0] = parseID(q.Account, "account")
	f.Since, errs[1] = parseSince(q.Since, "since")
	f.Until, errs[2] = parseUntil(q.Until, "until")
	if err := firstOf(errs[:]); err != nil {
		return pay.List[pay.Payout]{}, err
	}
	return e.Payouts(ctx, o, f, q.page())
}

const payoutsTag = "Payouts"

// payoutCodes are those that any new payout may end with.
var payoutCodes = append([]pay.Code{pay.CodeNotFound, pay.CodeAccountDisabled, pay.CodeBalanceTooLow}, settled...)

var payoutRoutes = []Route{
	write(Route{
		Method: http.MethodPost, Path: "/v1/payouts", Scope: pay.ScopeTransfersWrite, Key: KeyHonoured,
		Tag: payoutsTag, Name: "createPayout", Status: http.StatusCreated, Gives: Payout{},
		Summary: "Send a partner's money to its bank",
		Detail: "In two steps: a transfer of the in-app balance to the account at Stripe, and Stripe's payout from there. The money is set aside at once; " +
			"when a step fails, also days later, it goes back to the balance. Send an Idempotency-Key to be able to repeat the request.",
		Codes: append([]pay.Code{pay.CodeMissingField, pay.CodeInvalidField, pay.CodeInvalidAmount, pay.CodeInvalidCurrency, pay.CodeInvalidMetadata}, payoutCodes...),
	}, createPayout),
	list(Route{
		Method: http.MethodGet, Path: "/v1/payouts", Scope: pay.ScopeTransfersRead, Key: KeyUnused,
		Tag: payoutsTag, Name: "listPayouts", Status: http.StatusOK, Gives: Payout{}, List: true,
		Summary: "List payouts", Detail: "Newest first. Those that Stripe made by its own schedule are there too.", Codes: []pay.Code{pay.CodeInvalidCursor, pay.CodeInvalidID},
	}, payouts, payoutView),
	one(Route{
		Method: http.MethodGet, Path: "/v1/payouts/{id}", Scope: pay.ScopeTransfersRead, Key: KeyUnused,
		Tag: payoutsTag, Name: "getPayout", Status: http.StatusOK, Gives: Payout{},
		Summary: "Read a payout", Codes: []pay.Code{pay.CodeNotFound},
	}, (*engine.Engine).Payout, payoutView),
	change(Route{
		Method: http.MethodPost, Path: "/v1/payouts/{id}/cancel", Scope: pay.ScopeTransfersWrite, Key: KeyHonoured,
		Tag: payoutsTag, Name: "cancelPayout", Status: http.StatusOK, Gives: Payout{},
		Summary: "Cancel a payout that the bank does not have yet", Detail: "Its money goes back to the balance within seconds.",
		Codes: append([]pay.Code{pay.CodeNotFound, pay.CodePayoutFixed, pay.CodeInProgress}, settled...),
	}, (*engine.Engine).CancelPayout),
	change(Route{
		Method: http.MethodPost, Path: "/v1/payouts/{id}/retry", Scope: pay.ScopeTransfersWrite, Key: KeyHonoured,
		Tag: payoutsTag, Name: "retryPayout", Status: http.StatusCreated, Gives: Payout{},
		Summary: "Try again what a payout did not bring to the bank", Detail: "Makes a new payout; the old one stays as it ended.",
		Codes: append([]pay.Code{pay.CodePayoutNotOver, pay.CodeInProgress, pay.CodeExists}, payoutCodes...),
	}, (*engine.Engine).RetryPayout),
}
