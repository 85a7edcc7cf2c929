package sandbox

import (
	"fmt"
	"net/http"
	"strings"
)

// chargeParams are those of a charge made without an intent (§2.6.1), as it
// was done in 2018: with a token, a card, or a customer whose default source pays.
var chargeParams = []param{
	integer("amount").must(), text("currency").must(), text("source"), cardHashParams.orToken(), text("customer"), boolean("capture"),
	shortText("description", 1000), metadata(), text("receipt_email"), shipping, shortText("statement_descriptor", 22),
	shortText("statement_descriptor_suffix", 22), text("transfer_group"), anything("radar_options"),
	feeAmountParam, integer("application_fee").clearable(), text("on_behalf_of"), transferDataNew,
	hash("destination", text("account").must(), integer("amount")).orToken(),
}

// captureParams are those of capturing such a charge.
var captureParams = []param{integer("amount"), text("receipt_email"), shortText("statement_descriptor", 22),
	shortText("statement_descriptor_suffix", 22), text("transfer_group"), feeAmountParam, integer("application_fee").clearable(), transferDataSet}

// createCharge charges at once: there is no step for a customer in between, so
// a card that asks for one declines (§2.6.1).
//
// Errors: parameter_missing, token_already_used, missing (the customer has no
// such source), and those of cards, which leave a failed charge behind.
func createCharge(c *call) (any, error) {
	if err := c.canCharge(); err != nil {
		return nil, err
	}
	asked, err := c.askedCharge()
	if err != nil {
		return nil, err
	}
	if bank := c.bankToCharge(); bank != nil {
		return c.chargeBank(asked, bank)
	}
	method, err := c.sourceToCharge(asked)
	if err != nil {
		return nil, err
	}
	asked.PaymentMethod = &method.ID
	try := &attempt{work: c.work, intent: asked, method: method, offSession: true}
	return try.chargeAlone()
}

// askedCharge is what the request wants, in the shape of an intent that is not
// kept: the bank is asked in one way, whoever asks.
func (c *call) askedCharge() (*paymentIntent, error) {
	currency, err := c.currencyOf("currency")
	if err != nil {
		return nil, err
	}
	amount, _ := c.integer("amount")
	if err := checkAmount(amount, currency); err != nil {
		return nil, err
	}
	owner, err := customers.fromParam(c, "customer")
	if err != nil {
		return nil, err
	}
	asked := &paymentIntent{Amount: amount, Currency: currency, CaptureMethod: "automatic", Metadata: map[string]string{}}
	asked.PaymentMethodOptions.Card.RequestThreeDSecure = "automatic"
	if owner != nil {
		asked.Customer = &owner.ID
	}
	if c.has("capture") && !c.yes("capture") {
		asked.CaptureMethod = "manual"
	}
	c.setText("description", &asked.Description)
	c.setText("receipt_email", &asked.ReceiptEmail)
	c.setText("statement_descriptor_suffix", &asked.StatementDescriptorSuffix)
	c.setText("transfer_group", &asked.TransferGroup)
	c.setShipping(&asked.Shipping)
	if err := asked.setOldSharing(c); err != nil {
		return nil, err
	}
	return asked, c.setMetadata(&asked.Metadata)
}

// setOldSharing reads how the charge is shared, by the names of today and by
// those of 2018: destination= and application_fee= (§6.4).
func (p *paymentIntent) setOldSharing(c *call) error {
	to, amount := c.text("destination"), (*int64)(nil)
	if sent := c.hash("destination"); to == "" && sent.values != nil {
		to = sent.text("account")
		sent.setInteger("amount", &amount)
	}
	if to != "" {
		if err := c.canReceive("destination", to); err != nil {
			return err
		}
		p.TransferData = &transferData{amount, to}
	}
	c.setInteger("application_fee", &p.ApplicationFeeAmount)
	return p.setSharing(c)
}

// sourceToCharge is the card that source=, card= or the customer's default is.
func (c *call) sourceToCharge(asked *paymentIntent) (*paymentMethod, error) {
	named, param := c.text("source"), "source"
	if named == "" {
		named, param = c.text("card"), "card"
	}
	switch {
	case asked.Customer != nil:
		return c.sourceOfCustomer(*asked.Customer, named)
	case c.hash("card").text("number") != "":
		return newCard(c, c.hash("card"), "card")
	case named == "":
		return nil, badParam("", "parameter_missing", "Must provide source or customer.")
	case strings.HasPrefix(named, sourcePrefix):
		return c.ownedByNobody(named, param)
	case strings.HasPrefix(named, cardPrefix):
		return nil, badParam(param, "", fmt.Sprintf("You cannot use a card (%s) without its customer. Please include the Customer in the `customer` parameter.", named))
	}
	return cardOfToken(c, named, param)
}

// ownedByNobody is a source that was not attached, which is charged once.
func (c *call) ownedByNobody(id, param string) (*paymentMethod, error) {
	found, ok := sources.find(c.work, id)
	switch {
	case !ok:
		return nil, noSuch(http.StatusBadRequest, "source", id, param)
	case found.Customer != "":
		return nil, badParam(param, "", "The source "+id+" belongs to a customer. Please include the Customer in the `customer` parameter.")
	case found.Status != sourceChargeable:
		return nil, badState("", "The source you provided has a status of "+found.Status+" and cannot be charged.").withParam(param)
	}
	sources.edit(c.work, id).Status = sourceConsumed
	method, _ := paymentMethods.find(c.work, id)
	return method, nil
}

// sourceOfCustomer is one of the customer's cards, by its id or by default.
func (c *call) sourceOfCustomer(owner, id string) (*paymentMethod, error) {
	have, _ := customers.find(c.work, owner)
	if id == "" {
		id = value(have.DefaultSource)
	}
	if id == "" {
		e := &apiError{Type: typeCard, Message: "Cannot charge a customer that has no active card", Param: "customer", status: http.StatusPaymentRequired}
		return nil, e.withCode("missing")
	}
	if method, ok := paymentMethods.find(c.work, id); ok && value(method.Customer) == owner {
		return method, nil
	}
	e := badState("missing", fmt.Sprintf("Customer %s does not have a linked source with ID %s.", owner, id)).withParam("source")
	e.status = http.StatusNotFound
	return nil, e
}

// chargeAlone asks the bank, and keeps the charge whatever it says.
func (t *attempt) chargeAlone() (*charge, error) {
	test := t.method.test()
	why := test.charge
	if why == nil {
		why = t.refusal()
	}
	if why == nil && test.auth.required(true, t.method.secret.SetUp, false) {
		why = &needsAuth
	}
	if why == nil {
		why = test.after
	}
	if why != nil {
		return nil, t.refuseAlone(why)
	}
	made := newCharge(t)
	made.Source = t.sourceShown()
	if !t.intent.manualCapture() {
		made.book(t.work, made.Amount)
	}
	next := paymentMethods.edit(t.work, t.method.ID)
	next.check(test)
	next.secret.Spent = next.Customer == nil
	emit(t.work, "charge.succeeded", made)
	complain(t.work, made)
	return made, nil
}

// refuseAlone keeps a charge that was refused, and is the error about it.
func (t *attempt) refuseAlone(why *decline) error {
	failed := newFailedCharge(t, why)
	failed.Source = t.sourceShown()
	e := why.onInput()
	e.Charge, e.kept = failed.ID, true
	emit(t.work, "charge.failed", failed)
	return e
}

// sourceShown is the card or the source, as it is when it is charged.
func (t *attempt) sourceShown() []byte {
	if s, ok := sources.find(t.work, t.method.ID); ok {
		return marshal(s)
	}
	checked := *t.method
	checked.check(checked.test())
	return marshal(cardOf(&checked))
}

// captureCharge takes what a charge without an intent holds, or part of it.
//
// Errors: charge_already_captured, charge_expired_for_capture, amount_too_large.
func captureCharge(c *call) (any, error) {
	held, err := charges.fromPath(c)
	if err != nil {
		return nil, err
	}
	amount, sent := c.integer("amount")
	if !sent {
		amount = held.Amount
	}
	switch {
	case held.PaymentIntent != nil:
		return nil, badState("", "This charge was created by a PaymentIntent. Capture "+*held.PaymentIntent+" instead.")
	case held.Captured:
		return nil, badState("charge_already_captured", "Charge "+held.ID+" has already been captured.")
	case held.Refunded:
		return nil, badState("charge_expired_for_capture", "Charge "+held.ID+" has expired or was released, and cannot be captured any more.")
	case held.Status != "succeeded":
		return nil, badState("", "Charge "+held.ID+" was not successful and cannot be captured.")
	case amount > held.Amount:
		return nil, badParam("amount", "amount_too_large", "The amount to capture ("+spell(amount, held.Currency)+") is greater than the amount of the charge ("+spell(held.Amount, held.Currency)+").").saved()
	case amount < 1:
		return nil, badParam("amount", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	}
	next := charges.edit(c.work, c.id)
	c.setText("receipt_email", &next.ReceiptEmail)
	c.setText("statement_descriptor_suffix", &next.StatementDescriptorSuffix)
	c.setText("transfer_group", &next.TransferGroup)
	if err := next.shareAgain(c); err != nil {
		return nil, err
	}
	next.book(c.work, amount)
	emit(c.work, "charge.captured", next)
	complain(c.work, next)
	return next, nil
}

// shareAgain takes the fee and the amount to transfer that a capture names
// instead of the charge's.
func (c *charge) shareAgain(sent *call) error {
	asked := &paymentIntent{Amount: c.Amount, ApplicationFeeAmount: c.ApplicationFeeAmount}
	if to := c.TransferData; to != nil {
		asked.TransferData = &transferData{to.Amount, to.Destination}
	}
	sent.setInteger("application_fee", &asked.ApplicationFeeAmount)
	if err := asked.captureSharing(sent); err != nil {
		return err
	}
	c.ApplicationFeeAmount = asked.ApplicationFeeAmount
	if to := asked.TransferData; to != nil {
		c.TransferData = &chargeTransfer{to.Amount, to.Destination}
	}
	return nil
}

// lapsesAt is when a charge without an intent loses what it holds, or a bank
// tells whether it pays, in Unix seconds; an intent's charge is ended by its intent.
func lapsesAt(o object) int64 {
	ch := o.(*charge)
	if ch.secret.SettleAt != 0 {
		return ch.secret.SettleAt
	}
	if card := ch.PaymentMethodDetails.Card; ch.PaymentIntent == nil && ch.Paid && !ch.Captured && !ch.Refunded && card != nil && card.CaptureBefore != nil {
		return *card.CaptureBefore
	}
	return 0
}

// lapse releases a charge that nobody captured in time (§2.5.5), and ends one
// that waited for a bank.
func lapse(w *work, id string) error {
	held := charges.edit(w, id)
	if held.secret.SettleAt != 0 {
		held.settleDebit(w)
		return nil
	}
	held.AmountRefunded, held.Refunded = held.Amount, true
	emit(w, "charge.expired", held)
	return nil
}

// releaseAlone is the refund of such a charge while it only holds money.
func releaseAlone(c *call, held *charge) (any, error) {
	released := charges.edit(c.work, held.ID)
	released.AmountRefunded, released.Refunded = released.Amount, true
	made := newRefund(c.work, released, released.Amount)
	made.Reason = textOrNil(c.text("reason"))
	if err := c.setMetadata(&made.Metadata); err != nil {
		return nil, err
	}
	emit(c.work, "refund.created", made)
	emit(c.work, "charge.refunded", released)
	return made, nil
}

// refundByCharge is the older way to refund, which answers the charge.
func refundByCharge(c *call) (any, error) {
	if _, err := createRefund(c); err != nil {
		return nil, err
	}
	return charges.fromPath(c)
}

// listRefundsOfCharge is the list at the charge's own address.
func listRefundsOfCharge(c *call) (any, error) {
	if _, err := charges.fromPath(c); err != nil {
		return nil, err
	}
	return c.pageOf(query{kind: &refunds.kind, key: indexKey{"charge", c.id}})
}
