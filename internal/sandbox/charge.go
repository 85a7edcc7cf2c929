package sandbox

import (
	"encoding/json"
	"net/http"
)

const (
	// authorisationLife is how long a card holds an amount for a capture, in
	// seconds: 7 days for payments that the customer makes (§2.5.5).
	authorisationLife = 7 * 24 * 60 * 60
	// statementDescriptor is what the account is called on card statements.
	statementDescriptor = "FLORIN SANDBOX"
	// usualRisk is Radar's score of an unsuspicious test payment (§F.4); 65 and
	// more is elevated, 75 and more is highest (§2.6.2).
	usualRisk    = 35
	elevatedRisk = 68
	highestRisk  = 92
)

// charge is one request to a bank for money, granted or not (§2.6).
type charge struct {
	head
	Amount                    int64                `json:"amount"`
	AmountCaptured            int64                `json:"amount_captured"`
	AmountRefunded            int64                `json:"amount_refunded"`
	Application               *string              `json:"application"`
	ApplicationFee            *string              `json:"application_fee" expand:"application_fee"`
	ApplicationFeeAmount      *int64               `json:"application_fee_amount"`
	BalanceTransaction        *string              `json:"balance_transaction" expand:"balance_transaction"`
	BillingDetails            billingDetails       `json:"billing_details"`
	CalculatedDescriptor      *string              `json:"calculated_statement_descriptor"`
	Captured                  bool                 `json:"captured"`
	Created                   int64                `json:"created"`
	Currency                  string               `json:"currency"`
	Customer                  *string              `json:"customer" expand:"customer"`
	Description               *string              `json:"description"`
	Destination               *string              `json:"destination" expand:"account"`
	Dispute                   *string              `json:"dispute" expand:"dispute"`
	Disputed                  bool                 `json:"disputed"`
	FailureBalanceTransaction *string              `json:"failure_balance_transaction" expand:"balance_transaction"`
	FailureCode               *string              `json:"failure_code"`
	FailureMessage            *string              `json:"failure_message"`
	FraudDetails              fraudDetails         `json:"fraud_details"`
	Livemode                  bool                 `json:"livemode"`
	Metadata                  map[string]string    `json:"metadata"`
	OnBehalfOf                *string              `json:"on_behalf_of" expand:"account"`
	Order                     none                 `json:"order"`
	Outcome                   outcome              `json:"outcome"`
	Paid                      bool                 `json:"paid"`
	PaymentIntent             *string              `json:"payment_intent" expand:"payment_intent"`
	PaymentMethod             *string              `json:"payment_method"`
	PaymentMethodDetails      paymentMethodDetails `json:"payment_method_details"`
	RadarOptions              struct{}             `json:"radar_options"`
	ReceiptEmail              *string              `json:"receipt_email"`
	ReceiptNumber             none                 `json:"receipt_number"`
	ReceiptURL                *string              `json:"receipt_url"`
	Refunded                  bool                 `json:"refunded"`
	Review                    none                 `json:"review"`
	Shipping                  *shippingDetails     `json:"shipping"`
	Source                    json.RawMessage      `json:"source"` // the card of a charge without an intent
	SourceTransfer            *string              `json:"source_transfer" expand:"transfer"`
	StatementDescriptor       none                 `json:"statement_descriptor"`
	StatementDescriptorSuffix *string              `json:"statement_descriptor_suffix"`
	Status                    string               `json:"status"`
	Transfer                  string               `json:"transfer,omitempty" expand:"transfer"`
	TransferData              *chargeTransfer      `json:"transfer_data"`
	TransferGroup             *string              `json:"transfer_group"`

	secret chargeSecret
}

func (c *charge) createdAt() int64 { return c.Created }

type fraudDetails struct {
	UserReport string `json:"user_report,omitempty"`
}

// outcome is what the bank and Radar said (§2.6.2).
type outcome struct {
	AdviceCode         *string `json:"advice_code"`
	NetworkAdviceCode  *string `json:"network_advice_code"`
	NetworkDeclineCode *string `json:"network_decline_code"`
	NetworkStatus      string  `json:"network_status"`
	Reason             *string `json:"reason"`
	RiskLevel          string  `json:"risk_level"`
	RiskScore          int64   `json:"risk_score"`
	SellerMessage      string  `json:"seller_message"`
	Type               string  `json:"type"`
}

type paymentMethodDetails struct {
	ACHDebit      *chargedBank `json:"ach_debit,omitempty"`
	Card          *chargedCard `json:"card,omitempty"`
	StripeAccount *struct{}    `json:"stripe_account,omitempty"` // of a payment that a transfer made
	Type          string       `json:"type"`
}

// chargedCard is the card as it was when it was charged.
type chargedCard struct {
	AmountAuthorized      *int64        `json:"amount_authorized"`
	AuthorizationCode     *string       `json:"authorization_code"`
	Brand                 string        `json:"brand"`
	CaptureBefore         *int64        `json:"capture_before,omitempty"`
	Checks                cardChecks    `json:"checks"`
	Country               string        `json:"country"`
	ExpMonth              int64         `json:"exp_month"`
	ExpYear               int64         `json:"exp_year"`
	ExtendedAuthorization feature       `json:"extended_authorization"`
	Fingerprint           string        `json:"fingerprint"`
	Funding               string        `json:"funding"`
	IncrementalAuth       feature       `json:"incremental_authorization"`
	Installments          none          `json:"installments"`
	Last4                 string        `json:"last4"`
	Mandate               none          `json:"mandate"`
	Multicapture          feature       `json:"multicapture"`
	Network               string        `json:"network"`
	NetworkToken          networkToken  `json:"network_token"`
	NetworkTransactionID  *string       `json:"network_transaction_id"`
	Overcapture           overcapture   `json:"overcapture"`
	RegulatedStatus       string        `json:"regulated_status"`
	ThreeDSecure          *threeDSecure `json:"three_d_secure"`
	Wallet                none          `json:"wallet"`
}

type feature struct {
	Status string `json:"status"`
}

type networkToken struct {
	Used bool `json:"used"`
}

type overcapture struct {
	MaximumAmountCapturable int64  `json:"maximum_amount_capturable"`
	Status                  string `json:"status"`
}

// threeDSecure is the proof that the customer authenticated (§F.4).
type threeDSecure struct {
	AuthenticationFlow string `json:"authentication_flow"`
	CommerceIndicator  string `json:"electronic_commerce_indicator"`
	ExemptionIndicator none   `json:"exemption_indicator"`
	Result             string `json:"result"`
	ResultReason       none   `json:"result_reason"`
	TransactionID      string `json:"transaction_id"`
	Version            string `json:"version"`
}

var charges = declare[charge](kind{name: "charge", prefix: "ch_3", length: 23})

func chargeResource() *resource {
	id := &charges.kind
	return &resource{
		kind: id,
		indexes: func(o object) []indexKey {
			ch := o.(*charge)
			keys := append(metadataKeys(ch.Metadata), indexKey{"payment_intent", value(ch.PaymentIntent)})
			if ch.Customer != nil {
				keys = append(keys, indexKey{"customer", *ch.Customer})
			}
			if ch.TransferGroup != nil {
				keys = append(keys, indexKey{"transfer_group", *ch.TransferGroup})
			}
			return keys
		},
		include: map[string]func(*view, object) any{"refunds": refundsOfCharge},
		find:    paymentAbroad,
		due:     lapsesAt,
		wake:    lapse,
		routes: []route{
			{method: http.MethodPost, path: "/v1/charges", title: "Charge a token, a card or a customer, without an intent", returns: id,
				params: chargeParams, do: createCharge},
			{method: http.MethodPost, path: "/v1/charges/{id}/capture", title: "Capture a charge made with capture=false, or part of it", returns: id,
				params: captureParams, do: captureCharge},
			{method: http.MethodPost, path: "/v1/charges/{id}/refund", title: "Refund a charge (older way)", returns: id,
				params: refundParams, do: refundByCharge},
			{method: http.MethodPost, path: "/v1/charges/{id}/refunds", title: "Refund a charge (older address)", returns: &refunds.kind,
				params: refundParams, do: createRefund},
			{method: http.MethodGet, path: "/v1/charges/{id}/refunds", title: "List a charge's refunds", returns: &refunds.kind, list: true,
				params: paged(), do: listRefundsOfCharge},
			{method: http.MethodGet, path: "/v1/charges", title: "List charges", returns: id, list: true,
				params: paged(text("customer"), text("payment_intent"), text("transfer_group")), do: listCharges},
			{method: http.MethodGet, path: "/v1/charges/search", title: "Search charges", returns: id, list: true,
				params: searchParams, do: searching(id)},
			{method: http.MethodGet, path: "/v1/charges/{id}", title: "Retrieve a charge", returns: id, do: charges.retrieve},
			{method: http.MethodPost, path: "/v1/charges/{id}", title: "Update a charge", returns: id,
				params: []param{text("customer"), text("description"), hash("fraud_details", enum("user_report", "fraudulent", "safe").clearable()),
					metadata(), text("receipt_email"), shipping, text("transfer_group")}, do: updateCharge},
		},
	}
}

func listCharges(c *call) (any, error) {
	owner, group := c.text("customer"), c.text("transfer_group")
	return c.pageOf(query{
		kind: &charges.kind, key: c.filtered("payment_intent", "transfer_group", "customer"),
		keep: func(o object) bool {
			ch := o.(*charge)
			return (owner == "" || value(ch.Customer) == owner) && (group == "" || value(ch.TransferGroup) == group)
		},
	})
}

func updateCharge(c *call) (any, error) {
	old, err := charges.fromPath(c)
	if err != nil {
		return nil, err
	}
	owner, err := customers.fromParam(c, "customer")
	if err != nil {
		return nil, err
	}
	next := charges.edit(c.work, c.id)
	switch {
	case owner != nil && old.Customer != nil && *old.Customer != owner.ID:
		return nil, badState("", "You may only set the customer of a charge that has none.").withParam("customer")
	case owner != nil:
		next.Customer = &owner.ID
	}
	c.setText("description", &next.Description)
	c.setText("receipt_email", &next.ReceiptEmail)
	c.setText("transfer_group", &next.TransferGroup)
	c.setShipping(&next.Shipping)
	if report := c.hash("fraud_details"); report.has("user_report") {
		next.FraudDetails = fraudDetails{report.text("user_report")}
	}
	if err := c.setMetadata(&next.Metadata); err != nil {
		return nil, err
	}
	emitUpdated(c.work, "charge.updated", next)
	return next, nil
}

// newCharge is an attempt that the bank approved; nothing is captured yet.
func newCharge(t *attempt) *charge {
	made := t.blankCharge()
	made.Paid, made.Status = true, "succeeded"
	made.Outcome = approval(t.method.test())
	made.ReceiptURL = pointer("https://pay.stripe.com/receipts/payment/" + t.sandbox.ids.text(32))
	card := made.PaymentMethodDetails.Card
	card.AmountAuthorized, card.AuthorizationCode = &made.Amount, pointer(t.sandbox.ids.upper(6))
	card.NetworkTransactionID = pointer(t.sandbox.ids.upper(15))
	if t.intent.manualCapture() {
		card.CaptureBefore = pointer(t.now + authorisationLife)
	}
	if t.intent.secret.Authenticated {
		card.ThreeDSecure = authenticatedBy(t.work)
	}
	return made
}

// newFailedCharge is an attempt that was refused; it stays as a record.
func newFailedCharge(t *attempt, why *decline) *charge {
	made := t.blankCharge()
	made.Status, made.FailureCode, made.FailureMessage = "failed", &why.code, &why.message
	made.Outcome = why.outcome(t.method.test())
	return made
}

// blankCharge copies to a charge what the intent and the card say now.
func (t *attempt) blankCharge() *charge {
	p, m := t.intent, t.method
	m2 := *m
	m2.check(m.test())
	card := m2.Card
	descriptor := t.descriptor(p.OnBehalfOf)
	if p.StatementDescriptorSuffix != nil {
		descriptor += "* " + *p.StatementDescriptorSuffix
	}
	made := charges.add(t.work, &charge{
		Amount: p.Amount, BillingDetails: m.BillingDetails, CalculatedDescriptor: &descriptor, Created: t.now, Currency: p.Currency,
		Customer: p.Customer, Description: p.Description, Metadata: p.Metadata, PaymentIntent: textOrNil(p.ID), PaymentMethod: &m.ID,
		PaymentMethodDetails: paymentMethodDetails{Type: "card", Card: &chargedCard{
			Brand: card.Brand, Checks: card.Checks, Country: card.Country, ExpMonth: card.ExpMonth, ExpYear: card.ExpYear,
			ExtendedAuthorization: feature{"disabled"}, Fingerprint: card.Fingerprint, Funding: card.Funding,
			IncrementalAuth: feature{"unavailable"}, Last4: card.Last4, Multicapture: feature{"unavailable"}, Network: brandOf(m.secret.Number),
			Overcapture: overcapture{p.Amount, "unavailable"}, RegulatedStatus: card.RegulatedStatus,
		}},
		ReceiptEmail: p.ReceiptEmail, Shipping: p.Shipping, StatementDescriptorSuffix: p.StatementDescriptorSuffix, TransferGroup: p.TransferGroup,
	})
	made.shareOf(t.work, p)
	return made
}

func approval(test *testCard) outcome {
	if test.risk == "elevated" {
		return outcome{NetworkStatus: "approved_by_network", Reason: pointer("elevated_risk_level"), RiskLevel: "elevated", RiskScore: elevatedRisk,
			SellerMessage: "Stripe evaluated this payment as having elevated risk, and placed it in your manual review queue.", Type: "manual_review"}
	}
	return outcome{NetworkStatus: "approved_by_network", RiskLevel: "normal", RiskScore: usualRisk, SellerMessage: "Payment complete.", Type: "authorized"}
}

func (d *decline) outcome(test *testCard) outcome {
	if d.blocked {
		return outcome{AdviceCode: textOrNil(d.advice), NetworkStatus: "not_sent_to_network", Reason: pointer("highest_risk_level"),
			RiskLevel: "highest", RiskScore: highestRisk, SellerMessage: "Stripe blocked this payment as too risky.", Type: "blocked"}
	}
	told := "The bank did not return any further details with this decline."
	if d.declineCode != genericDecline.declineCode {
		told = "The bank returned the decline code `" + d.declineCode + "`."
	}
	return outcome{AdviceCode: textOrNil(d.advice), NetworkAdviceCode: textOrNil(d.networkAdvice), NetworkDeclineCode: textOrNil(d.network),
		NetworkStatus: "declined_by_network", Reason: &d.declineCode, RiskLevel: "normal", RiskScore: usualRisk, SellerMessage: told, Type: "issuer_declined"}
}

// book captures an amount of the charge: the money, less Stripe's fee, goes to
// the account's balance, and others get their share (§9.3).
func (c *charge) book(w *work, amount int64) {
	c.Captured, c.AmountCaptured = true, amount
	method, _ := paymentMethods.find(w, *c.PaymentMethod)
	at := availableOn(w.now)
	if method.test().atOnce {
		at = w.now
	}
	entry := w.settle(balanceTransaction{Amount: amount, AvailableOn: at, Currency: c.Currency, Description: c.Description,
		ReportingCategory: "charge", Source: c.ID, Type: "charge"})
	entry.charge(c.processing(w, entry)...)
	c.BalanceTransaction = enter(w, entry)
	c.share(w, entry)
}
