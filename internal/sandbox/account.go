package sandbox

import (
	"crypto/sha256"
	"fmt"
	"net/http"
)

// account is the world of one family of keys: everything in the sandbox
// belongs to exactly one, and nothing crosses but money between a platform and
// its connected accounts, who share a family's lock.
type account struct {
	id string

	*family
	platform *account // whose connected account it is; nil for the family of a key
	tables   map[*kind]*table
	shelf    *shelf
	running  map[string]bool    // idempotency keys whose first request is not answered yet
	clocks   map[string]*agenda // what each test clock will do, by its id
	ledger   ledger
	tardy    tardy
	payoutAt int64 // the next automatic payout that is planned, Unix seconds, 0 none
}

func newAccount(id string, resources map[*kind]*resource, f *family) *account {
	a := &account{id: id, family: f, tables: map[*kind]*table{}, shelf: &shelf{}, running: map[string]bool{}, clocks: map[string]*agenda{}, ledger: newLedger()}
	for k, r := range resources {
		a.tables[k] = newTable(r, a.shelf)
	}
	return a
}

func (a *account) table(k *kind) *table { return a.tables[k] }

// instant is the account's time: the clock's, or the newest used if the
// machine's clock was set back.
func (a *account) instant(now int64) int64 { return max(now, a.latest) }

// apply stores a version, which is o when unpacked, and notes when the clock must look at it again.
func (a *account) apply(rec *record, o object) {
	t := a.tables[rec.kind]
	var old int64
	was := t.get(rec.id())
	if was != nil && t.resource.due != nil {
		was.value = was.object() // which put wants too
		old = t.dueOf(was.state, was.value)
	}
	t.put(rec, o, was)
	if was == nil {
		a.count(t, rec.state, o)
	}
	a.note(t, rec, o, old)
	if a.shelf.wasteful() {
		a.tidy()
	}
}

// count adds a new object to the sums of its kind.
func (a *account) count(t *table, in state, o object) {
	if t.resource.applied != nil && in == live {
		t.resource.applied(a, o)
	}
}

func (a *account) note(t *table, rec *record, o object, old int64) {
	if at := t.dueOf(rec.state, o); at > 0 && at != old {
		a.planFor(rec, o, at)
	}
}

func (t *table) dueOf(in state, o object) int64 {
	if t.resource.due == nil || in != live {
		return 0
	}
	return t.resource.due(o)
}

// overdue says whether something on the agenda should have happened by now.
func (a *account) overdue(now int64) bool {
	at := a.wakeAt.Load()
	return at != 0 && at <= now
}

// catchUp does all that was due by now, each at its own time and in order. The
// account's lock is held.
func (s *Sandbox) catchUp(a *account, now int64) {
	s.work(&a.agenda, now, func(at int64) *work {
		a.latest = max(a.latest, at)
		return s.newWork(a, a.latest)
	})
	a.wakeAt.Store(a.agenda.first())
}

// work does what an agenda has up to a time, each appointment in a work of its
// own that begin makes for its time.
func (s *Sandbox) work(due *agenda, until int64, begin func(at int64) *work) {
	for {
		next, id, any := due.take(until)
		if !any {
			return
		}
		r := s.resources[next.kind]
		t := next.account.table(next.kind)
		rec := t.get(id)
		if r.due != nil && (rec == nil || t.dueOf(rec.state, rec.object()) != next.at) {
			continue
		}
		w := begin(next.at).on(next.account)
		if err := r.wake(w, id); err != nil {
			s.log.Error("sandbox: clock-driven work failed", "account", next.account.id, "kind", next.kind.name, "id", id, "error", err)
			continue
		}
		w.commit()
	}
}

// accountIDLength is how long an account id is after "acct_" (Stripe §1.16).
const accountIDLength = 16

// accountID derives an account's id from what its keys have in common, so that
// a key names the same account in every sandbox and after every reset.
func accountID(family string) string {
	sum := sha256.Sum256([]byte("florin sandbox account " + family))
	out := []byte("acct_")
	for _, b := range sum[:accountIDLength] {
		out = append(out, idAlphabet[int(b)%len(idAlphabet)])
	}
	return string(out)
}

// account finds the account, or opens it when its key is used for the first time.
func (s *Sandbox) account(id string) *account {
	s.mu.RLock()
	a := s.accounts[id]
	s.mu.RUnlock()
	if a != nil {
		return a
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if a = s.accounts[id]; a != nil {
		return a
	}
	a = newAccount(id, s.resources, &family{})
	a.mu.Lock()
	defer a.mu.Unlock()
	w := s.newWork(a, s.seconds())
	accounts.add(w, newStripeAccount(id, w.now))
	w.commit()
	s.accounts[id] = a
	return a
}

// foreignAccount is what Stripe says about an account that the key cannot use.
func foreignAccount(id string) *apiError {
	e := invalidRequest(fmt.Sprintf("The provided key does not have access to account '%s' (or that account does not exist). Application access may have been revoked.", id)).withCode("account_invalid")
	e.status = http.StatusForbidden
	return e
}
