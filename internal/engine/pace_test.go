package engine

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"florin/internal/clock"
	"florin/internal/pay"
)

// TestWhoGoesAwayGivesTheTurnBack has many wait in vain: those who come later
// need not wait for them.
func TestWhoGoesAwayGivesTheTurnBack(t *testing.T) {
	t.Parallel()
	c := clock.NewMovable(clock.Fixed(time.Unix(1_700_000_000, 0)), 0)
	p := newPace(c)
	account := pay.Connection{ID: "c", Kind: pay.ConnectionStripe, Owner: pay.Owner{Merchant: "m", Mode: pay.Test}}
	for range paceTest {
		assert.NoError(t, p.wait(t.Context(), account, "/v1/charges"), "there is room")
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for range 10 * paceTest {
		assert.ErrorIs(t, p.wait(gone, account, "/v1/charges"), context.Canceled)
	}
	c.Advance(time.Second)
	assert.Zero(t, p.yield(account, "/v1/charges"), "a second later there is room again, for a poll too")
}
