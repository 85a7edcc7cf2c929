package sandbox

import (
	"maps"
	"net/http"
	"slices"
)

// Statuses of a dispute (§2.8). Those of warnings are for inquiries, which move
// no money.
const (
	disputeNeedsResponse = "needs_response"
	disputeUnderReview   = "under_review"
	disputeWon           = "won"
	disputeLost          = "lost"
	inquiryNeedsResponse = "warning_needs_response"
	inquiryUnderReview   = "warning_under_review"
	inquiryClosed        = "warning_closed"
)

const (
	// disputeFee is what Stripe takes for a dispute, in minor units (§2.8).
	disputeFee = 1500
	// responseTime is how long evidence can be sent, in seconds. Networks give
	// from 7 to 21 days; nine is what Stripe's own fixture shows.
	responseTime = 9 * 24 * 60 * 60
	// verdictTime is how long the bank thinks about one of the texts of test
	// mode, in seconds: just long enough that under_review is seen.
	verdictTime = 1
	// reviewTime is how long the bank thinks about other evidence, in seconds:
	// Stripe says 60 to 75 days (docs.stripe.com/disputes/how-disputes-work). It
	// then finds for the cardholder, as most banks do.
	reviewTime = 75 * 24 * 60 * 60
	// inquiryTime is how long an inquiry stays open that nothing came of, in
	// seconds since it was made: 120 days (docs.stripe.com/disputes/how-disputes-work).
	inquiryTime = 120 * 24 * 60 * 60
	// maxEvidence is the longest text of evidence, in characters (§2.8).
	maxEvidence = 150_000
)

// dispute is a cardholder's bank taking a payment back, or asking about it.
type dispute struct {
	head
	Amount               int64                 `json:"amount"`
	BalanceTransactions  []*balanceTransaction `json:"balance_transactions"`
	Charge               string                `json:"charge" expand:"charge"`
	Created              int64                 `json:"created"`
	Currency             string                `json:"currency"`
	EnhancedTypes        []string              `json:"enhanced_eligibility_types"`
	Evidence             disputeEvidence       `json:"evidence"`
	EvidenceDetails      evidenceDetails       `json:"evidence_details"`
	IsChargeRefundable   bool                  `json:"is_charge_refundable"`
	Livemode             bool                  `json:"livemode"`
	Metadata             map[string]string     `json:"metadata"`
	PaymentIntent        *string               `json:"payment_intent" expand:"payment_intent"`
	PaymentMethodDetails disputedMethod        `json:"payment_method_details"`
	Reason               string                `json:"reason"`
	Status               string                `json:"status"`

	secret disputeSecret
}

// disputeSecret is what the bank has decided and not yet told.
type disputeSecret struct {
	Verdict  string `json:"verdict,omitempty"`   // a status, or needs_response for an inquiry that escalates
	DecideAt int64  `json:"decide_at,omitempty"` // Unix seconds
}

func (d *dispute) private() any     { return &d.secret }
func (d *dispute) createdAt() int64 { return d.Created }

// asOf shows which of the dispute's movements are available by now.
func (d *dispute) asOf(now int64) object {
	shown := *d
	shown.BalanceTransactions = []*balanceTransaction{}
	for _, entry := range d.BalanceTransactions {
		shown.BalanceTransactions = append(shown.BalanceTransactions, entry.asOf(now).(*balanceTransaction))
	}
	return &shown
}

// disputeEvidence is what the merchant says, by the names of evidenceFields;
// a version's map is never written.
type disputeEvidence map[string]any

type evidenceDetails struct {
	DueBy               int64          `json:"due_by"`
	EnhancedEligibility map[string]any `json:"enhanced_eligibility"`
	HasEvidence         bool           `json:"has_evidence"`
	PastDue             bool           `json:"past_due"`
	SubmissionCount     int64          `json:"submission_count"`
}

type disputedMethod struct {
	Card disputedCard `json:"card"`
	Type string       `json:"type"`
}

type disputedCard struct {
	Brand             string `json:"brand"`
	CaseType          string `json:"case_type"`
	Network           string `json:"network"`
	NetworkReasonCode string `json:"network_reason_code"`
}

// evidenceFields are the texts and files of evidence.
var evidenceFields = []string{
	"access_activity_log", "billing_address", "cancellation_policy", "cancellation_policy_disclosure", "cancellation_rebuttal",
	"customer_communication", "customer_email_address", "customer_name", "customer_purchase_ip", "customer_signature",
	"duplicate_charge_documentation", "duplicate_charge_explanation", "duplicate_charge_id", "product_description", "receipt",
	"refund_policy", "refund_policy_disclosure", "refund_refusal_explanation", "service_date", "service_documentation",
	"shipping_address", "shipping_carrier", "shipping_date", "shipping_documentation", "shipping_tracking_number",
	"uncategorized_file", "uncategorized_text",
}

// verdicts are the texts that decide a dispute in test mode (§2.8).
var verdicts = map[string]string{
	"winning_evidence": disputeWon, "losing_evidence": disputeLost, "escalate_inquiry_evidence": disputeNeedsResponse,
}

var disputes = declare[dispute](kind{name: "dispute", prefix: "du_1", length: 23, param: "dispute"})

func disputeResource() *resource {
	id := &disputes.kind
	evidence := make([]param, 0, len(evidenceFields)+1)
	for _, name := range evidenceFields {
		evidence = append(evidence, shortText(name, maxEvidence))
	}
	changes := []param{hash("evidence", append(evidence, anything("enhanced_evidence"))...), metadata(), boolean("submit")}
	return &resource{
		kind: id,
		indexes: func(o object) []indexKey {
			d := o.(*dispute)
			return append(optionalKey("payment_intent", d.PaymentIntent), indexKey{"charge", d.Charge})
		},
		due:  disputeDue,
		wake: decideDispute,
		routes: []route{
			{method: http.MethodGet, path: "/v1/disputes", title: "List disputes", returns: id, list: true,
				params: paged(text("charge"), text("payment_intent")), do: listDisputes},
			{method: http.MethodGet, path: "/v1/disputes/{id}", title: "Retrieve a dispute", returns: id, do: disputes.retrieve},
			{method: http.MethodPost, path: "/v1/disputes/{id}", title: "Give evidence, and submit it unless asked not to", returns: id, params: changes, do: updateDispute},
			{method: http.MethodPost, path: "/v1/disputes/{id}/close", title: "Accept that a dispute is lost; this is final", returns: id, do: closeDispute},
			{method: http.MethodGet, path: "/v1/charges/{id}/dispute", title: "Retrieve a charge's dispute (older address)", returns: id, do: ofCharge(disputes.retrieve)},
			{method: http.MethodPost, path: "/v1/charges/{id}/dispute", title: "Give evidence (older address)", returns: id, params: changes, do: ofCharge(updateDispute)},
			{method: http.MethodPost, path: "/v1/charges/{id}/dispute/close", title: "Accept a loss (older address)", returns: id, do: ofCharge(closeDispute)},
		},
	}
}

// ofCharge lets a handler work on the newest dispute of the charge in the path.
func ofCharge(do func(*call) (any, error)) func(*call) (any, error) {
	return func(c *call) (any, error) {
		all := disputes.matching(c.work, indexKey{"charge", c.id})
		if len(all) == 0 {
			return nil, noSuch(http.StatusNotFound, "dispute", c.id, "charge")
		}
		below := *c
		below.id = all[len(all)-1].ID
		return do(&below)
	}
}

func listDisputes(c *call) (any, error) {
	of, intent := c.text("charge"), c.text("payment_intent")
	return c.pageOf(query{kind: &disputes.kind, key: c.filtered("charge", "payment_intent"), keep: func(o object) bool {
		d := o.(*dispute)
		return (of == "" || d.Charge == of) && (intent == "" || value(d.PaymentIntent) == intent)
	}})
}

// open says whether the merchant can still answer.
func (d *dispute) open() bool {
	return d.Status == disputeNeedsResponse || d.Status == inquiryNeedsResponse
}

// inquiry says whether the bank only asks, and has taken no money.
func (d *dispute) inquiry() bool {
	return slices.Contains([]string{inquiryNeedsResponse, inquiryUnderReview, inquiryClosed}, d.Status)
}

func updateDispute(c *call) (any, error) {
	old, err := disputes.fromPath(c)
	if err != nil {
		return nil, err
	}
	said := c.has("evidence") || c.yes("submit")
	if said && !old.open() {
		return nil, badState("", "This dispute has a status of "+old.Status+", and takes no more evidence.")
	}
	next := disputes.edit(c.work, c.id)
	next.hear(c.hash("evidence"))
	if err := c.setMetadata(&next.Metadata); err != nil {
		return nil, err
	}
	if said && (!c.has("submit") || c.yes("submit")) {
		next.submit(c.now)
	}
	emitUpdated(c.work, "charge.dispute.updated", next)
	return next, nil
}

// hear adds what the request says to the evidence.
func (d *dispute) hear(sent params) {
	said := maps.Clone(d.Evidence)
	for _, name := range evidenceFields {
		if sent.has(name) {
			said[name] = nil
			if text := sent.text(name); text != "" {
				said[name] = text
			}
		}
	}
	d.Evidence = said
	d.EvidenceDetails.HasEvidence = d.EvidenceDetails.HasEvidence || sent.values != nil && sent.isHash()
}

// submit sends the evidence to the bank, which knows the texts of test mode.
func (d *dispute) submit(now int64) {
	d.EvidenceDetails.SubmissionCount++
	text, _ := d.Evidence["uncategorized_text"].(string)
	verdict := verdicts[text]
	if d.inquiry() {
		d.Status = inquiryUnderReview
		if verdict == disputeWon || verdict == disputeLost {
			verdict = inquiryClosed
		}
	} else {
		d.Status = disputeUnderReview
		if verdict == disputeNeedsResponse {
			verdict = ""
		}
	}
	d.secret = disputeSecret{verdict, now + verdictTime}
	if verdict == "" && d.inquiry() {
		d.secret = disputeSecret{inquiryClosed, d.Created + inquiryTime}
	} else if verdict == "" {
		d.secret = disputeSecret{disputeLost, now + reviewTime}
	}
}

func closeDispute(c *call) (any, error) {
	old, err := disputes.fromPath(c)
	if err != nil {
		return nil, err
	}
	if !old.open() {
		return nil, badState("", "This dispute has a status of "+old.Status+", and cannot be closed.")
	}
	next := disputes.edit(c.work, c.id)
	verdict := disputeLost
	if next.inquiry() {
		verdict = inquiryClosed
	}
	next.end(c.work, verdict)
	return next, nil
}

// disputeDue is when the bank tells its decision, or stops waiting for an
// answer, in Unix seconds. An inquiry lapses by itself.
func disputeDue(o object) int64 {
	d := o.(*dispute)
	switch {
	case d.secret.Verdict != "":
		return d.secret.DecideAt
	case d.inquiry() && d.open():
		return d.Created + inquiryTime
	case d.open():
		return d.EvidenceDetails.DueBy
	}
	return 0
}

// decideDispute is the bank's decision; who does not answer in time loses.
func decideDispute(w *work, id string) error {
	d := disputes.edit(w, id)
	verdict := d.secret.Verdict
	d.secret = disputeSecret{}
	switch {
	case verdict == disputeNeedsResponse:
		d.escalate(w)
		return nil
	case verdict == "" && d.inquiry():
		d.EvidenceDetails.PastDue, verdict = true, inquiryClosed
	case verdict == "":
		d.EvidenceDetails.PastDue, verdict = true, disputeLost
	}
	d.end(w, verdict)
	return nil
}

// escalate turns an inquiry into a dispute: now the bank takes the money.
func (d *dispute) escalate(w *work) {
	d.Status, d.IsChargeRefundable = disputeNeedsResponse, false
	d.PaymentMethodDetails.Card.CaseType = "chargeback"
	d.EvidenceDetails.DueBy = w.now + responseTime
	emitUpdated(w, "charge.dispute.updated", d)
	d.withdraw(w)
}

// end closes a dispute; the money comes back when it was won.
func (d *dispute) end(w *work, status string) {
	d.Status = status
	if status == disputeWon {
		d.move(w, d.Amount, -disputeFee, "Chargeback reversal for "+d.Charge)
	}
	emit(w, "charge.dispute.closed", d)
	if status == disputeWon {
		emit(w, "charge.dispute.funds_reinstated", d)
	}
}

// withdraw takes the disputed amount and the fee from the balance.
func (d *dispute) withdraw(w *work) {
	d.move(w, -d.Amount, disputeFee, "Chargeback withdrawal for "+d.Charge)
	emit(w, "charge.dispute.funds_withdrawn", d)
}

// move books an amount and a fee of the dispute, both signed, in minor units.
func (d *dispute) move(w *work, amount, fee int64, why string) {
	category := "dispute"
	if amount > 0 {
		category = "dispute_reversal"
	}
	booked := w.settle(balanceTransaction{Amount: amount, AvailableOn: availableOn(w.now), Currency: d.Currency, Description: &why,
		ReportingCategory: category, Source: d.ID, Type: "adjustment"})
	booked.charge(feeDetail{Amount: fee, Currency: booked.Currency, Description: "Dispute fee", Type: "stripe_fee"})
	entry, _ := balanceTransactions.find(w, *enter(w, booked))
	d.BalanceTransactions = append(slices.Clip(d.BalanceTransactions), entry.asOf(w.now).(*balanceTransaction))
}
