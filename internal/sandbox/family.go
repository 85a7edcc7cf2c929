package sandbox

import (
	"crypto/sha256"
	"net/http"
	"sync"
	"sync/atomic"
)

// family is a platform with its connected accounts. Money moves between them
// in one step, so they have one lock, one time and one agenda; families work in
// parallel.
type family struct {
	mu      sync.RWMutex
	latest  int64  // newest time used (Unix seconds): a family's time never runs backwards
	written ticket // the journal's point after the last change
	agenda  agenda

	// wakeAt is the first time on the agenda (Unix seconds, 0 none), readable
	// without the lock.
	wakeAt atomic.Int64
}

// partner is the world of a connected account, opened when it is first needed.
func (s *Sandbox) partner(platform *account, id string) *account {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.accounts[id]; a != nil {
		return a
	}
	a := newAccount(id, s.resources, platform.family)
	a.platform = platform
	s.accounts[id] = a
	return a
}

// root is the platform of an account's family: itself, when it is one.
func (a *account) root() *account {
	if a.platform != nil {
		return a.platform
	}
	return a
}

// partnerID is the account's id when it is a connected one, as events name it.
func (a *account) partnerID() string {
	if a.platform == nil {
		return ""
	}
	return a.id
}

// connected says whether the account is one of a platform's.
func (a *account) connected() bool { return a.platform != nil }

// party is the works of one change, at most one for each account of a family.
type party struct{ works []*work }

// on is the part of this change that happens in another account of the family.
func (w *work) on(a *account) *work {
	if a == w.account {
		return w
	}
	if w.party == nil {
		w.party = &party{[]*work{w}}
	}
	for _, other := range w.party.works {
		if other.account == a {
			return other
		}
	}
	other := &work{sandbox: w.sandbox, account: a, now: w.now, wall: w.wall, cause: w.cause, hook: w.hook, party: w.party}
	w.party.works = append(w.party.works, other)
	return other
}

// together is all the works of this change.
func (w *work) together() []*work {
	if w.party == nil {
		return []*work{w}
	}
	return w.party.works
}

// discard forgets the change, in every account.
func (w *work) discard() {
	for _, part := range w.together() {
		part.changed, part.later = nil, nil
	}
}

// platform is this change in the platform's world.
func (w *work) platform() *work { return w.on(w.account.root()) }

// self is the Stripe account whose world this is, as the platform keeps it.
func (w *work) self() *stripeAccount {
	own, _ := accounts.find(w.platform(), w.account.id)
	return own
}

// in is this change in the world of a connected account of the platform.
func (w *work) in(id string) *work { return w.on(w.sandbox.partner(w.account.root(), id)) }

// applicationIDLength is how long a platform's id as an application is (§1.16).
const applicationIDLength = 32

// application is the id that a platform has in what it does for others.
func (a *account) application() string {
	sum := sha256.Sum256([]byte("florin sandbox application " + a.root().id))
	out := []byte("ca_")
	for _, b := range sum[:applicationIDLength] {
		out = append(out, idAlphabet[int(b)%len(idAlphabet)])
	}
	return string(out)
}

// acting finds the world that a request is about: that of its key, or of the
// connected account that the Stripe-Account header names (§1.2).
func (s *Sandbox) acting(r *http.Request, who credential) (*account, error) {
	own := s.account(who.account)
	id := r.Header.Get("Stripe-Account")
	if id == "" {
		id = r.Header.Get("Stripe-Context")
	}
	if id == "" || id == own.id {
		return own, nil
	}
	own.mu.RLock()
	rec := own.table(&accounts.kind).get(id)
	own.mu.RUnlock()
	if rec == nil || rec.state != live {
		return nil, foreignAccount(id)
	}
	return s.partner(own, id), nil
}

// adopt opens the connected accounts that a journal knows, before their own
// entries are read.
func (s *Sandbox) adopt(entries []entry) {
	for _, e := range entries {
		if e.kind != accounts.name {
			continue
		}
		platform := s.accounts[e.account]
		if platform == nil {
			platform = newAccount(e.account, s.resources, &family{})
			s.accounts[e.account] = platform
		}
		if id := e.packed.id(); id != e.account {
			s.partner(platform, id)
		}
	}
}
