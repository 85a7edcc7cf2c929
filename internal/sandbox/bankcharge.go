package sandbox

import "strings"

// A charge of a bank account (ACH, §2.6.1) has no answer for days: it is pending
// until the bank pays or refuses. Its money is in the balance at once, pending
// too, and a refusal takes it back with the fee.

const (
	// debitDays is how many business days a bank takes to say whether it pays:
	// four, as Stripe tells for ACH.
	debitDays = 4
	// Stripe's price of an ACH debit in the US: 0.8 %, at most 5.00.
	debitPerMille = 8
	debitMost     = 500
)

// chargeSecret is what decides how a pending charge ends.
type chargeSecret struct {
	BankNumber string `json:"bank_number,omitempty"`
	SettleAt   int64  `json:"settle_at,omitempty"` // Unix seconds, 0 once it is known
}

func (c *charge) private() any { return &c.secret }

// chargedBank is the bank account as it was when it was charged.
type chargedBank struct {
	HolderType    *string `json:"account_holder_type"`
	BankName      *string `json:"bank_name"`
	Country       string  `json:"country"`
	Fingerprint   *string `json:"fingerprint"`
	Last4         string  `json:"last4"`
	RoutingNumber *string `json:"routing_number"`
}

// bankToCharge is the customer's bank account that source= names, or that is
// the default; nil when a card is to be charged.
func (c *call) bankToCharge() *bankAccount {
	owner, ok := customers.find(c.work, c.text("customer"))
	if !ok {
		return nil
	}
	id := c.text("source")
	if id == "" {
		id = value(owner.DefaultSource)
	}
	if bank, ok := bankAccounts.find(c.work, id); ok && value(bank.Customer) == owner.ID {
		return bank
	}
	return nil
}

// chargeBank takes money from a bank account, which is only known to have been
// there when the bank says so.
//
// Errors: the account is not verified, is not in US dollars, or the charge asks
// for what only cards can do: a later capture, a share for others.
func (c *call) chargeBank(asked *paymentIntent, bank *bankAccount) (*charge, error) {
	switch {
	case bank.Status != bankVerified:
		return nil, badState("", "The customer's bank account must be verified before it can be charged. See https://stripe.com/docs/ach-deprecated#verifying.").withParam("source")
	case asked.Currency != bank.Currency:
		return nil, badState("", "The bank account "+bank.ID+" can only be charged in "+bank.Currency+".").withParam("currency")
	case asked.manualCapture():
		return nil, badState("", "A charge of a bank account cannot be captured later.").withParam("capture")
	case asked.TransferData != nil || asked.ApplicationFeeAmount != nil:
		return nil, badState("", "The sandbox shares charges of cards only; "+bank.ID+" is a bank account.").withParam("source")
	}
	made := charges.add(c.work, &charge{
		head: head{ID: "py_1" + c.sandbox.ids.text(charges.length)}, Amount: asked.Amount, AmountCaptured: asked.Amount, Captured: true, Created: c.now,
		Currency: asked.Currency, Customer: asked.Customer, Description: asked.Description, Metadata: asked.Metadata, PaymentMethod: &bank.ID,
		PaymentMethodDetails: paymentMethodDetails{Type: "ach_debit", ACHDebit: &chargedBank{bank.HolderType, bank.BankName, bank.Country,
			bank.Fingerprint, bank.Last4, bank.RoutingNumber}},
		Outcome:      outcome{NetworkStatus: "approved_by_network", RiskLevel: "not_assessed", SellerMessage: "Payment complete.", Type: "authorized"},
		ReceiptEmail: asked.ReceiptEmail, Shipping: asked.Shipping, Source: marshal(bank), Status: "pending", TransferGroup: asked.TransferGroup,
		secret: chargeSecret{bank.secret.Number, businessDay(c.now, debitDays)},
	})
	made.BalanceTransaction = made.debit(c.work, made.Amount, debitFee(made.Amount), "payment", "charge")
	emit(c.work, "charge.pending", made)
	return made, nil
}

func debitFee(amount int64) int64 { return min((amount*debitPerMille+500)/1000, debitMost) }

// debit books an amount of the charge and Stripe's fee, both signed.
func (c *charge) debit(w *work, amount, fee int64, sort, category string) *string {
	entry := w.settle(balanceTransaction{Amount: amount, AvailableOn: availableOn(c.Created), Currency: c.Currency, Description: c.Description,
		ReportingCategory: category, Source: c.ID, Type: sort})
	entry.charge(feeDetail{Amount: fee, Currency: entry.Currency, Description: "Stripe processing fees", Type: "stripe_fee"})
	return enter(w, entry)
}

// settleDebit is the day on which the bank pays, or says why it does not.
func (c *charge) settleDebit(w *work) {
	c.secret.SettleAt = 0
	why, fails := bankFailures[c.secret.BankNumber]
	if !fails {
		c.Status, c.Paid = "succeeded", true
		emit(w, "charge.succeeded", c)
		return
	}
	c.Status, c.FailureCode, c.FailureMessage, c.Captured, c.AmountCaptured = "failed", &why.code, &why.message, false, 0
	c.Outcome = outcome{NetworkStatus: "declined_by_network", Reason: &why.code, RiskLevel: "not_assessed", SellerMessage: why.message, Type: "issuer_declined"}
	c.FailureBalanceTransaction = c.debit(w, -c.Amount, -debitFee(c.Amount), "payment_failure_refund", "charge_failure")
	emit(w, "charge.failed", c)
}

// ofBank says whether a bank account was charged, and no card.
func (c *charge) ofBank() bool { return strings.HasPrefix(value(c.PaymentMethod), bankAccounts.prefix) }
