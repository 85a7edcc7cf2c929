package pay

import "time"

// CardStatus is whether a saved card can be charged.
type CardStatus string

// The statuses of a saved card.
const (
	CardPending CardStatus = "pending" // being attached at Stripe
	CardActive  CardStatus = "active"
	CardFailed  CardStatus = "failed"  // Stripe refused to keep it
	CardRemoved CardStatus = "removed" // detached; never charged again
)

// CardMoves is every legal change of a saved card.
var CardMoves = Moves[CardStatus]{
	{CardPending, CardActive, EventCardSaved},
	{CardPending, CardFailed, EventCardFailed},
	{CardActive, CardRemoved, EventCardRemoved},
}

// Card is a payment method that a customer agreed to have charged again. Of
// the card itself only what may be shown is kept.
type Card struct {
	ID          ID
	Owner       Owner
	Customer    ID
	Connection  ID
	Provider    string
	ProviderRef string // pm_…
	Brand       string
	Last4       string
	ExpMonth    int
	ExpYear     int
	Default     bool // the customer's default; one a customer
	Status      CardStatus
	Failure     Failure
	Sequence    int64
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// CardReport is what Stripe says of a saved card.
type CardReport struct {
	ProviderRef string
	Brand       string
	Last4       string
	ExpMonth    int
	ExpYear     int
}

// Customer is who pays, as the merchant knows them.
type Customer struct {
	ID          ID
	Owner       Owner
	Connection  ID
	Email       string
	Name        string
	ProviderRef string // cus_…; empty until Stripe answered
	CreatedAt   time.Time
}
