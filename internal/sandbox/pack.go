package sandbox

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"sync"
)

// packed is an object as bytes. What it holds of another object, as an event
// does, is a string beside them, which both can share.
type packed struct{ own, inside string }

func (p packed) id() string { return currentFormat.read(p).id }

// shared is a packed object whose bytes are those of an equal one of this
// work: an object, the event about it and the answer that shows it are often
// the same.
func (w *work) shared(p packed) packed {
	return packed{w.once(p.own), w.once(p.inside)}
}

func (w *work) once(bytes string) string {
	at := slices.Index(w.known, bytes)
	if at < 0 {
		at = len(w.known)
		w.known = append(w.known, bytes)
	}
	return w.known[at]
}

// packer writes values; it is used by one goroutine at a time.
type packer struct {
	out    []byte
	inside string
}

var packers = sync.Pool{New: func() any { return new(packer) }}

// packAs is an object's id, its public fields, and what it keeps beside them.
func packAs(l *layout, o object) packed {
	p := packers.Get().(*packer)
	defer packers.Put(p)
	p.out, p.inside = p.out[:0], ""
	p.text(o.identity().ID)
	p.pack(l.Public, reflect.ValueOf(o).Elem())
	if c, ok := o.(concealed); ok {
		p.pack(l.Private, reflect.ValueOf(c.private()).Elem())
	}
	return packed{string(p.out), p.inside}
}

// pack writes a value that is not empty.
func (p *packer) pack(s *shape, v reflect.Value) {
	switch s.Sort {
	case sortText:
		p.text(v.String())
	case sortWhole:
		p.out = binary.AppendVarint(p.out, v.Int())
	case sortOptional:
		p.present(s.Element, v.Elem())
	case sortList:
		p.count(v.Len())
		for at := range v.Len() {
			p.present(s.Element, v.Index(at))
		}
	case sortMap:
		p.packMap(s, v)
	case sortHash:
		p.packHash(s, v)
	case sortRaw:
		p.packRaw(v)
	case sortSnapshot:
		kept := v.Interface().(snapshot)
		p.text(kept.kind)
		p.inside = kept.packed
	case sortTruth, sortOwnID: // that they are there says all
	}
}

// present writes an element of a list or map, which may be empty too.
func (p *packer) present(s *shape, v reflect.Value) {
	if s.Sort != sortTruth && s.Sort != sortOptional {
		p.pack(s, v)
		return
	}
	there := !isEmpty(s, v)
	if !there {
		p.count(0)
		return
	}
	p.count(1)
	p.pack(s, v)
}

func (p *packer) packMap(s *shape, v reflect.Value) {
	if all, ok := v.Interface().(map[string]string); ok {
		p.count(len(all))
		for _, name := range slices.Sorted(maps.Keys(all)) {
			p.text(name)
			p.text(all[name])
		}
		return
	}
	names := v.MapKeys()
	slices.SortFunc(names, func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) })
	p.count(len(names))
	for _, name := range names {
		p.text(name.String())
		p.present(s.Element, v.MapIndex(name))
	}
}

// packHash writes one bit for each field, and then the fields that are not empty.
func (p *packer) packHash(s *shape, v reflect.Value) {
	bits := len(p.out)
	for range bitmapLength(s) {
		p.out = append(p.out, 0)
	}
	for at := range s.Fields {
		f := &s.Fields[at]
		if p.packField(f, f.in(v)) {
			p.out[bits+at/8] |= 1 << (at % 8)
		}
	}
}

// packField says whether the field was not empty.
func (p *packer) packField(f *property, v reflect.Value) bool {
	if f.Shape.Sort == sortHash {
		before := len(p.out)
		p.packHash(f.Shape, v)
		for _, b := range p.out[before:min(len(p.out), before+bitmapLength(f.Shape))] {
			if b != 0 {
				return true
			}
		}
		p.out = p.out[:before]
		return false
	}
	if isEmpty(f.Shape, v) {
		return false
	}
	p.pack(f.Shape, v)
	return true
}

// in is the field's value in a struct.
func (f *property) in(v reflect.Value) reflect.Value {
	for _, at := range f.path {
		v = v.Field(at)
	}
	return v
}

func bitmapLength(s *shape) int { return (len(s.Fields) + 7) / 8 }

func isEmpty(s *shape, v reflect.Value) bool {
	switch s.Sort {
	case sortText, sortOwnID:
		return v.Len() == 0
	case sortWhole:
		return v.Int() == 0
	case sortTruth:
		return !v.Bool()
	case sortOptional, sortList, sortMap:
		return v.IsNil()
	case sortRaw:
		return v.Kind() == reflect.Slice && v.Len() == 0
	}
	return false
}

// packRaw writes JSON, without the spaces that encoding/json would remove.
func (p *packer) packRaw(v reflect.Value) {
	raw, is := v.Interface().(json.RawMessage)
	if !is {
		p.bytes(string(marshal(v.Addr().Interface())))
		return
	}
	var tight bytes.Buffer
	if json.Compact(&tight, raw) != nil {
		panic("sandbox: an object holds what is no JSON: " + string(raw))
	}
	p.bytes(tight.String())
}

func (p *packer) count(n int) { p.out = binary.AppendUvarint(p.out, uint64(n)) }

func (p *packer) bytes(s string) {
	p.count(len(s))
	p.out = append(p.out, s...)
}

// text writes the number of a phrase, or a length and the text; the lowest bit
// says which.
func (p *packer) text(s string) {
	if number, ok := currentFormat.number(s); ok {
		p.count(number<<1 | 1)
		return
	}
	p.count(len(s) << 1)
	p.out = append(p.out, s...)
}
