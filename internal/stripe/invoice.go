package stripe

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"

	stripego "github.com/stripe/stripe-go/v85"

	"florin/internal/pay"
)

// expandPayments asks an invoice for the intent that pays it.
const expandPayments = "expand[0]=payments"

// recentInvoices is how many invoices of a subscription are read when its
// events may be lost: some are made at a change, one at each renewal.
const recentInvoices = 12

// PayInvoice writes the request that collects an invoice now, with a payment
// method or, when that is empty, with the subscription's.
func (g *Gateway) PayInvoice(i pay.Invoice, methodRef string) (pay.Wire, error) {
	return compose(stripego.FormatURLPath("/v1/invoices/%s/pay", i.ProviderRef), &stripego.InvoicePayParams{
		OffSession: stripego.Bool(true), PaymentMethod: optional(methodRef), Expand: stripego.StringSlice([]string{"payments"}),
	}), nil
}

// VoidInvoice writes the request that makes an invoice as if it had never been.
func (g *Gateway) VoidInvoice(i pay.Invoice) (pay.Wire, error) {
	return compose(stripego.FormatURLPath("/v1/invoices/%s/void", i.ProviderRef), &stripego.InvoiceVoidInvoiceParams{
		Expand: stripego.StringSlice([]string{"payments"}),
	}), nil
}

// HoldInvoice writes the request by which Stripe no longer collects an invoice
// by itself.
func (g *Gateway) HoldInvoice(i pay.Invoice) (pay.Wire, error) {
	return compose(stripego.FormatURLPath("/v1/invoices/%s", i.ProviderRef), &stripego.InvoiceUpdateParams{
		AutoAdvance: stripego.Bool(false), Expand: stripego.StringSlice([]string{"payments"}),
	}), nil
}

// FindInvoice reads an invoice.
//
// Errors: those of a read.
func (g *Gateway) FindInvoice(ctx context.Context, access pay.Access, ref string) (pay.InvoiceReport, error) {
	r := reader{g: g, access: access, name: "find_invoice"}
	body, err := r.get(ctx, stripego.FormatURLPath("/v1/invoices/%s", ref)+"?"+expandPayments)
	if err != nil {
		return pay.InvoiceReport{}, err
	}
	return readInvoice(body)
}

// FindInvoices reads the refs of a subscription's latest invoices, newest
// first.
//
// Errors: those of a read.
func (g *Gateway) FindInvoices(ctx context.Context, access pay.Access, subscriptionRef string) ([]string, error) {
	r := reader{g: g, access: access, name: "find_invoices"}
	list, err := r.page(ctx, "/v1/invoices?subscription="+url.QueryEscape(subscriptionRef)+"&limit="+strconv.Itoa(recentInvoices))
	if err != nil {
		return nil, err
	}
	refs := make([]string, len(list.Data))
	for i, item := range list.Data {
		refs[i] = idOf(item)
	}
	return refs, nil
}

// PreviewChange asks what invoice a change of a subscription would bring. It
// is a POST that changes nothing, and so is asked as reads are.
//
// Errors: those of a read.
func (g *Gateway) PreviewChange(ctx context.Context, access pay.Access, s pay.Subscription, wish pay.SubscriptionWish) (pay.InvoicePreview, error) {
	r := reader{g: g, access: access, name: "preview_change"}
	wire := compose("/v1/invoices/create_preview", &stripego.InvoiceCreatePreviewParams{
		Subscription: stripego.String(s.ProviderRef),
		SubscriptionDetails: &stripego.InvoiceCreatePreviewSubscriptionDetailsParams{
			Items:             []*stripego.InvoiceCreatePreviewSubscriptionDetailsItemParams{{ID: stripego.String(s.ItemRef), Price: stripego.String(wish.Plan.ProviderRef)}},
			ProrationBehavior: stripego.String(prorations[wish.Proration]),
		},
	})
	got, verdict := r.ask(ctx, request{access: access, wire: wire})
	if verdict != pay.OutcomeDone {
		return pay.InvoicePreview{}, got.failure(verdict, pay.ActionChangeSubscription)
	}
	return readPreview(got.body)
}

func intoInvoice(result *pay.Answer, body []byte) error {
	report, err := readInvoice(body)
	result.Invoice = &report
	return err
}

// invoice is what is read of an Invoice.
type invoice struct {
	ID                 string            `json:"id"`
	Status             pay.InvoiceStatus `json:"status"`
	Number             string            `json:"number"`
	BillingReason      string            `json:"billing_reason"`
	Created            int64             `json:"created"`
	Currency           string            `json:"currency"`
	AmountDue          int64             `json:"amount_due"`
	AmountPaid         int64             `json:"amount_paid"`
	Total              int64             `json:"total"`
	PeriodEnd          int64             `json:"period_end"`
	AttemptCount       int               `json:"attempt_count"`
	AutoAdvance        bool              `json:"auto_advance"`
	NextPaymentAttempt int64             `json:"next_payment_attempt"`
	HostedInvoiceURL   string            `json:"hosted_invoice_url"`
	InvoicePDF         string            `json:"invoice_pdf"`
	TestClock          reference         `json:"test_clock"`
	StatusTransitions  struct {
		FinalizedAt int64 `json:"finalized_at"`
		PaidAt      int64 `json:"paid_at"`
	} `json:"status_transitions"`
	Parent *struct {
		SubscriptionDetails *struct {
			Subscription reference         `json:"subscription"`
			Metadata     map[string]string `json:"metadata"`
		} `json:"subscription_details"`
	} `json:"parent"`
	Payments struct {
		Data []struct {
			IsDefault bool `json:"is_default"`
			Payment   struct {
				PaymentIntent reference `json:"payment_intent"`
			} `json:"payment"`
		} `json:"data"`
	} `json:"payments"`
	Lines struct {
		Data []invoiceLine `json:"data"`
	} `json:"lines"`
}

// invoiceLine is what is read of a line.
type invoiceLine struct {
	Description string `json:"description"`
	Amount      int64  `json:"amount"`
	Quantity    int64  `json:"quantity"`
	Period      struct {
		Start int64 `json:"start"`
		End   int64 `json:"end"`
	} `json:"period"`
	Parent *struct {
		InvoiceItemDetails      *prorated `json:"invoice_item_details"`
		SubscriptionItemDetails *prorated `json:"subscription_item_details"`
	} `json:"parent"`
}

type prorated struct {
	Proration bool `json:"proration"`
}

// readInvoice decodes an Invoice.
//
// Errors: in_doubt, when it cannot be read.
func readInvoice(body []byte) (pay.InvoiceReport, error) {
	var i invoice
	if err := json.Unmarshal(body, &i); err != nil || i.ID == "" || i.Status == "" {
		return pay.InvoiceReport{}, doubtful("its invoice cannot be read").Because(err)
	}
	report := pay.InvoiceReport{
		ProviderRef: i.ID, Status: i.Status, AutoAdvance: i.AutoAdvance,
		InvoiceDetails: pay.InvoiceDetails{
			Number: i.Number, Reason: i.BillingReason, Due: fromWire(i.AmountDue, i.Currency), Paid: fromWire(i.AmountPaid, i.Currency),
			Lines: i.lines(), HostedURL: i.HostedInvoiceURL, PDFURL: i.InvoicePDF, Attempts: i.AttemptCount, NextAttempt: unix(i.NextPaymentAttempt),
			FinalizedAt: unix(i.StatusTransitions.FinalizedAt), PaidAt: unix(i.StatusTransitions.PaidAt), ClockRef: string(i.TestClock),
		},
	}
	if i.Parent != nil && i.Parent.SubscriptionDetails != nil {
		of := i.Parent.SubscriptionDetails
		report.SubscriptionRef, report.SubscriptionID = string(of.Subscription), ourID(of.Metadata[keySubscription])
	}
	for _, one := range i.Payments.Data {
		if report.PaymentRef == "" || one.IsDefault {
			report.PaymentRef = string(one.Payment.PaymentIntent)
		}
	}
	return report, nil
}

func (i invoice) lines() []pay.InvoiceLine {
	lines := make([]pay.InvoiceLine, len(i.Lines.Data))
	for n, line := range i.Lines.Data {
		lines[n] = pay.InvoiceLine{
			Description: line.Description, Amount: fromWire(line.Amount, i.Currency).Minor, Quantity: line.Quantity, Proration: line.isProration(),
			PeriodStart: unix(line.Period.Start), PeriodEnd: unix(line.Period.End),
		}
	}
	return lines
}

func (l invoiceLine) isProration() bool {
	if l.Parent == nil {
		return false
	}
	item, own := l.Parent.InvoiceItemDetails, l.Parent.SubscriptionItemDetails
	return item != nil && item.Proration || own != nil && own.Proration
}

// readPreview decodes an invoice that does not exist.
//
// Errors: in_doubt, when it cannot be read.
func readPreview(body []byte) (pay.InvoicePreview, error) {
	var i invoice
	if err := json.Unmarshal(body, &i); err != nil || i.Currency == "" {
		return pay.InvoicePreview{}, doubtful("its preview cannot be read").Because(err)
	}
	preview := pay.InvoicePreview{
		Due: fromWire(i.AmountDue, i.Currency), Credit: fromWire(max(-i.Total, 0), i.Currency), Prorated: fromWire(0, i.Currency),
		ComesAt: unix(i.Created), Immediate: i.BillingReason != "subscription_cycle" && i.BillingReason != "upcoming", Lines: i.lines(),
	}
	for _, line := range preview.Lines {
		if line.Proration {
			preview.Prorated.Minor += line.Amount
		}
	}
	return preview, nil
}
