package sandbox

import (
	"container/heap"
	"crypto/sha256"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
)

// account is the world of one family of keys: everything in the sandbox
// belongs to exactly one, and nothing crosses. Writing takes its lock, so that
// accounts work in parallel.
type account struct {
	id string

	mu      sync.RWMutex
	tables  map[*kind]*table
	running map[string]bool // idempotency keys whose first request is not answered yet
	latest  int64           // newest time used (Unix seconds): an account's time never runs backwards
	written ticket          // the journal's point after the last change
	agenda  agenda
	clocks  map[string]*agenda // what each test clock will do, by its id
	ledger  ledger

	// wakeAt is the first time on the agenda (Unix seconds, 0 none), readable
	// without the lock.
	wakeAt atomic.Int64
}

func newAccount(id string, resources map[*kind]*resource) *account {
	a := &account{id: id, tables: map[*kind]*table{}, running: map[string]bool{}, clocks: map[string]*agenda{}, ledger: newLedger()}
	for k, r := range resources {
		a.tables[k] = newTable(r)
	}
	return a
}

func (a *account) table(k *kind) *table { return a.tables[k] }

// instant is the account's time: the clock's, or the newest used if the
// machine's clock was set back.
func (a *account) instant(now int64) int64 { return max(now, a.latest) }

// apply stores a version, and notes when the clock must look at it again.
func (a *account) apply(rec *record) {
	t := a.tables[rec.kind]
	var old int64
	if was := t.byID[rec.value.identity().ID]; was != nil && was.state == live {
		old = t.dueOf(was)
	}
	t.put(rec)
	a.note(t, rec, old)
}

func (a *account) note(t *table, rec *record, old int64) {
	if rec.state != live {
		return
	}
	if t.resource.applied != nil {
		t.resource.applied(a, rec.value)
	}
	if at := t.dueOf(rec); at > 0 && at != old {
		a.planFor(rec.value, at, rec.kind)
	}
}

func (t *table) dueOf(rec *record) int64 {
	if t.resource.due == nil || rec.state != live {
		return 0
	}
	return t.resource.due(rec.value)
}

// appointment is one time at which the clock must look at an object.
type appointment struct {
	at   int64 // Unix seconds
	kind *kind
	id   string
}

// agenda is a heap of appointments, the earliest first. An appointment that
// its object no longer wants is dropped when its time comes.
type agenda []appointment

// Len is for container/heap.
func (g agenda) Len() int { return len(g) }

// Less is for container/heap: the earliest is first.
func (g agenda) Less(i, j int) bool { return g[i].at < g[j].at }

// Swap is for container/heap.
func (g agenda) Swap(i, j int) { g[i], g[j] = g[j], g[i] }

// Push is for container/heap.
func (g *agenda) Push(x any) { *g = append(*g, x.(appointment)) }

// Pop is for container/heap.
func (g *agenda) Pop() any {
	last := len(*g) - 1
	x := (*g)[last]
	*g = (*g)[:last]
	return x
}

func (a *account) plan(at int64, k *kind, id string) {
	heap.Push(&a.agenda, appointment{at, k, id})
	a.wakeAt.Store(a.agenda[0].at)
}

// planFor plans by the clock that the object follows: the sandbox's, or a test
// clock's, which only moves when it is told to.
func (a *account) planFor(o object, at int64, k *kind) {
	follower, ok := o.(clocked)
	if !ok || follower.testClock() == "" {
		a.plan(at, k, o.identity().ID)
		return
	}
	own := a.clocks[follower.testClock()]
	if own == nil {
		own = &agenda{}
		a.clocks[follower.testClock()] = own
	}
	heap.Push(own, appointment{at, k, o.identity().ID})
}

// overdue says whether something on the agenda should have happened by now.
func (a *account) overdue(now int64) bool {
	at := a.wakeAt.Load()
	return at != 0 && at <= now
}

// catchUp does all that was due by now, each at its own time and in order. The
// account's lock is held.
func (s *Sandbox) catchUp(a *account, now int64) {
	s.work(a, &a.agenda, now, func(at int64) *work {
		a.latest = max(a.latest, at)
		return s.newWork(a, a.latest)
	})
	a.wakeAt.Store(0)
	if len(a.agenda) > 0 {
		a.wakeAt.Store(a.agenda[0].at)
	}
}

// work does what an agenda has up to a time, each appointment in a work of its
// own that begin makes for its time.
func (s *Sandbox) work(a *account, due *agenda, until int64, begin func(at int64) *work) {
	for len(*due) > 0 && (*due)[0].at <= until {
		next := heap.Pop(due).(appointment)
		r := s.resources[next.kind]
		rec := a.table(next.kind).byID[next.id]
		if r.due != nil && (rec == nil || a.table(next.kind).dueOf(rec) != next.at) {
			continue
		}
		w := begin(next.at)
		if err := r.wake(w, next.id); err != nil {
			s.log.Error("sandbox: clock-driven work failed", "account", a.id, "kind", next.kind.name, "id", next.id, "error", err)
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
	a = newAccount(id, s.resources)
	a.mu.Lock()
	defer a.mu.Unlock()
	w := s.newWork(a, s.seconds())
	accounts.add(w, newStripeAccount(id, w.now))
	w.commit()
	s.accounts[id] = a
	return a
}

// stripeAccount is who the keys belong to: here, a US platform that may do everything.
type stripeAccount struct {
	head
	BusinessProfile  businessProfile   `json:"business_profile"`
	BusinessType     *string           `json:"business_type"`
	Capabilities     map[string]string `json:"capabilities"`
	ChargesEnabled   bool              `json:"charges_enabled"`
	Country          string            `json:"country"`
	Created          int64             `json:"created"`
	DefaultCurrency  string            `json:"default_currency"`
	DetailsSubmitted bool              `json:"details_submitted"`
	Email            *string           `json:"email"`
	Metadata         map[string]string `json:"metadata"`
	PayoutsEnabled   bool              `json:"payouts_enabled"`
	Settings         accountSettings   `json:"settings"`
	Type             string            `json:"type"`
}

type businessProfile struct {
	MCC          none    `json:"mcc"`
	Name         *string `json:"name"`
	SupportEmail none    `json:"support_email"`
	SupportPhone none    `json:"support_phone"`
	SupportURL   none    `json:"support_url"`
	URL          none    `json:"url"`
}

type accountSettings struct {
	Branding     brandingSettings  `json:"branding"`
	CardPayments cardSettings      `json:"card_payments"`
	Dashboard    dashboardSettings `json:"dashboard"`
	Payments     paymentSettings   `json:"payments"`
}

type brandingSettings struct {
	Icon           none `json:"icon"`
	Logo           none `json:"logo"`
	PrimaryColor   none `json:"primary_color"`
	SecondaryColor none `json:"secondary_color"`
}

type cardSettings struct {
	DeclineOn        declineOn `json:"decline_on"`
	DescriptorPrefix none      `json:"statement_descriptor_prefix"`
}

type declineOn struct {
	AVSFailure bool `json:"avs_failure"`
	CVCFailure bool `json:"cvc_failure"`
}

type dashboardSettings struct {
	DisplayName string `json:"display_name"`
	Timezone    string `json:"timezone"`
}

type paymentSettings struct {
	StatementDescriptor string `json:"statement_descriptor"`
}

var accounts = declare[stripeAccount](kind{name: "account", prefix: "acct_", length: accountIDLength})

func (a *stripeAccount) createdAt() int64 { return a.Created }

func newStripeAccount(id string, now int64) *stripeAccount {
	const name = "Florin Sandbox"
	return &stripeAccount{
		head:            head{ID: id},
		BusinessProfile: businessProfile{Name: pointer(name)},
		Capabilities:    map[string]string{"card_payments": "active", "transfers": "active"},
		ChargesEnabled:  true, Country: "US", Created: now, DefaultCurrency: "usd", DetailsSubmitted: true,
		Metadata: map[string]string{}, PayoutsEnabled: true, Type: "standard",
		Settings: accountSettings{Dashboard: dashboardSettings{name, "Etc/UTC"}, Payments: paymentSettings{statementDescriptor}},
	}
}

func accountResource() *resource {
	return &resource{kind: &accounts.kind, routes: []route{
		{method: http.MethodGet, path: "/v1/account", title: "Retrieve the account of the key",
			returns: &accounts.kind, do: retrieveOwnAccount},
		{method: http.MethodGet, path: "/v1/accounts/{id}", title: "Retrieve an account",
			returns: &accounts.kind, do: retrieveAccount},
	}}
}

func retrieveOwnAccount(c *call) (any, error) {
	own, _ := accounts.find(c.work, c.account.id)
	return own, nil
}

func retrieveAccount(c *call) (any, error) {
	if c.id != c.account.id {
		return nil, foreignAccount(c.id)
	}
	return retrieveOwnAccount(c)
}

// foreignAccount is what Stripe says about an account that the key cannot use.
func foreignAccount(id string) *apiError {
	e := invalidRequest(fmt.Sprintf("The provided key does not have access to account '%s' (or that account does not exist). Application access may have been revoked.", id)).withCode("account_invalid")
	e.status = http.StatusForbidden
	return e
}
