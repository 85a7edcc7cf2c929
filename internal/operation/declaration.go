package operation

import (
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"strings"

	"florin/internal/pay"
)

// declaration is one operation: all that is documented, checked, sent and read
// comes from it.
type declaration struct {
	name     string // verb and noun: create-charge
	resource string // the heading it stands under
	summary  string // one sentence
	call
	takes    []parameter
	anywhere bool        // the caller names the path
	always   [][2]string // what is sent whatever the caller gives, by Stripe's names
	rules    []rule
	gives    output
	moves    [2]string // the parameters that say how much money moves: amount and currency
	example  string    // an input that works, given what it names exists
}

// call is where an operation goes at Stripe, and stripe-go's type of what can
// be given there: a parameter that the type does not have fails the tests.
type call struct {
	method string
	path   string
	params reflect.Type
}

func get[P any](path string) call   { return call{http.MethodGet, path, reflect.TypeFor[P]()} }
func post[P any](path string) call  { return call{http.MethodPost, path, reflect.TypeFor[P]()} }
func erase[P any](path string) call { return call{http.MethodDelete, path, reflect.TypeFor[P]()} }

// amountAndCurrency are the parameters that say how much money an operation
// moves, where they have their usual names.
var amountAndCurrency = [2]string{"amount", "currency"}

// unstated is for what moves money without saying how much.
var unstated = [2]string{"amount", "currency"}

// writes reports whether it changes something at Stripe.
func (d *declaration) writes() bool { return d.method != http.MethodGet }

// compose checks an input and writes the request.
func (d *declaration) compose(kind pay.ConnectionKind, raw json.RawMessage) (pay.Wire, error) {
	fields, err := parse(raw)
	if err != nil {
		return pay.Wire{}, err
	}
	if at, found := pay.FindCardData(d.withoutTestCards(fields)); found {
		return pay.Wire{}, pay.RawCardData(at)
	}
	in, err := read(d.takes, fields, "")
	if err != nil {
		return pay.Wire{}, err
	}
	for _, rule := range d.rules {
		if err := rule.check(request{in, kind}); err != nil {
			return pay.Wire{}, err
		}
	}
	if d.anywhere {
		return d.wireAnywhere(in)
	}
	if err := d.checkPath(in); err != nil {
		return pay.Wire{}, err
	}
	return d.wire(in), nil
}

// checkPath refuses what would lead to another path than the declared one, even
// when escaped: proxies resolve dots.
//
// Errors: invalid_field.
func (d *declaration) checkPath(in input) error {
	for _, p := range d.takes {
		text := in.text(p.name)
		if strings.Contains(d.path, "{"+p.name+"}") && (text == "." || text == "..") {
			return pay.Invalid(pay.CodeInvalidField, p.name, "%s cannot be part of a path", p.name)
		}
	}
	return nil
}

// withoutTestCards leaves out what has a check of its own.
func (d *declaration) withoutTestCards(fields map[string]any) map[string]any {
	rest := maps.Clone(fields)
	for _, p := range d.takes {
		if p.testCard {
			delete(rest, p.name)
		}
	}
	return rest
}

// public is the operation as the rest of the program knows it.
//
// Errors: an output that has no schema, which is a defect.
func (d *declaration) public() (pay.Operation, error) {
	gives, err := d.gives.schema()
	if err != nil {
		return pay.Operation{}, err
	}
	op := pay.Operation{
		Name: d.name, Title: title(d.name), Summary: d.summary, Resource: d.resource, Writes: d.writes(),
		Amount: d.moves[0], Currency: d.moves[1], Method: d.method, Path: d.path, Example: json.RawMessage(d.example),
	}
	for _, p := range d.takes {
		op.Parameters = append(op.Parameters, p.public())
	}
	for _, rule := range d.rules {
		op.Rules = append(op.Rules, rule.says)
	}
	if op.Input, err = json.Marshal(d.inputSchema()); err != nil {
		return pay.Operation{}, err
	}
	op.Output, err = json.Marshal(gives)
	return op, err
}
