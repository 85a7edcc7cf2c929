package stripe

import (
	"context"
	"encoding/json"
	"time"

	stripego "github.com/stripe/stripe-go/v85"

	"florin/internal/pay"
)

// Refund writes the request that gives back r.Amount of a payment.
//
// Errors: payment_not_captured, when Stripe never said which intent it is.
func (g *Gateway) Refund(p pay.Payment, r pay.Refund) (pay.Wire, error) {
	if p.ProviderRef == "" {
		return pay.Wire{}, pay.Errorf(pay.CodeNotCaptured, "the payment is not known to Stripe yet")
	}
	return as(p, compose("/v1/refunds", &stripego.RefundCreateParams{
		Amount:        stripego.Int64(toWire(r.Amount)),
		PaymentIntent: stripego.String(p.ProviderRef),
		Reason:        optional(string(r.Reason)),
		Metadata: tagged(r.Metadata, map[string]string{
			keyRefund: string(r.ID), keyPayment: string(p.ID), keyMerchant: string(r.Owner.Merchant),
		}),
	})), nil
}

// FindRefunds reads every refund of a payment, those made at Stripe included.
//
// Errors: those of a read; in_doubt when there are more than can be read.
func (g *Gateway) FindRefunds(ctx context.Context, access pay.Access, paymentRef string) ([]pay.RefundReport, error) {
	r := reader{g: g, access: access, name: "find_refunds"}
	var found []pay.RefundReport
	err := r.walk(ctx, stripego.FormatURLPath("/v1/refunds?payment_intent=%s&", paymentRef), maxRefundPages, func(item json.RawMessage) (bool, error) {
		report, err := readRefund(item)
		found = append(found, report)
		return false, err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// readRefund decodes a Refund.
//
// Errors: in_doubt, when it cannot be read.
func readRefund(body []byte) (pay.RefundReport, error) {
	var refund stripego.Refund
	if err := json.Unmarshal(body, &refund); err != nil {
		return pay.RefundReport{}, doubtful("its refund cannot be read").Because(err)
	}
	if refund.ID == "" {
		return pay.RefundReport{}, doubtful("its refund has no id")
	}
	return reportRefund(&refund), nil
}

// reportRefund puts a Refund into our words.
func reportRefund(refund *stripego.Refund) pay.RefundReport {
	report := pay.RefundReport{
		Status:      refundStatus(refund.Status),
		ProviderRef: refund.ID,
		Amount:      fromWire(refund.Amount, string(refund.Currency)),
		Reason:      pay.RefundReason(refund.Reason),
		RefundID:    ourID(refund.Metadata[keyRefund]),
		CreatedAt:   time.Unix(refund.Created, 0).UTC(),
	}
	if refund.PaymentIntent != nil {
		report.PaymentRef = refund.PaymentIntent.ID
	}
	if report.Status == pay.RefundFailed {
		report.Failure = pay.Failure{
			Code: pay.CodeProviderRefused, Message: "the refund failed: " + string(refund.FailureReason), DeclineCode: string(refund.FailureReason),
		}
	}
	return report
}

// refundStatus sorts Stripe's statuses into ours. requires_action waits for the
// customer's bank details; one that is new to us has an open end too.
func refundStatus(s stripego.RefundStatus) pay.RefundStatus {
	switch s {
	case stripego.RefundStatusSucceeded:
		return pay.RefundCompleted
	case stripego.RefundStatusFailed:
		return pay.RefundFailed
	case stripego.RefundStatusCanceled:
		return pay.RefundCanceled
	default:
		return pay.RefundPending
	}
}
