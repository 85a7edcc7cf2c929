package pay_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"florin/internal/pay"
)

// Whatever is reported, and however often: what ended stays ended, the same
// report twice changes nothing the second time, every change has an event that
// its table knows, and the sequence counts the changes.
func TestSubscriptionsOnlyGoForward(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := pay.Subscription{ID: "s", Status: pay.SubscriptionPending, Sequence: 1}
		for range rapid.IntRange(1, 12).Draw(t, "reports") {
			report := pay.SubscriptionReport{ProviderRef: "sub_1", Status: rapid.SampledFrom(pay.SubscriptionStatuses).Draw(t, "status")}
			report.PeriodStart = noon.AddDate(0, rapid.IntRange(0, 3).Draw(t, "month"), 0)
			change := s.Apply(report, noon)
			after := change.Subscription
			if s.Status.Ended() {
				require.Equal(t, s.Status, after.Status)
			}
			if change.Event != "" {
				require.Equal(t, s.Sequence+1, after.Sequence)
			}
			if move, legal := pay.SubscriptionMoves.Find(s.Status, after.Status); after.Status != s.Status {
				require.True(t, legal)
				require.Equal(t, move.Event, change.Event)
			}
			require.False(t, after.Apply(report, noon).Changed, "told twice")
			s = after
		}
	})
}

func TestInvoicesOnlyGoForward(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		i := pay.Invoice{ID: "i", Status: pay.InvoiceDraft, Sequence: 1}
		for range rapid.IntRange(1, 12).Draw(t, "reports") {
			report := pay.InvoiceReport{Status: rapid.SampledFrom(pay.InvoiceStatuses).Draw(t, "status")}
			report.Attempts = rapid.IntRange(0, 3).Draw(t, "attempts")
			change := i.Apply(report, noon)
			after := change.Invoice
			if i.Status == pay.InvoicePaid || i.Status == pay.InvoiceVoid {
				require.Equal(t, i.Status, after.Status)
			}
			if after.Status != i.Status {
				_, legal := pay.InvoiceMoves.Find(i.Status, after.Status)
				require.True(t, legal)
			}
			require.False(t, after.Apply(report, noon).Changed, "told twice")
			i = after
		}
	})
}

// A schedule never tries more than it may, never goes back in time, and ends.
func TestDunningEnds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := pay.Dunning{RetryDays: rapid.SliceOfN(rapid.IntRange(1, 7), 0, pay.MaxRetries).Draw(t, "days"), End: pay.DunningCancel}
		require.NoError(t, d.Check())
		soft := pay.Failure{Code: pay.CodeCardDeclined, DeclineCode: "insufficient_funds"}
		state := d.Begin(soft, noon)
		last := noon
		for state.Stopped == "" {
			require.True(t, state.NextAt.After(last))
			last, state = state.NextAt, d.Next(state, soft)
		}
		require.Equal(t, pay.DunningExhausted, state.Stopped)
		require.Equal(t, len(d.RetryDays), state.Tries)
		require.Equal(t, d.EndsAt(state), last)
		hard := d.Begin(pay.Failure{Code: pay.CodeCardDeclined, DeclineCode: "stolen_card"}, noon)
		if len(d.RetryDays) > 0 {
			require.Equal(t, "stolen_card", hard.Stopped)
		}
	})
	for _, bad := range []pay.Dunning{
		{RetryDays: []int{0}, End: pay.DunningCancel}, {RetryDays: []int{61}, End: pay.DunningCancel}, {RetryDays: []int{1}},
		{RetryDays: []int{1, 1, 1, 1, 1, 1, 1, 1, 1}, End: pay.DunningLeave},
	} {
		assert.Equal(t, pay.CodeInvalidField, pay.CodeOf(bad.Check()), bad)
	}
}

func TestPlansThatCannotBe(t *testing.T) {
	t.Parallel()
	good := pay.Plan{Amount: pay.Amount(1000, "USD"), Interval: pay.IntervalMonth, IntervalCount: 1}
	require.NoError(t, good.Check())
	for field, spoil := range map[string]func(*pay.Plan){
		"amount":         func(p *pay.Plan) { p.Amount.Minor = 1 },
		"interval":       func(p *pay.Plan) { p.Interval = "fortnight" },
		"interval_count": func(p *pay.Plan) { p.IntervalCount = 37 },
		"trial_days":     func(p *pay.Plan) { p.TrialDays = pay.MaxTrialDays + 1 },
		"account_id":     func(p *pay.Plan) { p.PlatformPercent = 1 },
	} {
		bad := good
		spoil(&bad)
		var known *pay.Error
		require.ErrorAs(t, bad.Check(), &known, field)
		assert.Equal(t, field, known.Field)
	}
}
