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
	{CardPending, CardPending, EventCardActionRequired},
	{CardPending, CardActive, EventCardSaved},
	{CardPending, CardFailed, EventCardFailed},
	{CardFailed, CardActive, EventCardSaved}, // its holder authenticated after all
	{CardActive, CardActive, EventCardUpdated},
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
	SetupRef    string    // seti_…, when it is saved with its holder present
	ReturnURL   string    // where its holder comes back to; empty when it is saved without them
	RedirectURL string    // where its holder must go while it is pending; empty otherwise
	ToldExpired time.Time // when the merchant was told that it has expired; zero until then
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
	DefaultCard ID     // what is charged unless another is named; known where customers are shown
	CreatedAt   time.Time
}

// HasExpired reports whether a card is past the last moment of the month that
// stands on it. Banks often charge such a card all the same, under the number
// that took its place, so that nothing is refused here for that.
func (c Card) HasExpired(now time.Time) bool {
	if c.ExpYear == 0 || c.ExpMonth == 0 {
		return false
	}
	return !now.Before(time.Date(c.ExpYear, time.Month(c.ExpMonth)+1, 1, 0, 0, 0, 0, time.UTC))
}

// SetupReport is what Stripe says of saving a card with its holder present.
type SetupReport struct {
	Ref         string // seti_…
	Status      CardStatus
	CardID      ID // ours, as Stripe kept it
	Card        CardReport
	RedirectURL string
	Failure     Failure
}
