package api

import (
	"context"

	"florin/internal/engine"
	"florin/internal/pay"
)

// Reversal is what was taken back of a transfer, as callers read it.
type Reversal struct {
	ID             string            `json:"id" format:"uuid"`
	MerchantID     string            `json:"merchant_id" format:"uuid"`
	Mode           string            `json:"mode" enum:"test,live"`
	TransferID     string            `json:"transfer_id" format:"uuid"`
	RefundID       *string           `json:"refund_id" doc:"The refund that it is a step of; null for others."`
	Amount         string            `json:"amount" example:"5.00"`
	Currency       string            `json:"currency" example:"USD"`
	Status         string            `json:"status" enum:"pending,completed,failed"`
	TransferStatus string            `json:"transfer_status,omitempty" enum:"pending,completed,failed,partially_reversed,reversed" doc:"Of the transfer after this, where it was at hand."`
	ProviderRef    string            `json:"provider_ref" doc:"Stripe's id; empty until Stripe answered." example:"trr_1abc"`
	Description    string            `json:"description"`
	External       bool              `json:"external" doc:"True for what was taken back at Stripe and not through this API."`
	Metadata       map[string]string `json:"metadata"`
	Error          *Failure          `json:"error" doc:"Why Stripe refused it; null otherwise."`
	IdempotencyKey *string           `json:"idempotency_key"`
	Sequence       int64             `json:"sequence"`
	CreatedAt      string            `json:"created_at" format:"date-time"`
	UpdatedAt      string            `json:"updated_at" format:"date-time"`
}

func reversalView(r pay.Reversal) Reversal {
	return Reversal{
		ID: string(r.ID), MerchantID: string(r.Owner.Merchant), Mode: string(r.Owner.Mode), TransferID: string(r.Transfer), RefundID: orNull(string(r.Refund)),
		Amount: r.Amount.Decimal(), Currency: string(r.Amount.Currency), Status: string(r.Status), ProviderRef: r.ProviderRef,
		Description: r.Description, External: r.External, Metadata: orEmpty(r.Metadata), Error: failureView(r.Failure),
		IdempotencyKey: orNull(r.IdempotencyKey), Sequence: r.Sequence, CreatedAt: stamp(r.CreatedAt), UpdatedAt: stamp(r.UpdatedAt),
	}
}

// Reversal is the reply to a write that took a transfer back, with what it did
// to the transfer.
func (Presenter) Reversal(r pay.Reversal, t pay.Transfer, standing engine.Standing) engine.Reply {
	view := reversalView(r)
	view.TransferStatus = string(t.Status)
	return reply(r.ID, view, standing, r.Failure)
}

// ReversalEvent is the body of an event about a reversal that was refused.
func (Presenter) ReversalEvent(e pay.Event, r pay.Reversal) []byte {
	return eventBody(e, reversalView(r))
}

// NewReversal is the body of POST /v1/transfers/{id}/reversals.
type NewReversal struct {
	Amount      Amount            `json:"amount,omitempty" doc:"All that is left when absent."`
	Description string            `json:"description,omitempty" maxLength:"1000"`
	Metadata    map[string]string `json:"metadata,omitempty" doc:"At most 45 keys of 40 characters, values of 500."`
}

func createReversal(ctx context.Context, e *engine.Engine, ask engine.Ask, id pay.ID, body NewReversal) (engine.Reply, error) {
	return e.ReverseTransfer(ctx, ask, engine.ReversalRequest{
		Transfer: id, Amount: string(body.Amount), Description: body.Description, Metadata: body.Metadata,
	})
}

func listReversals(s *server, in *intake) error {
	id, err := in.id()
	if err != nil {
		return err
	}
	all, err := s.engine.Reversals(in.ctx(), in.key.Owner, id)
	if err != nil {
		return err
	}
	in.sendList(views(all, reversalView), "")
	return nil
}
