package operation

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDeclarationsFitStripesDocument holds every declaration against Stripe's
// OpenAPI document: the endpoint exists, each parameter is there with a type
// that it may have and values that it may take, and what Stripe requires is
// given.
func TestDeclarationsFitStripesDocument(t *testing.T) {
	t.Parallel()
	for _, d := range declarations() {
		if d.anywhere {
			continue
		}
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			found, _, err := findEndpoint(d.method, samplePath(d))
			require.NoError(t, err)
			require.NotEmpty(t, found.path, "Stripe has no %s %s", d.method, d.path)
			sent := map[string]bool{}
			for _, p := range d.takes {
				if !strings.Contains(d.path, "{"+p.name+"}") {
					assertInDocument(t, found.takes, p)
					sent[p.parts()[0]] = sent[p.parts()[0]] || p.must
				}
			}
			for _, fixed := range d.always {
				assert.NotNil(t, found.takes.follow(parameter{stripe: fixed[0]}.parts()), fixed[0])
				sent[parameter{stripe: fixed[0]}.parts()[0]] = true
			}
			for _, name := range found.takes.Required {
				assert.True(t, sent[name], "Stripe requires %s", name)
			}
		})
	}
}

// samplePath is a path with something in place of each name.
func samplePath(d declaration) string {
	path := d.path
	for _, p := range d.takes {
		path = strings.ReplaceAll(path, "{"+p.name+"}", "x")
	}
	return path
}

// assertInDocument follows a parameter through Stripe's description.
func assertInDocument(t *testing.T, schema *apiSchema, p parameter) {
	t.Helper()
	found := schema.follow(p.parts())
	if !assert.NotNil(t, found, "Stripe has no parameter %s", p.stripe) {
		return
	}
	if p.name == bankIDs.param {
		return // its guide to cloning takes an id where its document has an object only (stripe/stripe-dotnet#510)
	}
	assert.Contains(t, found.types(), p.onWire(), "%s is declared as %s", p.name, p.kind.schema)
	values := found.values()
	for _, allowed := range p.allowed {
		assert.True(t, len(values) == 0 || slices.Contains(values, allowed), "%s: Stripe does not take %s, but %s", p.name, allowed, values)
	}
	inside := p.inside
	if p.items != nil {
		inside = p.items.inside
	}
	for _, inner := range inside {
		assertInDocument(t, found.inner(), inner)
	}
}

// onWire is the type of JSON Schema that Stripe would have for a parameter.
func (p parameter) onWire() string {
	if p.kind == kindDigits {
		return "string"
	}
	return p.kind.schema
}

// follow goes down Stripe's names; an index goes into a list.
func (s *apiSchema) follow(parts []string) *apiSchema {
	for _, part := range parts {
		if s = s.step(part); s == nil {
			return nil
		}
	}
	return s
}

func (s *apiSchema) step(part string) *apiSchema {
	if next := s.Properties[part]; next != nil {
		return next
	}
	if _, err := strconv.Atoi(part); err == nil && s.Items != nil {
		return s.Items
	}
	for _, one := range s.AnyOf {
		if next := one.step(part); next != nil {
			return next
		}
	}
	return s.additional()
}

// inner is the object that a parameter is, or has a list of.
func (s *apiSchema) inner() *apiSchema {
	if s.Items != nil {
		return s.Items.inner()
	}
	for _, one := range s.AnyOf {
		if found := one.inner(); len(found.Properties) > 0 {
			return found
		}
	}
	return s
}

// types are the types that a parameter may have. A form has no numbers, so that
// a text of Stripe's may be one of ours.
func (s *apiSchema) types() []string {
	all := []string{s.Type}
	for _, one := range s.AnyOf {
		all = append(all, one.types()...)
	}
	if slices.Contains(all, "integer") || slices.Contains(all, "string") {
		all = append(all, "integer", "string")
	}
	return all
}

func (s *apiSchema) values() []string {
	var all []string
	for _, value := range s.Enum {
		if text, ok := value.(string); ok {
			all = append(all, text)
		}
	}
	for _, one := range s.AnyOf {
		all = append(all, one.values()...)
	}
	return all
}

// TestDeclarationsFitStripeGo looks for each parameter in stripe-go's type of
// what the endpoint takes.
func TestDeclarationsFitStripeGo(t *testing.T) {
	t.Parallel()
	for _, d := range declarations() {
		if d.anywhere {
			continue
		}
		for _, p := range d.takes {
			if !strings.Contains(d.path, "{"+p.name+"}") && p.stripe != "source" { // stripe-go writes sources by hand
				assert.True(t, hasField(d.params, p.parts()), "%s: %s has no %s", d.name, d.params.Name(), p.stripe)
			}
		}
	}
}

// hasField follows form tags; a star stands for the fields of what is embedded.
func hasField(t reflect.Type, parts []string) bool {
	if len(parts) == 0 {
		return true
	}
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		if t = t.Elem(); t.Kind() != reflect.Pointer && parts[0] == "0" {
			parts = parts[1:]
		}
	}
	switch t.Kind() {
	case reflect.Map:
		return true
	case reflect.Struct:
	default:
		return len(parts) == 0
	}
	for i := range t.NumField() {
		tag, _, _ := strings.Cut(t.Field(i).Tag.Get("form"), ",")
		if tag == "*" && hasField(t.Field(i).Type, parts) || len(parts) > 0 && tag == parts[0] && hasField(t.Field(i).Type, parts[1:]) {
			return true
		}
	}
	return len(parts) == 0
}
