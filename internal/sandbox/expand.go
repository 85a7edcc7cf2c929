package sandbox

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
)

// maxExpandDepth is how many objects deep expand[] may go (Stripe §1.13).
const maxExpandDepth = 4

// expansions says which fields of an object expand[] may name: the kinds that
// the id in the field may be of, or the fields of a nested hash.
type expansions map[string]expansion

type expansion struct {
	kinds  []string // empty for a nested hash
	fields expansions
}

// expansionsOf reads the expand tags of a struct, so that an object's
// declaration says once what its fields point to.
func expansionsOf(v any) expansions {
	out := expansions{}
	for field := range fieldsOf(reflect.TypeOf(v)) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if kinds := field.Tag.Get("expand"); kinds != "" {
			out[name] = expansion{kinds: strings.Split(kinds, ",")}
		} else if nested := nestedStruct(field.Type); nested != nil && name != "-" {
			if fields := expansionsOf(reflect.Zero(nested).Interface()); len(fields) > 0 {
				out[name] = expansion{fields: fields}
			}
		}
	}
	return out
}

func fieldsOf(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		if t == nil || t.Kind() != reflect.Struct {
			return
		}
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() && !yield(f) {
				return
			}
		}
	}
}

func nestedStruct(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() == reflect.Struct && t.NumField() > 0 {
		return t
	}
	return nil
}

// wish is the tree that expand[] spells: latest_charge.balance_transaction.
type wish map[string]wish

// wishes reads expand[], and refuses what the route's answer cannot expand.
func (s *Sandbox) wishes(r *route, sent params) (wish, error) {
	paths := sent.list("expand")
	if len(paths) == 0 {
		return nil, nil
	}
	root := wish{}
	for at, path := range paths {
		names := strings.Split(path, ".")
		if r.list {
			if names[0] != "data" || len(names) < 2 {
				return nil, notExpandable(path, at)
			}
			names = names[1:]
		}
		if depthOf(names) > maxExpandDepth || r.returns == nil || !s.expandable(r.returns, names) {
			return nil, notExpandable(path, at)
		}
		root.add(names)
	}
	return root, nil
}

// depthOf counts the objects on the way; the data of a list is not one.
func depthOf(names []string) int {
	depth := 0
	for _, name := range names {
		if name != "data" {
			depth++
		}
	}
	return depth
}

func (w wish) add(names []string) {
	for _, name := range names {
		if w[name] == nil {
			w[name] = wish{}
		}
		w = w[name]
	}
}

func notExpandable(path string, at int) error {
	return badParam(join("expand", strconv.Itoa(at)), "", "This property cannot be expanded ("+path+").")
}

func (s *Sandbox) expandable(k *kind, names []string) bool {
	if include := s.resources[k].include; include[names[0]] != nil {
		return true
	}
	return s.expandableIn(k.expands, names)
}

func (s *Sandbox) expandableIn(fields expansions, names []string) bool {
	field, ok := fields[names[0]]
	switch {
	case !ok:
		return false
	case len(names) == 1:
		return len(field.kinds) > 0
	case len(field.kinds) == 0:
		return s.expandableIn(field.fields, names[1:])
	}
	for _, name := range field.kinds {
		if k := s.kinds[name]; k != nil && s.expandable(k, names[1:]) {
			return true
		}
	}
	return false
}

// view renders objects as one request sees them: at its time, expanded as it wished.
type view struct {
	work *work
}

// render is an answer's body: an object, a page, or bytes that are JSON already.
func (v *view) render(answer any, wanted wish) []byte {
	switch a := answer.(type) {
	case *page:
		return v.page(a, wanted)
	case object:
		return v.object(a, wanted)
	case json.RawMessage:
		return a
	default:
		return marshal(a)
	}
}

// usualObject is how long most objects are as JSON, in bytes.
const usualObject = 1 << 10

// pageFrame is the length of what is around the objects of a page, in bytes.
const pageFrame = 1 << 7

// roomFor is about how long an object's JSON will be, in bytes.
func roomFor(o object) int {
	if rec, is := o.(*record); is && rec.stored() {
		return shownPerPacked * (len(rec.packed.own) + len(rec.packed.inside))
	}
	return usualObject
}

func (v *view) page(p *page, wanted wish) []byte {
	if inside, ok := wanted["data"]; ok { // the page is a field of an object
		wanted = inside
	}
	room := len(p.url) + pageFrame
	for _, o := range p.objects {
		room += roomFor(o)
	}
	out := make([]byte, 0, room)
	if p.search {
		out = append(out, `{"object":"search_result","data":[`...)
	} else {
		out = append(out, `{"object":"list","data":[`...)
	}
	for at, o := range p.objects {
		if at > 0 {
			out = append(out, ',')
		}
		out = v.append(out, o, wanted)
	}
	out = strconv.AppendBool(append(out, `],"has_more":`...), p.more)
	if p.search {
		out = append(append(out, `,"next_page":`...), marshal(textOrNil(p.next))...)
	}
	out = append(append(out, `,"url":`...), marshal(p.url)...)
	return append(out, '}')
}

// object renders one object. Without wishes, that is its struct, or what of a
// stored one is packed.
func (v *view) object(o object, wanted wish) []byte { return v.append(nil, o, wanted) }

// append is object at the end of a buffer.
func (v *view) append(out []byte, o object, wanted wish) []byte {
	rec, stored := o.(*record)
	if stored && !rec.kind.dated {
		if len(wanted) == 0 || rec.state != live {
			return rec.public(out)
		}
		return append(out, v.expanded(rec, rec.kind, rec.public(nil), wanted)...)
	}
	if stored {
		o = rec.object()
	}
	if d, ok := o.(dated); ok {
		o = d.asOf(v.work.now)
	}
	k := v.work.sandbox.kinds[o.identity().Object]
	if _, is := o.(*deletedObject); is || k == nil || len(wanted) == 0 {
		return append(out, marshal(o)...)
	}
	if k == &events.kind { // which has another object inside
		return append(out, v.expanded(o, k, marshal(o), wanted)...)
	}
	return append(out, v.expanded(o, k, snapshotOf(o).show(), wanted)...) // cheaper than encoding/json
}

// expanded is an object of a kind with what was wished for in it; raw is the
// object without.
func (v *view) expanded(o object, k *kind, raw []byte, wanted wish) []byte {
	members := v.expand(membersOf(raw), k.expands, wanted)
	for name, include := range v.work.sandbox.resources[k].include {
		if inner, asked := wanted[name]; asked {
			if rec, stored := o.(*record); stored {
				o = rec.object()
			}
			members = append(members, member{name, v.render(include(v, o), inner)})
		}
	}
	return joinMembers(members)
}

// expand replaces the ids that were wished for by what they name.
func (v *view) expand(members []member, fields expansions, wanted wish) []member {
	for at, m := range members {
		inner, asked := wanted[m.name]
		field, known := fields[m.name]
		switch {
		case !asked || !known || bytes.Equal(m.value, []byte("null")):
		case len(field.kinds) == 0:
			members[at].value = eachOf(m.value, func(one json.RawMessage) json.RawMessage {
				return joinMembers(v.expand(membersOf(one), field.fields, inner))
			})
		default:
			members[at].value = eachOf(m.value, func(one json.RawMessage) json.RawMessage {
				if o := v.named(one, field.kinds); o != nil {
					return v.object(o, inner)
				}
				return one
			})
		}
	}
	return members
}

// eachOf applies f to a value, or to every element when the value is a list.
func eachOf(raw json.RawMessage, f func(json.RawMessage) json.RawMessage) json.RawMessage {
	if len(raw) == 0 || raw[0] != '[' {
		return f(raw)
	}
	out := []byte{'['}
	for at, one := range elementsOf(raw) {
		if at > 0 {
			out = append(out, ',')
		}
		out = append(out, f(one)...)
	}
	return append(out, ']')
}

// named is the object whose id raw holds, nil when it is not an id of ours.
func (v *view) named(raw json.RawMessage, kinds []string) object {
	id, err := strconv.Unquote(string(raw))
	if err != nil {
		return nil
	}
	for _, name := range kinds {
		if k := v.work.sandbox.kinds[name]; k != nil {
			if rec := v.work.seek(k, id); rec != nil && rec.state != gone {
				return rec
			}
			if find := v.work.sandbox.resources[k].find; find != nil {
				if o := find(v.work, id); o != nil {
					return o
				}
			}
		}
	}
	return nil
}
