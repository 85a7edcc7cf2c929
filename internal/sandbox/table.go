package sandbox

import (
	"cmp"
	"hash/maphash"
	"slices"
	"sort"
)

// indexKey names the objects whose field holds a value; the zero key names all.
type indexKey struct{ field, value string }

// mark stands for an id or an index key: 128 bits of a hash, of which no two
// meet by chance. A table holds marks, rows and numbers, and hardly a pointer,
// so that the garbage collector does not walk through all that is kept.
type mark [2]uint64

var seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}

func markOf(id string) mark {
	return mark{maphash.String(seeds[0], id), maphash.String(seeds[1], id)}
}

// mark keeps field and value apart: they are not swapped for one another.
func (k indexKey) mark() mark {
	field, value := markOf(k.field), markOf(k.value)
	return mark{3*field[0] + value[0], 3*field[1] + value[1]}
}

// row is a stored version of an object; one without bytes is vacant.
type row struct {
	own, inside slot
	state       state
}

// table keeps the objects of one kind of one account: by id, in the order of
// creation, and by each indexed field, so that a list costs what it answers
// and not what is stored.
type table struct {
	resource *resource
	shelf    *shelf
	rows     []row            // of kinds that are listed, in the order of creation
	vacant   []int32          // rows that another object of an internal kind may take
	ids      map[mark]int32   // row by id
	index    map[mark]int32   // the only row with a key, or ^ where in several its rows are
	several  [][]int32        // rows with the same key, ascending
	unused   []int32          // of several, for another key
	handy    map[int32]object // of handy kinds, by row
	// newest is the latest creation time in the table (Unix seconds), and
	// shuffled says that a test clock made something before it.
	newest   int64
	shuffled bool
}

func newTable(r *resource, s *shelf) *table {
	t := &table{resource: r, shelf: s, ids: map[mark]int32{}, index: map[mark]int32{}}
	if r.kind.handy {
		t.handy = map[int32]object{}
	}
	return t
}

// get is the object with an id, in whatever state, or nil.
func (t *table) get(id string) *record {
	at, known := t.ids[markOf(id)]
	if !known {
		return nil
	}
	return t.at(at)
}

// at is the object of a row that is not vacant.
func (t *table) at(number int32) *record {
	r := &t.rows[number]
	rec := &record{kind: t.resource.kind, value: t.handy[number], state: r.state, position: number,
		packed: packed{t.shelf.read(r.own), t.shelf.read(r.inside)}}
	if rec.kind.internal {
		rec.position = -1
	}
	return rec
}

// places are the rows with a key, the oldest first. The caller only reads them.
func (t *table) places(key indexKey) []int32 {
	at, known := t.index[key.mark()]
	switch {
	case !known:
		return nil
	case at >= 0:
		return []int32{at}
	}
	return t.several[^at]
}

// put stores a new object or a new version of was, which is o when unpacked.
func (t *table) put(rec *record, o object, was *record) {
	id := markOf(rec.id())
	number, known := t.ids[id]
	var before []indexKey
	if known {
		before = t.keys(was)
		t.empty(number)
	}
	if known && rec.position < 0 && !rec.kind.internal { // made anew under the id of a deleted one
		t.reindex(before, nil, number)
		before, known = nil, false
	}
	if !known {
		number = t.vacancy(rec)
		t.ids[id] = number
		t.date(o)
	}
	if rec.state == gone {
		delete(t.ids, id)
		if rec.kind.internal {
			t.vacant = append(t.vacant, number)
		}
	} else {
		t.rows[number] = row{t.shelf.put(rec.packed.own), t.shelf.put(rec.packed.inside), rec.state}
		if rec.kind.handy {
			t.handy[number] = rec.value
		}
	}
	if !rec.kind.internal {
		rec.position = number
		t.reindex(before, t.keysOf(rec.state, o), number)
	}
}

// vacancy is a row for a new object: a loaded one gets that which it had.
func (t *table) vacancy(rec *record) int32 {
	if n := len(t.vacant); n > 0 {
		number := t.vacant[n-1]
		t.vacant = t.vacant[:n-1]
		return number
	}
	if rec.kind.internal || rec.position < 0 {
		t.rows = append(t.rows, row{})
		return int32(len(t.rows) - 1)
	}
	for len(t.rows) <= int(rec.position) {
		t.rows = append(t.rows, row{})
	}
	return rec.position
}

// empty takes a version out of its row.
func (t *table) empty(number int32) {
	r := &t.rows[number]
	t.shelf.drop(r.own)
	t.shelf.drop(r.inside)
	*r = row{}
	delete(t.handy, number)
}

// date notes when a new object was made.
func (t *table) date(o object) {
	if made, ok := o.(timed); ok && !t.resource.kind.internal {
		t.shuffled = t.shuffled || made.createdAt() < t.newest
		t.newest = max(t.newest, made.createdAt())
	}
}

// keys are the index entries of a stored version.
func (t *table) keys(rec *record) []indexKey {
	if rec.state != live || t.resource.indexes == nil {
		return t.keysOf(rec.state, nil)
	}
	return t.keysOf(rec.state, rec.object())
}

// keysOf are the index entries of a version; none when it is not listed.
func (t *table) keysOf(in state, o object) []indexKey {
	if in != live {
		return nil
	}
	if t.resource.indexes == nil {
		return everything
	}
	return append(t.resource.indexes(o), indexKey{})
}

var everything = []indexKey{{}}

func (t *table) reindex(before, after []indexKey, number int32) {
	for _, key := range before {
		if !slices.Contains(after, key) {
			t.unlink(key.mark(), number)
		}
	}
	for _, key := range after {
		if !slices.Contains(before, key) {
			t.link(key.mark(), number)
		}
	}
}

func (t *table) link(key mark, number int32) {
	at, known := t.index[key]
	if !known {
		t.index[key] = number
		return
	}
	if at >= 0 {
		first := at
		at = ^t.room()
		t.several[^at] = []int32{first}
		t.index[key] = at
	}
	places := t.several[^at]
	if places[len(places)-1] < number {
		t.several[^at] = append(places, number)
		return
	}
	if in, found := slices.BinarySearch(places, number); !found {
		t.several[^at] = slices.Insert(places, in, number)
	}
}

// room is where in several the rows of one more key can be.
func (t *table) room() int32 {
	if n := len(t.unused); n > 0 {
		free := t.unused[n-1]
		t.unused = t.unused[:n-1]
		return free
	}
	t.several = append(t.several, nil)
	return int32(len(t.several) - 1)
}

func (t *table) unlink(key mark, number int32) {
	at, known := t.index[key]
	if !known || at == number {
		delete(t.index, key)
		return
	}
	if at >= 0 {
		return
	}
	places := t.several[^at]
	in, found := slices.BinarySearch(places, number)
	switch {
	case !found:
	case len(places) == 1:
		delete(t.index, key)
		t.several[^at] = nil
		t.unused = append(t.unused, ^at)
	case in == 0: // the oldest go first when events lapse: nothing has to move
		t.several[^at] = places[1:]
	default:
		t.several[^at] = slices.Delete(places, in, in+1)
	}
}

// before is how many of places lie before a row.
func before(places []int32, number int32) int {
	return sort.Search(len(places), func(i int) bool { return places[i] >= number })
}

// all is every record of a table, also the deleted, in the order of creation;
// of internal kinds, which have none, in that of their ids.
func (t *table) all() []*record {
	var out []*record
	for number := range t.rows {
		if t.rows[number].own.length > 0 {
			out = append(out, t.at(int32(number)))
		}
	}
	if t.resource.kind.internal {
		slices.SortFunc(out, func(a, b *record) int { return cmp.Compare(a.id(), b.id()) })
	}
	return out
}
