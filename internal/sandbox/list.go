package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"sort"
)

// Page sizes of a list (Stripe §1.11), in objects.
const (
	defaultPage = 10
	maxPage     = 100
)

// page is one page of a list, newest first.
type page struct {
	url     string
	objects []object
	more    bool
	// next, for a search, is the cursor of the following page.
	search bool
	next   string
}

// query is what a list was asked for.
type query struct {
	kind *kind
	key  indexKey
	// keep drops what the index cannot: nil keeps all.
	keep func(object) bool
}

// pageOf answers one page of a query, by the cursors and the range of creation
// times in the call's parameters.
func (c *call) pageOf(q query) (*page, error) {
	t := c.account.table(q.kind)
	limit, err := c.limit()
	if err != nil {
		return nil, err
	}
	places := t.places(q.key)
	low, high, err := c.window(t, places)
	if err != nil {
		return nil, err
	}
	if t.shuffled {
		q.keep = both(q.keep, c.createdFilter())
	}
	q.keep = both(q.keep, c.listed())
	out := &page{url: c.path}
	if c.text("ending_before") != "" {
		out.objects, out.more = walk(t, places[low:high], q.keep, limit, true)
		reverse(out.objects)
		return out, nil
	}
	out.objects, out.more = walk(t, places[low:high], q.keep, limit, false)
	return out, nil
}

// limit is the page size asked for, in objects.
func (c *call) limit() (int, error) {
	n, sent := c.integer("limit")
	if !sent {
		return defaultPage, nil
	}
	if n < 1 || n > maxPage {
		return 0, badParam("limit", "parameter_invalid_integer", fmt.Sprintf("Invalid limit: must be between 1 and %d", maxPage))
	}
	return int(n), nil
}

// window cuts places to what the cursors and the created range allow.
func (c *call) window(t *table, places []int32) (low, high int, err error) {
	low, high = c.createdWindow(t, places)
	after, until := c.text("starting_after"), c.text("ending_before")
	if after != "" && until != "" {
		return 0, 0, badParam("ending_before", "parameters_exclusive", "You may only specify one of these parameters: ending_before, starting_after.")
	}
	if after != "" {
		at, err := c.cursor(t, after, "starting_after")
		if err != nil {
			return 0, 0, err
		}
		high = min(high, before(places, at))
	}
	if until != "" {
		at, err := c.cursor(t, until, "ending_before")
		if err != nil {
			return 0, 0, err
		}
		low = max(low, before(places, at+1))
	}
	return low, max(low, high), nil
}

func (c *call) cursor(t *table, id, param string) (int32, error) {
	rec := t.get(id)
	if rec == nil {
		return 0, noSuch(http.StatusBadRequest, t.resource.kind.noun, id, param)
	}
	return rec.position, nil
}

// timed objects know when they were made (Unix seconds); places in a table
// ascend with it, since an account's clock never runs backwards, unless a test
// clock shuffled the table.
type timed interface{ createdAt() int64 }

// createdWindow finds the created range by halving, never by walking.
func (c *call) createdWindow(t *table, places []int32) (low, high int) {
	first := func(from int64) int {
		return sort.Search(len(places), func(i int) bool {
			return t.at(places[i]).object().(timed).createdAt() >= from
		})
	}
	low, high = 0, len(places)
	if t.shuffled {
		return low, high
	}
	if at, exact := c.integer("created"); exact {
		return first(at), first(at + 1)
	}
	bounds := c.hash("created")
	if at, ok := bounds.integer("gte"); ok {
		low = max(low, first(at))
	}
	if at, ok := bounds.integer("gt"); ok {
		low = max(low, first(at+1))
	}
	if at, ok := bounds.integer("lt"); ok {
		high = min(high, first(at))
	}
	if at, ok := bounds.integer("lte"); ok {
		high = min(high, first(at+1))
	}
	return low, high
}

// createdFilter is the created range as a test of one object, nil for none.
func (c *call) createdFilter() func(object) bool {
	if !c.has("created") {
		return nil
	}
	bounds := c.hash("created")
	return func(o object) bool {
		made := o.(timed).createdAt()
		at, exact := c.integer("created")
		gte, isGte := bounds.integer("gte")
		gt, isGt := bounds.integer("gt")
		lt, isLt := bounds.integer("lt")
		lte, isLte := bounds.integer("lte")
		return (!exact || made == at) && (!isGte || made >= gte) && (!isGt || made > gt) && (!isLt || made < lt) && (!isLte || made <= lte)
	}
}

// both joins two tests of an object; nil keeps all.
func both(a, b func(object) bool) func(object) bool {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return func(o object) bool { return a(o) && b(o) }
}

// walk takes up to limit objects from the newest place down, or from the
// oldest up, and says whether there are more that way.
func walk(t *table, places []int32, keep func(object) bool, limit int, upwards bool) ([]object, bool) {
	out := make([]object, 0, limit)
	for i := range places {
		at := places[len(places)-1-i]
		if upwards {
			at = places[i]
		}
		rec := t.at(at)
		if keep != nil && !keep(rec.object()) {
			continue
		}
		if len(out) == limit {
			return out, true
		}
		out = append(out, rec)
	}
	return out, false
}

func reverse(objects []object) {
	for a, b := 0, len(objects)-1; a < b; a, b = a+1, b-1 {
		objects[a], objects[b] = objects[b], objects[a]
	}
}

// filtered is the index key of the first of these parameters that was sent,
// else of everything; the others are left to the query's keep.
func (c *call) filtered(fields ...string) indexKey {
	for _, field := range fields {
		if sent := c.text(field); sent != "" {
			return indexKey{field, sent}
		}
	}
	return indexKey{}
}

// matching is every object with this index key, the oldest first, as the work
// sees them: what it added and edited itself too.
func (c *collection[T, P]) matching(w *work, key indexKey) []P {
	t := w.account.table(&c.kind)
	var out []P
	known := map[string]bool{}
	take := func(rec *record) {
		id, o := rec.id(), rec.object()
		if !known[id] && slices.Contains(t.keysOf(rec.state, o), key) {
			known[id] = true
			out = append(out, o.(P))
		}
	}
	for _, at := range t.places(key) {
		take(w.seek(&c.kind, t.at(at).id()))
	}
	for _, rec := range w.changed {
		if rec.kind == &c.kind {
			take(rec)
		}
	}
	return out
}
