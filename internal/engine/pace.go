package engine

import (
	"context"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"florin/internal/clock"
	"florin/internal/pay"
)

// Requests a second that one account may be asked by this process: four fifths
// of what Stripe documents (docs.stripe.com/rate-limits), so that others who use
// the account have room. The sandbox has no limits.
const (
	paceLive     = 80 // of 100
	paceTest     = 20 // of 25
	paceEndpoint = 20 // of 25, in either mode
	// paceReserve is the part of a second's requests that only operations may
	// use: polls wait until more than that is left.
	paceReserve = 0.5
	// maxPaces bounds the memory; beyond it all accounts begin anew, which at
	// worst lets one burst through.
	maxPaces = 10_000
)

// pace keeps what is asked of an account below Stripe's limits. Operations wait
// for their turn; polls are told to come back later, so that they never stand
// in front of one.
type pace struct {
	clock clock.Clock
	mu    sync.Mutex
	all   map[string]*rate.Limiter
}

func newPace(c clock.Clock) *pace { return &pace{clock: c, all: map[string]*rate.Limiter{}} }

// limiters are the account's and its endpoint's; none for the sandbox.
func (p *pace) limiters(c pay.Connection, path string) []*rate.Limiter {
	if c.Kind != pay.ConnectionStripe {
		return nil
	}
	most := paceTest
	if c.Owner.Mode == pay.Live {
		most = paceLive
	}
	account := string(c.Owner.Mode) + "/" + c.AccountKey()
	return []*rate.Limiter{p.limiter(account, most), p.limiter(account+endpointOf(path), paceEndpoint)}
}

func (p *pace) limiter(name string, most int) *rate.Limiter {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.all) >= maxPaces {
		clear(p.all)
	}
	found := p.all[name]
	if found == nil {
		found = rate.NewLimiter(rate.Limit(most), most)
		p.all[name] = found
	}
	return found
}

// endpointOf is the part of a path that Stripe counts requests by.
func endpointOf(path string) string {
	address, _, _ := strings.Cut(path, "?")
	parts := strings.SplitN(strings.TrimPrefix(address, "/"), "/", 3)
	return "/" + strings.Join(parts[:min(2, len(parts))], "/")
}

// wait lets an operation go when there is room for it. Whoever goes away before
// gives the turn back.
//
// Errors: those of ctx.
func (p *pace) wait(ctx context.Context, c pay.Connection, path string) error {
	now := p.clock.Now()
	var longest time.Duration
	var turns []*rate.Reservation
	for _, limiter := range p.limiters(c, path) {
		turn := limiter.ReserveN(now, 1)
		longest, turns = max(longest, turn.DelayFrom(now)), append(turns, turn)
	}
	if longest == 0 {
		return nil
	}
	timer := time.NewTimer(longest)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		for _, turn := range turns {
			turn.CancelAt(now)
		}
		return ctx.Err()
	}
}

// yield is how long a poll should wait; zero lets it go at once and counts it.
func (p *pace) yield(c pay.Connection, path string) time.Duration {
	now := p.clock.Now()
	limiters := p.limiters(c, path)
	for _, limiter := range limiters {
		reserve := float64(limiter.Burst()) * paceReserve
		if short := reserve + 1 - limiter.TokensAt(now); short > 0 {
			return time.Duration(short / float64(limiter.Limit()) * float64(time.Second))
		}
	}
	for _, limiter := range limiters {
		limiter.AllowN(now, 1)
	}
	return 0
}

// ReadList asks for a page of a list for a poll, unless operations need the
// account: then wait is above zero, and nothing was asked.
//
// Errors: when the connection's key cannot be unsealed.
func (e *Engine) ReadList(ctx context.Context, c pay.Connection, wire pay.Wire) (answer pay.OperationAnswer, wait time.Duration, err error) {
	if wait := e.pace.yield(c, wire.Path); wait > 0 {
		return answer, wait, nil
	}
	access, err := e.accessTo(c)
	if err != nil {
		return answer, 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, e.cfg.CallTimeout)
	defer cancel()
	return e.performer.Perform(ctx, access, wire, "", false), 0, nil
}
