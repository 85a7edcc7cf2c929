package stripe

import (
	"context"
	"encoding/json"
	"maps"
	"strings"
	"time"

	stripego "github.com/stripe/stripe-go/v85"

	"florin/internal/pay"
)

// ListPayments reads a page of an account's payments, newest first.
//
// Errors: those of a read; in_doubt when the page cannot be read.
func (g *Gateway) ListPayments(ctx context.Context, access pay.Access, sought pay.ListSought) (pay.StripeList[pay.Adoptable], error) {
	r := reader{g: g, access: access, name: "list_payments"}
	return listed(ctx, r, "/v1/payment_intents?expand[0]=data."+expandFee+"&", sought, readAdoptable)
}

// FindAdoptable reads one payment with all that is needed to adopt it.
//
// Errors: those of a read.
func (g *Gateway) FindAdoptable(ctx context.Context, access pay.Access, ref string) (pay.Adoptable, error) {
	r := reader{g: g, access: access, name: "find_adoptable"}
	body, err := r.get(ctx, stripego.FormatURLPath("/v1/payment_intents/%s", ref)+"?expand[0]="+expandFee)
	if err != nil {
		return pay.Adoptable{}, err
	}
	return readAdoptable(body)
}

// adoptable is what is read of an intent beside what every payment needs.
type adoptable struct {
	CaptureMethod       string            `json:"capture_method"`
	Customer            reference         `json:"customer"`
	PaymentMethod       reference         `json:"payment_method"`
	Description         string            `json:"description"`
	StatementDescriptor string            `json:"statement_descriptor_suffix"`
	ReceiptEmail        string            `json:"receipt_email"`
	Metadata            map[string]string `json:"metadata"`
	Created             int64             `json:"created"`
	ApplicationFee      int64             `json:"application_fee_amount"`
	TransferData        *struct{}         `json:"transfer_data"`
	LatestCharge        expandable[struct {
		AmountRefunded int64 `json:"amount_refunded"`
	}] `json:"latest_charge"`
}

// readAdoptable decodes an intent.
//
// Errors: in_doubt, when it cannot be read.
func readAdoptable(body json.RawMessage) (pay.Adoptable, error) {
	var whole intent
	var rest adoptable
	if err := json.Unmarshal(body, &whole); err != nil {
		return pay.Adoptable{}, doubtful("its payment cannot be read").Because(err)
	}
	if err := json.Unmarshal(body, &rest); err != nil {
		return pay.Adoptable{}, doubtful("its payment cannot be read").Because(err)
	}
	if whole.ID == "" || whole.Status == "" {
		return pay.Adoptable{}, doubtful("its payment has no id or status")
	}
	maps.DeleteFunc(rest.Metadata, func(key, _ string) bool { return strings.HasPrefix(key, "florin_") })
	capture := pay.CaptureAutomatic
	if rest.CaptureMethod == "manual" {
		capture = pay.CaptureManual
	}
	return pay.Adoptable{
		Report: reportPayment(&whole), Amount: fromWire(whole.Amount, whole.Currency), Capture: capture, CustomerRef: string(rest.Customer),
		PaymentMethod: string(rest.PaymentMethod), Description: rest.Description, StatementDescriptor: rest.StatementDescriptor,
		ReceiptEmail: rest.ReceiptEmail, Metadata: rest.Metadata, CreatedAt: time.Unix(rest.Created, 0).UTC(),
		Refunded: rest.LatestCharge.Object.AmountRefunded > 0, Shared: rest.ApplicationFee > 0 || rest.TransferData != nil,
	}, nil
}
