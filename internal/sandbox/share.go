package sandbox

import (
	"net/http"
	"slices"
)

// How a payment is shared between a platform and its connected accounts (§4.4):
// a direct charge lives in the connected account and pays the platform a fee; a
// destination charge lives in the platform and is transferred on.

// transferData is where a destination charge's money goes, and how much of it;
// without an amount, all.
type transferData struct {
	Amount      *int64 `json:"amount,omitempty"` // minor units
	Destination string `json:"destination" expand:"account"`
}

// chargeTransfer is transferData as a charge shows it.
type chargeTransfer struct {
	Amount      *int64 `json:"amount"`
	Destination string `json:"destination" expand:"account"`
}

var (
	feeAmountParam  = integer("application_fee_amount").clearable()
	transferDataNew = hash("transfer_data", integer("amount"), text("destination").must())
	transferDataSet = hash("transfer_data", integer("amount").clearable())
)

// setSharing reads application_fee_amount, transfer_data and on_behalf_of.
func (p *paymentIntent) setSharing(c *call) error {
	if id := c.text("on_behalf_of"); id != "" {
		if err := c.canSettle(id); err != nil {
			return err
		}
	}
	c.setText("on_behalf_of", &p.OnBehalfOf)
	c.setInteger("application_fee_amount", &p.ApplicationFeeAmount)
	if err := p.setTransfer(c); err != nil {
		return err
	}
	return checkSharing(c, p.Amount, p.ApplicationFeeAmount, p.TransferData)
}

func (p *paymentIntent) setTransfer(c *call) error {
	sent := c.hash("transfer_data")
	if sent.values == nil {
		return nil
	}
	next := transferData{}
	if p.TransferData != nil {
		next = *p.TransferData
	}
	if to := sent.text("destination"); to != "" {
		if c.account.connected() {
			return badParam("transfer_data[destination]", "", "You cannot create a destination charge on behalf of a connected account.")
		}
		if err := c.canReceive("transfer_data[destination]", to); err != nil {
			return err
		}
		next.Destination = to
	}
	if next.Destination == "" {
		return missingParam("transfer_data[destination]")
	}
	sent.setInteger("amount", &next.Amount)
	p.TransferData = &next
	return nil
}

// checkSharing refuses what cannot be shared as asked (§2.5.3).
func checkSharing(c *call, amount int64, fee *int64, to *transferData) error {
	switch {
	case fee != nil && to != nil && to.Amount != nil:
		return badParam("application_fee_amount", "parameters_exclusive", "You may only specify one of these parameters: application_fee_amount, transfer_data[amount].")
	case fee != nil && to == nil && !c.account.connected():
		return badParam("application_fee_amount", "", "Can only apply an application_fee_amount when the PaymentIntent is attempting a direct payment (using an OAuth key or Stripe-Account header) or destination payment (using `transfer_data[destination]`).")
	case fee != nil && (*fee < 1 || *fee > amount):
		return badParam("application_fee_amount", "parameter_invalid_integer", "The application_fee_amount must be at least 1 and no more than the amount of the payment.")
	case to != nil && to.Amount != nil && (*to.Amount < 1 || *to.Amount > amount):
		return badParam("transfer_data[amount]", "", "The transfer amount must be at least 1 and no more than the amount of the payment.")
	}
	return nil
}

// canSettle refuses an account that cannot be a card payment's merchant.
func (c *call) canSettle(id string) error {
	found, ok := accounts.find(c.platform(), id)
	switch {
	case !ok || found.isPlatform():
		return noSuch(http.StatusBadRequest, "on_behalf_of", id, "on_behalf_of")
	case found.Capabilities[cardPayments] != capabilityActive:
		return badState("", "The account referenced in the 'on_behalf_of' parameter is missing the required capabilities: card_payments. The account would need to complete onboarding with the required capabilities enabled before it can be used.").withParam("on_behalf_of")
	}
	return nil
}

// canCharge refuses a charge in a connected account that may not take one. A
// standard account may in test mode, before its owner has told anything.
func (w *work) canCharge() error {
	if !w.account.connected() {
		return nil
	}
	own := w.self()
	if own.secret.Rejected == "" && (own.ChargesEnabled || own.Controller.StripeDashboard.Type == "full") {
		return nil
	}
	return badState("account_invalid", "Your account cannot currently make charges. The account must complete its requirements and have the card_payments capability.")
}

// captureSharing takes the fee and the amount to transfer that a capture names
// instead of the intent's.
func (p *paymentIntent) captureSharing(c *call) error {
	c.setInteger("application_fee_amount", &p.ApplicationFeeAmount)
	if sent := c.hash("transfer_data"); sent.values != nil && p.TransferData == nil {
		return badParam("transfer_data", "", "transfer_data[amount] can only be given for a payment that has a destination.")
	}
	if err := p.setTransfer(c); err != nil {
		return err
	}
	return checkSharing(c, p.Amount, p.ApplicationFeeAmount, p.TransferData)
}

// shareOf copies to a charge how its intent is shared.
func (c *charge) shareOf(w *work, p *paymentIntent) {
	if w.account.connected() {
		c.Application = pointer(w.account.application())
	}
	c.OnBehalfOf, c.ApplicationFeeAmount = p.OnBehalfOf, p.ApplicationFeeAmount
	stem := p.ID
	if stem == "" { // a charge that was created without an intent
		stem = c.ID
	}
	if to := p.TransferData; to != nil {
		c.Destination, c.TransferData = &to.Destination, &chargeTransfer{to.Amount, to.Destination}
		if c.TransferGroup == nil {
			c.TransferGroup = pointer("group_" + stem)
		}
	}
}

// descriptor is how the merchant of a charge is called on card statements.
func (w *work) descriptor(onBehalfOf *string) string {
	seller := w.self()
	if found, ok := accounts.find(w.platform(), value(onBehalfOf)); ok {
		seller = found
	}
	for _, name := range []*string{seller.Settings.Payments.StatementDescriptor, seller.BusinessProfile.Name} {
		if name != nil {
			return *name
		}
	}
	return statementDescriptor
}

// processing is what is taken off a captured charge in its own account: Stripe's
// fee, unless the platform pays it, and the platform's own on a direct charge.
func (c *charge) processing(w *work, entry balanceTransaction) []feeDetail {
	var out []feeDetail
	if !w.platformPays() {
		out = append(out, stripeFeeDetail(entry.Amount, entry.Currency))
	}
	if fee := c.applicationFee(); fee > 0 && w.account.connected() {
		out = append(out, w.account.applicationFee(w.worth(fee, c.Currency)))
	}
	return out
}

func stripeFeeDetail(amount int64, currency string) feeDetail {
	return feeDetail{Amount: stripeFee(amount), Currency: currency, Description: "Stripe processing fees", Type: "stripe_fee"}
}

// platformPays says whether Stripe bills the platform for this account's direct
// charges (controller.fees.payer, §4.4 G).
func (w *work) platformPays() bool {
	return w.account.connected() && w.self().Controller.Fees.Payer == "application"
}

// applicationFee is the fee that the platform takes: never more than what was
// captured (§2.13).
func (c *charge) applicationFee() int64 {
	if c.ApplicationFeeAmount == nil {
		return 0
	}
	return min(*c.ApplicationFeeAmount, c.AmountCaptured)
}

// share passes on what others get of a charge that was just captured (§9.3), by
// its entry: when its funds are available, and in which currency they came.
func (c *charge) share(w *work, entry balanceTransaction) {
	fee, at := c.applicationFee(), entry.AvailableOn
	if w.account.connected() {
		if w.platformPays() {
			billed := stripeFeeDetail(entry.Amount, entry.Currency)
			enter(w.platform(), balanceTransaction{Amount: -billed.Amount, AvailableOn: at, Currency: entry.Currency,
				Description: pointer(billed.Description + " (" + c.ID + ")"), ReportingCategory: "fee", Type: "stripe_fee"})
		}
		if fee > 0 {
			earning{amount: fee, of: c, account: w.account.id, availableOn: at}.take(w.platform())
		}
		return
	}
	if c.TransferData == nil {
		return
	}
	amount := c.AmountCaptured
	if c.TransferData.Amount != nil {
		amount = min(amount, *c.TransferData.Amount)
	}
	amount, _ = w.worth(amount, c.Currency)
	fee, _ = w.worth(fee, c.Currency)
	made, payment := sending{amount: amount, fee: fee, currency: entry.Currency, destination: c.TransferData.Destination, source: c,
		group: c.TransferGroup, availableOn: at}.send(w)
	c.Transfer = made.ID
	if fee > 0 {
		taken := earning{amount: fee, of: payment, account: made.Destination, originating: &c.ID, availableOn: at}.take(w)
		c.ApplicationFee = &taken.ID
	}
}

// portion is a part of a total that follows a refund: total × refunded ÷ base,
// rounded half up so that the parts of several refunds add up (§9.4).
type portion struct {
	total, base   int64
	before, again int64 // refunded until now, and refunded now
}

// part is what follows now, and never more than left.
func (p portion) part(left int64) int64 {
	rounded := func(refunded int64) int64 { return (2*p.total*refunded + p.base) / (2 * p.base) }
	return min(left, rounded(p.before+p.again)-rounded(p.before))
}

// unsharing is what of a refunded charge is taken back from others.
type unsharing struct {
	transfer      *transfer
	fee           *applicationFee
	reversed, due int64 // of the transfer, and of the fee; minor units
}

// unsharing reads reverse_transfer and refund_application_fee (§4.4 H).
func (c *call) unsharing(target *charge, amount int64) (*unsharing, error) {
	out := &unsharing{}
	if c.yes("reverse_transfer") {
		found, ok := transfers.find(c.work, target.Transfer)
		if !ok {
			return nil, badParam("reverse_transfer", "", "Cannot reverse transfer on charge "+target.ID+" because it does not have an associated transfer.")
		}
		out.transfer = found
		out.reversed = portion{found.Amount, target.AmountCaptured, target.AmountRefunded, amount}.part(found.Amount - found.AmountReversed)
	}
	if c.yes("refund_application_fee") {
		found, ok := applicationFees.find(c.platform(), value(target.ApplicationFee))
		switch {
		case !ok:
			return nil, badParam("refund_application_fee", "", "Cannot refund the application fee on charge "+target.ID+" because it does not have one.")
		case out.transfer == nil && !c.account.connected():
			return nil, badParam("refund_application_fee", "", "The application fee of a destination charge can only be refunded together with its transfer: pass `reverse_transfer=true`.")
		}
		out.fee = found
		out.due = portion{found.Amount, target.AmountCaptured, target.AmountRefunded, amount}.part(found.Amount - found.AmountRefunded)
	}
	if out.reversed > 0 {
		return out, out.transfer.mayReverse(c.work, undoing{amount: out.reversed, fee: out.due})
	}
	return out, nil
}

// feeBack is what the refund's own entry gives back of the platform's fee: a
// direct charge's account paid it there.
func (u *unsharing) feeBack(w *work) []feeDetail {
	if u.due == 0 || !w.account.connected() {
		return nil
	}
	return []feeDetail{w.account.applicationFee(w.worth(-u.due, u.fee.Currency))}
}

// book makes the reversal and the fee refund that belong to a refund.
func (u *unsharing) book(w *work, made *refund) {
	if u.reversed > 0 {
		back := u.transfer.reverse(w, undoing{amount: u.reversed, fee: u.due, refund: &made.ID})
		made.TransferReversal = &back.ID
	}
	if u.due > 0 {
		u.fee.giveBack(w.platform(), u.due)
	}
}

// enter adds an entry to an account's balance: whoever calls says what it is,
// and the rest follows, above all the currency. It answers the entry's id.
func enter(w *work, e balanceTransaction) *string {
	e = w.settle(e)
	e.BalanceType, e.Created, e.Net = "payments", w.now, e.Amount-e.Fee
	e.AvailableOn = max(e.AvailableOn, w.now)
	e.FeeDetails = slices.Clip(append([]feeDetail{}, e.FeeDetails...))
	return &balanceTransactions.add(w, &e).ID
}

// charge takes fees off an entry; negative ones are given back.
func (b *balanceTransaction) charge(details ...feeDetail) {
	for _, d := range details {
		b.Fee += d.Amount
	}
	b.FeeDetails = append(b.FeeDetails, details...)
}
