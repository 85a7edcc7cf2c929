package operation

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	stripego "github.com/stripe/stripe-go/v85"
	"github.com/stripe/stripe-go/v85/form"

	"florin/internal/pay"
)

// wire writes the request: parameters that the path names go there, the others
// into the form of a POST or the query of anything else. They are in the order
// of the declaration and labels are sorted, so equal inputs give equal bytes.
func (d *declaration) wire(in input) pay.Wire {
	values := &form.Values{}
	path := d.path
	for _, p := range d.takes {
		value := in[p.name]
		switch slot := "{" + p.name + "}"; {
		case value == nil:
		case strings.Contains(path, slot):
			path = strings.Replace(path, slot, url.PathEscape(textOf(value)), 1)
		case !p.local:
			p.write(values, p.parts(), value)
		}
	}
	for _, fixed := range d.always {
		values.Add(fixed[0], fixed[1])
	}
	return newWire(d.method, path, values, in.text(actingAs.name))
}

func newWire(method, path string, values *form.Values, account string) pay.Wire {
	wire := pay.Wire{Method: method, Path: path, APIVersion: stripego.APIVersion, Account: account}
	switch body := values.Encode(); {
	case method == http.MethodPost:
		wire.Body = body
	case body != "":
		wire.Path += "?" + body
	}
	return wire
}

// parts are Stripe's name without its brackets.
func (p parameter) parts() []string {
	return strings.FieldsFunc(p.stripe, func(c rune) bool { return c == '[' || c == ']' })
}

// write adds a value to a form under a name and whatever the value holds under
// names in brackets.
func (p parameter) write(values *form.Values, name []string, value any) {
	switch value := value.(type) {
	case []any:
		if len(value) == 0 {
			values.Add(form.FormatKey(name), "") // an empty list takes away what there was
		}
		for i, item := range value {
			p.items.write(values, append(slices.Clone(name), strconv.Itoa(i)), item)
		}
	case input:
		for _, inner := range p.inside {
			if value[inner.name] != nil {
				inner.write(values, slices.Concat(name, inner.parts()), value[inner.name])
			}
		}
	case map[string]string:
		for _, label := range slices.Sorted(maps.Keys(value)) {
			values.Add(form.FormatKey(append(slices.Clone(name), label)), value[label])
		}
	default:
		values.Add(form.FormatKey(name), textOf(value))
	}
}

// textOf is how a form has a plain value.
func textOf(value any) string {
	switch value := value.(type) {
	case int64:
		return strconv.FormatInt(value, 10)
	case bool:
		return strconv.FormatBool(value)
	case string:
		return value
	default:
		return ""
	}
}
