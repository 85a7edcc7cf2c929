package sandbox

import (
	"maps"
	"slices"
	"strconv"
)

// params reads a hash of parameters that was already checked against the
// route's declaration, so that reading cannot fail. A nil *values is empty.
type params struct{ *values }

func (p params) node(name string) *values {
	if p.values == nil {
		return nil
	}
	return p.child(name)
}

// has says whether the parameter was sent, empty or not.
func (p params) has(name string) bool { return p.node(name) != nil }

// text is the parameter's value, or "" when absent or unset.
func (p params) text(name string) string {
	if node := p.node(name); node != nil {
		return node.text
	}
	return ""
}

// integer is the parameter's value, and whether one was sent.
func (p params) integer(name string) (int64, bool) {
	sent := p.text(name)
	if sent == "" { // most often, and an error is not free
		return 0, false
	}
	n, err := strconv.ParseInt(sent, 10, 64)
	return n, err == nil
}

// yes says whether a boolean was sent as true.
func (p params) yes(name string) bool { return p.text(name) == "true" }

// hash is the nested parameters under name; empty when absent.
func (p params) hash(name string) params { return params{p.node(name)} }

// list is the parameter's elements as text.
func (p params) list(name string) []string {
	node := p.node(name)
	if node == nil {
		return nil
	}
	var out []string
	for _, element := range node.elements() {
		out = append(out, element.text)
	}
	return out
}

// setText changes an optional text field when the parameter was sent; an empty
// value unsets it (Stripe §1.5).
func (p params) setText(name string, field **string) {
	if node := p.node(name); node != nil && node.given {
		*field = textOrNil(node.text)
	}
}

// setInteger is setText for a whole number.
func (p params) setInteger(name string, field **int64) {
	if !p.has(name) {
		return
	}
	*field = nil
	if n, ok := p.integer(name); ok {
		*field = &n
	}
}

// setMetadata merges the metadata sent into a new map: an empty value deletes
// a key, and metadata= deletes all (Stripe §1.14). The old map is not touched,
// since versions of an object share it.
func (p params) setMetadata(field *map[string]string) error {
	node := p.node("metadata")
	if node == nil {
		return nil
	}
	next := map[string]string{}
	if node.isHash() {
		maps.Copy(next, *field)
	}
	for at, name := range node.names {
		if value := node.nodes[at].text; value != "" {
			next[name] = value
		} else {
			delete(next, name)
		}
	}
	if len(next) > maxMetadataKeys {
		return badParam("metadata", "", "Metadata can have up to 50 keys in total.")
	}
	*field = next
	return nil
}

func textOrNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// value is what an optional text holds, "" for none.
func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func pointer[T any](v T) *T { return &v }

// each is the hashes of a list of hashes.
func (p params) each(name string) []params {
	node := p.node(name)
	if node == nil {
		return nil
	}
	var out []params
	for _, element := range node.elements() {
		out = append(out, params{element})
	}
	return out
}

// agrees says whether a filter for a boolean was not sent, or is the value.
func (p params) agrees(name string, value bool) bool { return !p.has(name) || p.yes(name) == value }

// equals says whether a filter for a text was not sent, or is the value.
func (p params) equals(name, value string) bool { return !p.has(name) || p.text(name) == value }

// among says whether a filter by several values is empty, or has the value.
func among(wanted []string, value string) bool {
	return len(wanted) == 0 || slices.Contains(wanted, value)
}
