package stripe

import (
	"cmp"
	"context"
	"fmt"
	"time"

	stripego "github.com/stripe/stripe-go/v85"

	"florin/internal/pay"
)

// Charge writes the request that makes a payment: one PaymentIntent, created
// and confirmed at once.
//
// Errors: invalid_payment_method.
func (g *Gateway) Charge(order pay.ChargeOrder) (pay.Wire, error) {
	p := order.Payment
	method, err := methodRef(p.PaymentMethod, p.Owner.Mode, "payment_method")
	if err != nil {
		return pay.Wire{}, err
	}
	params := &stripego.PaymentIntentCreateParams{
		Amount:                    stripego.Int64(toWire(p.Amount)),
		Currency:                  stripego.String(currencyOnWire(p.Amount.Currency)),
		CaptureMethod:             stripego.String(captureMethod(p.Capture)),
		Confirm:                   stripego.Bool(true),
		Customer:                  optional(order.CustomerRef),
		Description:               optional(p.Description),
		Expand:                    stripego.StringSlice([]string{expandFee}),
		Metadata:                  tagged(p.Metadata, map[string]string{keyPayment: string(p.ID), keyMerchant: string(p.Owner.Merchant)}),
		PaymentMethod:             stripego.String(method),
		ReceiptEmail:              optional(p.ReceiptEmail),
		StatementDescriptorSuffix: optional(p.StatementDescriptor), // the whole descriptor is refused for cards
	}
	setPresence(params, order)
	setSharing(params, order)
	return as(p, compose("/v1/payment_intents", params)), nil
}

// setSharing says who gets what (docs.stripe.com/connect/charges). Of a
// separate charge Stripe is only told what belongs together.
func setSharing(params *stripego.PaymentIntentCreateParams, order pay.ChargeOrder) {
	share := order.Payment.Share
	if !order.Fee.IsZero() {
		params.ApplicationFeeAmount = stripego.Int64(toWire(order.Fee))
	}
	switch share.Type {
	case pay.ChargeDestination:
		params.TransferData = &stripego.PaymentIntentCreateTransferDataParams{Destination: stripego.String(share.AccountRef)}
	case pay.ChargeSeparate:
		params.TransferGroup = stripego.String(string(order.Payment.ID))
	}
	if share.OnBehalfOf {
		params.OnBehalfOf = stripego.String(share.AccountRef)
	}
}

// as sends a request about a payment to where the payment lives.
func as(p pay.Payment, wire pay.Wire) pay.Wire {
	wire.Account = p.Share.ActsAs()
	return wire
}

// captureMethod asks for automatic rather than Stripe's default, which is
// automatic_async: only then is the fee in the first answer.
func captureMethod(c pay.Capture) stripego.PaymentIntentCaptureMethod {
	if c == pay.CaptureManual {
		return stripego.PaymentIntentCaptureMethodManual
	}
	return stripego.PaymentIntentCaptureMethodAutomatic
}

// setPresence says what may be asked of the customer. With a return_url they
// can be sent anywhere, so every method that the account takes is allowed.
// Without one, any method that could redirect would be refused outright, so the
// payment is for cards; and a card that wants authentication fails clearly
// (authentication_required) instead of waiting for a page that nobody is shown.
func setPresence(params *stripego.PaymentIntentCreateParams, order pay.ChargeOrder) {
	switch {
	case order.OffSession:
		params.OffSession = stripego.Bool(true)
		params.PaymentMethodTypes = stripego.StringSlice([]string{"card"})
	case order.Payment.ReturnURL != "":
		params.ReturnURL = stripego.String(order.Payment.ReturnURL)
		params.AutomaticPaymentMethods = &stripego.PaymentIntentCreateAutomaticPaymentMethodsParams{Enabled: stripego.Bool(true)}
	default:
		params.ErrorOnRequiresAction = stripego.Bool(true)
		params.PaymentMethodTypes = stripego.StringSlice([]string{"card"})
	}
}

// Capture writes the request that takes amount of an authorised payment, and
// fee of that for the platform where Stripe takes it, and lets go of the rest.
//
// Errors: payment_not_authorized, when Stripe never said which intent it is.
func (g *Gateway) Capture(p pay.Payment, amount, fee pay.Money) (pay.Wire, error) {
	if p.ProviderRef == "" {
		return pay.Wire{}, pay.Errorf(pay.CodeNotAuthorized, "the payment is not known to Stripe yet")
	}
	params := &stripego.PaymentIntentCaptureParams{
		AmountToCapture: stripego.Int64(toWire(amount)),
		Expand:          stripego.StringSlice([]string{expandFee}),
	}
	if !fee.IsZero() {
		params.ApplicationFeeAmount = stripego.Int64(toWire(fee))
	}
	return as(p, compose(stripego.FormatURLPath("/v1/payment_intents/%s/capture", p.ProviderRef), params)), nil
}

// Cancel writes the request that calls a payment off.
//
// Errors: payment_not_cancelable, when Stripe never said which intent it is.
func (g *Gateway) Cancel(p pay.Payment) (pay.Wire, error) {
	if p.ProviderRef == "" {
		return pay.Wire{}, pay.Errorf(pay.CodeNotCancelable, "the payment is not known to Stripe yet")
	}
	return as(p, compose(stripego.FormatURLPath("/v1/payment_intents/%s/cancel", p.ProviderRef), &stripego.PaymentIntentCancelParams{
		Expand: stripego.StringSlice([]string{expandFee}),
	})), nil
}

// FindPayment reads a payment by its ref or, when ref is empty, by our id in
// its metadata among all that was created since. It walks the list and not
// Stripe's search, which may lag by a minute, or by an hour on a bad day
// (docs.stripe.com/search): an absence there proves nothing.
//
// Errors: those of a read, and not_found only when the whole list was seen.
func (g *Gateway) FindPayment(ctx context.Context, access pay.Access, sought pay.PaymentSought) (pay.Report, error) {
	r := reader{g: g, access: access, name: "find_payment"}
	if sought.Ref != "" {
		path := stripego.FormatURLPath("/v1/payment_intents/%s", sought.Ref)
		body, err := r.get(ctx, path+"?expand[0]="+expandFee)
		if err != nil {
			return pay.Report{}, err
		}
		return readPayment(body)
	}
	body, err := r.findCreated(ctx, created{
		path: "/v1/payment_intents", query: "expand[0]=data." + expandFee + "&", key: keyPayment, id: sought.ID, since: sought.Since,
	})
	if err != nil {
		return pay.Report{}, err
	}
	return readPayment(body)
}

// readPayment decodes a PaymentIntent.
//
// Errors: in_doubt, when it cannot be read.
func readPayment(body []byte) (pay.Report, error) {
	var read intent
	if err := decode(body, intentMembers, &read); err != nil {
		return pay.Report{}, doubtful("its payment cannot be read").Because(err)
	}
	if read.ID == "" || read.Status == "" {
		return pay.Report{}, doubtful("its payment has no id or status")
	}
	return reportPayment(&read), nil
}

// reportPayment puts a PaymentIntent into our words.
func reportPayment(i *intent) pay.Report {
	report := pay.Report{
		Status:      paymentStatus(i),
		ProviderRef: i.ID,
		PaymentID:   ourID(i.Metadata[keyPayment]),
	}
	switch report.Status {
	case pay.PaymentCompleted:
		report.Captured = fromWire(i.AmountReceived, i.Currency)
	case pay.PaymentFailed:
		report.Failure = failureOf(i.LastPaymentError)
	case pay.PaymentCanceled:
		report.Failure = cancellation(i.CancellationReason)
	case pay.PaymentPending:
		// The next actions that are a page; the others need Stripe's own scripts.
		report.RedirectURL = cmp.Or(i.NextAction.RedirectToURL.URL, i.NextAction.AlipayHandleRedirect.URL)
	}
	addCharge(&report, i.LatestCharge)
	if fee := i.LatestCharge.Object.ApplicationFeeAmount; fee > 0 {
		report.PlatformFee = fromWire(fee, i.Currency)
	}
	if report.CardLast4 == "" {
		addMethod(&report, i)
	}
	return report
}

// paymentStatus sorts Stripe's statuses into ours. One that is new to us means
// that the end is open, which a later look will tell.
func paymentStatus(i *intent) pay.PaymentStatus {
	switch i.Status {
	case stripego.PaymentIntentStatusSucceeded:
		return pay.PaymentCompleted
	case stripego.PaymentIntentStatusRequiresCapture:
		return pay.PaymentAuthorized
	case stripego.PaymentIntentStatusCanceled:
		return pay.PaymentCanceled
	case stripego.PaymentIntentStatusRequiresPaymentMethod:
		if i.LastPaymentError != nil {
			return pay.PaymentFailed
		}
	}
	return pay.PaymentPending
}

// failureOf is why the last attempt to pay failed.
func failureOf(e *attemptError) pay.Failure {
	if e == nil {
		return pay.Failure{}
	}
	p := problem{Code: e.Code, DeclineCode: e.DeclineCode, Message: e.Message}
	declined := p.decline()
	return pay.Failure{Code: declined.Code, Message: declined.Message, DeclineCode: declined.DeclineCode}
}

func cancellation(reason stripego.PaymentIntentCancellationReason) pay.Failure {
	message := "the payment was canceled"
	if reason != "" {
		message = fmt.Sprintf("the payment was canceled (%s)", reason)
	}
	return pay.Failure{Code: pay.CodePaymentCanceled, Message: message}
}

// addCharge takes over what the charge tells; an unexpanded one is an id only.
func addCharge(report *pay.Report, c expandable[charge]) {
	report.ChargeRef = cmp.Or(c.ID, c.Object.ID)
	if card := c.Object.PaymentMethodDetails.Card; card != nil {
		report.CardBrand, report.CardLast4 = card.Brand, card.Last4
		report.ExpiresAt = momentOf(card.CaptureBefore)
	}
	if entry := c.Object.BalanceTransaction.Object; entry.Currency != "" {
		report.Fee = fromWire(entry.stripeFee(), entry.Currency)
		if entry.Net != 0 {
			report.Net = fromWire(entry.Net, entry.Currency)
		}
		report.AvailableOn = momentOf(entry.AvailableOn)
	}
}

// momentOf is a time of Stripe's; zero when there is none.
func momentOf(seconds int64) time.Time {
	if seconds <= 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// addMethod takes the card from wherever a charge that never was left it.
func addMethod(report *pay.Report, i *intent) {
	method := &i.PaymentMethod.Object
	if e := i.LastPaymentError; e != nil && e.PaymentMethod != nil {
		method = e.PaymentMethod
	}
	if method.Card != nil {
		report.CardBrand, report.CardLast4 = method.Card.Brand, method.Card.Last4
	}
}

// ourID is an id of ours from metadata, where anybody may have written
// anything: what is no id is none.
func ourID(text string) pay.ID {
	id, err := pay.ParseID(text)
	if err != nil {
		return ""
	}
	return id
}
