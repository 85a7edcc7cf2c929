package api

import (
	"context"
	"net/http"

	"florin/internal/engine"
	"florin/internal/pay"
)

// Refund is a refund as callers and merchants' endpoints read it.
type Refund struct {
	ID             string            `json:"id" format:"uuid"`
	MerchantID     string            `json:"merchant_id" format:"uuid"`
	Mode           string            `json:"mode" enum:"test,live"`
	PaymentID      string            `json:"payment_id" format:"uuid"`
	Amount         string            `json:"amount" doc:"A decimal in whole units of the payment's currency." example:"25.00"`
	Currency       string            `json:"currency" example:"USD"`
	Reason         *string           `json:"reason" doc:"duplicate, fraudulent, requested_by_customer, or null."`
	Status         string            `json:"status" enum:"pending,completed,failed,canceled"`
	ProviderRef    string            `json:"provider_ref" doc:"Stripe's id; empty until Stripe answered." example:"re_1abc"`
	PaymentStatus  string            `json:"payment_status,omitempty" doc:"Of the payment after this, where it was at hand." enum:"pending,authorized,completed,partially_refunded,refunded,failed,canceled"`
	AmountRefunded string            `json:"payment_amount_refunded,omitempty" doc:"Given back of the payment in all, where it was at hand."`
	External       bool              `json:"external" doc:"True for a refund that was made at Stripe and not through this API."`
	Metadata       map[string]string `json:"metadata"`
	Error          *Failure          `json:"error" doc:"Why the refund failed; null otherwise."`
	IdempotencyKey *string           `json:"idempotency_key"`
	Sequence       int64             `json:"sequence"`
	CreatedAt      string            `json:"created_at" format:"date-time"`
	UpdatedAt      string            `json:"updated_at" format:"date-time"`
}

func refundView(r pay.Refund) Refund {
	return Refund{
		ID: string(r.ID), MerchantID: string(r.Owner.Merchant), Mode: string(r.Owner.Mode), PaymentID: string(r.Payment),
		Amount: r.Amount.Decimal(), Currency: string(r.Amount.Currency), Reason: orNull(string(r.Reason)),
		Status: string(r.Status), ProviderRef: r.ProviderRef, External: r.External, Metadata: orEmpty(r.Metadata),
		Error: failureView(r.Failure), IdempotencyKey: orNull(r.IdempotencyKey), Sequence: r.Sequence,
		CreatedAt: stamp(r.CreatedAt), UpdatedAt: stamp(r.UpdatedAt),
	}
}

// refundOf is a refund together with what it did to its payment.
func refundOf(r pay.Refund, p pay.Payment) Refund {
	view := refundView(r)
	view.PaymentStatus = string(p.Status)
	view.AmountRefunded = inCurrency(p.Refunded, p.Amount)
	return view
}

// NewRefund is the body of POST /v1/refunds.
type NewRefund struct {
	PaymentID string            `json:"payment_id" minLength:"1" maxLength:"64"`
	Amount    Amount            `json:"amount,omitempty" doc:"All that is left when absent."`
	Reason    string            `json:"reason,omitempty" enum:"duplicate,fraudulent,requested_by_customer"`
	Metadata  map[string]string `json:"metadata,omitempty" doc:"At most 45 keys of 40 characters, values of 500."`
}

func createRefund(ctx context.Context, e *engine.Engine, ask engine.Ask, body NewRefund) (engine.Reply, error) {
	payment, err := parseID(body.PaymentID, "payment_id")
	if err != nil {
		return engine.Reply{}, err
	}
	return e.CreateRefund(ctx, ask, engine.RefundRequest{
		Payment: payment, Amount: string(body.Amount), Reason: pay.RefundReason(body.Reason), Metadata: body.Metadata,
	})
}

// RefundQuery is the query of GET /v1/refunds.
type RefundQuery struct {
	Page
	PaymentID string   `json:"payment_id,omitempty" maxLength:"64"`
	Status    []string `json:"status,omitempty" enum:"pending,completed,failed,canceled" doc:"One or several, repeated or with commas."`
	Since     string   `json:"since,omitempty" maxLength:"40" doc:"Created at or after: RFC 3339 or a date."`
	Until     string   `json:"until,omitempty" maxLength:"40" doc:"Created before: RFC 3339, or a date, which is included as a whole."`
}

func (q RefundQuery) filter() (pay.RefundFilter, error) {
	f := pay.RefundFilter{Statuses: words[pay.RefundStatus](q.Status)}
	var errs [3]error
	f.Payment, errs[0] = parseID(q.PaymentID, "payment_id")
	f.Since, errs[1] = parseSince(q.Since, "since")
	f.Until, errs[2] = parseUntil(q.Until, "until")
	return f, firstOf(errs[:])
}

func refunds(ctx context.Context, e *engine.Engine, o pay.Owner, q RefundQuery) (pay.List[pay.Refund], error) {
	filter, err := q.filter()
	if err != nil {
		return pay.List[pay.Refund]{}, err
	}
	return e.Refunds(ctx, o, filter, q.page())
}

const refundsTag = "Refunds"

var refundRoutes = []Route{
	write(Route{
		Method: http.MethodPost, Path: "/v1/refunds", Scope: pay.ScopePaymentsWrite, Key: KeyHonoured,
		Tag: refundsTag, Name: "createRefund", Status: http.StatusCreated, Gives: Refund{},
		Summary: "Give money back",
		Detail:  "All or part of a captured payment; several refunds together never exceed what was captured. Send an Idempotency-Key to be able to repeat the request.",
		Codes: append([]pay.Code{pay.CodeNotFound, pay.CodeInvalidAmount, pay.CodeNotCaptured, pay.CodeTooMuch, pay.CodeInProgress,
			pay.CodeInvalidMetadata}, settled...),
	}, createRefund),
	list(Route{
		Method: http.MethodGet, Path: "/v1/refunds", Scope: pay.ScopePaymentsRead, Key: KeyUnused,
		Tag: refundsTag, Name: "listRefunds", Status: http.StatusOK, Gives: Refund{}, List: true,
		Summary: "List refunds", Detail: "Newest first.", Codes: []pay.Code{pay.CodeInvalidCursor, pay.CodeInvalidID},
	}, refunds, refundView),
	one(Route{
		Method: http.MethodGet, Path: "/v1/refunds/{id}", Scope: pay.ScopePaymentsRead, Key: KeyUnused,
		Tag: refundsTag, Name: "getRefund", Status: http.StatusOK, Gives: Refund{},
		Summary: "Read a refund", Codes: []pay.Code{pay.CodeNotFound},
	}, (*engine.Engine).Refund, refundView),
}
