package pay

import "time"

// Adoptable is a payment as Stripe has it, with all that is needed to take it
// into our books although it was not made through us.
type Adoptable struct {
	Report              // as of any payment
	Amount              Money
	Capture             Capture
	CustomerRef         string
	PaymentMethod       string
	Description         string
	StatementDescriptor string
	ReceiptEmail        string
	Metadata            map[string]string // without our own keys
	CreatedAt           time.Time         // by Stripe's clock
	Refunded            bool              // some of it was given back
	Shared              bool              // with a partner: it is no payment of the merchant's alone
}

// NewPayment is the payment as it stood before Stripe's report was taken over:
// what the report says follows from applying it.
func (a Adoptable) NewPayment(id ID, c Connection, now time.Time) Payment {
	none := Amount(0, a.Amount.Currency)
	return Payment{
		ID: id, Owner: c.Owner, Amount: a.Amount, Captured: none, Refunded: none, Status: PaymentPending, Capture: a.Capture,
		Provider: ProviderStripe, ProviderRef: a.ProviderRef, Connection: c.ID, PaymentMethod: a.PaymentMethod,
		Description: a.Description, StatementDescriptor: a.StatementDescriptor, ReceiptEmail: a.ReceiptEmail, Metadata: a.Metadata,
		Sequence: 1, CreatedAt: a.CreatedAt, UpdatedAt: now,
	}
}
