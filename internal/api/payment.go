package api

import (
	"cmp"
	"context"
	"net/http"

	"florin/internal/engine"
	"florin/internal/pay"
)

// Payment is a payment as callers and merchants' endpoints read it.
type Payment struct {
	ID             string            `json:"id" format:"uuid"`
	MerchantID     string            `json:"merchant_id" format:"uuid"`
	Mode           string            `json:"mode" enum:"test,live"`
	Amount         string            `json:"amount" doc:"Asked for; a decimal in whole units of the currency." example:"50.00"`
	AmountCaptured string            `json:"amount_captured" doc:"Taken so far." example:"50.00"`
	AmountRefunded string            `json:"amount_refunded" doc:"Given back by completed refunds." example:"0.00"`
	Fee            *string           `json:"fee" doc:"Stripe's fee; null until it is known."`
	Currency       string            `json:"currency" doc:"ISO 4217." example:"USD"`
	Provider       string            `json:"provider" enum:"stripe"`
	Status         string            `json:"status" enum:"pending,authorized,completed,partially_refunded,refunded,failed,canceled"`
	ProviderRef    string            `json:"provider_ref" doc:"Stripe's id of the PaymentIntent; empty until Stripe answered." example:"pi_3abc"`
	PaymentMethod  string            `json:"payment_method" doc:"Stripe's id of what was charged." example:"pm_card_visa"`
	Card           *CardFace         `json:"card" doc:"What may be shown of the card; null until it is known."`
	AccountID      *string           `json:"account_id" doc:"The partner whom the payment is shared with; null when it is yours alone."`
	ChargeType     *string           `json:"charge_type" enum:"direct,destination,separate"`
	ApplicationFee *string           `json:"application_fee" doc:"Your part of a shared payment: of the amount, and of what was captured once it was." example:"10.00"`
	PlatformPct    *string           `json:"platform_percent" doc:"When your part is a percentage; null when it is an amount." example:"20"`
	PartnerShare   *string           `json:"partner_share" doc:"What the partner gets; null until the payment is captured. Of a direct charge Stripe's fee is taken off." example:"40.00"`
	OnBehalfOf     bool              `json:"on_behalf_of" doc:"The partner stands on the customer's card statement."`
	SavedCardID    *string           `json:"saved_card_id" doc:"The saved card that was charged, if one was."`
	CustomerID     *string           `json:"customer_id"`
	Capture        string            `json:"capture" enum:"automatic,manual"`
	Description    string            `json:"description"`
	StatementDesc  string            `json:"statement_descriptor"`
	ReceiptEmail   string            `json:"receipt_email"`
	ReturnURL      string            `json:"return_url"`
	Metadata       map[string]string `json:"metadata"`
	NextAction     *NextAction       `json:"next_action" doc:"What the customer must do while the payment is pending; null when nothing."`
	Error          *Failure          `json:"error" doc:"Why the payment failed or was canceled; null otherwise."`
	IdempotencyKey string            `json:"idempotency_key"`
	Sequence       int64             `json:"sequence" doc:"Grows with every change: drop what is older than what you have."`
	CreatedAt      string            `json:"created_at" format:"date-time"`
	UpdatedAt      string            `json:"updated_at" format:"date-time"`
	AuthorizedAt   *string           `json:"authorized_at"`
	ExpiresAt      *string           `json:"authorization_expires_at" format:"date-time" doc:"When held money is let go unless it is captured; null when none is held."`
	CapturedAt     *string           `json:"captured_at"`
	AvailableOn    *string           `json:"available_on" format:"date-time" doc:"When Stripe lets go of the funds; null until it is known."`
}

// CardFace is what PCI DSS lets anybody show of a card.
type CardFace struct {
	Brand string `json:"brand" example:"visa"`
	Last4 string `json:"last4" example:"4242"`
}

// NextAction is what the customer must do.
type NextAction struct {
	Type        string `json:"type" enum:"redirect"`
	RedirectURL string `json:"redirect_url" doc:"Send the customer's browser here; it comes back to return_url."`
}

// Failure is why something did not happen.
type Failure struct {
	Code        string `json:"code" example:"card_declined"`
	Message     string `json:"message"`
	DeclineCode string `json:"decline_code" doc:"The bank's reason, in Stripe's words; may be empty." example:"insufficient_funds"`
}

func paymentView(p pay.Payment) Payment {
	view := plainPayment(p)
	view.OnBehalfOf, view.AvailableOn = p.Share.OnBehalfOf, stampOrNull(p.AvailableOn)
	view.AccountID, view.ChargeType = orNull(string(p.Share.Account)), orNull(string(p.Share.Type))
	if p.Status == pay.PaymentAuthorized {
		view.ExpiresAt = stampOrNull(p.ExpiresAt)
	}
	if p.Share.Account == "" {
		return view
	}
	view.ApplicationFee = new(inCurrency(p.Share.Fee, p.Amount))
	if p.Share.Percent > 0 {
		view.PlatformPct = new(p.Share.Percent.String())
	}
	if part := p.PartnerShare(); !p.Captured.IsZero() && part.Currency != "" {
		view.PartnerShare = new(part.Decimal())
	}
	return view
}

// plainPayment is what every payment shows.
func plainPayment(p pay.Payment) Payment {
	return Payment{
		ID: string(p.ID), MerchantID: string(p.Owner.Merchant), Mode: string(p.Owner.Mode),
		Amount: p.Amount.Decimal(), AmountCaptured: inCurrency(p.Captured, p.Amount), AmountRefunded: inCurrency(p.Refunded, p.Amount),
		Fee: feeView(p), Currency: string(p.Amount.Currency), Provider: p.Provider, Status: string(p.Status),
		ProviderRef: p.ProviderRef, PaymentMethod: p.PaymentMethod, Card: cardFace(p),
		SavedCardID: orNull(string(p.Card)), CustomerID: orNull(string(p.Customer)), Capture: string(p.Capture),
		Description: p.Description, StatementDesc: p.StatementDescriptor, ReceiptEmail: p.ReceiptEmail, ReturnURL: p.ReturnURL,
		Metadata: orEmpty(p.Metadata), NextAction: nextAction(p), Error: failureView(p.Failure),
		IdempotencyKey: p.IdempotencyKey, Sequence: p.Sequence,
		CreatedAt: stamp(p.CreatedAt), UpdatedAt: stamp(p.UpdatedAt),
		AuthorizedAt: stampOrNull(p.AuthorizedAt), CapturedAt: stampOrNull(p.CapturedAt),
	}
}

// inCurrency writes an amount that may be the zero Money, which has no
// currency, in the currency of another.
func inCurrency(m, other pay.Money) string {
	return pay.Amount(m.Minor, other.Currency).Decimal()
}

func feeView(p pay.Payment) *string {
	if p.Fee.IsZero() {
		return nil
	}
	return new(p.Fee.Decimal()) // in the currency of the settlement, which Stripe chooses
}

func cardFace(p pay.Payment) *CardFace {
	if p.CardBrand == "" && p.CardLast4 == "" {
		return nil
	}
	return &CardFace{Brand: p.CardBrand, Last4: p.CardLast4}
}

func nextAction(p pay.Payment) *NextAction {
	if p.Status != pay.PaymentPending || p.RedirectURL == "" {
		return nil
	}
	return &NextAction{Type: "redirect", RedirectURL: p.RedirectURL}
}

func failureView(f pay.Failure) *Failure {
	if f.Code == "" {
		return nil
	}
	return &Failure{Code: string(f.Code), Message: f.Message, DeclineCode: f.DeclineCode}
}

// NewPayment is the body of POST /v1/payments.
type NewPayment struct {
	Amount              Amount            `json:"amount" doc:"Above zero, in whole units of the currency; a number or a string."`
	Currency            string            `json:"currency" minLength:"1" maxLength:"8" doc:"ISO 4217, in any case." example:"USD"`
	Provider            string            `json:"provider,omitempty" enum:"stripe" doc:"Must be stripe when it is given."`
	PaymentMethod       string            `json:"payment_method,omitempty" maxLength:"255" doc:"Stripe's pm_… from the client; this or saved_card_id." example:"pm_card_visa"`
	SavedCardID         string            `json:"saved_card_id,omitempty" maxLength:"64" doc:"A saved card to charge while the customer is away."`
	CustomerID          string            `json:"customer_id,omitempty" maxLength:"64"`
	ReturnURL           string            `json:"return_url,omitempty" maxLength:"2048" doc:"Where the customer comes back to after 3D Secure." example:"https://merchant.com/return"`
	Capture             string            `json:"capture,omitempty" enum:"automatic,manual" default:"automatic" doc:"manual only holds the money, for up to 7 days."`
	Description         string            `json:"description,omitempty" maxLength:"1000"`
	StatementDescriptor string            `json:"statement_descriptor,omitempty" maxLength:"22" doc:"What the card statement shows, after the account's own prefix."`
	ReceiptEmail        string            `json:"receipt_email,omitempty" maxLength:"254"`
	Metadata            map[string]string `json:"metadata,omitempty" doc:"At most 45 keys of 40 characters, values of 500."`
	Account             string            `json:"account,omitempty" maxLength:"64" doc:"A partner's account to share the payment with."`
	ChargeType          string            `json:"charge_type,omitempty" enum:"direct,destination,separate" doc:"direct is made in the partner's account, who pays Stripe's fee; destination in yours, which pays it, and the rest goes to the partner at once; separate keeps the partner's part in the books until it is transferred or paid out."`
	ApplicationFee      Amount            `json:"application_fee,omitempty" doc:"Your part, as an amount; this or platform_percent, or neither for none."`
	PlatformPercent     Amount            `json:"platform_percent,omitempty" doc:"Your part in percent of what is captured, with at most two decimals."`
	OnBehalfOf          bool              `json:"on_behalf_of,omitempty" doc:"Have the partner stand on the customer's card statement; for destination and separate charges."`
}

// share turns what a body says of a partner into the engine's words.
func (b NewPayment) share(currency pay.Currency) (pay.Share, error) {
	account, err := parseID(b.Account, "account")
	if err != nil {
		return pay.Share{}, err
	}
	s := pay.Share{Account: account, Type: pay.ChargeType(b.ChargeType), OnBehalfOf: b.OnBehalfOf}
	if b.ApplicationFee != "" {
		if s.Fee, err = b.ApplicationFee.money(currency); err != nil {
			return s, at(err, "application_fee")
		}
	}
	if b.PlatformPercent != "" {
		if s.Percent, err = pay.ParsePercent(string(b.PlatformPercent), "platform_percent"); err != nil {
			return s, err
		}
	}
	return s, nil
}

// request turns the body into the engine's words.
func (b NewPayment) request() (engine.PaymentRequest, error) {
	currency, err := pay.ParseCurrency(b.Currency)
	if err != nil {
		return engine.PaymentRequest{}, err
	}
	if b.Amount == "" {
		return engine.PaymentRequest{}, pay.Invalid(pay.CodeMissingField, "amount", "amount is required")
	}
	amount, err := b.Amount.money(currency)
	if err != nil {
		return engine.PaymentRequest{}, err
	}
	card, err := parseID(b.SavedCardID, "saved_card_id")
	if err != nil {
		return engine.PaymentRequest{}, err
	}
	customer, err := parseID(b.CustomerID, "customer_id")
	if err != nil {
		return engine.PaymentRequest{}, err
	}
	share, err := b.share(currency)
	if err != nil {
		return engine.PaymentRequest{}, err
	}
	return engine.PaymentRequest{
		Share: share, Amount: amount, Provider: cmp.Or(b.Provider, pay.ProviderStripe), PaymentMethod: b.PaymentMethod, SavedCard: card, Customer: customer,
		ReturnURL: b.ReturnURL, Capture: cmp.Or(pay.Capture(b.Capture), pay.CaptureAutomatic), Description: b.Description,
		StatementDescriptor: b.StatementDescriptor, ReceiptEmail: b.ReceiptEmail, Metadata: b.Metadata,
	}, nil
}

// Capture is the body of POST /v1/payments/{id}/capture.
type Capture struct {
	Amount         Amount `json:"amount,omitempty" doc:"At most what was authorised; all of it when absent. The rest is released."`
	ApplicationFee Amount `json:"application_fee,omitempty" doc:"Your part, when it is to be another than was agreed; a percentage follows the amount by itself."`
}

func createPayment(ctx context.Context, e *engine.Engine, ask engine.Ask, body NewPayment) (engine.Reply, error) {
	request, err := body.request()
	if err != nil {
		return engine.Reply{}, err
	}
	return e.CreatePayment(ctx, ask, request)
}

func capturePayment(ctx context.Context, e *engine.Engine, ask engine.Ask, id pay.ID, body Capture) (engine.Reply, error) {
	return e.CapturePayment(ctx, ask, engine.CaptureRequest{Payment: id, Amount: string(body.Amount), ApplicationFee: string(body.ApplicationFee)})
}

// PaymentQuery is the query of GET /v1/payments.
type PaymentQuery struct {
	Page
	Provider       string            `json:"provider,omitempty" enum:"stripe"`
	Status         []string          `json:"status,omitempty" enum:"pending,authorized,completed,partially_refunded,refunded,failed,canceled" doc:"One or several, repeated or with commas."`
	Currency       string            `json:"currency,omitempty" maxLength:"8"`
	MinAmount      string            `json:"min_amount,omitempty" maxLength:"40" doc:"At least, in whole units of each payment's currency."`
	MaxAmount      string            `json:"max_amount,omitempty" maxLength:"40" doc:"At most, likewise."`
	Since          string            `json:"since,omitempty" maxLength:"40" doc:"Created at or after: RFC 3339, or a date, whose first moment in UTC counts." example:"2025-06-01T00:00:00Z"`
	Until          string            `json:"until,omitempty" maxLength:"40" doc:"Created before: RFC 3339, or a date, which is included as a whole." example:"2025-06-30"`
	CustomerID     string            `json:"customer_id,omitempty" maxLength:"64"`
	Account        string            `json:"account,omitempty" maxLength:"64" doc:"Shared with this partner."`
	Last4          string            `json:"last4,omitempty" pattern:"^[0-9]{4}$" doc:"The card's last four digits." example:"4242"`
	ProviderRef    string            `json:"provider_ref,omitempty" maxLength:"255" doc:"Stripe's pi_… or ch_…."`
	IdempotencyKey string            `json:"idempotency_key,omitempty" maxLength:"255"`
	Metadata       map[string]string `json:"metadata,omitempty" doc:"metadata[order]=17: payments with this value, for each key given."`
	Q              string            `json:"q,omitempty" maxLength:"200" doc:"Part of the description, the receipt e-mail, or any reference."`
	Sort           string            `json:"sort,omitempty" enum:"-created_at,created_at,-amount,amount" default:"-created_at"`
}

// filter turns the query into the engine's words.
func (q PaymentQuery) filter() (pay.PaymentFilter, error) {
	f := pay.PaymentFilter{
		Provider: q.Provider, CardLast4: q.Last4, ProviderRef: q.ProviderRef, IdempotencyKey: q.IdempotencyKey,
		Metadata: q.Metadata, Query: q.Q, Order: pay.PaymentOrder(q.Sort), Statuses: words[pay.PaymentStatus](q.Status),
	}
	if f.Order == "" {
		f.Order = pay.NewestFirst
	}
	var errs [7]error
	if q.Currency != "" {
		f.Currency, errs[0] = pay.ParseCurrency(q.Currency)
	}
	f.MinMilli, errs[1] = parseBound(q.MinAmount, "min_amount")
	f.MaxMilli, errs[2] = parseBound(q.MaxAmount, "max_amount")
	f.Since, errs[3] = parseSince(q.Since, "since")
	f.Until, errs[4] = parseUntil(q.Until, "until")
	f.Customer, errs[5] = parseID(q.CustomerID, "customer_id")
	f.Account, errs[6] = parseID(q.Account, "account")
	return f, firstOf(errs[:])
}

// listPayments answers a page as JSON, or all pages as CSV.
func listPayments(s *server, in *intake) error {
	var query PaymentQuery
	if err := in.query(&query); err != nil {
		return err
	}
	filter, err := query.filter()
	if err != nil {
		return err
	}
	read := func(page pay.Page) (pay.List[pay.Payment], error) {
		return s.engine.Payments(in.ctx(), in.key.Owner, filter, page)
	}
	if in.csv {
		return export(in, paymentSheet, paymentView, query.page(), read)
	}
	found, err := read(query.page())
	if err != nil {
		return err
	}
	in.sendList(views(found.Items, paymentView), found.Next)
	return nil
}

// Moment is one thing that happened to a payment.
type Moment struct {
	At      string         `json:"at" format:"date-time"`
	Source  string         `json:"source" enum:"caller,florin,stripe,ledger,webhook" doc:"Who did or says so: a request of yours, this server, Stripe, the ledger, a try to tell an endpoint."`
	Kind    string         `json:"kind"`
	Summary string         `json:"summary" doc:"For people."`
	Ref     string         `json:"ref" doc:"What it is about, in the words of its source; may be empty."`
	Detail  map[string]any `json:"detail"`
}

func momentView(m engine.Moment) Moment {
	detail := m.Detail
	if detail == nil {
		detail = map[string]any{}
	}
	return Moment{At: stamp(m.At), Source: string(m.Source), Kind: string(m.Kind), Summary: m.Summary, Ref: m.Ref, Detail: detail}
}

// timeline answers with everything that happened to a payment, oldest first.
func timeline(s *server, in *intake) error {
	id, err := in.id()
	if err != nil {
		return err
	}
	moments, err := s.engine.Timeline(in.ctx(), in.key.Owner, id)
	if err != nil {
		return err
	}
	in.sendList(views(moments, momentView), "")
	return nil
}

// settled are the codes that any write to Stripe may end with.
var settled = []pay.Code{
	pay.CodeProviderMissing, pay.CodeProviderUnreachable, pay.CodeProviderBusy, pay.CodeProviderRefused, pay.CodeInDoubt,
}

const paymentsTag = "Payments"

var paymentRoutes = []Route{
	write(Route{
		Method: http.MethodPost, Path: "/v1/payments", Scope: pay.ScopePaymentsWrite, Key: KeyRequired,
		Tag: paymentsTag, Name: "createPayment", Status: http.StatusCreated, Gives: Payment{},
		Summary: "Take a payment",
		Detail: "Charges a card at once, or holds the money with capture: manual. A declined payment is answered with 402 and the payment in data. " +
			"202 means that Stripe gave no clear answer: the payment is pending, and its outcome follows as an event.",
		Codes: append([]pay.Code{pay.CodeInvalidAmount, pay.CodeAmountTooSmall, pay.CodeAmountTooLarge, pay.CodeInvalidCurrency,
			pay.CodeInvalidPaymentMeth, pay.CodeInvalidMetadata, pay.CodeNotFound, pay.CodeCardDeclined, pay.CodeAuthRequired,
			pay.CodeAccountDisabled, pay.CodeTooMuch}, settled...),
	}, createPayment),
	{
		Method: http.MethodGet, Path: "/v1/payments", Scope: pay.ScopePaymentsRead, Key: KeyUnused,
		Tag: paymentsTag, Name: "listPayments", Status: http.StatusOK, Gives: Payment{}, List: true, CSV: true,
		Summary: "List and filter payments",
		Detail: "Newest first unless sort says otherwise. Filters add up. With Accept: text/csv the answer has every page, up to 100,000 payments; " +
			"the trailer Next-Cursor says where to go on after that.",
		Codes: []pay.Code{pay.CodeInvalidCursor, pay.CodeInvalidAmount, pay.CodeInvalidCurrency},
		asks:  typeOf[PaymentQuery](), handle: listPayments,
	},
	one(Route{
		Method: http.MethodGet, Path: "/v1/payments/{id}", Scope: pay.ScopePaymentsRead, Key: KeyUnused,
		Tag: paymentsTag, Name: "getPayment", Status: http.StatusOK, Gives: Payment{},
		Summary: "Read a payment", Codes: []pay.Code{pay.CodeNotFound},
	}, (*engine.Engine).Payment, paymentView),
	changeWith(Route{
		Method: http.MethodPost, Path: "/v1/payments/{id}/capture", Scope: pay.ScopePaymentsWrite, Key: KeyRequired,
		Tag: paymentsTag, Name: "capturePayment", Status: http.StatusOK, Gives: Payment{},
		Summary: "Capture an authorised payment",
		Detail:  "Takes all of the held money, or a part; what is not taken is released at once.",
		Codes: append([]pay.Code{pay.CodeNotFound, pay.CodeInvalidAmount, pay.CodeNotAuthorized, pay.CodeTooMuch,
			pay.CodeInProgress}, settled...),
	}, capturePayment),
	change(Route{
		Method: http.MethodPost, Path: "/v1/payments/{id}/cancel", Scope: pay.ScopePaymentsWrite, Key: KeyHonoured,
		Tag: paymentsTag, Name: "cancelPayment", Status: http.StatusOK, Gives: Payment{},
		Summary: "Cancel a payment",
		Detail:  "Releases held money, or calls off a payment that waits for its customer. A completed payment is refunded instead.",
		Codes:   append([]pay.Code{pay.CodeNotFound, pay.CodeNotCancelable, pay.CodeInProgress}, settled...),
	}, (*engine.Engine).CancelPayment),
	{
		Method: http.MethodGet, Path: "/v1/payments/{id}/timeline", Scope: pay.ScopePaymentsRead, Key: KeyUnused,
		Tag: paymentsTag, Name: "getPaymentTimeline", Status: http.StatusOK, Gives: Moment{}, List: true,
		Summary: "Read everything that happened to a payment",
		Detail:  "In order of time, each with its source: what was asked of Stripe, what Stripe said, what was told to endpoints, what was booked.",
		Codes:   []pay.Code{pay.CodeNotFound}, handle: timeline,
	},
}
