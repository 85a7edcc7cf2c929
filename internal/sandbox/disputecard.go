package sandbox

// disputePlan is one dispute that a test card brings (§3.7).
type disputePlan struct {
	reason, caseType string
	networkReason    string         // the network's own code: Visa's are from its dispute guide
	status           string         // the first; empty is needs_response
	enhanced         map[string]any // what more than evidence could win it
}

// disputePlans are the test cards whose owners complain after paying, by number.
var disputePlans = map[string][]disputePlan{
	"4000000000000259": {{reason: "fraudulent", caseType: "chargeback", networkReason: "10.4"}},
	"4000000000002685": {{reason: "product_not_received", caseType: "chargeback", networkReason: "13.1"}},
	"4000000000001976": {{reason: "fraudulent", caseType: "inquiry", networkReason: "10.4", status: inquiryNeedsResponse}},
	"4000000404000079": {{reason: "fraudulent", caseType: "chargeback", networkReason: "10.4"}, {reason: "product_not_received", caseType: "chargeback", networkReason: "13.1"}},
	"4000000404000038": {{reason: "fraudulent", caseType: "chargeback", networkReason: "10.4", enhanced: map[string]any{
		"visa_compelling_evidence_3": map[string]any{"status": "requires_action", "required_actions": []string{
			"missing_customer_identifiers", "missing_disputed_transaction_description", "missing_merchandise_or_services", "missing_prior_undisputed_transactions"}}}}},
	"4000008400000779": {{reason: "noncompliant", caseType: "compliance", networkReason: "98", enhanced: map[string]any{
		"visa_compliance": map[string]any{"status": "requires_fee_acknowledgement"}}}},
	"5105008400000002": {{reason: "noncompliant", caseType: "compliance", networkReason: "98", enhanced: map[string]any{
		"mastercard_compliance": map[string]any{"status": "requires_fee_acknowledgement"}}}},
	"4000000001000043": {{reason: "fraudulent", caseType: "chargeback", networkReason: "10.4"}},
}

// fraudWarned is the test card whose bank only warns of fraud (§3.7).
const fraudWarned = "4000000000005423"

// complain is what the owner of a card does after a captured payment: dispute
// it, or have the bank warn of fraud. Both can be listed at once (§3.7). It is
// called when the events of the payment have been told.
func complain(w *work, paid *charge) {
	if !paid.Captured || paid.PaymentMethod == nil {
		return
	}
	method, ok := paymentMethods.find(w, *paid.PaymentMethod)
	if !ok {
		return
	}
	if method.secret.Number == fraudWarned {
		warnOfFraud(w, paid)
	}
	plans := disputePlans[method.secret.Number]
	left := paid.AmountCaptured
	for at, plan := range plans {
		amount := left / int64(len(plans)-at) // several disputes share the charge, the last takes the odd unit
		left -= amount
		openDispute(w, paid.ID, plan, amount)
	}
}

// openDispute takes an amount of a charge back, unless the bank only asks.
func openDispute(w *work, id string, plan disputePlan, amount int64) {
	paid := charges.edit(w, id)
	before := *paid
	brand := paid.PaymentMethodDetails.Card.Brand
	made := disputes.add(w, &dispute{
		Amount: amount, BalanceTransactions: []*balanceTransaction{}, Charge: paid.ID, Created: w.now, Currency: paid.Currency,
		EnhancedTypes: []string{}, Evidence: disputeEvidence{"enhanced_evidence": struct{}{}}, Metadata: map[string]string{}, PaymentIntent: paid.PaymentIntent,
		EvidenceDetails:      evidenceDetails{DueBy: w.now + responseTime, EnhancedEligibility: map[string]any{}},
		PaymentMethodDetails: disputedMethod{disputedCard{brand, plan.caseType, paid.PaymentMethodDetails.Card.Network, plan.networkReason}, "card"},
		Reason:               plan.reason, Status: disputeNeedsResponse,
	})
	for _, name := range evidenceFields {
		made.Evidence[name] = nil
	}
	for name, eligibility := range plan.enhanced {
		made.EnhancedTypes, made.EvidenceDetails.EnhancedEligibility[name] = append(made.EnhancedTypes, name), eligibility
	}
	if plan.status != "" {
		made.Status, made.IsChargeRefundable = plan.status, true
	}
	paid.Disputed, paid.Dispute = true, &made.ID
	emit(w, "charge.dispute.created", made)
	if !made.inquiry() {
		made.withdraw(w)
	}
	emitChange(w, "charge.updated", &before, paid)
}

// undisputed refuses to refund what the cardholder's bank has taken already.
func undisputed(w *work, paid *charge) error {
	for _, d := range disputes.matching(w, indexKey{"charge", paid.ID}) {
		if !d.IsChargeRefundable {
			return badState("charge_disputed", "Charge "+paid.ID+" has been charged back; cannot issue a refund.")
		}
	}
	return nil
}

// settleInquiries closes what a bank asked about a charge that was given back
// in full: nothing is left to take.
func settleInquiries(w *work, paid *charge) {
	if !paid.Refunded {
		return
	}
	for _, d := range disputes.matching(w, indexKey{"charge", paid.ID}) {
		if d.inquiry() && d.Status != inquiryClosed {
			next := disputes.edit(w, d.ID)
			next.secret = disputeSecret{}
			next.end(w, inquiryClosed)
		}
	}
}
