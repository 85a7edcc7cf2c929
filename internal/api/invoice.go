package api

import (
	"context"
	"net/http"

	"florin/internal/engine"
	"florin/internal/pay"
)

// Invoice is an invoice as callers and merchants' endpoints read it.
type Invoice struct {
	ID             string        `json:"id" format:"uuid"`
	MerchantID     string        `json:"merchant_id" format:"uuid"`
	Mode           string        `json:"mode" enum:"test,live"`
	SubscriptionID string        `json:"subscription_id" format:"uuid"`
	CustomerID     string        `json:"customer_id" format:"uuid"`
	AccountID      *string       `json:"account_id" doc:"The partner who gets the rest; null when all is yours."`
	PaymentID      *string       `json:"payment_id" format:"uuid" doc:"What it was paid with; null until then, or when nothing was due."`
	Number         string        `json:"number" doc:"As the customer reads it; empty while it is a draft." example:"A1B2C3D-0001"`
	Reason         string        `json:"reason" doc:"Why there is one: subscription_create, subscription_cycle, subscription_update, …"`
	Status         string        `json:"status" enum:"draft,open,paid,void,uncollectible"`
	AmountDue      string        `json:"amount_due" doc:"A decimal in whole units." example:"10.00"`
	AmountPaid     string        `json:"amount_paid" example:"10.00"`
	Currency       string        `json:"currency" example:"USD"`
	Lines          []InvoiceLine `json:"lines"`
	Dunning        *Dunned       `json:"dunning" doc:"How the collecting of a renewal that failed goes; null when none did."`
	Error          *Failure      `json:"error" doc:"Why the last try to collect it failed; null otherwise."`
	HostedURL      *string       `json:"hosted_url" doc:"Stripe's page where the customer can see and pay it."`
	PDFURL         *string       `json:"pdf_url"`
	ProviderRef    string        `json:"provider_ref" doc:"Stripe's id." example:"in_1abc"`
	FinalizedAt    *string       `json:"finalized_at" format:"date-time"`
	PaidAt         *string       `json:"paid_at" format:"date-time"`
	TestClock      *string       `json:"test_clock" doc:"Stripe's test clock that its times are of, in test mode; null for real time."`
	Sequence       int64         `json:"sequence"`
	CreatedAt      string        `json:"created_at" format:"date-time"`
	UpdatedAt      string        `json:"updated_at" format:"date-time"`
}

// InvoiceLine is one thing that an invoice asks money for, or gives back.
type InvoiceLine struct {
	Description string  `json:"description"`
	Amount      string  `json:"amount" doc:"A decimal in whole units; below zero for a credit." example:"10.00"`
	Quantity    int64   `json:"quantity"`
	Proration   bool    `json:"proration" doc:"For a part of a period, because the plan was changed within it."`
	PeriodStart *string `json:"period_start" format:"date-time"`
	PeriodEnd   *string `json:"period_end" format:"date-time"`
}

// Dunned is how the collecting of a renewal that failed goes.
type Dunned struct {
	Since   string  `json:"since" format:"date-time"`
	Tries   int     `json:"tries" doc:"Made by the schedule and failed, after the first."`
	NextAt  *string `json:"next_retry_at" format:"date-time" doc:"Null when nothing more is tried."`
	Stopped *string `json:"stopped" doc:"Why nothing more is tried: the bank's final no, or exhausted. Another card starts it again at once."`
}

func invoiceView(i pay.Invoice) Invoice {
	return Invoice{
		ID: string(i.ID), MerchantID: string(i.Owner.Merchant), Mode: string(i.Owner.Mode), SubscriptionID: string(i.Subscription),
		CustomerID: string(i.Customer), AccountID: orNull(string(i.Account)), PaymentID: orNull(string(i.Payment)), Number: i.Number, Reason: i.Reason,
		Status: string(i.Status), AmountDue: i.Due.Decimal(), AmountPaid: i.Paid.Decimal(), Currency: string(i.Due.Currency),
		Lines: lineViews(i.Lines, i.Due.Currency), Dunning: dunningView(i.Dunning), Error: failureView(i.Failure), HostedURL: orNull(i.HostedURL), PDFURL: orNull(i.PDFURL),
		ProviderRef: i.ProviderRef, FinalizedAt: stampOrNull(i.FinalizedAt), PaidAt: stampOrNull(i.PaidAt), TestClock: orNull(i.ClockRef),
		Sequence: i.Sequence, CreatedAt: stamp(i.CreatedAt), UpdatedAt: stamp(i.UpdatedAt),
	}
}

func lineViews(lines []pay.InvoiceLine, c pay.Currency) []InvoiceLine {
	return views(lines, func(l pay.InvoiceLine) InvoiceLine {
		return InvoiceLine{l.Description, pay.Amount(l.Amount, c).Decimal(), l.Quantity, l.Proration, stampOrNull(l.PeriodStart), stampOrNull(l.PeriodEnd)}
	})
}

func dunningView(d pay.DunningState) *Dunned {
	if d.Since.IsZero() {
		return nil
	}
	view := &Dunned{Since: stamp(d.Since), Tries: d.Tries, Stopped: orNull(d.Stopped)}
	if d.Stopped == "" && !d.NextAt.Equal(pay.AtOnce) {
		view.NextAt = stampOrNull(d.NextAt)
	}
	return view
}

// InvoiceQuery is the query of GET /v1/invoices.
type InvoiceQuery struct {
	Page
	Status         []string `json:"status,omitempty" enum:"draft,open,paid,void,uncollectible" doc:"One or several, repeated or with commas."`
	SubscriptionID string   `json:"subscription_id,omitempty" maxLength:"64"`
	CustomerID     string   `json:"customer_id,omitempty" maxLength:"64"`
	AccountID      string   `json:"account_id,omitempty" maxLength:"64"`
}

func invoices(ctx context.Context, e *engine.Engine, o pay.Owner, q InvoiceQuery) (pay.List[pay.Invoice], error) {
	f := pay.InvoiceFilter{Statuses: words[pay.InvoiceStatus](q.Status)}
	var errs [3]error
	f.Subscription, errs[0] = parseID(q.SubscriptionID, "subscription_id")
	f.Customer, errs[1] = parseID(q.CustomerID, "customer_id")
	f.Account, errs[2] = parseID(q.AccountID, "account_id")
	if err := firstOf(errs[:]); err != nil {
		return pay.List[pay.Invoice]{}, err
	}
	return e.Invoices(ctx, o, f, q.page())
}

// InvoicePayment is the body of POST /v1/invoices/{id}/pay.
type InvoicePayment struct {
	CardID string `json:"card_id,omitempty" maxLength:"64" doc:"A saved card of the customer; that of the subscription when absent."`
}

func payInvoice(ctx context.Context, e *engine.Engine, ask engine.Ask, id pay.ID, body InvoicePayment) (engine.Reply, error) {
	card, err := parseID(body.CardID, "card_id")
	if err != nil {
		return engine.Reply{}, err
	}
	return e.PayInvoice(ctx, ask, id, card)
}

// Invoice is the reply to a write that changed an invoice.
func (Presenter) Invoice(i pay.Invoice, standing engine.Standing) engine.Reply {
	return reply(i.ID, invoiceView(i), standing, pay.Failure{})
}

// InvoiceRefusal is the reply to a change of an invoice that Stripe refused.
func (Presenter) InvoiceRefusal(err *pay.Error, i pay.Invoice) engine.Reply {
	return refused(i.ID, invoiceView(i), err)
}

// InvoiceEvent is the body of an event about an invoice.
func (Presenter) InvoiceEvent(e pay.Event, i pay.Invoice) []byte { return eventBody(e, invoiceView(i)) }

// InvoicePreview is the invoice that a change would bring.
type InvoicePreview struct {
	AmountDue string        `json:"amount_due" doc:"What it would ask for." example:"14.52"`
	Proration string        `json:"proration" doc:"What of it is for the rest of the running period; below zero for a credit." example:"4.52"`
	Credit    string        `json:"credit" doc:"What would be kept for later invoices, when the change gives back more than it costs." example:"0.00"`
	Currency  string        `json:"currency" example:"USD"`
	Immediate bool          `json:"immediate" doc:"True: the invoice comes at once. False: with the next renewal."`
	ComesAt   *string       `json:"comes_at" format:"date-time"`
	Lines     []InvoiceLine `json:"lines"`
}

func changePreviewView(p pay.InvoicePreview) InvoicePreview {
	return InvoicePreview{
		AmountDue: p.Due.Decimal(), Proration: p.Prorated.Decimal(), Credit: p.Credit.Decimal(), Currency: string(p.Due.Currency),
		Immediate: p.Immediate, ComesAt: stampOrNull(p.ComesAt), Lines: lineViews(p.Lines, p.Due.Currency),
	}
}

// SubscriptionPreview is the reply to the question what a change would bring.
func (Presenter) SubscriptionPreview(id pay.ID, p pay.InvoicePreview) engine.Reply {
	return reply(id, changePreviewView(p), engine.StandingDone, pay.Failure{})
}

// previewRoute asks what a change would cost: a POST because it has a body.
var previewRoute = changeWith(Route{
	Method: http.MethodPost, Path: "/v1/subscriptions/{id}/preview", Scope: pay.ScopeSubscriptionsWrite, Key: KeyHonoured,
	Tag: subscriptionsTag, Name: "previewSubscription", Status: http.StatusOK, Gives: InvoicePreview{},
	Summary: "See what a change would cost", Detail: "The invoice that a change to another plan would bring, to the cent. Nothing is changed.",
	Codes: append([]pay.Code{pay.CodeNotFound, pay.CodeMissingField, pay.CodeSubscriptionEnded, pay.CodePlanArchived, pay.CodeAccountDisabled}, settled...),
}, func(ctx context.Context, e *engine.Engine, ask engine.Ask, id pay.ID, body SubscriptionChange) (engine.Reply, error) {
	r, err := body.change()
	if err != nil {
		return engine.Reply{}, err
	}
	return e.PreviewSubscription(ctx, ask, id, r)
})

const invoicesTag = "Invoices"

var invoiceRoutes = []Route{
	list(Route{
		Method: http.MethodGet, Path: "/v1/invoices", Scope: pay.ScopeSubscriptionsRead, Key: KeyUnused,
		Tag: invoicesTag, Name: "listInvoices", Status: http.StatusOK, Gives: Invoice{}, List: true,
		Summary: "List invoices", Detail: "Newest first.", Codes: []pay.Code{pay.CodeInvalidCursor, pay.CodeInvalidID},
	}, invoices, invoiceView),
	one(Route{
		Method: http.MethodGet, Path: "/v1/invoices/{id}", Scope: pay.ScopeSubscriptionsRead, Key: KeyUnused,
		Tag: invoicesTag, Name: "getInvoice", Status: http.StatusOK, Gives: Invoice{},
		Summary: "Read an invoice", Codes: []pay.Code{pay.CodeNotFound},
	}, (*engine.Engine).Invoice, invoiceView),
	changeWith(Route{
		Method: http.MethodPost, Path: "/v1/invoices/{id}/pay", Scope: pay.ScopeSubscriptionsWrite, Key: KeyRequired,
		Tag: invoicesTag, Name: "payInvoice", Status: http.StatusOK, Gives: Invoice{},
		Summary: "Collect an invoice now", Detail: "With another saved card, or with that of its subscription.",
		Codes: append([]pay.Code{pay.CodeNotFound, pay.CodeInProgress, pay.CodeInvoiceNotOpen, pay.CodeCardDeclined, pay.CodeAuthRequired, pay.CodeInvalidID}, settled...),
	}, payInvoice),
	change(Route{
		Method: http.MethodPost, Path: "/v1/invoices/{id}/void", Scope: pay.ScopeSubscriptionsWrite, Key: KeyHonoured,
		Tag: invoicesTag, Name: "voidInvoice", Status: http.StatusOK, Gives: Invoice{},
		Summary: "Make an invoice void", Detail: "As if it had never been; a subscription that was past due for it is active again.",
		Codes: append([]pay.Code{pay.CodeNotFound, pay.CodeInProgress, pay.CodeInvoiceNotOpen}, settled...),
	}, (*engine.Engine).VoidInvoice),
}
