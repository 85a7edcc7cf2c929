package stripe

import (
	"encoding/json"
	"reflect"
	"strings"
)

// members says which members of an object are read, and which of theirs; nil
// is a whole value. What Stripe answers is ten times as long as what is read of
// it, and encoding/json goes through all of it three times and more.
type members map[string]members

// membersOf is what encoding/json reads into a type.
func membersOf(t reflect.Type) members {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	if inside, is := reflect.Zero(t).Interface().(interface{ expands() reflect.Type }); is {
		return membersOf(inside.expands())
	}
	all := members{}
	for at := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(at).Tag.Get("json"), ",")
		all[name] = membersOf(t.Field(at).Type)
	}
	return all
}

var (
	intentMembers  = membersOf(reflect.TypeFor[intent]())
	objectMembers  = membersOf(reflect.TypeFor[eventObject]())
	balanceMembers = membersOf(reflect.TypeFor[balanceEntry]())
)

// decode is json.Unmarshal for a text of which only some members are read.
func decode(text []byte, read members, into any) error {
	if !json.Valid(text) {
		return json.Unmarshal(text, into) // which says what is wrong
	}
	return json.Unmarshal(read.of(text), into)
}

// of is a valid text without what is not read.
func (m members) of(text []byte) []byte {
	t := trimmer{in: text, out: make([]byte, 0, len(text)/4)} // more than enough, mostly
	t.value(m)
	return t.out
}

// trimmer copies valid JSON, and leaves members out.
type trimmer struct {
	in, out []byte
	at      int
}

// value copies a value, of which these members are read.
func (t *trimmer) value(read members) {
	t.space()
	if read == nil || t.in[t.at] != '{' {
		begin := t.at
		t.skip()
		t.out = append(t.out, t.in[begin:t.at]...)
		return
	}
	t.out = append(t.out, '{')
	first := true
	for t.at++; t.more(); {
		begin := t.at
		t.skip()
		name := t.in[begin:t.at]
		t.space()
		t.at++ // the colon
		inside, wanted := read[string(name[1:len(name)-1])]
		if !wanted {
			t.space()
			t.skip()
			continue
		}
		if !first {
			t.out = append(t.out, ',')
		}
		first = false
		t.out = append(append(t.out, name...), ':')
		t.value(inside)
	}
	t.at++
	t.out = append(t.out, '}')
}

// more says whether another member comes, and goes there; else to the end of
// the object.
func (t *trimmer) more() bool {
	t.space()
	if t.in[t.at] == ',' {
		t.at++
		t.space()
	}
	return t.in[t.at] != '}'
}

func (t *trimmer) space() {
	for t.in[t.at] <= ' ' {
		t.at++
	}
}

// skip goes past a value.
func (t *trimmer) skip() {
	for depth := 0; t.at < len(t.in); {
		switch c := t.in[t.at]; {
		case c == '"':
			t.skipText()
		case c == '{' || c == '[':
			depth++
			t.at++
			continue
		case c == '}' || c == ']':
			depth--
			t.at++
		default:
			t.skipWord()
		}
		if depth == 0 {
			return
		}
	}
}

func (t *trimmer) skipText() {
	for t.at++; t.in[t.at] != '"'; t.at++ {
		if t.in[t.at] == '\\' {
			t.at++
		}
	}
	t.at++
}

// skipWord goes past what is no text and opens or closes nothing: a number, a
// name, or, within a list or object, a sign between values.
func (t *trimmer) skipWord() {
	for t.at++; t.at < len(t.in) && !strings.ContainsRune(`"{}[],: `+"\n\t\r", rune(t.in[t.at])); t.at++ {
	}
}
