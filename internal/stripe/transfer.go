package stripe

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	stripego "github.com/stripe/stripe-go/v85"

	"florin/internal/pay"
)

const (
	// sourceOf asks for a transfer together with the charge whose money it is.
	sourceOf = "expand[]=source_transaction"
	// maxReversalPages bounds the reversals of one transfer that are read: 1,000.
	maxReversalPages = 10
)

// Transfer writes the request that sends money to a partner's account. chargeRef
// is the charge whose money it is, or empty.
func (g *Gateway) Transfer(t pay.Transfer, chargeRef string) (pay.Wire, error) {
	params := &stripego.TransferCreateParams{
		Amount:            stripego.Int64(toWire(t.Amount)),
		Currency:          stripego.String(currencyOnWire(t.Amount.Currency)),
		Destination:       stripego.String(t.AccountRef),
		Description:       optional(t.Description),
		SourceTransaction: optional(chargeRef),
		Metadata: tagged(t.Metadata, map[string]string{
			keyTransfer: string(t.ID), keyMerchant: string(t.Owner.Merchant),
		}),
	}
	if t.Payment != "" {
		params.Metadata[keyPayment] = string(t.Payment)
	}
	return compose("/v1/transfers", params), nil
}

// Reverse writes the request that takes r.Amount of a transfer back.
//
// Errors: transfer_not_completed, when Stripe never said which it is.
func (g *Gateway) Reverse(t pay.Transfer, r pay.Reversal) (pay.Wire, error) {
	if t.ProviderRef == "" {
		return pay.Wire{}, pay.Errorf(pay.CodeNotTransferred, "the transfer is not known to Stripe yet")
	}
	return compose(stripego.FormatURLPath("/v1/transfers/%s/reversals", t.ProviderRef), &stripego.TransferReversalCreateParams{
		Amount:      stripego.Int64(toWire(r.Amount)),
		Description: optional(r.Description),
		Metadata:    tagged(r.Metadata, map[string]string{keyReversal: string(r.ID), keyMerchant: string(r.Owner.Merchant)}),
	}), nil
}

// FindTransfer reads a transfer with all its reversals, by its ref or, when
// that is empty, by our id among what was created since.
//
// Errors: those of a read.
func (g *Gateway) FindTransfer(ctx context.Context, access pay.Access, sought pay.TransferSought) (pay.TransferReport, error) {
	r := reader{g: g, access: access, name: "find_transfer"}
	body, err := r.findTransfer(ctx, sought)
	if err != nil {
		return pay.TransferReport{}, err
	}
	report, err := readTransfer(body)
	if err != nil {
		return report, err
	}
	path := stripego.FormatURLPath("/v1/transfers/%s/reversals?", report.ProviderRef)
	err = r.walk(ctx, path, maxReversalPages, func(item json.RawMessage) (bool, error) {
		one, err := readReversal(item)
		report.Reversals = append(report.Reversals, one)
		return false, err
	})
	slices.Reverse(report.Reversals)
	return report, err
}

func (r reader) findTransfer(ctx context.Context, sought pay.TransferSought) (json.RawMessage, error) {
	if sought.Ref == "" {
		return r.findCreated(ctx, created{path: "/v1/transfers", key: keyTransfer, id: sought.ID, since: sought.Since})
	}
	return r.get(ctx, stripego.FormatURLPath("/v1/transfers/%s?", sought.Ref)+sourceOf)
}

// sent is what is read of a Transfer.
type sent struct {
	ID          string            `json:"id"`
	Amount      int64             `json:"amount"`
	Created     int64             `json:"created"`
	Currency    string            `json:"currency"`
	Description string            `json:"description"`
	Destination reference         `json:"destination"`
	Metadata    map[string]string `json:"metadata"`
	Source      json.RawMessage   `json:"source_transaction"` // a charge, or its id
}

// sourceCharge is what is read of the charge whose money a transfer is.
type sourceCharge struct {
	PaymentIntent reference         `json:"payment_intent"`
	Transfer      reference         `json:"transfer"` // the one that Stripe made of it
	Metadata      map[string]string `json:"metadata"`
}

// readTransfer decodes a Transfer.
//
// Errors: in_doubt, when it cannot be read.
func readTransfer(body []byte) (pay.TransferReport, error) {
	var read sent
	if err := json.Unmarshal(body, &read); err != nil || read.ID == "" {
		return pay.TransferReport{}, doubtful("its transfer cannot be read").Because(err)
	}
	var from sourceCharge
	_ = json.Unmarshal(read.Source, &from) // an id only, or none, says less
	return pay.TransferReport{
		ProviderRef: read.ID, TransferID: ourID(read.Metadata[keyTransfer]), AccountRef: string(read.Destination),
		Amount: fromWire(read.Amount, read.Currency), Description: read.Description, Metadata: foreign(read.Metadata),
		PaymentRef: string(from.PaymentIntent), PaymentID: ourID(from.Metadata[keyPayment]),
		OfCharge: string(from.Transfer) == read.ID, CreatedAt: time.Unix(read.Created, 0).UTC(),
	}, nil
}

// foreign is metadata without our own keys.
func foreign(metadata map[string]string) map[string]string {
	theirs := map[string]string{}
	for key, value := range metadata {
		if len(key) < len(keyPrefix) || key[:len(keyPrefix)] != keyPrefix {
			theirs[key] = value
		}
	}
	return theirs
}

// readReversal decodes a TransferReversal.
//
// Errors: in_doubt, when it cannot be read.
func readReversal(body []byte) (pay.ReversalReport, error) {
	var read stripego.TransferReversal
	if err := json.Unmarshal(body, &read); err != nil || read.ID == "" {
		return pay.ReversalReport{}, doubtful("its reversal cannot be read").Because(err)
	}
	return pay.ReversalReport{
		ProviderRef: read.ID, ReversalID: ourID(read.Metadata[keyReversal]),
		Amount: fromWire(read.Amount, string(read.Currency)), CreatedAt: time.Unix(read.Created, 0).UTC(),
	}, nil
}

func intoTransfer(result *pay.Answer, body []byte) error {
	report, err := readTransfer(body)
	result.Transfer = &report
	return err
}

func intoReversal(result *pay.Answer, body []byte) error {
	report, err := readReversal(body)
	result.Reversal = &report
	return err
}
