package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	lexer "github.com/goccy/go-yaml/token"
)

// A seed file is a list of requests in YAML, made in their order, so that a
// sandbox starts with the customers, cards and payments that a team works with:
//
//	- as: ann
//	  path: /v1/customers
//	  params: {name: Ann, metadata: {plan: gold}}
//	- path: /v1/payment_methods/pm_card_visa/attach
//	  params: {customer: "${ann.id}"}
//
// A reference names an earlier answer and a field of it, as deep as needed and
// by number in lists: ${paid.charges.data.0.id}.

const (
	// maxSeedFile is the largest seed file, in bytes, and maxSeedRequests the
	// most requests: what a person can write is far below.
	maxSeedFile     = 1 << 20
	maxSeedRequests = 10_000
)

// place is where in the file something stands, both counted from 1.
type place struct{ line, column int }

// placeOf is where a node begins: the parser takes a mapping's first colon.
func placeOf(node ast.Node) place {
	if pairs, err := pairsOf(node); err == nil && len(pairs) > 0 {
		return placeOfToken(pairs[0].Key.GetToken())
	}
	return placeOfToken(node.GetToken())
}

func placeOfToken(t *lexer.Token) place {
	if t == nil || t.Position == nil {
		return place{1, 1}
	}
	return place{t.Position.Line, t.Position.Column}
}

// wrong is an error that begins with its place, as compilers tell them.
func (p place) wrong(format string, arguments ...any) error {
	return fmt.Errorf("%d:%d: %w", p.line, p.column, fmt.Errorf(format, arguments...))
}

// SeedFile is a checked list of requests.
type SeedFile struct {
	steps []seedStep
	mark  string // of this file, so that planting it twice makes nothing twice
}

// seedStep is one request.
type seedStep struct {
	at      place
	as      string
	method  string
	path    seedText
	account seedText // sent as Stripe-Account, unless empty
	status  int      // that the answer must have
	params  []seedParam
}

type seedParam struct {
	name  string // in bracket form
	value seedText
}

// seedText is a text with references to earlier answers.
type seedText struct {
	at   place
	text string
}

// reference is ${name.field}; anything else after ${ is a mistake.
var (
	reference     = regexp.MustCompile(`\$\{([A-Za-z]\w*)((?:\.\w+)+)\}`)
	referenceName = regexp.MustCompile(`^[A-Za-z]\w*$`)
)

// ParseSeed reads a seed file.
//
// Errors: whatever is wrong with the file, as LINE:COLUMN: what, before any
// request was made.
func ParseSeed(text []byte) (*SeedFile, error) {
	if len(text) > maxSeedFile {
		return nil, fmt.Errorf("a seed file may have up to %d bytes", maxSeedFile)
	}
	parsed, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, syntaxError(err)
	}
	sum := sha256.Sum256(text)
	f := &SeedFile{mark: hex.EncodeToString(sum[:8])}
	names := map[string]bool{}
	for _, document := range parsed.Docs {
		if document.Body == nil {
			continue
		}
		steps, ok := document.Body.(*ast.SequenceNode)
		if !ok {
			return nil, placeOf(document.Body).wrong("a seed file is a list of requests")
		}
		for _, node := range steps.Values {
			if err := f.addStep(node, names); err != nil {
				return nil, err
			}
		}
	}
	return f, nil
}

// syntaxError is the YAML parser's own error, in one line.
func syntaxError(err error) error {
	var told yaml.Error
	if errors.As(err, &told) {
		return placeOfToken(told.GetToken()).wrong("%s", told.GetMessage())
	}
	return err
}

func (f *SeedFile) addStep(node ast.Node, names map[string]bool) error {
	step := seedStep{at: placeOf(node), method: http.MethodPost, status: http.StatusOK}
	pairs, err := pairsOf(node)
	if err != nil {
		return err
	}
	for _, pair := range pairs {
		if err := step.read(pair); err != nil {
			return err
		}
	}
	if err := step.check(names); err != nil {
		return err
	}
	if f.steps = append(f.steps, step); len(f.steps) > maxSeedRequests {
		return step.at.wrong("a seed file may have up to %d requests", maxSeedRequests)
	}
	if step.as != "" {
		names[step.as] = true
	}
	return nil
}

// pairsOf is the pairs of a mapping, in their order.
func pairsOf(node ast.Node) ([]*ast.MappingValueNode, error) {
	switch n := node.(type) {
	case *ast.MappingNode:
		return n.Values, nil
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, nil
	}
	return nil, placeOfToken(node.GetToken()).wrong("a mapping is expected here")
}

// seedFields are what a request may say.
var seedFields = []string{"as", "method", "path", "account", "status", "params"}

// read takes one field of a request.
func (s *seedStep) read(pair *ast.MappingValueNode) error {
	name := pair.Key.GetToken().Value
	if !slices.Contains(seedFields, name) {
		return placeOf(pair.Key).wrong("unknown field %q: it is one of %s", name, strings.Join(seedFields, ", "))
	}
	if name == "params" {
		return s.flatten("", pair.Value, 0)
	}
	value, ok := scalar(pair.Value)
	if !ok {
		return placeOf(pair.Value).wrong("%s must be a plain value", name)
	}
	text := seedText{placeOf(pair.Value), value}
	switch name {
	case "as":
		s.as = value
		if !referenceName.MatchString(value) {
			return text.at.wrong("%q is no name: letters, digits and _, beginning with a letter", value)
		}
	case "method":
		s.method = strings.ToUpper(value)
		if !slices.Contains([]string{http.MethodGet, http.MethodPost, http.MethodDelete}, s.method) {
			return text.at.wrong("%q is no method of Stripe's: GET, POST or DELETE", value)
		}
	case "path":
		s.path = text
	case "account":
		s.account = text
	case "status":
		status, err := strconv.Atoi(value)
		if s.status = status; err != nil || status < 200 || status > 599 {
			return text.at.wrong("%q is no HTTP status", value)
		}
	}
	return nil
}

// scalar is a plain value as it is written: 1000 stays 1000, null is empty.
func scalar(node ast.Node) (string, bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	case *ast.NullNode:
		return "", true
	}
	return "", false
}

// flatten spells nested parameters with brackets, as forms do.
func (s *seedStep) flatten(name string, node ast.Node, depth int) error {
	if depth > maxDepth {
		return placeOf(node).wrong("parameters may be nested %d deep", maxDepth)
	}
	if text, ok := scalar(node); ok && name != "" {
		s.params = append(s.params, seedParam{name, seedText{placeOf(node), text}})
		return nil
	}
	if elements, ok := node.(*ast.SequenceNode); ok && name != "" {
		for at, element := range elements.Values {
			if err := s.flatten(join(name, strconv.Itoa(at)), element, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	pairs, err := pairsOf(node)
	if err != nil {
		return err
	}
	for _, pair := range pairs {
		if err := s.flatten(join(name, pair.Key.GetToken().Value), pair.Value, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// check holds a request against the rules that need all of it.
func (s *seedStep) check(names map[string]bool) error {
	if s.path.text == "" {
		return s.at.wrong("a request needs a path")
	}
	if !strings.HasPrefix(s.path.text, "/v1/") || strings.ContainsAny(s.path.text, "?# ") {
		return s.path.at.wrong("%q is no path of Stripe's: it begins with /v1/, and parameters go under params", s.path.text)
	}
	if names[s.as] {
		return s.at.wrong("another request is called %q already", s.as)
	}
	for _, text := range s.texts() {
		if err := text.check(names); err != nil {
			return err
		}
	}
	return nil
}

func (s *seedStep) texts() []seedText {
	out := []seedText{s.path, s.account}
	for _, p := range s.params {
		out = append(out, p.value)
	}
	return out
}

// check says what is wrong with the references of a text.
func (t seedText) check(names map[string]bool) error {
	for _, found := range reference.FindAllStringSubmatch(t.text, -1) {
		if !names[found[1]] {
			return t.at.wrong("%s: no earlier request is called %q", found[0], found[1])
		}
	}
	if left := reference.ReplaceAllString(t.text, ""); strings.Contains(left, "${") {
		return t.at.wrong("%q: a reference is ${name.field}", t.text)
	}
	return nil
}
