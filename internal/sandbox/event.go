package sandbox

import (
	"bytes"
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"
)

const (
	// eventLife is how long events are kept, in seconds: 30 days (§2.22).
	eventLife = 30 * 24 * 60 * 60
	// maxTypes is how many types a list of events may ask for (§2.22).
	maxTypes = 20
)

// event is a fact that is told to webhook endpoints (§2.22), with the object
// as it was at that moment.
type event struct {
	head
	Account         string       `json:"account,omitempty"` // the connected account it happened in
	APIVersion      string       `json:"api_version"`
	Created         int64        `json:"created"`
	Data            eventData    `json:"data"`
	Livemode        bool         `json:"livemode"`
	PendingWebhooks int64        `json:"pending_webhooks"`
	Request         eventRequest `json:"request"`
	Type            string       `json:"type"`
}

func (e *event) createdAt() int64 { return e.Created }

type eventData struct {
	Object             snapshot        `json:"object"`
	PreviousAttributes json.RawMessage `json:"previous_attributes,omitempty"`
}

// eventRequest is the request that caused an event; both are null when the
// clock did.
type eventRequest struct {
	ID             *string `json:"id"`
	IdempotencyKey *string `json:"idempotency_key"`
}

// snapshot is an object as it was, packed. Without a kind it is JSON: of an
// object that another has inside, or that was kept by an older program.
type snapshot struct{ kind, packed string }

// snapshotOf is an object as it is now.
func (w *work) snapshotOf(o object) snapshot {
	now := snapshotOf(o)
	now.packed = w.shared(packed{own: now.packed}).own
	return now
}

func snapshotOf(o object) snapshot {
	if rec, stored := o.(*record); stored {
		if rec.stored() && rec.state == live {
			return snapshot{rec.kind.name, rec.packed.own}
		}
		o = rec.object()
	}
	if k := declaredFor[reflect.TypeOf(o).Elem()]; k != nil {
		return snapshot{k.name, packAs(k.layout, o).own}
	}
	return snapshot{packed: string(marshal(o))}
}

// MarshalJSON renders the object.
func (s snapshot) MarshalJSON() ([]byte, error) { return s.show(), nil }

func (s snapshot) show() []byte {
	return currentFormat.show(make([]byte, 0, shownPerPacked*len(s.packed)), s.kind, packed{own: s.packed})
}

// UnmarshalJSON packs the object again, unless it has another shape today.
func (s *snapshot) UnmarshalJSON(raw []byte) error {
	*s = snapshot{packed: string(raw)}
	var h head
	if json.Unmarshal(raw, &h) != nil {
		return nil
	}
	k := declared[h.Object]
	if k == nil {
		return nil
	}
	if o := k.blank(); json.Unmarshal(raw, o) == nil {
		if again := snapshotOf(o); bytes.Equal(again.show(), raw) {
			*s = again
		}
	}
	return nil
}

var events = declare[event](kind{name: "event", prefix: "evt_1", length: 23})

func eventResource() *resource {
	id := &events.kind
	return &resource{
		kind:    id,
		indexes: func(o object) []indexKey { return []indexKey{{"type", o.(*event).Type}} },
		due:     func(o object) int64 { return o.(*event).Created + eventLife },
		wake: func(w *work, id string) error {
			events.remove(w, id, gone)
			return nil
		},
		routes: []route{
			{method: http.MethodGet, path: "/v1/events", title: "List the events of the last 30 days", returns: id, list: true,
				params: paged(text("type"), list("types", text("")), boolean("delivery_success")), do: listEvents},
			{method: http.MethodGet, path: "/v1/events/{id}", title: "Retrieve an event", returns: id, do: events.retrieve},
			retryRoute,
		},
	}
}

// emit records that something happened to an object, as it is now, and plans
// its delivery to every endpoint that wants to know.
func emit[T any, P interface {
	*T
	object
}](w *work, name string, o P) {
	tell(w, name, eventData{Object: w.snapshotOf(o)})
}

// emitUpdated is emit with the fields that changed, as they were before the
// work began (§2.22).
func emitUpdated[T any, P interface {
	*T
	object
}](w *work, name string, o P) {
	data := eventData{Object: w.snapshotOf(o)}
	if rec := w.account.table(w.sandbox.kinds[o.identity().Object]).get(o.identity().ID); rec != nil {
		data.PreviousAttributes = changes(rec.public(nil), data.Object.show())
	}
	tell(w, name, data)
}

// emitChange is emitUpdated for an object that this work made itself: before
// is a version of it that this work passed through.
func emitChange[T any, P interface {
	*T
	object
}](w *work, name string, before, o P) {
	now := w.snapshotOf(o)
	tell(w, name, eventData{Object: now, PreviousAttributes: changes(marshal(before), now.show())})
}

// changes is the fields of before that differ in after, as JSON.
func changes(before, after []byte) json.RawMessage {
	now := map[string]json.RawMessage{}
	for _, m := range membersOf(after) {
		now[m.name] = m.value
	}
	var changed []member
	for _, m := range membersOf(before) {
		if !bytes.Equal(now[m.name], m.value) {
			changed = append(changed, m)
		}
	}
	return joinMembers(changed)
}

// tell adds an event, and a delivery of it for every endpoint that wants it.
func tell(w *work, name string, data eventData) {
	wanted := endpointsFor(w, name)
	fault := w.hook
	if fault == hookAsUsual {
		fault = w.sandbox.faults.chooseHook(name)
	}
	times := 1
	if fault == hookTwin {
		times = 2
	}
	for range times {
		made := events.add(w, &event{
			Account:    w.account.partnerID(),
			APIVersion: apiVersion, Created: w.wall, Data: data, PendingWebhooks: int64(len(wanted)), Request: w.cause, Type: name,
		})
		w.deliverTo(made, wanted, fault)
	}
}

// emitLater is emit for what follows from something bigger that is told at the
// end of the work; the object is told as it is now.
func emitLater[T any, P interface {
	*T
	object
}](w *work, name string, o P) {
	now := w.snapshotOf(o)
	w.later = append(w.later, func() { tell(w, name, eventData{Object: now}) })
}

// matchesType holds an event's type against a filter: exact, *, or charge.*.
func matchesType(filter, name string) bool {
	stem, wild := strings.CutSuffix(filter, "*")
	return filter == name || wild && strings.HasPrefix(name, stem)
}

func listEvents(c *call) (any, error) {
	types := c.params.list("types")
	if one := c.text("type"); one != "" {
		if len(types) > 0 {
			return nil, badParam("type", "parameters_exclusive", "You may only specify one of these parameters: type, types.")
		}
		types = []string{one}
	}
	if len(types) > maxTypes {
		return nil, badParam("types", "", "You may only specify up to 20 event types.")
	}
	key := indexKey{}
	if len(types) == 1 && !strings.HasSuffix(types[0], "*") {
		key = indexKey{"type", types[0]}
	}
	return c.pageOf(query{kind: &events.kind, key: key, keep: func(o object) bool {
		e := o.(*event)
		matches := func(filter string) bool { return matchesType(filter, e.Type) }
		return (len(types) == 0 || slices.ContainsFunc(types, matches)) &&
			(!c.has("delivery_success") || c.yes("delivery_success") == (e.PendingWebhooks == 0))
	}})
}
