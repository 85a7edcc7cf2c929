package sandbox

import (
	"fmt"
	"net/http"
	"strings"
)

// refundSettles is when a refund to one of the test cards of §3.8 ends its
// pending or fails, in seconds after it was made. Stripe names no time; five
// minutes are long enough to see the first state and short enough to wait for.
const refundSettles = 5 * 60

// Statuses of a refund (§2.7).
const (
	refundPending   = "pending"
	refundSucceeded = "succeeded"
	refundFailed    = "failed"
)

// refund gives money of a charge back to the card (§2.7).
type refund struct {
	head
	Amount                    int64               `json:"amount"`
	BalanceTransaction        *string             `json:"balance_transaction" expand:"balance_transaction"`
	Charge                    string              `json:"charge" expand:"charge"`
	Created                   int64               `json:"created"`
	Currency                  string              `json:"currency"`
	DestinationDetails        *destinationDetails `json:"destination_details,omitempty"`
	FailureBalanceTransaction *string             `json:"failure_balance_transaction,omitempty" expand:"balance_transaction"`
	FailureReason             string              `json:"failure_reason,omitempty"`
	Metadata                  map[string]string   `json:"metadata"`
	PaymentIntent             *string             `json:"payment_intent" expand:"payment_intent"`
	PendingReason             string              `json:"pending_reason,omitempty"`
	Reason                    *string             `json:"reason"`
	ReceiptNumber             none                `json:"receipt_number"`
	SourceTransferReversal    *string             `json:"source_transfer_reversal" expand:"transfer_reversal"`
	Status                    string              `json:"status"`
	TransferReversal          *string             `json:"transfer_reversal" expand:"transfer_reversal"`

	secret refundSecret
}

type refundSecret struct {
	SettleAt int64      `json:"settle_at,omitempty"` // Unix seconds
	Fate     refundFate `json:"fate,omitempty"`
}

func (r *refund) private() any     { return &r.secret }
func (r *refund) createdAt() int64 { return r.Created }

type destinationDetails struct {
	Card *refundedCard `json:"card,omitempty"`
	Type string        `json:"type"`
}

type refundedCard struct {
	ReferenceStatus string `json:"reference_status"`
	ReferenceType   string `json:"reference_type"`
	Type            string `json:"type"`
}

var refunds = declare[refund](kind{name: "refund", prefix: "re_3", length: 23})

// refundParams say how much of a charge goes back, and why.
var refundParams = []param{integer("amount"), metadata(), text("instructions_email"),
	boolean("refund_application_fee"), boolean("reverse_transfer"),
	enum("reason", "duplicate", "fraudulent", "requested_by_customer").clearable()}

func refundResource() *resource {
	id := &refunds.kind
	return &resource{
		kind: id,
		indexes: func(o object) []indexKey {
			r := o.(*refund)
			return []indexKey{{"charge", r.Charge}, {"payment_intent", value(r.PaymentIntent)}}
		},
		due:  func(o object) int64 { return o.(*refund).secret.SettleAt },
		wake: settleRefund,
		find: refundAbroad,
		routes: []route{
			{method: http.MethodPost, path: "/v1/refunds", title: "Refund a charge, or part of it", returns: id,
				params: allParams([]param{text("charge"), text("payment_intent")}, refundParams), do: createRefund},
			{method: http.MethodGet, path: "/v1/refunds", title: "List refunds", returns: id, list: true,
				params: paged(text("charge"), text("payment_intent")), do: listRefunds},
			{method: http.MethodGet, path: "/v1/refunds/{id}", title: "Retrieve a refund", returns: id, do: refunds.retrieve},
			{method: http.MethodPost, path: "/v1/refunds/{id}", title: "Update a refund's metadata", returns: id,
				params: []param{metadata()}, do: updateRefund},
			{method: http.MethodPost, path: "/v1/refunds/{id}/cancel", title: "Cancel a refund that waits for the customer; card refunds never do",
				returns: id, do: cancelRefund},
		},
	}
}

func createRefund(c *call) (any, error) {
	target, err := refundTarget(c)
	if err != nil {
		return nil, err
	}
	amount, sent := c.integer("amount")
	if !sent {
		amount = target.unrefunded()
	}
	if err := target.mayRefund(amount, sent); err != nil {
		return nil, err
	}
	if err := undisputed(c.work, target); err != nil {
		return nil, err
	}
	if !target.Captured && target.PaymentIntent == nil {
		return releaseAlone(c, target)
	}
	if !target.Captured {
		return releaseByRefund(c, target)
	}
	parts, err := c.unsharing(target, amount)
	if err != nil {
		return nil, err
	}
	back := charges.edit(c.work, target.ID)
	back.AmountRefunded += amount
	back.Refunded = back.AmountRefunded == back.AmountCaptured
	made := newRefund(c.work, back, amount)
	made.Reason = textOrNil(c.text("reason"))
	made.pay(c.work, back, parts.feeBack(c.work))
	parts.book(c.work, made)
	if err := c.setMetadata(&made.Metadata); err != nil {
		return nil, err
	}
	emit(c.work, "refund.created", made)
	emit(c.work, "charge.refunded", back)
	settleInquiries(c.work, back)
	settleWarnings(c.work, back)
	return made, nil
}

// refundTarget is the charge that the request names, itself or by its intent.
func refundTarget(c *call) (*charge, error) {
	if c.has("charge") && c.has("payment_intent") {
		return nil, badParam("payment_intent", "parameters_exclusive", "You may only specify one of these parameters: charge, payment_intent.")
	}
	if c.id != "" { // the older address, below the charge
		return charges.fromPath(c)
	}
	if c.has("charge") {
		return charges.fromParam(c, "charge")
	}
	intent, err := paymentIntents.fromParam(c, "payment_intent")
	switch {
	case err != nil:
		return nil, err
	case intent == nil:
		return nil, badParam("", "parameter_missing", "One of the following params should be provided for this request: payment_intent or charge.")
	case intent.Status != intentSucceeded && intent.Status != intentNeedsCapture:
		return nil, intent.unexpected("This PaymentIntent (" + intent.ID + ") does not have a successful charge to refund.")
	}
	target, _ := charges.find(c.work, *intent.LatestCharge)
	return target, nil
}

// unrefunded is how much of a charge can still go back, in minor units.
func (c *charge) unrefunded() int64 {
	if !c.Captured {
		return c.Amount - c.AmountRefunded
	}
	return c.AmountCaptured - c.AmountRefunded
}

// mayRefund holds the amount against what is left (§1.8.3).
func (c *charge) mayRefund(amount int64, sent bool) error {
	left := c.unrefunded()
	switch {
	case c.Status != "succeeded":
		return badState("charge_not_refundable", "This charge ("+c.ID+") was not successful and cannot be refunded.").withParam("charge")
	case left == 0:
		return badState("charge_already_refunded", "Charge "+c.ID+" has already been refunded.")
	case sent && amount < 1:
		return badParam("amount", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	case amount > left:
		return badState("", fmt.Sprintf("Refund amount (%s) is greater than unrefunded amount on charge (%s)", spell(amount, c.Currency), spell(left, c.Currency))).withParam("amount")
	case !c.Captured && amount != left:
		return badState("", "You cannot partially refund an uncaptured charge. Capture the part that you want to keep instead.").withParam("amount")
	}
	return nil
}

// newRefund makes a refund that moves no money yet; the charge was already changed.
func newRefund(w *work, of *charge, amount int64) *refund {
	return refunds.add(w, &refund{
		Amount: amount, Charge: of.ID, Created: w.now, Currency: of.Currency, Metadata: map[string]string{},
		PaymentIntent: of.PaymentIntent, Status: refundSucceeded,
		DestinationDetails: &destinationDetails{&refundedCard{"pending", "acquirer_reference_number", "refund"}, "card"},
	})
}

// pay takes the money from the balance; Stripe's fee is not given back (§2.7),
// the platform's only when asked.
func (r *refund) pay(w *work, of *charge, fees []feeDetail) {
	r.BalanceTransaction = r.move(w, -r.Amount, "refund", fees...)
	if of.ofBank() {
		r.DestinationDetails = &destinationDetails{Type: "us_bank_transfer"}
		return
	}
	method, _ := paymentMethods.find(w, *of.PaymentMethod)
	r.secret.Fate = method.test().refund
	if r.secret.Fate != refundAtOnce {
		r.secret.SettleAt = w.now + refundSettles
	}
	if r.secret.Fate == refundPends {
		r.Status, r.PendingReason = refundPending, "processing"
	}
}

// move books an amount of the refund on the balance, without a fee but for one
// that is given back.
func (r *refund) move(w *work, amount int64, why string, fees ...feeDetail) *string {
	sort := why
	if strings.HasPrefix(r.Charge, "py_") {
		sort = "payment_" + why
	}
	entry := w.settle(balanceTransaction{Amount: amount, AvailableOn: availableOn(w.now), Currency: r.Currency, ReportingCategory: why, Source: r.ID, Type: sort})
	entry.charge(fees...)
	return enter(w, entry)
}

// releaseByRefund is the refund of an uncaptured charge: the hold ends, and no
// money moves.
func releaseByRefund(c *call, held *charge) (any, error) {
	intent := paymentIntents.edit(c.work, *held.PaymentIntent)
	released, made := intent.release(c.work)
	intent.cancel(c.work, "")
	emit(c.work, "refund.created", made)
	emit(c.work, "charge.refunded", released)
	return made, nil
}

// settleRefund is what happens later to the refunds of §3.8.
func settleRefund(w *work, id string) error {
	r := refunds.edit(w, id)
	r.secret.SettleAt = 0
	if r.secret.Fate == refundPends {
		r.Status, r.PendingReason = refundSucceeded, ""
		emitUpdated(w, "refund.updated", r)
		emitUpdated(w, "charge.refund.updated", r)
		return nil
	}
	r.Status, r.FailureReason = refundFailed, "expired_or_canceled_card"
	r.FailureBalanceTransaction = r.move(w, r.Amount, "refund_failure")
	of := charges.edit(w, r.Charge)
	of.AmountRefunded -= r.Amount
	of.Refunded = false
	emit(w, "refund.failed", r)
	emitUpdated(w, "charge.refund.updated", r)
	emitUpdated(w, "charge.updated", of)
	return nil
}

func listRefunds(c *call) (any, error) {
	of, intent := c.text("charge"), c.text("payment_intent")
	return c.pageOf(query{kind: &refunds.kind, key: c.filtered("charge", "payment_intent"), keep: func(o object) bool {
		r := o.(*refund)
		return (of == "" || r.Charge == of) && (intent == "" || value(r.PaymentIntent) == intent)
	}})
}

func updateRefund(c *call) (any, error) {
	if _, err := refunds.fromPath(c); err != nil {
		return nil, err
	}
	next := refunds.edit(c.work, c.id)
	if err := c.setMetadata(&next.Metadata); err != nil {
		return nil, err
	}
	emitUpdated(c.work, "refund.updated", next)
	emitUpdated(c.work, "charge.refund.updated", next)
	return next, nil
}

func cancelRefund(c *call) (any, error) {
	old, err := refunds.fromPath(c)
	if err != nil {
		return nil, err
	}
	return nil, badState("", fmt.Sprintf("Refund %s has a status of %s and cannot be canceled. Only refunds with a status of requires_action can be canceled.", old.ID, old.Status))
}

// refundsOfCharge is the list that expand[]=refunds adds to a charge.
func refundsOfCharge(v *view, o object) any {
	id := o.identity().ID
	t := v.work.account.table(&refunds.kind)
	places := t.places(indexKey{"charge", id})
	newest, more := walk(t, places, nil, defaultPage, false)
	return &page{url: "/v1/charges/" + id + "/refunds", objects: newest, more: more}
}
