package engine

import (
	"context"
	"sync"
	"time"

	"florin/internal/pay"
)

// flightPatience is how long a Stripe event waits for the reply that it has
// overtaken. Stripe asks to be answered quickly; what comes of a call is kept
// within milliseconds after its answer.
const flightPatience = 500 * time.Millisecond

// flights are the payments that this process has a call in the air for. Stripe
// sends an event as it answers, and the event is often here first. A moment
// later it says nothing new, where at once it would need a job that reads the
// payment from Stripe. Nothing rests on the wait: an event whose call is
// another process's, or takes long, gets its job.
type flights struct {
	mu     sync.Mutex
	air    map[pay.ID]chan struct{}
	landed map[landing]pay.Payment
	order  [keptLandings]landing // of landed; the next one takes the place of the oldest
	count  int
}

// landing is whose payment has landed, and what Stripe calls it.
type landing struct {
	owner pay.Owner
	ref   string
}

// keptLandings is how many payments are remembered after their call: those of a
// few seconds at the most, which is when their events come.
const keptLandings = 1024

// take notes a call about a payment until it has landed.
func (f *flights) take(payment pay.ID) (land func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, taken := f.air[payment]; taken || payment == "" {
		return func() {}
	}
	if f.air == nil {
		f.air = map[pay.ID]chan struct{}{}
	}
	landed := make(chan struct{})
	f.air[payment] = landed
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.air, payment)
		close(landed)
	}
}

// keep remembers a payment as a call has left it, once that is committed.
func (f *flights) keep(p pay.Payment) {
	if p.ProviderRef == "" {
		return
	}
	at := landing{p.Owner, p.ProviderRef}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.landed == nil {
		f.landed = map[landing]pay.Payment{}
	}
	if _, again := f.landed[at]; !again {
		oldest := &f.order[f.count%keptLandings]
		delete(f.landed, *oldest)
		*oldest = at
		f.count++
	}
	f.landed[at] = p
}

// seen is the payment that Stripe calls ref as a call of this process left it a
// moment ago. Others may have changed it since, but payments only go forward:
// what was known of it then is known still.
func (f *flights) seen(o pay.Owner, ref string) (pay.Payment, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p, known := f.landed[landing{o, ref}]
	return p, known
}

// await waits until no call about the payment is in the air, within limits.
func (f *flights) await(ctx context.Context, payment pay.ID) {
	f.mu.Lock()
	landed, flying := f.air[payment]
	f.mu.Unlock()
	if !flying {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, flightPatience)
	defer cancel()
	select {
	case <-landed:
	case <-ctx.Done():
	}
}
