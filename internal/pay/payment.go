package pay

import "time"

// PaymentStatus is where a payment stands.
type PaymentStatus string

// The statuses of a payment.
const (
	PaymentPending           PaymentStatus = "pending"            // sent or about to be, or waiting for the customer
	PaymentAuthorized        PaymentStatus = "authorized"         // money held, not yet taken
	PaymentCompleted         PaymentStatus = "completed"          // money taken
	PaymentPartiallyRefunded PaymentStatus = "partially_refunded" // some of it given back
	PaymentRefunded          PaymentStatus = "refunded"           // all of it given back
	PaymentFailed            PaymentStatus = "failed"             // declined, or refused
	PaymentCanceled          PaymentStatus = "canceled"           // called off before any money was taken
)

// PaymentStatuses is every status, in the order of a payment's life.
var PaymentStatuses = []PaymentStatus{
	PaymentPending, PaymentAuthorized, PaymentCompleted, PaymentPartiallyRefunded, PaymentRefunded, PaymentFailed, PaymentCanceled,
}

// PaymentMoves is every legal change of a payment, and the event each one
// emits. A failed payment may still complete: Stripe keeps a declined intent
// open, and what Stripe took is the truth. A refund that fails days later
// takes its payment back a step.
var PaymentMoves = Moves[PaymentStatus]{
	{PaymentPending, PaymentPending, EventPaymentActionRequired},
	{PaymentPending, PaymentAuthorized, EventPaymentAuthorized},
	{PaymentPending, PaymentCompleted, EventPaymentCompleted},
	{PaymentPending, PaymentFailed, EventPaymentFailed},
	{PaymentPending, PaymentCanceled, EventPaymentCanceled},
	{PaymentAuthorized, PaymentCompleted, EventPaymentCompleted},
	{PaymentAuthorized, PaymentCanceled, EventPaymentCanceled},
	{PaymentFailed, PaymentAuthorized, EventPaymentAuthorized},
	{PaymentFailed, PaymentCompleted, EventPaymentCompleted},
	{PaymentFailed, PaymentCanceled, EventPaymentCanceled},
	{PaymentCompleted, PaymentPartiallyRefunded, EventPaymentRefunded},
	{PaymentCompleted, PaymentRefunded, EventPaymentRefunded},
	{PaymentPartiallyRefunded, PaymentPartiallyRefunded, EventPaymentRefunded},
	{PaymentPartiallyRefunded, PaymentRefunded, EventPaymentRefunded},
	{PaymentPartiallyRefunded, PaymentCompleted, EventPaymentRefundReturned},
	{PaymentRefunded, PaymentPartiallyRefunded, EventPaymentRefundReturned},
	{PaymentRefunded, PaymentCompleted, EventPaymentRefundReturned},
}

// Capture says when money is taken.
type Capture string

// When money is taken.
const (
	CaptureAutomatic Capture = "automatic" // at once
	CaptureManual    Capture = "manual"    // held now, taken by POST …/capture within 7 days
)

// ProviderStripe is the one payment provider.
const ProviderStripe = "stripe"

// Payment is one attempt to take an amount from a customer.
type Payment struct {
	ID    ID
	Owner Owner

	Amount   Money // asked for
	Captured Money // taken; zero until completed
	Refunded Money // given back by completed refunds
	Fee      Money // Stripe's fee; zero until known
	Status   PaymentStatus
	Capture  Capture

	Provider    string // ProviderStripe
	ProviderRef string // pi_…; empty until Stripe answered
	ChargeRef   string // ch_…; empty until there is a charge
	Connection  ID     // whose Stripe credentials

	Share Share // with a partner; zero when the payment is the merchant's alone

	Customer      ID     // may be empty
	Card          ID     // the saved card that was charged, if one was
	PaymentMethod string // pm_… as the caller gave it, or the saved card's
	CardBrand     string
	CardLast4     string

	Description         string
	StatementDescriptor string
	ReceiptEmail        string
	ReturnURL           string
	Metadata            map[string]string

	RedirectURL string  // where the customer must go while pending; empty otherwise
	Failure     Failure // why it failed or was canceled

	IdempotencyKey string // the caller's
	Sequence       int64  // grows with every change; receivers drop older ones
	CreatedAt      time.Time
	UpdatedAt      time.Time
	AuthorizedAt   time.Time // zero until then
	ExpiresAt      time.Time // when held money is let go unless it is captured; zero when none is held, or Stripe does not say
	ExpiryToldAt   time.Time // when the merchant was told that this is near; zero until then
	CapturedAt     time.Time // zero until then
	AvailableOn    time.Time // when Stripe lets go of the funds; zero until known
	ShareDueAt     time.Time // when a partner's pending share becomes available; zero when there is none, or it is
	LookAt         time.Time // when to ask Stripe again if nothing is heard; zero when settled
}

// Failure is why a payment or refund did not happen.
type Failure struct {
	Code        Code
	Message     string
	DeclineCode string // the issuer's reason, for card_declined
}

// Remaining is what can still be refunded, given the refunds that are on
// their way.
func (p Payment) Remaining(pendingRefunds Money) (Money, error) {
	left, err := p.Captured.Sub(p.Refunded)
	if err != nil {
		return Money{}, err
	}
	return left.Sub(pendingRefunds)
}

// CheckCapture says whether amount can be captured now.
//
// Errors: payment_not_authorized, amount_exceeds_remaining.
func (p Payment) CheckCapture(amount Money) error {
	if p.Status != PaymentAuthorized {
		return Errorf(CodeNotAuthorized, "the payment is %s; only an authorized payment can be captured", p.Status)
	}
	if amount.Minor > p.Amount.Minor {
		return Invalid(CodeTooMuch, "amount", "at most %s can be captured", p.Amount)
	}
	return nil
}

// CheckCancel says whether the payment can be called off.
//
// Errors: payment_not_cancelable.
func (p Payment) CheckCancel() error {
	if p.Status != PaymentPending && p.Status != PaymentAuthorized {
		return Errorf(CodeNotCancelable, "the payment is %s; only a pending or authorized payment can be canceled", p.Status)
	}
	return nil
}

// CheckRefund says whether amount can be given back, while pending is already
// on its way back.
//
// Errors: payment_not_captured, amount_exceeds_remaining.
func (p Payment) CheckRefund(amount, pending Money) error {
	if p.Captured.IsZero() {
		return Errorf(CodeNotCaptured, "the payment is %s; nothing of it was captured", p.Status)
	}
	left, err := p.Remaining(pending)
	if err != nil {
		return err
	}
	if left.Minor <= 0 || amount.Minor > left.Minor {
		return Invalid(CodeTooMuch, "amount", "at most %s is left to refund", left)
	}
	return nil
}
