package sandbox

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// Objects are kept packed: as a few bytes that hold only what is not empty,
// in the order of their struct's fields. About an eighth of the size of their JSON,
// and without pointers, they cost little memory, nothing to the garbage collector,
// and go to disk as they are. A shape says how the values of one Go type are
// packed, and is derived from the struct and its json tags, so that an object
// is declared once. What is rendered from a shape equals what encoding/json
// makes of the struct, byte for byte.
type shape struct {
	Sort    sortOfValue `json:"sort"`
	Fields  []property  `json:"fields,omitempty"`  // of a hash
	Element *shape      `json:"element,omitempty"` // of an optional, a list or a map

	zero []byte // the JSON of an empty value
}

// sortOfValue is how a value is packed. Empty ones are not packed at all, but
// for those that are raw.
type sortOfValue string

const (
	sortText     sortOfValue = "text"
	sortWhole    sortOfValue = "whole"    // a whole number
	sortTruth    sortOfValue = "truth"    // true, when it is there
	sortOptional sortOfValue = "optional" // a pointer; null when empty
	sortList     sortOfValue = "list"
	sortMap      sortOfValue = "map" // from texts
	sortHash     sortOfValue = "hash"
	sortRaw      sortOfValue = "raw"      // JSON as it is
	sortOwnID    sortOfValue = "own_id"   // the id before the packed object
	sortSnapshot sortOfValue = "snapshot" // an object packed inside another
)

// property is one member of a hash.
type property struct {
	Name  string `json:"name"`
	Omit  bool   `json:"omit,omitempty"` // from JSON when empty
	Shape *shape `json:"shape"`

	path   []int  // to the field of the struct; longer than one in an embedded struct
	opener []byte // ,"name":
	empty  []byte // ,"name":null, or nothing
}

// shapes are those derived so far. Declarations are package variables, which
// Go makes one after the other.
var shapes = map[reflect.Type]*shape{}

// shapeOf derives the shape of a type.
func shapeOf(t reflect.Type) *shape {
	if known := shapes[t]; known != nil {
		return known
	}
	s := &shape{}
	shapes[t] = s
	s.derive(t)
	s.finish()
	return s
}

var (
	snapshotType = reflect.TypeFor[snapshot]()
	headType     = reflect.TypeFor[head]()
)

func (s *shape) derive(t reflect.Type) {
	switch {
	case t == snapshotType:
		s.Sort = sortSnapshot
	case t.Kind() == reflect.Pointer:
		s.Sort, s.Element = sortOptional, shapeOf(t.Elem())
	case speaksForItself(t), t == reflect.TypeFor[json.Number]():
		s.Sort = sortRaw
	case t.Kind() == reflect.String:
		s.Sort = sortText
	case t.Kind() == reflect.Int64, t.Kind() == reflect.Int:
		s.Sort = sortWhole
	case t.Kind() == reflect.Bool:
		s.Sort = sortTruth
	case t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8:
		s.Sort, s.Element = sortList, shapeOf(t.Elem())
	case t.Kind() == reflect.Map && t.Key().Kind() == reflect.String && t.Elem().Kind() != reflect.Interface:
		s.Sort, s.Element = sortMap, shapeOf(t.Elem())
	case t.Kind() == reflect.Struct:
		s.Sort, s.Fields = sortHash, fieldsOfStruct(t)
	default:
		s.Sort = sortRaw
	}
}

// speaksForItself says whether a type makes its own JSON.
func speaksForItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[json.Marshaler]()) || p.Implements(reflect.TypeFor[encoding.TextMarshaler]())
}

func fieldsOfStruct(t reflect.Type) []property {
	var out []property
	for at := range t.NumField() {
		f := t.Field(at)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			for _, promoted := range shapeOf(f.Type).Fields {
				promoted.path = append([]int{at}, promoted.path...)
				out = append(out, promoted)
			}
		case !f.IsExported():
		case name == "" || name == "-" || options != "" && options != "omitempty":
			panic(fmt.Sprintf("sandbox: %s.%s has a json tag that objects do not use", t, f.Name))
		default:
			out = append(out, property{Name: name, Omit: options != "", Shape: shapeOf(f.Type), path: []int{at}})
		}
	}
	return out
}

// objectShape is the shape of a whole object, whose id stands before it.
func objectShape(t reflect.Type) *shape {
	s := *shapeOf(t)
	if s.Sort == sortHash && t.NumField() > 0 && t.Field(0).Type == headType {
		s.Fields = append([]property{}, s.Fields...)
		s.Fields[0].Shape = &shape{Sort: sortOwnID}
		s.Fields[0].Shape.finish()
	}
	return &s
}

// finishAll is finish for a shape and all inside it.
func (s *shape) finishAll() {
	if s.Element != nil {
		s.Element.finishAll()
	}
	for at := range s.Fields {
		s.Fields[at].Shape.finishAll()
	}
	s.finish()
}

// finish prepares what rendering needs.
func (s *shape) finish() {
	s.zero = []byte(map[sortOfValue]string{sortText: `""`, sortOwnID: `""`, sortWhole: "0", sortTruth: "false"}[s.Sort])
	if len(s.zero) == 0 {
		s.zero = []byte("null")
	}
	if s.Sort != sortHash {
		return
	}
	s.zero = []byte{'{'}
	for at := range s.Fields {
		f := &s.Fields[at]
		f.opener = append(append([]byte{','}, marshal(f.Name)...), ':')
		if !f.Omit || f.Shape.Sort == sortHash { // as encoding/json: a struct is never empty
			f.empty = append(append([]byte{}, f.opener...), f.Shape.zero...)
			s.zero = appendMember(s.zero, f.empty)
		}
	}
	s.zero = append(s.zero, '}')
}

// appendMember adds what begins with a comma, without it where it is the first.
func appendMember(out, member []byte) []byte {
	if len(member) > 0 && out[len(out)-1] == '{' {
		member = member[1:]
	}
	return append(out, member...)
}
