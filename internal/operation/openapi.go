package operation

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/stripe/stripe-mock/embedded"
)

// Stripe's OpenAPI document, as far as it says what can be asked.
type (
	apiDocument struct {
		Paths map[string]map[string]apiOperation `json:"paths"`
	}
	apiOperation struct {
		Parameters []struct {
			Name   string     `json:"name"`
			In     string     `json:"in"`
			Schema *apiSchema `json:"schema"`
		} `json:"parameters"`
		Body struct {
			Content map[string]struct {
				Schema *apiSchema `json:"schema"`
			} `json:"content"`
		} `json:"requestBody"`
	}
	// apiSchema is what one parameter may be.
	apiSchema struct {
		Type       string                `json:"type"`
		Properties map[string]*apiSchema `json:"properties"`
		Required   []string              `json:"required"`
		Items      *apiSchema            `json:"items"`
		Enum       []any                 `json:"enum"`
		AnyOf      []*apiSchema          `json:"anyOf"`
		Additional json.RawMessage       `json:"additionalProperties"`
	}
)

// endpoint is one thing that can be asked by method and path.
type endpoint struct {
	method string
	path   string // with {names}
	shape  *regexp.Regexp
	takes  *apiSchema // an object
}

// endpoints are read when they are first wanted: the document has five
// megabytes, and most programs never ask.
var endpoints = sync.OnceValues(func() ([]endpoint, error) {
	var document apiDocument
	if err := json.Unmarshal(embedded.OpenAPISpec, &document); err != nil {
		return nil, fmt.Errorf("read Stripe's OpenAPI document: %w", err)
	}
	var all []endpoint
	for _, path := range slices.Sorted(maps.Keys(document.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(document.Paths[path])) {
			all = append(all, newEndpoint(method, path, document.Paths[path][method]))
		}
	}
	return all, nil
})

var braces = regexp.MustCompile(`\\\{[^/]*?\\\}`)

// newEndpoint joins what goes into the query and what goes into the form.
func newEndpoint(method, path string, op apiOperation) endpoint {
	takes := &apiSchema{Type: "object", Properties: map[string]*apiSchema{}}
	if form := op.Body.Content["application/x-www-form-urlencoded"].Schema; form != nil {
		maps.Copy(takes.Properties, form.Properties)
		takes.Required = form.Required
	}
	for _, p := range op.Parameters {
		if p.In == "query" {
			takes.Properties[p.Name] = p.Schema
		}
	}
	shape := regexp.MustCompile("^" + braces.ReplaceAllString(regexp.QuoteMeta(path), `[^/]+`) + "$")
	return endpoint{strings.ToUpper(method), path, shape, takes}
}

// findEndpoint is the endpoint of a path, of those that fit the one with the
// fewest names in braces: /v1/customers/search is not a customer called search.
func findEndpoint(method, path string) (found endpoint, methods []string, err error) {
	all, err := endpoints()
	if err != nil {
		return endpoint{}, nil, err
	}
	fewest := -1
	for _, e := range all {
		names := strings.Count(e.path, "{")
		switch {
		case !e.shape.MatchString(path):
		case e.method != method:
			methods = append(methods, e.method)
		case fewest < 0 || names < fewest:
			found, fewest = e, names
		}
	}
	return found, methods, nil
}

// similarPaths are the paths most like one that does not exist.
func similarPaths(path string) []string {
	all, err := endpoints()
	if err != nil {
		return nil
	}
	var paths []string
	for _, e := range all {
		if !slices.Contains(paths, e.path) {
			paths = append(paths, e.path)
		}
	}
	return nearest(path, paths, 3)
}
