package sandbox

import (
	"net/http"
	"slices"
	"time"
)

const (
	// lateBy is how much later a reordered event is delivered, in seconds of the
	// sandbox's clock: longer than the other events of a payment take.
	lateBy = 5
	// earlyWait bounds how long an answer waits for its own events to arrive:
	// as long as an endpoint may take.
	earlyWait = deliveryTimeout
)

// hookFault is what goes wrong with the delivery of an event. All of it happens
// with Stripe too (§2.23.2), only not when one wants to see it.
type hookFault string

const (
	hookAsUsual   hookFault = ""
	hookDrop      hookFault = "drop"      // never delivered
	hookDuplicate hookFault = "duplicate" // delivered twice
	hookTwin      hookFault = "twin"      // a second event, with an id of its own, tells the same
	hookReorder   hookFault = "reorder"   // delivered after what happened later
	hookEarly     hookFault = "early"     // delivered before the request is answered
)

// hookFault is the fault of an event that an effect asks for.
func (e *effect) hookFault() hookFault {
	if e == nil {
		return hookAsUsual
	}
	return map[effectType]hookFault{effectHookDrop: hookDrop, effectHookTwice: hookDuplicate, effectHookTwin: hookTwin,
		effectHookReorder: hookReorder, effectHookEarly: hookEarly}[e.Type]
}

// delay is how much later than usual a delivery is first tried, in seconds.
func (f hookFault) delay() int64 {
	if f == hookReorder {
		return lateBy
	}
	return 0
}

// deliverTo plans the delivery of an event to endpoints.
func (w *work) deliverTo(e *event, wanted []addressee, fault hookFault) {
	for _, endpoint := range wanted {
		made := deliveries.add(w, &delivery{Event: e.ID, Endpoint: endpoint.id, Platform: endpoint.platform, NextAt: w.wall + fault.delay(),
			Pending: e.PendingWebhooks, Fault: fault})
		if fault == hookEarly {
			w.early = append(w.early, errand{account: w.account, id: made.ID})
		}
	}
}

// earlyOnes is what must have been delivered before the work is answered.
func (w *work) earlyOnes() []errand {
	var out []errand
	for _, part := range w.together() {
		out = append(out, part.early...)
	}
	return out
}

// awaitEarly holds the answer back until its early events were delivered, or
// could not be.
func (x *exchange) awaitEarly() {
	if len(x.early) == 0 {
		return
	}
	limit := time.NewTimer(earlyWait)
	defer limit.Stop()
	for _, e := range x.early {
		for {
			tried := x.sandbox.hooks.nextAttempt()
			if e.attempted() {
				break
			}
			select {
			case <-tried:
			case <-limit.C:
				return
			case <-x.request.Context().Done():
				return
			case <-x.sandbox.closing:
				return
			}
		}
	}
}

// attempted says whether the errand was run, in vain or not.
func (e errand) attempted() bool {
	e.account.mu.RLock()
	defer e.account.mu.RUnlock()
	rec := e.account.table(&deliveries.kind).get(e.id)
	return rec == nil || rec.object().(*delivery).Attempts > 0
}

// nextAttempt is closed when the next attempt was recorded.
func (d *dispatcher) nextAttempt() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.tried == nil {
		d.tried = make(chan struct{})
	}
	return d.tried
}

// announce tells who waits that an attempt was recorded.
func (d *dispatcher) announce(delivered bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !delivered {
		d.failed++
	}
	if d.tried != nil {
		close(d.tried)
		d.tried = nil
	}
}

// retryEvent sends an event again, as the dashboard and the command line do
// (§2.23.2): to one endpoint, or to all that want it now.
func retryEvent(c *call) (any, error) {
	told, err := events.fromPath(c)
	if err != nil {
		return nil, err
	}
	wanted := endpointsFor(c.work, told.Type)
	if id := c.text("webhook_endpoint"); id != "" {
		named, err := webhookEndpoints.fromParam(c, "webhook_endpoint")
		switch {
		case err != nil:
			return nil, err
		case named.Status != endpointEnabled:
			return nil, badState("", "The webhook endpoint "+id+" is disabled.").withParam("webhook_endpoint")
		}
		wanted = []addressee{{id, false}}
	}
	next := events.edit(c.work, told.ID)
	next.PendingWebhooks += int64(len(wanted))
	c.deliverTo(next, slices.Clip(wanted), hookAsUsual)
	return next, nil
}

// retryRoute is no route of Stripe's published API; its dashboard has it.
var retryRoute = route{method: http.MethodPost, path: "/v1/events/{id}/retry", title: "Deliver an event again", returns: &events.kind,
	params: []param{text("webhook_endpoint")}, do: retryEvent}
