package sandbox_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v85"
)

// disputed pays with a card of §3.7 and finds the dispute that follows.
func (w *world) disputed(card string) *stripe.Dispute {
	w.Helper()
	paid := w.pay("pm_card_" + card)
	require.Equal(w, "succeeded", paid.at("status"), paid.raw)
	return w.disputesOf(paid.at("latest_charge").(string))[0]
}

func (w *world) disputesOf(charge string) []*stripe.Dispute {
	w.Helper()
	var out []*stripe.Dispute
	for d, err := range w.stripe.V1Disputes.List(w.Context(), &stripe.DisputeListParams{Charge: &charge}).All(w.Context()) {
		require.NoError(w, err)
		out = append(out, d)
	}
	return out
}

// total is what the account owns, in cents, available or not.
func (w *world) total() int64 {
	w.Helper()
	b, err := w.stripe.V1Balance.Retrieve(w.Context(), nil)
	require.NoError(w, err)
	return b.Available[0].Amount + b.Pending[0].Amount
}

// The ledger of §2.8 and §4.5: 1000 paid, 59 fee, 1000 and 1500 taken, given back.
func TestDisputeIsWon(t *testing.T) {
	t.Parallel()
	w := open(t)
	d := w.disputed("createDispute")
	require.Equal(t, []any{stripe.DisputeReasonFraudulent, stripe.DisputeStatusNeedsResponse, int64(1000), false},
		[]any{d.Reason, d.Status, d.Amount, d.IsChargeRefundable})
	entry := d.BalanceTransactions[0]
	require.Equal(t, []any{int64(-1000), int64(1500), int64(-2500), stripe.BalanceTransactionTypeAdjustment, stripe.BalanceTransactionReportingCategoryDispute},
		[]any{entry.Amount, entry.Fee, entry.Net, entry.Type, entry.ReportingCategory})
	require.EqualValues(t, 941-2500, w.total())
	require.Equal(t, true, w.send("GET", "/v1/charges/"+d.Charge.ID, "").at("disputed"))
	require.Equal(t, "charge_disputed", w.send("POST", "/v1/refunds", "charge="+d.Charge.ID).at("error", "code"))

	staged, err := w.stripe.V1Disputes.Update(t.Context(), d.ID, &stripe.DisputeUpdateParams{Submit: stripe.Bool(false), Evidence: &stripe.DisputeUpdateEvidenceParams{CustomerName: stripe.String("Jane")}})
	require.NoError(t, err)
	require.Equal(t, []any{stripe.DisputeStatusNeedsResponse, "Jane", int64(0), true}, []any{staged.Status, staged.Evidence.CustomerName, staged.EvidenceDetails.SubmissionCount, staged.EvidenceDetails.HasEvidence})
	sent, err := w.stripe.V1Disputes.Update(t.Context(), d.ID, &stripe.DisputeUpdateParams{Evidence: &stripe.DisputeUpdateEvidenceParams{UncategorizedText: stripe.String("winning_evidence")}})
	require.NoError(t, err)
	require.Equal(t, []any{stripe.DisputeStatusUnderReview, "Jane", int64(1)}, []any{sent.Status, sent.Evidence.CustomerName, sent.EvidenceDetails.SubmissionCount})
	w.advance(time.Second)
	won, err := w.stripe.V1Disputes.Retrieve(t.Context(), d.ID, nil)
	require.NoError(t, err)
	require.Equal(t, stripe.DisputeStatusWon, won.Status)
	require.Len(t, won.BalanceTransactions, 2)
	require.EqualValues(t, 941, w.total())
	require.Equal(t, []string{"payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "charge.dispute.created", "charge.dispute.funds_withdrawn",
		"charge.updated", "charge.dispute.updated", "charge.dispute.updated", "charge.dispute.closed", "charge.dispute.funds_reinstated"}, w.eventTypes())
}

func TestDisputeIsLost(t *testing.T) {
	t.Parallel()
	w := open(t)
	refused := w.disputed("createDisputeProductNotReceived")
	require.Equal(t, stripe.DisputeReasonProductNotReceived, refused.Reason)
	w.send("POST", "/v1/disputes/"+refused.ID, "evidence[uncategorized_text]=losing_evidence")
	accepted := w.disputed("createDispute")
	closed, err := w.stripe.V1Disputes.Close(t.Context(), accepted.ID, nil)
	require.NoError(t, err)
	require.Equal(t, stripe.DisputeStatusLost, closed.Status)
	require.Equal(t, 400, w.send("POST", "/v1/disputes/"+accepted.ID+"/close", "").status)
	forgotten := w.disputed("createDispute")
	status := func(d *stripe.Dispute) any { return w.send("GET", "/v1/disputes/"+d.ID, "").at("status") }
	require.Equal(t, []any{"under_review", "needs_response"}, []any{status(refused), status(forgotten)})
	w.advance(9 * 24 * time.Hour)
	require.Equal(t, []any{"lost", "lost", "lost"}, []any{status(refused), status(accepted), status(forgotten)})
	require.EqualValues(t, 3*(941-2500), w.total())
	require.Equal(t, 400, w.send("POST", "/v1/disputes/"+forgotten.ID, "evidence[uncategorized_text]=winning_evidence").status)
	require.Equal(t, "b", w.send("POST", "/v1/disputes/"+forgotten.ID, "metadata[a]=b").at("metadata", "a"))
}

// A bank that only asks moves no money, until it is told to escalate.
func TestInquiry(t *testing.T) {
	t.Parallel()
	w := open(t)
	asked := w.disputed("createDisputeInquiry")
	require.Equal(t, []any{stripe.DisputeStatusWarningNeedsResponse, true, 0}, []any{asked.Status, asked.IsChargeRefundable, len(asked.BalanceTransactions)})
	require.EqualValues(t, 941, w.total())
	w.send("POST", "/v1/disputes/"+asked.ID, "evidence[uncategorized_text]=escalate_inquiry_evidence")
	w.advance(time.Second)
	taken := w.send("GET", "/v1/disputes/"+asked.ID, "")
	require.Equal(t, []any{"needs_response", false}, []any{taken.at("status"), taken.at("is_charge_refundable")})
	require.EqualValues(t, 941-2500, w.total())

	other := w.disputed("createDisputeInquiry")
	require.Equal(t, "succeeded", w.send("POST", "/v1/refunds", "charge="+other.Charge.ID).at("status"))
	require.Equal(t, "warning_closed", w.send("GET", "/v1/disputes/"+other.ID, "").at("status"))
}

func TestOtherDisputes(t *testing.T) {
	t.Parallel()
	w := open(t)
	both := w.disputesOf(w.pay("pm_card_createMultipleDisputes").at("latest_charge").(string))
	require.Equal(t, []int64{500, 500}, []int64{both[0].Amount, both[1].Amount})
	require.Equal(t, "visa_compelling_evidence_3", string(w.disputed("createCe3EligibleDispute").EnhancedEligibilityTypes[0]))
	require.Equal(t, "compliance", string(w.disputed("createComplianceDispute").PaymentMethodDetails.Card.CaseType))

	warned := w.pay("pm_card_createIssuerFraudRecord").at("latest_charge").(string)
	warning := func() any {
		return w.send("GET", "/v1/radar/early_fraud_warnings?charge="+warned, "").at("data").([]any)[0].(map[string]any)["actionable"]
	}
	require.Equal(t, true, warning())
	w.send("POST", "/v1/refunds", "charge="+warned)
	require.Equal(t, false, warning())

	legacy := w.send("POST", "/v1/charges", "amount=1000&currency=usd&source=tok_createDispute").at("id").(string)
	require.Equal(t, "needs_response", w.send("GET", "/v1/charges/"+legacy+"/dispute", "").at("status"))
	require.Equal(t, "lost", w.send("POST", "/v1/charges/"+legacy+"/dispute/close", "").at("status"))
	held := w.pay("pm_card_createDispute", "capture_method=manual")
	require.Empty(t, w.disputesOf(held.at("latest_charge").(string))) // nothing was taken yet
	w.send("POST", "/v1/payment_intents/"+held.at("id").(string)+"/capture", "amount_to_capture=600")
	require.EqualValues(t, 600, w.disputesOf(held.at("latest_charge").(string))[0].Amount)
}

// Nobody decides for ever: other evidence is lost after 75 days, and an inquiry
// that nothing came of is closed after 120.
func TestDisputesEndByTime(t *testing.T) {
	t.Parallel()
	w := open(t)
	answered, asked, replied := w.disputed("createDispute"), w.disputed("createDisputeInquiry"), w.disputed("createDisputeInquiry")
	for _, d := range []*stripe.Dispute{answered, replied} {
		w.send("POST", "/v1/disputes/"+d.ID, "evidence[uncategorized_text]=It+was+delivered")
	}
	status := func() (out []any) {
		for _, d := range []*stripe.Dispute{answered, asked, replied} {
			out = append(out, w.ask("GET", "/v1/disputes/"+d.ID, "").at("status"))
		}
		return out
	}
	w.advance((75*24*60*60 - 1) * time.Second)
	require.Equal(t, []any{"under_review", "warning_needs_response", "warning_under_review"}, status())
	w.advance(time.Second)
	require.Equal(t, []any{"lost", "warning_needs_response", "warning_under_review"}, status())
	w.advance(45 * 24 * time.Hour)
	require.Equal(t, []any{"lost", "warning_closed", "warning_closed"}, status())
	require.EqualValues(t, 3*941-2500, w.total(), "inquiries move no money")
}
