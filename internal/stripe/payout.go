package stripe

import (
	"context"
	"encoding/json"
	"time"

	stripego "github.com/stripe/stripe-go/v85"

	"florin/internal/pay"
)

// Payout writes the request that sends money of a partner's account to its
// bank, in the account's name.
func (g *Gateway) Payout(p pay.Payout) (pay.Wire, error) {
	wire := compose("/v1/payouts", &stripego.PayoutCreateParams{
		Amount:      stripego.Int64(toWire(p.Amount)),
		Currency:    stripego.String(currencyOnWire(p.Amount.Currency)),
		Description: optional(p.Description),
		Metadata:    tagged(p.Metadata, map[string]string{keyPayout: string(p.ID), keyMerchant: string(p.Owner.Merchant)}),
	})
	wire.Account = p.AccountRef
	return wire, nil
}

// CancelPayout writes the request that calls a payout off before the bank has
// it.
func (g *Gateway) CancelPayout(p pay.Payout) (pay.Wire, error) {
	wire := compose(stripego.FormatURLPath("/v1/payouts/%s/cancel", p.ProviderRef), &stripego.PayoutCancelParams{})
	wire.Account = p.AccountRef
	return wire, nil
}

// FindPayout reads a payout of the account that access names, by its ref or,
// when that is empty, by our id among what was created since.
//
// Errors: those of a read.
func (g *Gateway) FindPayout(ctx context.Context, access pay.Access, sought pay.PayoutSought) (pay.PayoutReport, error) {
	r := reader{g: g, access: access, name: "find_payout"}
	var body []byte
	var err error
	if sought.Ref == "" {
		body, err = r.findCreated(ctx, created{path: "/v1/payouts", key: keyPayout, id: sought.ID, since: sought.Since})
	} else {
		body, err = r.get(ctx, stripego.FormatURLPath("/v1/payouts/%s", sought.Ref))
	}
	if err != nil {
		return pay.PayoutReport{}, err
	}
	return readPayout(body)
}

// payoutStatuses are Stripe's statuses in our words; one that is new to us is
// taken for submitted, which has an open end.
var payoutStatuses = map[string]pay.PayoutStatus{
	"in_transit": pay.PayoutInTransit, "paid": pay.PayoutPaid, "failed": pay.PayoutFailed, "canceled": pay.PayoutCanceled,
}

// readPayout decodes a Payout.
//
// Errors: in_doubt, when it cannot be read.
func readPayout(body []byte) (pay.PayoutReport, error) {
	var read struct {
		ID             string            `json:"id"`
		Amount         int64             `json:"amount"`
		ArrivalDate    int64             `json:"arrival_date"`
		Currency       string            `json:"currency"`
		Description    string            `json:"description"`
		FailureCode    string            `json:"failure_code"`
		FailureMessage string            `json:"failure_message"`
		Metadata       map[string]string `json:"metadata"`
		Status         string            `json:"status"`
	}
	if err := json.Unmarshal(body, &read); err != nil || read.ID == "" {
		return pay.PayoutReport{}, doubtful("its payout cannot be read").Because(err)
	}
	report := pay.PayoutReport{
		ProviderRef: read.ID, PayoutID: ourID(read.Metadata[keyPayout]), Status: pay.PayoutSubmitted,
		Amount: fromWire(read.Amount, read.Currency), Description: read.Description, ArrivesAt: time.Unix(read.ArrivalDate, 0).UTC(),
	}
	if known, ok := payoutStatuses[read.Status]; ok {
		report.Status = known
	}
	if report.Status == pay.PayoutFailed {
		report.Failure = pay.Failure{Code: pay.CodeProviderRefused, Message: read.FailureMessage, DeclineCode: read.FailureCode}
	}
	return report, nil
}

func intoPayout(result *pay.Answer, body []byte) error {
	report, err := readPayout(body)
	result.Payout = &report
	return err
}
