package automation

import (
	"context"
	"sync"

	"florin/internal/pay"
)

// perConnection is how many steps of one connection are at work at once in a
// process: enough for any flow, few enough that one system is not flooded by
// all of them together.
const perConnection = 16

// places hold steps back whose connection is busy.
type places struct {
	mu   sync.Mutex
	open map[string]chan struct{}
}

// take waits for a place; done gives it back.
func (p *places) take(ctx context.Context, o pay.Owner, connection string) (done func(), err error) {
	p.mu.Lock()
	if p.open == nil {
		p.open = map[string]chan struct{}{}
	}
	name := string(o.Merchant) + "/" + string(o.Mode) + "/" + connection
	places := p.open[name]
	if places == nil {
		places = make(chan struct{}, perConnection)
		p.open[name] = places
	}
	p.mu.Unlock()
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
