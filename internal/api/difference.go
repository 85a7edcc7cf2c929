package api

import (
	"florin/internal/pay"
)

// Difference is one thing of which your books and Stripe's say different
// things.
type Difference struct {
	ID        string  `json:"id" format:"uuid"`
	Cause     string  `json:"cause" enum:"missing_here,missing_there,amount,fee,status"`
	Account   *string `json:"account" doc:"Stripe's id (acct_…) of the partner whose balance it is; null for your own."`
	PaymentID *string `json:"payment_id" doc:"The payment that it is about; null when about none."`
	Source    string  `json:"source" doc:"The payment's id, or Stripe's of a balance transaction."`
	Currency  string  `json:"currency" example:"USD"`
	Ours      string  `json:"ours" doc:"What your books say that came to the balance." example:"48.25"`
	Theirs    string  `json:"theirs" doc:"What Stripe's say." example:"38.25"`
	Note      string  `json:"note" doc:"For people."`
	CreatedAt string  `json:"created_at" format:"date-time" doc:"When it was first found."`
}

func differenceView(d pay.Difference) Difference {
	return Difference{
		ID: string(d.ID), Cause: string(d.Cause), Account: orNull(d.AccountRef), PaymentID: orNull(string(d.Payment)), Source: d.Source,
		Currency: string(d.Ours.Currency), Ours: d.Ours.Decimal(), Theirs: d.Theirs.Decimal(), Note: d.Note, CreatedAt: stamp(d.CreatedAt),
	}
}

// DifferenceEvent is the body of an event about a difference.
func (Presenter) DifferenceEvent(e pay.Event, d pay.Difference) []byte {
	return eventBody(e, differenceView(d))
}
