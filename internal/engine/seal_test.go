package engine_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
)

// Bookings are sealed once they are minutes old by their ids, and once only.
func TestBookingsAreSealedWhenTheyAreOld(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pays("a", "pm_card_visa", pay.CaptureAutomatic)
	seal := func() int {
		n, err := w.engine.SealLedger(t.Context())
		require.NoError(t, err)
		return n
	}
	now := time.Now() // ids are made by the machine's clock, not by the world's
	w.clock.Advance(now.Sub(w.clock.Now()))
	assert.Equal(t, 0, seal(), "they are young")
	w.clock.Advance(time.Hour)
	assert.Equal(t, 2, seal(), "a capture and a fee")
	assert.Equal(t, 0, seal())
	report, err := w.store.VerifyLedger(t.Context())
	require.NoError(t, err)
	assert.Empty(t, report.Problems)
	assert.Equal(t, []int{1, 1, 2}, []int{report.Payments, report.Blocks, report.Transactions})
	require.Len(t, report.Heads, 1)
	assert.Len(t, report.Heads[0].Hash, 32)
}
