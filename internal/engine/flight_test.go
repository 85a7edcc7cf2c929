package engine

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestEventsAwaitTheirReply waits for the call about the same payment, for no
// other, and no longer than the request lives.
func TestEventsAwaitTheirReply(t *testing.T) {
	t.Parallel()
	var f flights
	land, other := f.take("payment"), f.take("another")
	f.take("payment")() // a second call about it lands: the first is still in the air
	f.take("")()
	f.await(t.Context(), "third")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	f.await(gone, "payment")
	assert.Len(t, f.air, 2)
	came := make(chan struct{})
	go func() {
		defer close(came)
		f.await(context.WithoutCancel(t.Context()), "payment")
	}()
	land()
	<-came
	f.await(t.Context(), "payment")
	other()
	assert.Empty(t, f.air)
}
