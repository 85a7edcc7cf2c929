package engine

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"florin/internal/pay"
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

// TestLandingsAreRememberedForAWhile keeps the newest, by owner and reference,
// and each in its last state.
func TestLandingsAreRememberedForAWhile(t *testing.T) {
	t.Parallel()
	var f flights
	test, live := pay.Owner{Merchant: "m", Mode: pay.Test}, pay.Owner{Merchant: "m", Mode: pay.Live}
	land := func(ref string, status pay.PaymentStatus) {
		f.keep(pay.Payment{Owner: test, ProviderRef: ref, Status: status})
	}
	land("", pay.PaymentFailed) // it never got to Stripe
	for n := range keptLandings + 1 {
		land(fmt.Sprint("pi_", n), pay.PaymentAuthorized)
	}
	land("pi_7", pay.PaymentCompleted)
	assert.Len(t, f.landed, keptLandings)
	for _, c := range []struct {
		owner pay.Owner
		ref   string
		want  pay.PaymentStatus
	}{{test, "pi_0", ""}, {test, "pi_1", pay.PaymentAuthorized}, {test, "pi_7", pay.PaymentCompleted}, {live, "pi_7", ""}, {test, "", ""}} {
		p, seen := f.seen(c.owner, c.ref)
		assert.Equal(t, c.want, p.Status, c.ref)
		assert.Equal(t, c.want != "", seen, c.ref)
	}
}
