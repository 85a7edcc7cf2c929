package pay_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"florin/internal/pay"
)

// TestABackFillWaitsForLateObjectsHoweverShortItIs: a pause of one second is
// read again when everything that was made in it must have shown.
func TestABackFillWaitsForLateObjectsHoweverShortItIs(t *testing.T) {
	t.Parallel()
	begun := time.Date(2026, 3, 3, 9, 0, 0, 0, time.UTC)
	p := pay.Poll{Lane: pay.PollBackFill, State: pay.PollGoing, Start: begun, Floor: begun, Settled: begun, Until: begun}
	read := func(at time.Time) {
		p.OpenWindow(at)
		p.Advance(pay.PollFacts{At: at})
	}
	read(begun.Add(time.Second))
	assert.Equal(t, pay.PollGoing, p.State)
	read(begun.Add(pay.PollOverlap - time.Second))
	assert.Equal(t, pay.PollGoing, p.State)
	read(begun.Add(pay.PollOverlap))
	assert.Equal(t, pay.PollDone, p.State)
}
