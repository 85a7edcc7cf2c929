package sandbox

import (
	"fmt"
	"net/http"
)

// transferReversal takes all or part of a transfer back (§2.10).
type transferReversal struct {
	head
	Amount             int64             `json:"amount"`
	BalanceTransaction *string           `json:"balance_transaction" expand:"balance_transaction"`
	Created            int64             `json:"created"`
	Currency           string            `json:"currency"`
	PaymentRefund      *string           `json:"destination_payment_refund" expand:"refund"`
	Metadata           map[string]string `json:"metadata"`
	SourceRefund       *string           `json:"source_refund" expand:"refund"`
	Transfer           string            `json:"transfer" expand:"transfer"`
}

func (r *transferReversal) createdAt() int64 { return r.Created }

// reversalList is the newest reversals inside their transfer.
type reversalList struct {
	Object     string              `json:"object"`
	Data       []*transferReversal `json:"data"`
	HasMore    bool                `json:"has_more"`
	TotalCount int                 `json:"total_count"`
	URL        string              `json:"url"`
}

func emptyReversals(of string) reversalList {
	return reversalList{Object: "list", Data: []*transferReversal{}, URL: "/v1/transfers/" + of + "/reversals"}
}

// with is the list with a new reversal at its head.
func (l reversalList) with(newest *transferReversal) reversalList {
	l.Data = append([]*transferReversal{newest}, l.Data[:min(len(l.Data), shownInside-1)]...)
	l.TotalCount++
	l.HasMore = l.TotalCount > len(l.Data)
	return l
}

var transferReversals = declare[transferReversal](kind{name: "transfer_reversal", prefix: "trr_1", length: 23, noun: "transfer reversal"})

func transferReversalResource() *resource {
	id := &transferReversals.kind
	const path = "/v1/transfers/{id}/reversals"
	return &resource{
		kind: id,
		indexes: func(o object) []indexKey {
			r := o.(*transferReversal)
			return []indexKey{{"transfer", r.Transfer}, {"refund", value(r.PaymentRefund)}}
		},
		routes: []route{
			{method: http.MethodPost, path: path, title: "Take a transfer back, or part of it", returns: id,
				params: []param{integer("amount"), text("description"), metadata(), boolean("refund_application_fee")}, do: createReversal},
			{method: http.MethodGet, path: path, title: "List a transfer's reversals", returns: id, list: true, params: paged(), do: listReversals},
			{method: http.MethodGet, path: path + "/{sub}", title: "Retrieve a reversal", returns: id, do: retrieveReversal},
			{method: http.MethodPost, path: path + "/{sub}", title: "Update a reversal's metadata", returns: id, params: []param{metadata()}, do: updateReversal},
		},
	}
}

// undoing is how much of a transfer comes back, and with it of the platform's fee.
type undoing struct {
	amount, fee int64   // minor units
	refund      *string // of a charge, when that is the cause
}

// reverse books a reversal in both worlds (§4.4 H). What was not available yet
// comes back when it would have been.
func (t *transfer) reverse(w *work, u undoing) *transferReversal {
	next, there := transfers.edit(w, t.ID), w.in(t.Destination)
	made := transferReversals.add(w, &transferReversal{Amount: u.amount, Created: w.now, Currency: t.Currency, Metadata: map[string]string{},
		SourceRefund: u.refund, Transfer: t.ID})
	first, _ := balanceTransactions.find(w, *t.BalanceTransaction)
	made.BalanceTransaction = enter(w, balanceTransaction{Amount: u.amount, AvailableOn: first.AvailableOn, Currency: t.Currency,
		ReportingCategory: "transfer_reversal", Source: made.ID, Type: "transfer_refund"})
	payment := charges.edit(there, t.DestinationPayment)
	payment.AmountRefunded += u.amount
	payment.Refunded = payment.AmountRefunded == payment.AmountCaptured
	back := refunds.add(there, &refund{head: head{ID: "pyr_1" + w.sandbox.ids.text(refunds.length)}, Amount: u.amount, Charge: payment.ID,
		Created: w.now, Currency: t.Currency, Metadata: map[string]string{}, SourceTransferReversal: &made.ID, Status: refundSucceeded})
	entry := there.settle(balanceTransaction{Amount: -u.amount, AvailableOn: first.AvailableOn, Currency: t.Currency, Description: pointer("REFUND FOR PAYMENT"),
		ReportingCategory: "refund", Source: back.ID, Type: "payment_refund"})
	if u.fee > 0 {
		entry.charge(there.account.applicationFee(there.worth(-u.fee, t.Currency)))
	}
	back.BalanceTransaction = enter(there, entry)
	made.PaymentRefund = &back.ID
	next.AmountReversed += u.amount
	next.Reversed = next.AmountReversed == next.Amount
	next.Reversals = next.Reversals.with(made)
	emitLater(w, "transfer.reversed", next)
	emitLater(there, "charge.refunded", payment)
	return made
}

// mayReverse holds an amount against what is left of the transfer, and, where
// Stripe bears the losses, against what the connected account has (§2.11).
func (t *transfer) mayReverse(w *work, u undoing) error {
	left := t.Amount - t.AmountReversed
	switch {
	case u.amount < 1:
		return badParam("amount", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	case u.amount > left:
		return badState("", fmt.Sprintf("Transfer reversal amount (%s) is greater than unreversed amount on transfer (%s)", spell(u.amount, t.Currency), spell(left, t.Currency))).withParam("amount")
	}
	holder, ok := accounts.find(w, t.Destination)
	if ok && holder.Controller.Losses.Payments == "application" {
		return nil // the platform answers for a balance below zero
	}
	there := w.in(t.Destination)
	if due, currency := there.worth(u.amount-u.fee, t.Currency); there.account.ledger.total(currency) < due {
		return badState("balance_insufficient", "The connected account "+t.Destination+" has insufficient funds to reverse this transfer.")
	}
	return nil
}

func createReversal(c *call) (any, error) {
	t, err := transfers.fromPath(c)
	if err != nil {
		return nil, err
	}
	u := undoing{amount: t.Amount - t.AmountReversed}
	if t.Reversed {
		return nil, badState("", "Transfer "+t.ID+" is already fully reversed.")
	}
	if amount, sent := c.integer("amount"); sent {
		u.amount = amount
	}
	fee := feeOf(c.work, t.DestinationPayment)
	if c.yes("refund_application_fee") {
		if fee == nil {
			return nil, badParam("refund_application_fee", "", "Transfer "+t.ID+" has no application fee to refund.")
		}
		u.fee = portion{fee.Amount, t.Amount, t.AmountReversed, u.amount}.part(fee.Amount - fee.AmountRefunded)
	}
	if err := t.mayReverse(c.work, u); err != nil {
		return nil, err
	}
	made := t.reverse(c.work, u)
	if u.fee > 0 {
		fee.giveBack(c.work, u.fee)
	}
	return made, c.setMetadata(&made.Metadata)
}

func listReversals(c *call) (any, error) {
	if _, err := transfers.fromPath(c); err != nil {
		return nil, err
	}
	return c.pageOf(query{kind: &transferReversals.kind, key: indexKey{"transfer", c.id}})
}

// reversalInPath is the reversal that the path names, of its transfer.
func (c *call) reversalInPath() (*transferReversal, error) {
	id := c.request.PathValue("sub")
	found, ok := transferReversals.find(c.work, id)
	if !ok || found.Transfer != c.id {
		return nil, noSuch(http.StatusNotFound, transferReversals.noun, id, "id")
	}
	return found, nil
}

func retrieveReversal(c *call) (any, error) {
	found, err := c.reversalInPath()
	if err != nil {
		return nil, err
	}
	return found, nil
}

func updateReversal(c *call) (any, error) {
	found, err := c.reversalInPath()
	if err != nil {
		return nil, err
	}
	next := transferReversals.edit(c.work, found.ID)
	return next, c.setMetadata(&next.Metadata)
}
