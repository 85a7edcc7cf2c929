package pay

import "time"

// Access is how a call reaches a merchant's Stripe account: unsealed, for the
// length of one call.
type Access struct {
	Kind    ConnectionKind // which Stripe; decides the address
	Key     Secret
	Account string // acct_… of a partner, to read as; empty: the key's own
}

// ChargeOrder is all that a charge needs.
type ChargeOrder struct {
	Payment     Payment
	CustomerRef string // cus_…, when a saved card is charged or a customer is known
	OffSession  bool   // the customer is not there to authenticate
	Fee         Money  // the platform's part, where Stripe takes it; zero for none
}

// PaymentSought says which payment to find.
type PaymentSought struct {
	Ref   string    // pi_…, or empty
	ID    ID        // ours
	Since time.Time // when we first sent it
}

// CardFound is a payment method and whose it is.
type CardFound struct {
	CardReport
	CustomerRef string // cus_…; empty when attached to nobody
}

// StripeAccount is what Stripe says of itself when shown a key.
type StripeAccount struct {
	Ref    string // acct_…; empty when a restricted key may not see it
	Name   string
	Rights []Right // of a restricted key, as far as was tried; nil for a key that may do everything
}

// EventHint is what a Stripe event claims.
type EventHint struct {
	Ref            string // evt_…
	Type           string
	APIVersion     string
	ObjectRef      string  // the object it is about
	Topic          Topic   // what it may have changed here; empty: nothing
	Account        string  // acct_… of the partner it happened to; empty: the key's own
	PaymentRef     string  // the intent it concerns, or empty
	PaymentID      ID      // ours, from the metadata, or empty
	MerchantID     ID      // ours, from the metadata, or empty
	SubscriptionID ID      // ours, from the metadata, or empty
	Payment        *Report // for payment_intent events
	Refunds        bool    // refunds of the payment may have changed
	CreatedAt      time.Time
}

// Parcel is one event on its way to one endpoint.
type Parcel struct {
	ID      ID // the event's; receivers know duplicates by it
	URL     string
	Body    []byte
	Secrets []Secret // each signs
	Now     time.Time
}
