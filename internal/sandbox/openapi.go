package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/stripe/stripe-mock/embedded"
)

// operation is one thing that Stripe's OpenAPI document says can be asked.
type operation struct {
	method string // GET, POST or DELETE
	path   string // with {names}, as in the document
}

// stripeOperations is all of the document's operations, by path and then
// method. Only their names are read, which is several times quicker than all
// that is said about them.
var stripeOperations = sync.OnceValues(func() ([]operation, error) {
	var document struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal(embedded.OpenAPISpec, &document); err != nil {
		return nil, fmt.Errorf("sandbox: Stripe's OpenAPI document: %w", err)
	}
	var out []operation
	for path, verbs := range document.Paths {
		for verb := range verbs {
			out = append(out, operation{strings.ToUpper(verb), path})
		}
	}
	slices.SortFunc(out, func(a, b operation) int { return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.method, b.method)) })
	return out, nil
})

// isStripeOperation says whether the document knows a request.
func isStripeOperation(method, path string) (bool, error) {
	known, err := stripeOperations()
	return slices.ContainsFunc(known, func(o operation) bool { return o.method == method && o.matches(path) }), err
}

// matches holds a request's path against the template, segment by segment.
func (o operation) matches(path string) bool {
	want, have := strings.Split(o.path, "/"), strings.Split(path, "/")
	return slices.EqualFunc(want, have, func(template, given string) bool {
		return template == given || strings.HasPrefix(template, "{") && given != ""
	})
}

// shape is the operation without the names in its path, which Stripe's
// document and the sandbox choose differently.
func (o operation) shape() operation {
	segments := strings.Split(o.path, "/")
	for at, segment := range segments {
		if strings.HasPrefix(segment, "{") {
			segments[at] = "{}"
		}
	}
	return operation{o.method, strings.Join(segments, "/")}
}
