package sandbox

import (
	"net/http"
	"slices"
)

// work is one change of an account, all or nothing: what is added and edited
// shows to itself at once, and to others and to the journal at commit. The
// account's lock is held from before the first read until after commit.
type work struct {
	sandbox *Sandbox
	account *account
	now     int64 // Unix seconds: the sandbox's clock, or a test clock that is followed
	wall    int64 // Unix seconds of the sandbox's clock, whatever is followed
	cause   eventRequest
	// hook is a webhook fault that this request asked for its own events.
	hook     hookFault
	declines *decline // what a fault lets the bank answer to this request
	changed  []*record
	known    []string // packed objects of this work, to be kept once each
	early    []errand // deliveries that come before the answer
	later    []func() // events to tell after all others of this work
	party    *party   // set when the change spans accounts of a family
}

func (s *Sandbox) newWork(a *account, now int64) *work {
	return &work{sandbox: s, account: a, now: now, wall: now}
}

func (w *work) seek(k *kind, id string) *record {
	for at := len(w.changed) - 1; at >= 0; at-- {
		if rec := w.changed[at]; rec.kind == k && rec.id() == id {
			return rec
		}
	}
	return w.account.table(k).get(id)
}

// find is the object with this id, unless it does not exist or was deleted.
// What it answers must not be changed: see edit.
func (c *collection[T, P]) find(w *work, id string) (P, bool) {
	rec := w.seek(&c.kind, id)
	if rec == nil || rec.state != live {
		return nil, false
	}
	return rec.object().(P), true
}

// edit is a copy of the object that becomes its next version at commit. The
// object must exist: ids come from find or from another object.
func (c *collection[T, P]) edit(w *work, id string) P {
	rec := w.seek(&c.kind, id)
	if !rec.stored() {
		return rec.value.(P)
	}
	next := *(rec.object().(P))
	w.changed = append(w.changed, &record{kind: &c.kind, value: P(&next), position: rec.position, state: live})
	return P(&next)
}

// add stores a new object, with a new id unless it has one already.
func (c *collection[T, P]) add(w *work, o P) P {
	h := o.identity()
	h.Object = c.name
	if h.ID == "" {
		h.ID = c.prefix + w.sandbox.ids.text(c.length)
	}
	w.changed = append(w.changed, &record{kind: &c.kind, value: o, position: -1, state: live})
	return o
}

// where is the live objects with an index key, oldest first, as this work sees
// them: with what it added and changed, without what it removed.
func (c *collection[T, P]) where(w *work, key indexKey) []P {
	t := w.account.table(&c.kind)
	var out []P
	places := t.places(key)
	for _, at := range places {
		rec := w.seek(&c.kind, t.at(at).id())
		if o := rec.object(); slices.Contains(t.keysOf(rec.state, o), key) {
			out = append(out, o.(P))
		}
	}
	for _, rec := range w.changed {
		if rec.kind != &c.kind || !slices.Contains(t.keysOf(rec.state, rec.value), key) {
			continue
		}
		if rec.position < 0 || !slices.Contains(places, rec.position) {
			out = append(out, rec.value.(P))
		}
	}
	return out
}

// remove ends an object: deleted ones are still answered, gone ones are not.
func (c *collection[T, P]) remove(w *work, id string, to state) *deletedObject {
	rec := w.seek(&c.kind, id)
	left := &deletedObject{head{id, c.name}, true}
	next := &record{kind: &c.kind, value: left, position: rec.position, state: to}
	if at := slices.Index(w.changed, rec); at >= 0 {
		w.changed[at] = next
	} else {
		w.changed = append(w.changed, next)
	}
	return left
}

// fromPath is the object that {id} in the request's path names, or a 404.
func (c *collection[T, P]) fromPath(call *call) (P, error) {
	if found, ok := c.find(call.work, call.id); ok {
		return found, nil
	}
	return nil, noSuch(http.StatusNotFound, c.noun, call.id, c.param)
}

// fromParam is the object that a parameter names, nil when it was not sent,
// or Stripe's 400 about it.
func (c *collection[T, P]) fromParam(call *call, param string) (P, error) {
	id := call.text(param)
	if id == "" {
		return nil, nil
	}
	if found, ok := c.find(call.work, id); ok {
		return found, nil
	}
	return nil, noSuch(http.StatusBadRequest, c.noun, id, param)
}

// retrieve is the handler of GET …/{id}. A deleted object is answered as such.
func (c *collection[T, P]) retrieve(call *call) (any, error) {
	if rec := call.seek(&c.kind, call.id); rec != nil && rec.state != gone {
		return rec, nil
	}
	return nil, noSuch(http.StatusNotFound, c.noun, call.id, c.param)
}

// commit makes the work real: in the account's tables, in the journal, in the
// agenda of the clock. The caller waits for the ticket before it answers.
func (w *work) commit() ticket {
	var entries []byte
	changed := false
	for _, part := range w.together() {
		part.tellLate()
		changed = changed || len(part.changed) > 0
		for _, rec := range part.changed {
			o := rec.value
			rec.pack()
			rec.packed = part.shared(rec.packed)
			part.account.apply(rec, o)
		}
		entries = w.sandbox.journal.encode(entries, part.account.id, part.changed)
	}
	if !changed {
		return w.account.written
	}
	w.account.written = w.sandbox.journal.enqueue(entries)
	for _, part := range w.together() {
		w.sandbox.scheduleDeliveries(part.account, part.changed)
		part.changed = nil
	}
	w.sandbox.agendaChanged(w.account)
	return w.account.written
}

// tellLate tells the events that come after all others.
func (w *work) tellLate() {
	for _, tell := range w.later {
		tell()
	}
	w.later = nil
}
