package storetest

import (
	"testing"

	"florin/internal/store"
)

// Open makes an empty store that ends with the test.
type Open func(t testing.TB) *store.Store

// Exercise runs the whole suite. Tests of one owner's rows share a store, which
// is itself a test of tenancy; those of work for all owners get their own.
func Exercise(t *testing.T, open Open) {
	t.Helper()
	shared := open(t)
	owned := map[string]func(t *testing.T, s *store.Store){
		"Rows": testRows, "Tenancy": testTenancy, "Tallies": testTallies, "Pages": testPages, "Cursors": testCursors, "PaymentFilters": testPaymentFilters,
		"Uniqueness": testUniqueness, "Defaults": testDefaults, "Fences": testFences, "Claims": testClaims,
		"Transactions": testTransactions, "GroupCommit": testGroupCommit, "Feed": testFeed, "LateCommitter": testLateCommitter,
		"MissingEvents": testMissingEvents, "Endpoints": testEndpoints, "RefundTotals": testRefundTotals,
		"KeyTouches": testKeyTouches, "Spending": testSpending, "VisibleConnections": testVisibleConnections, "Places": testPlaces,
		"Polls": testPolls, "Hints": testHints, "Watches": testWatches, "Ties": testTies,
		"GuardedBalances": testGuardedBalances, "HotBalance": testHotBalance,
	}
	for name, run := range owned {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, shared)
		})
	}
	alone := map[string]func(t *testing.T, s *store.Store){
		"BillingSweeps": testBillingSweeps, "ReadingLeases": testReadingLeases, "PollLeases": testPollLeases, "ReapingPolls": testReapingPolls, "DueWatches": testDueWatches,
		"Leases": testLeases, "OperationSweeps": testOperationSweeps, "Due": testDue, "Reaping": testReaping, "Merchants": testMerchants, "WebhookConnections": testWebhookConnections,
		"Ledger": testLedger, "LedgerProblems": testLedgerProblems, "Chain": testChain, "PostingModel": testPostingModel, "Jobs": testJobs, "JobTimes": testJobTimes, "JobFailures": testJobFailures,
	}
	for name, run := range alone {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, open(t))
		})
	}
}
