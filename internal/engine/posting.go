package engine

import (
	"context"
	"errors"
	"slices"
	"sync"

	"florin/internal/pay"
	"florin/internal/store"
)

// postingBatch is how many postings share a transaction at most: what all of
// them cost is then ten times what a commit does.
const postingBatch = 128

// errLeft is given to a posting that must be booked on its own.
var errLeft = errors.New("engine: not in this batch")

// poster books postings that come at the same time in one transaction: an
// account that a thousand debits want at once is locked once for all of them.
// Whoever finds nobody at work books all that waits; the others wait for their
// result.
type poster struct {
	store *store.Store

	mu      sync.Mutex
	waiting []*waitingPosting
	busy    bool
}

// waitingPosting is one that waits for its turn.
type waitingPosting struct {
	posting *store.Posting
	result  chan error // of the batch; the posting's own error is in it
	turn    chan struct{}
}

// post books a posting with others.
//
// Errors: errLeft, when it must be booked alone; those of store.Tx.Post.
func (p *poster) post(ctx context.Context, posting *store.Posting) error {
	w := &waitingPosting{posting: posting, result: make(chan error, 1), turn: make(chan struct{}, 1)}
	p.mu.Lock()
	p.waiting = append(p.waiting, w)
	leads := !p.busy
	p.busy = true
	p.mu.Unlock()
	if !leads {
		select {
		case err := <-w.result:
			return err
		case <-w.turn: // nobody else is at work
		}
	}
	p.lead(context.WithoutCancel(ctx))
	return <-w.result
}

// lead books a batch and passes the turn on, even when it panics: the others
// then book alone.
func (p *poster) lead(ctx context.Context) {
	batch, err := p.take(), errLeft
	defer func() {
		for _, each := range batch {
			each.result <- err
		}
		p.pass()
	}()
	err = p.book(ctx, batch)
}

// take is the next batch, in the order of coming; the one who takes it is in it,
// since whoever is passed the turn waits first.
func (p *poster) take() []*waitingPosting {
	p.mu.Lock()
	defer p.mu.Unlock()
	batch := slices.Clone(p.waiting[:min(len(p.waiting), postingBatch)])
	p.waiting = slices.Delete(p.waiting, 0, len(batch))
	return batch
}

// pass lets the first of those who wait lead.
func (p *poster) pass() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.busy = len(p.waiting) > 0; p.busy {
		p.waiting[0].turn <- struct{}{}
	}
}

// book books a batch. Two with the same key do not go together.
func (p *poster) book(ctx context.Context, batch []*waitingPosting) error {
	type name struct {
		owner pay.Owner
		key   string
	}
	seen := map[name]bool{}
	var together []*store.Posting
	for _, w := range batch {
		n := name{w.posting.Request.Owner, w.posting.Request.Key}
		if w.posting.Known = n.key != "" && seen[n]; !w.posting.Known {
			seen[n] = true
			together = append(together, w.posting)
		}
	}
	err := p.store.Write(ctx, func(tx *store.Tx) error { return tx.Post(together) })
	if pay.Is(err, pay.CodeExists) {
		return errLeft
	}
	return err
}
