package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"sync"
)

// head begins every object: Stripe answers id and object first.
type head struct {
	ID     string `json:"id"`
	Object string `json:"object"`
}

func (h *head) identity() *head { return h }

// object is a pointer to one of the sandbox's structs. A stored version is
// packed bytes and never changes: whoever reads it unpacks a copy, and whoever
// wants to change it edits one. Copies made in one work share their maps and
// nested structs, which are replaced, never written.
type object interface{ identity() *head }

// concealed objects keep more than the API shows: what private points to is
// stored beside the public fields, and never answered.
type concealed interface{ private() any }

// dated objects show some fields by the time of day (Unix seconds).
type dated interface{ asOf(now int64) object }

// clocked objects may follow a test clock: its id, or "".
type clocked interface{ testClock() string }

// none is the type of a field that Stripe always answers with null here.
type none = *struct{}

// kind says what one sort of object is called.
type kind struct {
	name   string // Stripe's "object"
	prefix string // of its ids
	length int    // random characters after the prefix
	noun   string // in "No such …"
	param  string // error.param when an id in the path is unknown
	// internal kinds are kept like objects but have no list and no order.
	internal bool
	blank    func() object
	expands  expansions
	layout   *layout
	dated    bool // its objects are dated
	// handy kinds have few objects, which every request reads: they stay
	// unpacked beside their bytes.
	handy bool
}

// declared is every kind by its name, and declaredFor by the type of its objects.
var (
	declared    = map[string]*kind{}
	declaredFor = map[reflect.Type]*kind{}
)

// collection is a kind together with its Go type.
type collection[T any, P interface {
	*T
	object
}] struct{ kind }

// declare makes a collection; the zero values of noun and param are filled in.
func declare[T any, P interface {
	*T
	object
}](k kind) *collection[T, P] {
	k.blank = func() object { return P(new(T)) }
	if k.noun == "" {
		k.noun = k.name
	}
	if k.param == "" {
		k.param = "id"
	}
	k.expands = expansionsOf(*new(T))
	k.layout = currentFormat.add(k.name, layoutOf(k.blank()))
	_, k.dated = k.blank().(dated)
	c := &collection[T, P]{k}
	declared[k.name], declaredFor[reflect.TypeFor[T]()] = &c.kind, &c.kind
	return c
}

// state is whether a record is listed, only readable, or no more.
type state uint8

const (
	live    state = iota
	deleted       // still answered as {"id","object","deleted":true}
	gone
)

var stateNames = []string{live: "live", deleted: "deleted", gone: "gone"}

// String is the state's name in files.
func (s state) String() string { return stateNames[s] }

// MarshalText is String, for JSON.
func (s state) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a name.
func (s *state) UnmarshalText(name []byte) error {
	at := slices.Index(stateNames, string(name))
	if at < 0 {
		return fmt.Errorf("unknown state %q", name)
	}
	*s = state(at)
	return nil
}

// record is one version of one object: a struct while a work makes it, packed
// once it is stored.
type record struct {
	kind     *kind
	value    object // nil when stored, but of handy kinds
	packed   packed // once stored
	position int32  // place in the order of creation; -1 until stored
	state    state
}

// identity is the object's id and kind.
func (r *record) identity() *head { return &head{r.id(), r.kind.name} }

func (r *record) stored() bool { return r.packed.own != "" }

func (r *record) id() string {
	if r.stored() {
		return r.packed.id()
	}
	return r.value.identity().ID
}

// object is the version as a struct. It is for reading: it may be the one that
// others get too.
func (r *record) object() object {
	switch {
	case r.value != nil:
		return r.value
	case r.state == live:
		return unpackInto(r.kind.blank(), r.kind.layout, r.packed)
	}
	return unpackInto(&deletedObject{}, deletedLayout, r.packed)
}

func (r *record) layout() *layout {
	if r.state == live {
		return r.kind.layout
	}
	return deletedLayout
}

// pack ends the making of a version.
func (r *record) pack() {
	r.packed = packAs(r.layout(), r.value)
	if !r.kind.handy {
		r.value = nil
	}
}

// public appends the JSON that the API shows.
func (r *record) public(out []byte) []byte {
	switch {
	case !r.stored():
		return append(out, marshal(r.value)...)
	case r.state == live:
		return currentFormat.show(out, r.kind.name, r.packed)
	}
	return currentFormat.show(out, deletedKind, r.packed)
}

// private appends the JSON of what the API does not show, nothing for none.
func (r *record) private(out []byte) []byte {
	if c, ok := r.object().(concealed); ok {
		return append(out, marshal(c.private())...)
	}
	return out
}

// deletedObject is what is left of an object that was deleted.
type deletedObject struct {
	head
	Deleted bool `json:"deleted"`
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// marshal renders without escaping <, > and &, as Stripe does. What it is
// given are the sandbox's own structs, which cannot fail to render.
func marshal(v any) []byte {
	buffer := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(buffer)
	buffer.Reset()
	encoder := json.NewEncoder(buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic("sandbox: an object does not render: " + err.Error())
	}
	return bytes.Clone(bytes.TrimSuffix(buffer.Bytes(), []byte("\n")))
}
