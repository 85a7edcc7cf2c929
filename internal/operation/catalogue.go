// Package operation is the catalogue: one declaration for each thing that
// Stripe can be asked. A declaration is data: its parameters with their types,
// bounds and descriptions, the rules between them, where it goes at Stripe and
// what comes back. Commands, routes, steps of flows, tools of agents and the
// documentation are all made from it, and none of them knows an operation by
// itself.
//
// What is wrong with an input is told before anything is sent: with the
// parameter as the caller wrote it, and what to write instead.
package operation

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"florin/internal/pay"
)

// Catalogue is every operation. It is safe for concurrent use.
type Catalogue struct {
	public []pay.Operation
	names  []string
	byName map[string]*declaration
}

// New is the catalogue, of which a process has one: it never changes.
//
// Errors: a declaration that makes no sense, which is a defect.
func New() (*Catalogue, error) { return once() }

var once = sync.OnceValues(build)

func build() (*Catalogue, error) {
	c := &Catalogue{byName: map[string]*declaration{}}
	for _, d := range declarations() {
		if d.takes = append(d.takes, actingAs); d.method != http.MethodDelete && !d.anywhere {
			d.takes = append(d.takes, expand)
		}
		op, err := d.public()
		if err != nil {
			return nil, fmt.Errorf("operation %s: %w", d.name, err)
		}
		if c.byName[d.name] != nil {
			return nil, fmt.Errorf("operation %s is declared twice", d.name)
		}
		c.public, c.names, c.byName[d.name] = append(c.public, op), append(c.names, d.name), &d
	}
	return c, nil
}

// Operations is all of them, in the order of the documentation.
func (c *Catalogue) Operations() []pay.Operation { return slices.Clone(c.public) }

// Operation finds one by its name.
//
// Errors: operation_not_found, with the nearest names.
func (c *Catalogue) Operation(name string) (pay.Operation, error) {
	if at := slices.Index(c.names, name); at >= 0 {
		return c.public[at], nil
	}
	return pay.Operation{}, c.unknown(name)
}

func (c *Catalogue) unknown(name string) error {
	hint := ""
	if near := nearest(name, c.names, 3); len(near) > 0 {
		hint = "; there is " + strings.Join(near, ", ")
	}
	return pay.Invalid(pay.CodeOperationNotFound, "operation", "there is no operation %.*s%s", longestName, name, hint)
}

// Compose checks an input and writes the request that carries it out. kind is
// which Stripe will be asked: some inputs are for the sandbox only.
//
// Errors: operation_not_found; invalid_body, body_too_large, unknown_field,
// missing_field, invalid_field, invalid_id, invalid_amount, invalid_currency
// and invalid_metadata, each with the parameter as the caller wrote it;
// raw_card_data_not_allowed.
func (c *Catalogue) Compose(name string, kind pay.ConnectionKind, input json.RawMessage) (pay.Wire, error) {
	d, ok := c.byName[name]
	if !ok {
		return pay.Wire{}, c.unknown(name)
	}
	return d.compose(kind, input)
}

// Read turns Stripe's object into the operation's output.
//
// Errors: operation_not_found; in_doubt, when it is not of the shape that
// Stripe documents: something was done, and what cannot be told.
func (c *Catalogue) Read(name string, body json.RawMessage) (json.RawMessage, error) {
	d, ok := c.byName[name]
	if !ok {
		return nil, c.unknown(name)
	}
	out, err := d.gives.read(body)
	if err != nil {
		return nil, pay.Errorf(pay.CodeInDoubt, "Stripe's answer cannot be read").Because(err)
	}
	return out, nil
}

// Parameter is the caller's name for one of Stripe's parameters, or Stripe's own
// where the operation has no other.
func (c *Catalogue) Parameter(name, stripes string) string {
	d, ok := c.byName[name]
	if !ok || stripes == "" {
		return stripes
	}
	return d.callersName(stripes)
}

// callersName follows Stripe's brackets through the parameters. What Stripe
// calls the object of the path differs from one to the next (id, intent,
// charge), so a bare name that is no parameter means that object.
func (d *declaration) callersName(stripes string) string {
	parts := parameter{stripe: stripes}.parts()
	if name, ok := namedBy(d.takes, parts); ok {
		return name
	}
	if d.anywhere {
		return pathOf(parts)
	}
	for _, p := range d.takes {
		if len(parts) == 1 && strings.Contains(d.path, "{"+p.name+"}") {
			return p.name
		}
	}
	return stripes
}

// namedBy finds the parameter whose name Stripe's begins with.
func namedBy(all []parameter, parts []string) (string, bool) {
	for _, p := range all {
		own := p.parts()
		if len(own) > len(parts) || !slices.Equal(own, parts[:len(own)]) || p.local {
			continue
		}
		return p.name + p.remainder(parts[len(own):]), true
	}
	return "", false
}

// remainder names what is inside a parameter.
func (p parameter) remainder(parts []string) string {
	switch {
	case len(parts) == 0:
		return ""
	case p.kind.schema == "array":
		return "[" + parts[0] + "]" + p.items.remainder(parts[1:])
	case p.inside != nil:
		if name, ok := namedBy(p.inside, parts); ok {
			return "." + name
		}
	}
	return "." + strings.Join(parts, ".")
}
