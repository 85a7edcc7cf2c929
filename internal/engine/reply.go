package engine

import "florin/internal/pay"

// Presenter writes what callers and merchants read. It is api's; engine needs
// it because a reply is kept in the transaction that decides it.
type Presenter interface {
	Payment(p pay.Payment, status Standing) Reply
	Refusal(err *pay.Error, p pay.Payment) Reply // a change of p that Stripe refused
	Refund(r pay.Refund, p pay.Payment, status Standing) Reply
	Card(c pay.Card, status Standing) Reply
	PaymentEvent(e pay.Event, p pay.Payment) []byte
	RefundEvent(e pay.Event, r pay.Refund, p pay.Payment) []byte
	CardEvent(e pay.Event, c pay.Card) []byte
	Account(a pay.Account, status Standing) Reply
	AccountRefusal(err *pay.Error, a pay.Account) Reply // a change of a that Stripe refused
	AccountEvent(e pay.Event, a pay.Account) []byte
	OnboardingLink(a pay.Account, link pay.Link) Reply
	BankAccount(a pay.Account, bank pay.BankAccount) Reply
	BalanceChange(t pay.LedgerTransaction, account pay.ID, available pay.Money) Reply // a debit or credit, and what is available then
	ApprovalEvent(e pay.Event, a pay.Approval) []byte
	DifferenceEvent(e pay.Event, d pay.Difference) []byte
	PingEvent(e pay.Event, endpoint pay.Endpoint) []byte
	Connection(c pay.Connection) Reply
	NamedConnection(c pay.Connection, seenBy pay.APIKey, status Standing) Reply
	ConnectionDeleted(id pay.ID) Reply
	Endpoint(e pay.Endpoint, secret string, status Standing) Reply // secret is shown when it is new
	EndpointDeleted(id pay.ID) Reply
	Delivery(d pay.Delivery, status Standing) Reply
	Replayed(n int) Reply // n deliveries were started again
	MoneyPresenter
	BillingPresenter
}

// Standing is how a write ended, which decides the status of its reply.
type Standing string

// How a write ended.
const (
	StandingDone     Standing = "done"     // as asked, to something that was there
	StandingCreated  Standing = "created"  // as asked, and something new exists
	StandingDeclined Standing = "declined" // the thing exists, and failed
	StandingOpen     Standing = "open"     // in doubt: the outcome will follow
)

// Reply is an answer to a caller, byte for byte.
type Reply struct {
	Status   int // HTTP
	Body     []byte
	Resource pay.ID // what it is about
	Replayed bool   // it was given before
}
