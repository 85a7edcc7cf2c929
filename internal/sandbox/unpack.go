package sandbox

import (
	"encoding/json"
	"reflect"
	"strconv"
)

// reader takes packed values apart. What it is given was packed here, or was
// in a journal whose sums are right: anything else is a mistake, and panics.
type reader struct {
	packed string
	inside string // the object in this one
	at     int
	id     string // of the object
	format *format
}

// read begins with an object: its id is known, and its fields follow.
func (f *format) read(p packed) reader {
	r := reader{packed: p.own, inside: p.inside, format: f}
	r.id = r.text()
	return r
}

// unpackInto fills an empty object. Its texts are parts of the packed bytes,
// which costs no memory, and keeps them in it.
func unpackInto(o object, l *layout, p packed) object {
	r := currentFormat.read(p)
	r.unpack(l.Public, reflect.ValueOf(o).Elem())
	if c, ok := o.(concealed); ok {
		r.unpack(l.Private, reflect.ValueOf(c.private()).Elem())
	}
	return o
}

func (r *reader) unpack(s *shape, v reflect.Value) {
	switch s.Sort {
	case sortText:
		v.SetString(r.text())
	case sortOwnID:
		v.SetString(r.id)
	case sortWhole:
		v.SetInt(r.whole())
	case sortTruth:
		v.SetBool(true)
	case sortOptional:
		v.Set(reflect.New(v.Type().Elem()))
		r.present(s.Element, v.Elem())
	case sortList:
		n := r.count()
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for at := range n {
			r.present(s.Element, v.Index(at))
		}
	case sortMap:
		r.unpackMap(s, v)
	case sortHash:
		bits := r.bits(s)
		for at := range s.Fields {
			if f := &s.Fields[at]; has(bits, at) {
				r.unpack(f.Shape, f.in(v))
			}
		}
	case sortRaw:
		r.unpackRaw(v)
	case sortSnapshot:
		v.Set(reflect.ValueOf(snapshot{r.text(), r.inside}))
	}
}

// present reads an element that may be empty.
func (r *reader) present(s *shape, v reflect.Value) {
	if s.Sort != sortTruth && s.Sort != sortOptional || r.count() == 1 {
		r.unpack(s, v)
	}
}

func (r *reader) unpackMap(s *shape, v reflect.Value) {
	n := r.count()
	v.Set(reflect.MakeMapWithSize(v.Type(), n))
	if all, ok := v.Interface().(map[string]string); ok {
		for range n {
			name := r.text()
			all[name] = r.text()
		}
		return
	}
	for range n {
		name := reflect.ValueOf(r.text()).Convert(v.Type().Key())
		element := reflect.New(v.Type().Elem()).Elem()
		r.present(s.Element, element)
		v.SetMapIndex(name, element)
	}
}

func (r *reader) unpackRaw(v reflect.Value) {
	raw := r.bytes()
	if v.Type() == reflect.TypeFor[json.RawMessage]() {
		v.SetBytes([]byte(raw))
		return
	}
	if err := json.Unmarshal([]byte(raw), v.Addr().Interface()); err != nil {
		panic("sandbox: what was packed is not what it was: " + err.Error())
	}
}

// shownPerPacked is how many times longer the JSON of most objects is: enough
// room for it, that is seldom too much.
const shownPerPacked = 9

// show appends the JSON of a value.
func (r *reader) show(s *shape, out []byte) []byte {
	switch s.Sort {
	case sortText:
		return appendText(out, r.text())
	case sortOwnID:
		return appendText(out, r.id)
	case sortWhole:
		return strconv.AppendInt(out, r.whole(), 10)
	case sortTruth:
		return append(out, "true"...)
	case sortOptional:
		return r.showPresent(s.Element, out)
	case sortList:
		out = append(out, '[')
		for at := range r.count() {
			if at > 0 {
				out = append(out, ',')
			}
			out = r.showPresent(s.Element, out)
		}
		return append(out, ']')
	case sortMap:
		out = append(out, '{')
		for at := range r.count() {
			if at > 0 {
				out = append(out, ',')
			}
			out = append(appendText(out, r.text()), ':')
			out = r.showPresent(s.Element, out)
		}
		return append(out, '}')
	case sortHash:
		return r.showHash(s, out)
	case sortRaw:
		return append(out, r.bytes()...)
	case sortSnapshot:
		return r.format.show(out, r.text(), packed{own: r.inside})
	}
	panic("sandbox: no values are of the sort " + string(s.Sort))
}

func (r *reader) showPresent(s *shape, out []byte) []byte {
	if s.Sort != sortTruth && s.Sort != sortOptional || r.count() == 1 {
		return r.show(s, out)
	}
	return append(out, s.zero...)
}

func (r *reader) showHash(s *shape, out []byte) []byte {
	bits := r.bits(s)
	out = append(out, '{')
	for at := range s.Fields {
		f := &s.Fields[at]
		if !has(bits, at) {
			out = appendMember(out, f.empty)
			continue
		}
		length := len(out)
		out = appendMember(out, f.opener)
		opened := len(out)
		out = r.show(f.Shape, out)
		if f.Omit && isEmptyList(f.Shape, out[opened:]) {
			out = out[:length]
		}
	}
	return append(out, '}')
}

// isEmptyList says whether a list or map that is there has nothing in it.
func isEmptyList(s *shape, shown []byte) bool {
	return (s.Sort == sortList || s.Sort == sortMap) && len(shown) == len("[]")
}

// bits says which fields of a hash are there.
func (r *reader) bits(s *shape) string { return r.take(bitmapLength(s)) }

func has(bits string, at int) bool { return bits[at/8]&(1<<(at%8)) != 0 }

func (r *reader) take(n int) string {
	r.at += n
	return r.packed[r.at-n : r.at]
}

func (r *reader) bytes() string { return r.take(r.count()) }

// count reads a number as encoding/binary's AppendUvarint wrote it.
func (r *reader) count() int {
	var n uint64
	for shift := 0; ; shift += 7 {
		b := r.packed[r.at]
		r.at++
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return int(n)
		}
	}
}

// whole reads a number as encoding/binary's AppendVarint wrote it.
func (r *reader) whole() int64 {
	n := uint64(r.count())
	return int64(n>>1) ^ -int64(n&1)
}

func (r *reader) text() string {
	n := r.count()
	if n&1 == 1 {
		return r.format.Phrases[n>>1]
	}
	return r.take(n >> 1)
}

// appendText is a JSON string. Most have nothing to escape.
func appendText(out []byte, s string) []byte {
	for at := range len(s) {
		if c := s[at]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return append(out, marshal(s)...)
		}
	}
	out = append(append(out, '"'), s...)
	return append(out, '"')
}
