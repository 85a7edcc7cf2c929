package sandbox

import (
	"bytes"
	"container/heap"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	// deliveryTimeout is how long an endpoint may take to answer; Stripe treats
	// 20 to 30 seconds as a failure (§2.23.2).
	deliveryTimeout = 20 * time.Second
	// maxDeliveries is how many deliveries are under way at once: enough to keep
	// slow endpoints from holding up the others, few enough for a laptop.
	maxDeliveries = 16
	// maxReply is how much of an endpoint's answer is read, in bytes, so that
	// its connection can be used again.
	maxReply = 64 << 10
	// hookAgent is who Stripe says it is.
	hookAgent = "Stripe/1.0 (+https://stripe.com/docs/webhooks)"
)

// retryWaits is how long after a failed attempt the next one comes, in
// seconds: three attempts over a few hours, as in Stripe's sandboxes (§2.23.2).
var retryWaits = []int64{60 * 60, 3 * 60 * 60}

// delivery is one event on its way to one endpoint. It ends when it succeeds,
// or when the attempts are used up.
type delivery struct {
	head
	Event    string    `json:"event"`
	Endpoint string    `json:"endpoint"`
	Platform bool      `json:"platform,omitempty"` // the endpoint is the platform's, for its connected accounts
	Attempts int       `json:"attempts"`
	NextAt   int64     `json:"next_at"` // Unix seconds of the sandbox's clock
	Pending  int64     `json:"pending"` // pending_webhooks as every attempt tells it
	Fault    hookFault `json:"fault,omitempty"`
}

var deliveries = declare[delivery](kind{name: "webhook_delivery", prefix: "del_", length: 24, internal: true})

func deliveryResource() *resource { return &resource{kind: &deliveries.kind} }

// signature is the Stripe-Signature header over the raw body (§2.23.1), at a
// time in Unix seconds.
func signature(secret string, at int64, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%d.", at)
	mac.Write(body)
	return fmt.Sprintf("t=%d,v1=%s", at, hex.EncodeToString(mac.Sum(nil)))
}

// errand is a delivery that waits for its time.
type errand struct {
	at      int64
	order   int64 // first planned, first sent
	account *account
	id      string
}

type errands []errand

// Len is for container/heap.
func (e errands) Len() int { return len(e) }

// Less is for container/heap: by time, then in the order planned.
func (e errands) Less(i, j int) bool {
	return e[i].at < e[j].at || e[i].at == e[j].at && e[i].order < e[j].order
}

// Swap is for container/heap.
func (e errands) Swap(i, j int) { e[i], e[j] = e[j], e[i] }

// Push is for container/heap.
func (e *errands) Push(x any) { *e = append(*e, x.(errand)) }

// Pop is for container/heap.
func (e *errands) Pop() any {
	last := len(*e) - 1
	x := (*e)[last]
	*e = (*e)[:last]
	return x
}

// dispatcher sends deliveries when their time has come.
type dispatcher struct {
	mu      sync.Mutex
	waiting errands
	planned int64
	failed  int64 // attempts recorded as failed since the start, for the health check
	changed chan struct{}
	tried   chan struct{} // closed at the next attempt; nil when nobody waits for it
}

func newDispatcher() *dispatcher { return &dispatcher{changed: make(chan struct{}, 1)} }

func (d *dispatcher) plan(a *account, id string, at int64) {
	d.mu.Lock()
	d.planned++
	heap.Push(&d.waiting, errand{at, d.planned, a, id})
	d.mu.Unlock()
	select {
	case d.changed <- struct{}{}:
	default:
	}
}

// next takes the first errand that is due, or tells when the first will be.
func (d *dispatcher) next(now int64) (e errand, due bool, wait time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.waiting) == 0 {
		return errand{}, false, longestSleep
	}
	if first := d.waiting[0]; first.at > now {
		return errand{}, false, min(longestSleep, time.Duration(first.at-now)*time.Second)
	}
	return heap.Pop(&d.waiting).(errand), true, 0
}

func (d *dispatcher) forget() {
	d.mu.Lock()
	d.waiting = nil
	d.mu.Unlock()
}

// scheduleDeliveries plans what a commit or a load brought.
func (s *Sandbox) scheduleDeliveries(a *account, records []*record) {
	for _, rec := range records {
		if rec.kind == &deliveries.kind && rec.state == live {
			d := rec.object().(*delivery)
			s.hooks.plan(a, d.ID, d.NextAt)
		}
	}
}

// run delivers until ctx is done; then it waits for those under way.
func (d *dispatcher) run(ctx context.Context, s *Sandbox) {
	client := &http.Client{
		Timeout:       deliveryTimeout,
		Transport:     &http.Transport{MaxIdleConnsPerHost: maxDeliveries, IdleConnTimeout: longestSleep},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // 3xx is a failure
	}
	defer client.CloseIdleConnections()
	var under sync.WaitGroup
	defer under.Wait()
	slots := make(chan struct{}, maxDeliveries)
	for ctx.Err() == nil {
		moved := s.clock.Moved()
		e, due, wait := d.next(s.seconds())
		if !due {
			d.sleep(ctx, moved, wait)
			continue
		}
		slots <- struct{}{}
		under.Go(func() {
			s.deliver(ctx, client, e)
			<-slots
		})
	}
}

func (d *dispatcher) sleep(ctx context.Context, moved <-chan struct{}, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-moved:
	case <-d.changed:
	case <-timer.C:
	}
}

// deliver makes one attempt and records how it ended. An attempt that the
// sandbox's own end interrupted is not counted.
func (s *Sandbox) deliver(ctx context.Context, client *http.Client, e errand) {
	parcel, until := s.parcel(e)
	if parcel == nil || s.journal.wait(until) != nil {
		return
	}
	err := parcel.send(ctx, client)
	if ctx.Err() != nil {
		s.hooks.plan(e.account, e.id, e.at)
		return
	}
	if err != nil {
		s.log.Warn("sandbox: webhook not delivered", "event", parcel.event, "url", parcel.url, "error", err)
	}
	s.recordAttempt(e, err == nil)
}

// parcel is all that an attempt needs, so that no lock is held while sending.
type parcel struct {
	event, url, secret string
	body               []byte
	at                 int64
	fault              hookFault
}

// parcel is nil when there is nothing to send any more: the endpoint is gone
// or disabled, or the sandbox was reset. The ticket is what must be on disk
// before the event may be told to anybody.
func (s *Sandbox) parcel(e errand) (*parcel, ticket) {
	s.gate.RLock()
	defer s.gate.RUnlock()
	e.account.mu.Lock()
	defer e.account.mu.Unlock()
	w := s.newWork(e.account, e.account.instant(s.seconds()))
	d, ok := deliveries.find(w, e.id)
	if !ok {
		return nil, 0
	}
	told, kept := events.find(w, d.Event)
	home := w
	if d.Platform {
		home = w.platform()
	}
	to, ok := webhookEndpoints.find(home, d.Endpoint)
	if !kept || !ok || to.Status != endpointEnabled {
		d.end(w)
		return nil, w.commit()
	}
	shown := *told
	shown.PendingWebhooks = d.Pending
	if to.APIVersion != nil {
		shown.APIVersion = *to.APIVersion
	}
	body := (&view{w}).stepBack(marshal(&shown), shown.APIVersion)
	return &parcel{told.ID, to.URL, to.hidden.Secret, pretty(body), s.realSeconds(), d.Fault}, e.account.written
}

// end is a delivery that need not be tried again: it arrived, or nobody is there.
func (d *delivery) end(w *work) {
	deliveries.remove(w, d.ID, gone)
	if _, kept := events.find(w, d.Event); kept {
		events.edit(w, d.Event).PendingWebhooks--
	}
}

// realSeconds is the time without what the clock was moved by: receivers
// compare a signature's time with their own clock, which nobody moved.
func (s *Sandbox) realSeconds() int64 { return s.clock.Now().Add(-s.clock.Offset()).Unix() }

// pretty indents as Stripe's webhook bodies are: whoever verifies a signature
// over anything but the raw bytes finds out.
func pretty(body []byte) []byte {
	var out bytes.Buffer
	if json.Indent(&out, body, "", "  ") != nil {
		return body
	}
	return out.Bytes()
}

func (p *parcel) send(ctx context.Context, client *http.Client) error {
	switch p.fault {
	case hookDrop:
		return nil
	case hookDuplicate:
		if err := p.post(ctx, client); err != nil {
			return err
		}
	}
	return p.post(ctx, client)
}

func (p *parcel) post(ctx context.Context, client *http.Client) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(p.body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	request.Header.Set("User-Agent", hookAgent)
	request.Header.Set("Stripe-Signature", signature(p.secret, p.at, p.body))
	reply, err := client.Do(request)
	if err != nil {
		return err
	}
	defer reply.Body.Close()                                         //nolint:errcheck // the answer was read; nothing can be lost
	_, _ = io.Copy(io.Discard, io.LimitReader(reply.Body, maxReply)) // only the status counts
	if reply.StatusCode < 200 || reply.StatusCode > 299 {
		return fmt.Errorf("the endpoint answered %d", reply.StatusCode)
	}
	return nil
}

// recordAttempt ends a delivery, or plans its next attempt.
func (s *Sandbox) recordAttempt(e errand, delivered bool) {
	s.gate.RLock()
	defer s.gate.RUnlock()
	e.account.mu.Lock()
	defer e.account.mu.Unlock()
	w := s.newWork(e.account, e.account.instant(s.seconds()))
	old, ok := deliveries.find(w, e.id)
	switch {
	case !ok:
		return
	case delivered:
		old.end(w)
	case old.Attempts >= len(retryWaits):
		deliveries.remove(w, e.id, gone) // given up: the event keeps counting it as pending
	default:
		next := deliveries.edit(w, e.id)
		next.NextAt = w.now + retryWaits[old.Attempts]
		next.Attempts++
	}
	w.commit()
	s.hooks.announce(delivered)
}

// tally is how many deliveries wait, and how many attempts have failed.
func (d *dispatcher) tally() (waiting int, failed int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.waiting), d.failed
}
