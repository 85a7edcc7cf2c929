package engine

import (
	"context"
	"time"

	"florin/internal/pay"
)

// Composer writes the requests that a payment's life sends to Stripe. It only
// writes: what it returns is kept as it is, and sent by a Sender.
//
// Errors: invalid_payment_method, invalid_amount and the like: what can be
// seen to be wrong without asking Stripe.
type Composer interface {
	Charge(pay.ChargeOrder) (pay.Wire, error)
	Capture(p pay.Payment, amount, fee pay.Money) (pay.Wire, error)
	Cancel(p pay.Payment) (pay.Wire, error)
	Refund(p pay.Payment, r pay.Refund) (pay.Wire, error)
	CreateCustomer(c pay.Customer) (pay.Wire, error)
	AttachCard(card pay.Card, customer pay.Customer) (pay.Wire, error)
	DetachCard(card pay.Card) (pay.Wire, error)
	SetUpCard(card pay.Card, customer pay.Customer) (pay.Wire, error)
}

// Sender sends a call, byte for byte as it was kept, under its provider key,
// and says what came of it. It never returns an error: an error is an outcome.
type Sender interface {
	Send(ctx context.Context, access pay.Access, call pay.Call) pay.Answer
}

// Finder reads what Stripe knows. Reading is always safe to repeat.
//
// Errors: not_found when Stripe has no such thing, provider_unreachable,
// provider_busy, in_doubt (a 5xx), provider_key_invalid, provider_refused.
type Finder interface {
	// FindPayment reads a payment by its ref or, when ref is empty, by the id
	// of ours that Stripe keeps in its metadata, among what was created since.
	FindPayment(ctx context.Context, access pay.Access, sought pay.PaymentSought) (pay.Report, error)
	// FindRefunds reads every refund of a payment.
	FindRefunds(ctx context.Context, access pay.Access, paymentRef string) ([]pay.RefundReport, error)
	// FindCustomer reads a customer by our id among what was created since.
	FindCustomer(ctx context.Context, access pay.Access, id pay.ID, since time.Time) (ref string, err error)
	// FindSetup reads the saving of a card by its ref or, when ref is empty, by
	// our id among what was created since.
	FindSetup(ctx context.Context, access pay.Access, ref string, id pay.ID, since time.Time) (pay.SetupReport, error)
	// FindCard reads a payment method.
	FindCard(ctx context.Context, access pay.Access, ref string) (pay.CardFound, error)
}

// Statements reads what Stripe says of the money itself.
type Statements interface {
	// ListBalanceTransactions reads a page of an account's balance transactions,
	// newest first.
	//
	// Errors: those of Finder.
	ListBalanceTransactions(ctx context.Context, access pay.Access, sought pay.ListSought) (pay.StripeList[pay.BalanceTransaction], error)
	// ListPayments reads a page of an account's payments, newest first, whoever
	// made them.
	//
	// Errors: those of Finder.
	ListPayments(ctx context.Context, access pay.Access, sought pay.ListSought) (pay.StripeList[pay.Adoptable], error)
	// FindAdoptable reads one payment, whoever made it.
	//
	// Errors: those of Finder.
	FindAdoptable(ctx context.Context, access pay.Access, ref string) (pay.Adoptable, error)
}

// Accounts looks after a merchant's access to Stripe.
type Accounts interface {
	// Check asks Stripe whose key it is and tries the rights that Florin needs.
	//
	// Errors: provider_key_invalid, provider_key_lacks_rights,
	// provider_unreachable, provider_busy, in_doubt.
	Check(ctx context.Context, access pay.Access) (pay.StripeAccount, error)
	// Inspect asks Stripe whose key it is and which rights it has, and demands
	// none.
	//
	// Errors: those of Check, but for provider_key_lacks_rights.
	Inspect(ctx context.Context, access pay.Access) (pay.StripeAccount, error)
	// Subscribe makes Stripe send events to url, also those of connected
	// accounts, and returns the secrets that sign them.
	Subscribe(ctx context.Context, access pay.Access, url string) ([]pay.Secret, error)
}

// Partners writes and reads what concerns partners' connected accounts.
//
// Errors: those of Composer and of Finder.
type Partners interface {
	CreateAccount(a pay.Account, order pay.AccountOrder) (pay.Wire, error)
	UpdateAccount(a pay.Account, order pay.AccountOrder) (pay.Wire, error)
	RejectAccount(a pay.Account, reason pay.RejectReason) (pay.Wire, error)
	DeleteAccount(a pay.Account) (pay.Wire, error)
	OnboardingLink(a pay.Account, order pay.LinkOrder) (pay.Wire, error)
	AddBankAccount(a pay.Account, order pay.BankOrder) (pay.Wire, error)
	RemoveBankAccount(a pay.Account, ref string) (pay.Wire, error)
	// FindAccount reads an account by its ref or, when that is empty, by our id
	// among what was created since. One that the key may not use is gone.
	FindAccount(ctx context.Context, access pay.Access, sought pay.AccountSought) (pay.AccountReport, error)
	// FindBankAccounts reads where an account's payouts may go.
	FindBankAccounts(ctx context.Context, access pay.Access, ref string) ([]pay.BankAccount, error)
}

// Signatures checks and reads Stripe events.
type Signatures interface {
	// Verify checks the Stripe-Signature header over the raw body against each
	// secret, allowing 300 seconds of difference both ways.
	//
	// Errors: signature_invalid, signature_expired.
	Verify(body []byte, header string, secrets []pay.Secret, now time.Time) error
	// Read takes apart an event of any API version. The report is what the
	// event claims of a payment, when it says enough; it is only a hint.
	//
	// Errors: invalid_body.
	Read(body []byte) (pay.EventHint, error)
}

// Courier carries a delivery to a merchant's endpoint.
type Courier interface {
	// Deliver signs and posts the event once; it never returns an error: what
	// went wrong is in the attempt.
	Deliver(ctx context.Context, parcel pay.Parcel) pay.Attempt
	// CheckURL says whether events can be sent to such an address at all.
	//
	// Errors: invalid_url, url_not_allowed.
	CheckURL(ctx context.Context, rawURL string) error
	// NewSecret makes a signing secret.
	NewSecret() string
}

// Sealer encrypts what must not be read from the database. context is bound to
// the ciphertext, so that one moved to another row does not open.
type Sealer interface {
	Seal(plain []byte, context string) ([]byte, error)
	Open(sealed []byte, context string) ([]byte, error)
}
