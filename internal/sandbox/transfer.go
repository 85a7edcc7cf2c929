package sandbox

import (
	"fmt"
	"net/http"
)

// shownInside is how many of its parts an object shows by itself, newest
// first; the rest is a list of their own (§1.11).
const shownInside = 10

// transfer moves money from a platform's balance to that of a connected
// account, where it arrives as a payment (§2.10).
type transfer struct {
	head
	Amount             int64             `json:"amount"`
	AmountReversed     int64             `json:"amount_reversed"`
	BalanceTransaction *string           `json:"balance_transaction" expand:"balance_transaction"`
	Created            int64             `json:"created"`
	Currency           string            `json:"currency"`
	Description        *string           `json:"description"`
	Destination        string            `json:"destination" expand:"account"`
	DestinationPayment string            `json:"destination_payment" expand:"charge"`
	Livemode           bool              `json:"livemode"`
	Metadata           map[string]string `json:"metadata"`
	Reversals          reversalList      `json:"reversals"`
	Reversed           bool              `json:"reversed"`
	SourceTransaction  *string           `json:"source_transaction" expand:"charge"`
	SourceType         string            `json:"source_type"`
	TransferGroup      *string           `json:"transfer_group"`
}

func (t *transfer) createdAt() int64 { return t.Created }

var transfers = declare[transfer](kind{name: "transfer", prefix: "tr_1", length: 23})

func transferResource() *resource {
	id := &transfers.kind
	return &resource{
		kind: id,
		indexes: func(o object) []indexKey {
			t := o.(*transfer)
			return []indexKey{{"destination", t.Destination}, {"transfer_group", value(t.TransferGroup)},
				{"source_transaction", value(t.SourceTransaction)}, {"payment", t.DestinationPayment}}
		},
		routes: []route{
			{method: http.MethodPost, path: "/v1/transfers", title: "Send money to a connected account", returns: id,
				params: []param{integer("amount"), text("currency").must(), text("destination").must(), text("description"), metadata(),
					text("source_transaction"), enum("source_type", "bank_account", "card", "fpx"), text("transfer_group")}, do: createTransfer},
			{method: http.MethodGet, path: "/v1/transfers", title: "List transfers", returns: id, list: true,
				params: paged(text("destination"), text("transfer_group")), do: listTransfers},
			{method: http.MethodGet, path: "/v1/transfers/{id}", title: "Retrieve a transfer", returns: id, do: transfers.retrieve},
			{method: http.MethodPost, path: "/v1/transfers/{id}", title: "Update a transfer's description or metadata", returns: id,
				params: []param{text("description"), metadata()}, do: updateTransfer},
		},
	}
}

// sending is a transfer that is about to be made.
type sending struct {
	amount, fee int64 // minor units; the platform's fee is taken off what arrives
	currency    string
	destination string
	source      *charge // whose money it is, nil for the balance's
	group       *string
	description *string
	availableOn int64 // Unix seconds
}

// send books a transfer in both worlds (§4.4).
func (s sending) send(w *work) (*transfer, *charge) {
	there := w.in(s.destination)
	made := transfers.add(w, &transfer{
		Amount: s.amount, Created: w.now, Currency: s.currency, Description: s.description, Destination: s.destination,
		Metadata: map[string]string{}, SourceType: "card", TransferGroup: s.group,
	})
	made.Reversals = emptyReversals(made.ID)
	if s.source != nil {
		made.SourceTransaction = &s.source.ID
	}
	made.BalanceTransaction = enter(w, balanceTransaction{Amount: -s.amount, AvailableOn: s.availableOn, Currency: s.currency,
		Description: s.description, ReportingCategory: "transfer", Source: made.ID, Type: "transfer"})
	payment := s.arrive(there, made)
	made.DestinationPayment = payment.ID
	emitLater(w, "transfer.created", made)
	emitLater(there, "charge.succeeded", payment)
	return made, payment
}

// arrive is the payment that a connected account gets of a transfer (§2.6).
func (s sending) arrive(there *work, of *transfer) *charge {
	payment := charges.add(there, &charge{
		head: head{ID: "py_1" + there.sandbox.ids.text(charges.length)}, Amount: s.amount, AmountCaptured: s.amount, Captured: true,
		Created: there.now, Currency: s.currency, Metadata: map[string]string{}, Paid: true, SourceTransfer: &of.ID, Status: "succeeded",
		PaymentMethodDetails: paymentMethodDetails{Type: "stripe_account", StripeAccount: &struct{}{}}, TransferGroup: of.TransferGroup,
		Outcome: outcome{NetworkStatus: "approved_by_network", RiskLevel: "not_assessed", SellerMessage: "Payment complete.", Type: "authorized"},
	})
	entry := there.settle(balanceTransaction{Amount: s.amount, AvailableOn: s.availableOn, Currency: s.currency,
		ReportingCategory: "charge", Source: payment.ID, Type: "payment"})
	if s.fee > 0 {
		payment.ApplicationFeeAmount, payment.Application = &s.fee, pointer(there.account.application())
		entry.charge(there.account.applicationFee(there.worth(s.fee, s.currency)))
	}
	payment.BalanceTransaction = enter(there, entry)
	return payment
}

// paymentAbroad is the payment that a transfer made in a connected account, so
// that expand[] finds it from the platform's side.
func paymentAbroad(w *work, id string) object {
	for _, t := range transfers.where(w, indexKey{"payment", id}) {
		if found, ok := charges.find(w.in(t.Destination), id); ok {
			return found
		}
	}
	return nil
}

// refundAbroad is paymentAbroad for what a reversal took back of the payment.
func refundAbroad(w *work, id string) object {
	for _, back := range transferReversals.where(w, indexKey{"refund", id}) {
		t, _ := transfers.find(w, back.Transfer)
		if found, ok := refunds.find(w.in(t.Destination), id); ok {
			return found
		}
	}
	return nil
}

func createTransfer(c *call) (any, error) {
	if c.account.connected() {
		return nil, badState("transfers_not_allowed", "Connected accounts cannot create transfers.")
	}
	currency, err := c.currencyOf("currency")
	if err != nil {
		return nil, err
	}
	if err := c.canReceive("destination", c.text("destination")); err != nil {
		return nil, err
	}
	s := sending{currency: currency, destination: c.text("destination"), group: textOrNil(c.text("transfer_group")),
		description: textOrNil(c.text("description")), availableOn: c.now}
	if err := s.fund(c); err != nil {
		return nil, err
	}
	made, _ := s.send(c.work)
	return made, c.setMetadata(&made.Metadata)
}

// fund finds the money: a charge's, which may still be pending, or what is
// available on the balance.
//
// Errors: resource_missing, parameter_missing, balance_insufficient.
func (s *sending) fund(c *call) error {
	amount, sent := c.integer("amount")
	s.amount = amount
	if id := c.text("source_transaction"); id != "" {
		source, err := charges.fromParam(c, "source_transaction")
		if err != nil {
			return err
		}
		return s.fromCharge(c, source, sent)
	}
	switch {
	case !sent:
		return missingParam("amount")
	case amount < 1:
		return badParam("amount", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	case amount > c.account.ledger.available[s.currency]:
		return insufficient()
	}
	return nil
}

// insufficient is what Stripe says when the available balance is too small.
func insufficient() *apiError {
	return badState("balance_insufficient", "You have insufficient available funds in your Stripe account. Try adding funds directly to your available balance by creating Charges using the 4000000000000077 test card. See: https://stripe.com/docs/testing#available-balance")
}

// fromCharge ties the transfer to a charge: together, a charge's transfers
// never exceed it, and what arrives is available when the charge is (§2.10).
func (s *sending) fromCharge(c *call, source *charge, sent bool) error {
	if source.BalanceTransaction == nil {
		return badState("", "Cannot use charge "+source.ID+" as a source of a transfer: it was not captured.").withParam("source_transaction")
	}
	var used int64
	for _, other := range transfers.where(c.work, indexKey{"source_transaction", source.ID}) {
		used += other.Amount - other.AmountReversed
	}
	entry, _ := balanceTransactions.find(c.work, *source.BalanceTransaction)
	if !sent {
		s.amount = entry.Amount - used
	}
	switch {
	case entry.Currency != s.currency:
		return badParam("currency", "", fmt.Sprintf("The currency of source_transaction's balance transaction (%s) must be the same as the transfer currency (%s)", entry.Currency, s.currency))
	case s.amount < 1:
		return badParam("amount", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	case s.amount+used > entry.Amount:
		return badState("balance_insufficient", fmt.Sprintf("Transfers using this transaction as a source must not exceed the source amount of %s. (There is already a transfer using this source, amounting to %s.)", spell(entry.Amount, s.currency), spell(used, s.currency))).withParam("amount")
	}
	s.source, s.availableOn = source, entry.AvailableOn
	s.inheritGroup(c.work)
	return nil
}

// inheritGroup gives the transfer and its charge one group (§2.10).
func (s *sending) inheritGroup(w *work) {
	if s.source.TransferGroup == nil {
		stem := s.source.ID
		if s.source.PaymentIntent != nil {
			stem = *s.source.PaymentIntent
		}
		charges.edit(w, s.source.ID).TransferGroup = pointer("group_" + stem)
		s.source, _ = charges.find(w, s.source.ID)
	}
	if s.group == nil {
		s.group = s.source.TransferGroup
	}
}

// canReceive refuses a destination that is not a connected account of the
// platform, or may not receive transfers (§2.11).
func (c *call) canReceive(param, id string) error {
	found, ok := accounts.find(c.platform(), id)
	switch {
	case !ok || found.isPlatform():
		return noSuch(http.StatusBadRequest, "destination", id, param)
	case found.Capabilities[transferring] != capabilityActive:
		return badState("insufficient_capabilities_for_transfer", "Your destination account needs to have at least one of the following capabilities enabled: transfers, crypto_transfers, legacy_payments")
	}
	return nil
}

func listTransfers(c *call) (any, error) {
	group, to := c.text("transfer_group"), c.text("destination")
	return c.pageOf(query{kind: &transfers.kind, key: c.filtered("transfer_group", "destination"), keep: func(o object) bool {
		t := o.(*transfer)
		return (group == "" || value(t.TransferGroup) == group) && (to == "" || t.Destination == to)
	}})
}

func updateTransfer(c *call) (any, error) {
	if _, err := transfers.fromPath(c); err != nil {
		return nil, err
	}
	next := transfers.edit(c.work, c.id)
	c.setText("description", &next.Description)
	if err := c.setMetadata(&next.Metadata); err != nil {
		return nil, err
	}
	emitUpdated(c.work, "transfer.updated", next)
	return next, nil
}
