package sandbox

import "encoding/json"

// member is one field of a rendered object; a slice of them keeps the order.
type member struct {
	name  string
	value json.RawMessage
}

// membersOf takes a rendered object apart. It is only given what was rendered
// here, and does not check it: encoding/json, which does, takes ten times as
// long. The values are parts of raw.
func membersOf(raw []byte) []member {
	if len(raw) == 0 || raw[0] != '{' {
		return nil
	}
	out := make([]member, 0, usualMembers)
	r := jsonReader{raw, 0}
	for r.opens('{'); !r.closes('}'); {
		name := r.value()
		r.opens(':')
		out = append(out, member{textOf(name), r.value()})
	}
	return out
}

// usualMembers is about how many fields an object of Stripe's has.
const usualMembers = 40

// elementsOf is membersOf for a list.
func elementsOf(raw []byte) []json.RawMessage {
	var out []json.RawMessage
	r := jsonReader{raw, 0}
	for r.opens('['); !r.closes(']'); {
		out = append(out, r.value())
	}
	return out
}

// jsonReader goes through JSON that is right.
type jsonReader struct {
	raw []byte
	at  int
}

// opens passes a sign that must come now, and all space before it.
func (r *jsonReader) opens(sign byte) {
	for r.at < len(r.raw) && r.raw[r.at] != sign {
		r.at++
	}
	r.at++
}

// closes says whether an object or list ends here, and passes the comma if not.
func (r *jsonReader) closes(sign byte) bool {
	for ; r.at < len(r.raw); r.at++ {
		switch r.raw[r.at] {
		case sign:
			return true
		case ',', ' ', '\n', '\t', '\r':
		default:
			return false
		}
	}
	return true
}

// value passes one value, of any sort.
func (r *jsonReader) value() json.RawMessage {
	for r.at < len(r.raw) && r.raw[r.at] <= ' ' {
		r.at++
	}
	begin, depth := r.at, 0
	for ; r.at < len(r.raw); r.at++ {
		switch r.raw[r.at] {
		case '"':
			r.text()
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return r.raw[begin:r.at:r.at]
			}
			depth--
		case ',', ':', ' ', '\n', '\t', '\r':
			if depth == 0 {
				return r.raw[begin:r.at:r.at]
			}
		}
	}
	return r.raw[begin:]
}

// text passes a string but for its last sign.
func (r *jsonReader) text() {
	for r.at++; r.at < len(r.raw) && r.raw[r.at] != '"'; r.at++ {
		if r.raw[r.at] == '\\' {
			r.at++
		}
	}
}

// textOf is what a JSON string says.
func textOf(raw json.RawMessage) string {
	for _, b := range raw {
		if b == '\\' {
			var text string
			_ = json.Unmarshal(raw, &text) // it was rendered here
			return text
		}
	}
	return string(raw[1 : len(raw)-1])
}

func joinMembers(members []member) []byte {
	room := len("{}")
	for _, m := range members {
		room += len(`"":,`) + len(m.name) + len(m.value)
	}
	out := append(make([]byte, 0, room), '{')
	for at, m := range members {
		if at > 0 {
			out = append(out, ',')
		}
		out = append(appendText(out, m.name), ':')
		out = append(out, m.value...)
	}
	return append(out, '}')
}
