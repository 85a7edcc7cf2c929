package sandbox

import (
	"container/heap"
	"encoding/binary"
)

// appointment is a time at which the clock must look at objects of a kind.
type appointment struct {
	at      int64 // Unix seconds
	account *account
	kind    *kind
}

// appointments are the objects that have the same one, in the order planned.
type appointments struct {
	appointment
	ids     []byte // each after its length, since a string for each would be much to keep
	planned int    // how many others were planned before
}

func (a *appointments) add(id string) {
	a.ids = append(binary.AppendUvarint(a.ids, uint64(len(id))), id...)
}

func (a *appointments) next() string {
	length, prefix := binary.Uvarint(a.ids)
	end := prefix + int(length)
	id := string(a.ids[prefix:end])
	a.ids = a.ids[end:]
	return id
}

// agenda is what the clock has to do, the earliest first, and of the same
// second what was planned first. An appointment that its object no longer
// wants is dropped when its time comes.
type agenda struct {
	heap    agendaHeap
	open    map[appointment]*appointments
	planned int
}

func (g *agenda) plan(next appointment, id string) {
	if known := g.open[next]; known != nil {
		known.add(id)
		return
	}
	if g.open == nil {
		g.open = map[appointment]*appointments{}
	}
	g.planned++
	g.open[next] = &appointments{appointment: next, planned: g.planned}
	g.open[next].add(id)
	heap.Push(&g.heap, g.open[next])
}

// first is the time of the first appointment, 0 when there is none.
func (g *agenda) first() int64 {
	if len(g.heap) == 0 {
		return 0
	}
	return g.heap[0].at
}

// take removes the first appointment of one object, if its time is not after until.
func (g *agenda) take(until int64) (next appointment, id string, any bool) {
	if len(g.heap) == 0 || g.heap[0].at > until {
		return appointment{}, "", false
	}
	due := g.heap[0]
	id = due.next()
	if len(due.ids) == 0 {
		heap.Pop(&g.heap)
		delete(g.open, due.appointment)
	}
	return due.appointment, id, true
}

// agendaHeap is an agenda's order, for container/heap.
type agendaHeap []*appointments

// Len is for container/heap.
func (h agendaHeap) Len() int { return len(h) }

// Less is for container/heap.
func (h agendaHeap) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].planned < h[j].planned
}

// Swap is for container/heap.
func (h agendaHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push is for container/heap.
func (h *agendaHeap) Push(x any) { *h = append(*h, x.(*appointments)) }

// Pop is for container/heap.
func (h *agendaHeap) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}

func (a *account) plan(at int64, k *kind, id string) {
	a.agenda.plan(appointment{at, a, k}, id)
	a.wakeAt.Store(a.agenda.first())
}

// planFor plans by the clock that the object follows: the sandbox's, or a test
// clock's, which only moves when it is told to.
func (a *account) planFor(rec *record, o object, at int64) {
	follower, ok := o.(clocked)
	if !ok || follower.testClock() == "" {
		a.plan(at, rec.kind, rec.id())
		return
	}
	own := a.clocks[follower.testClock()]
	if own == nil {
		own = &agenda{}
		a.clocks[follower.testClock()] = own
	}
	own.plan(appointment{at, a, rec.kind}, rec.id())
}
