package scenario

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Limits of a story, so that a mistyped file is refused and not played.
const (
	maxStory = 256 << 10 // bytes
	maxSteps = 500
)

// Story is what happens, and how it must end.
type Story struct {
	Name     string
	Title    string
	About    string
	Currency string
	Given    []Step // what is there before the story begins
	Steps    []Step
	Expect   Ending
}

// Step is one thing that somebody does.
type Step struct {
	Verb   string         // what: pay, capture, advance; see Verbs
	Say    string         // in words, for the report
	Fields any            // of the request, or what the verb takes
	As     string         // the name by which later steps speak of what it made
	By     string         // who pays, where no saved card tells
	Expect map[string]any // fields of the answer
	Error  string         // the code of the refusal that must come
	Times  int            // how often; once when zero
	Line   int            // in the file
}

// Ending is what must be true after the last step.
type Ending struct {
	Events []string       // told to the merchant, in any order, and others besides
	Mails  []Mail         // sent, in any order
	Money  map[string]any // what each party has: an amount, or amounts by place
}

// Mail is one mail that must have been sent.
type Mail struct {
	To, Subject string // Subject: a part of it
}

//go:embed stories/*.yaml
var shipped embed.FS

// Shipped is every story that comes with the program, by name.
//
// Errors: none but defects of the files.
func Shipped() ([]Story, error) {
	files, err := shipped.ReadDir("stories")
	if err != nil {
		return nil, err
	}
	var stories []Story
	for _, file := range files {
		text, err := Text(strings.TrimSuffix(file.Name(), ".yaml"))
		if err != nil {
			return nil, err
		}
		story, err := Parse(file.Name(), text)
		if err != nil {
			return nil, err
		}
		stories = append(stories, story)
	}
	return stories, nil
}

// Text is the file of a shipped story.
//
// Errors: fs.ErrNotExist.
func Text(name string) ([]byte, error) { return shipped.ReadFile(path.Join("stories", name+".yaml")) }

// Parse reads a story.
//
// Errors: FILE:LINE: what is wrong.
func Parse(file string, text []byte) (Story, error) {
	if len(text) > maxStory {
		return Story{}, fmt.Errorf("%s: a story has at most %d bytes", file, maxStory)
	}
	tree, err := parser.ParseBytes(text, 0)
	if err != nil {
		return Story{}, fmt.Errorf("%s: %s", file, yaml.FormatError(err, false, true))
	}
	if len(tree.Docs) != 1 {
		return Story{}, fmt.Errorf("%s: a file holds one story", file)
	}
	r := &reader{file: file}
	s := r.story(tree.Docs[0].Body)
	if s.Name == "" {
		s.Name = strings.TrimSuffix(path.Base(file), ".yaml")
	}
	return s, errors.Join(r.problems...)
}

// reader turns the tree of a file into a story and gathers what is wrong.
type reader struct {
	file     string
	problems []error
}

func (r *reader) fail(at ast.Node, format string, args ...any) {
	r.problems = append(r.problems, fmt.Errorf("%s:%d: %s", r.file, line(at), fmt.Sprintf(format, args...)))
}

func line(at ast.Node) int {
	if at == nil || at.GetToken() == nil {
		return 1
	}
	return at.GetToken().Position.Line
}

// each hands over the entries of a mapping.
func (r *reader) each(node ast.Node, see func(key string, value ast.Node)) {
	switch n := node.(type) {
	case *ast.MappingNode:
		for _, entry := range n.Values {
			see(entry.Key.GetToken().Value, entry.Value)
		}
	case *ast.MappingValueNode:
		see(n.Key.GetToken().Value, n.Value)
	default:
		r.fail(node, "fields with values are wanted here")
	}
}

func (r *reader) story(node ast.Node) Story {
	s := Story{Currency: "USD"}
	texts := map[string]*string{"name": &s.Name, "title": &s.Title, "about": &s.About, "currency": &s.Currency}
	r.each(node, func(key string, value ast.Node) {
		switch into := texts[key]; {
		case into != nil:
			*into = r.text(value)
		case key == "given":
			s.Given = r.steps(value)
		case key == "steps":
			s.Steps = r.steps(value)
		case key == "expect":
			s.Expect = r.ending(value)
		default:
			r.fail(value, "a story has no %q; it has name, title, about, currency, given, steps and expect", key)
		}
	})
	if len(s.Steps) == 0 {
		r.fail(node, "a story needs steps")
	}
	return s
}

func (r *reader) steps(node ast.Node) []Step {
	list, ok := node.(*ast.SequenceNode)
	if !ok || len(list.Values) > maxSteps {
		r.fail(node, "a list of at most %d steps is wanted here", maxSteps)
		return nil
	}
	var steps []Step
	for _, value := range list.Values {
		steps = append(steps, r.step(value))
	}
	return steps
}

func (r *reader) step(node ast.Node) Step {
	s := Step{Line: line(node)}
	texts := map[string]*string{"as": &s.As, "by": &s.By, "say": &s.Say, "error": &s.Error}
	r.each(node, func(key string, value ast.Node) {
		s.Line = min(s.Line, line(value))
		switch into := texts[key]; {
		case into != nil:
			*into = r.text(value)
		case key == "expect":
			s.Expect, _ = r.value(value).(map[string]any)
		case key == "times":
			s.Times = r.times(value)
		case s.Verb != "":
			r.fail(value, "a step does one thing: %s or %s", s.Verb, key)
		case !known(key):
			r.fail(value, "there is no step %q; there are %s", key, strings.Join(Verbs(), ", "))
		default:
			s.Verb, s.Fields = key, r.value(value)
		}
	})
	return s
}

// maxTimes bounds how often a step is repeated: a day for two years.
const maxTimes = 731

func (r *reader) times(node ast.Node) int {
	n, err := strconv.Atoi(r.text(node))
	if err != nil || n < 1 || n > maxTimes {
		r.fail(node, "times is a number from 1 to %d", maxTimes)
	}
	return n
}

func (r *reader) ending(node ast.Node) Ending {
	var e Ending
	r.each(node, func(key string, value ast.Node) {
		found := r.value(value)
		switch key {
		case "events":
			for _, each := range asList(found) {
				e.Events = append(e.Events, fmt.Sprint(each))
			}
		case "mails":
			for _, each := range asList(found) {
				mail, _ := each.(map[string]any)
				e.Mails = append(e.Mails, Mail{To: textOf(mail["to"]), Subject: textOf(mail["subject"])})
			}
		case "money":
			e.Money, _ = found.(map[string]any)
		default:
			r.fail(value, "a story expects events, mails and money, not %q", key)
		}
	})
	return e
}

func (r *reader) text(node ast.Node) string { return textOf(r.value(node)) }

// value is a node as JSON would have it; numbers keep their digits.
func (r *reader) value(node ast.Node) any {
	switch n := node.(type) {
	case nil, *ast.NullNode:
		return nil
	case *ast.IntegerNode, *ast.FloatNode:
		return json.Number(strings.ReplaceAll(node.GetToken().Value, "_", ""))
	case *ast.BoolNode:
		return n.Value
	case *ast.StringNode:
		return n.Value
	case *ast.LiteralNode:
		return strings.TrimSpace(n.Value.Value)
	case *ast.SequenceNode:
		list := make([]any, len(n.Values))
		for i, value := range n.Values {
			list[i] = r.value(value)
		}
		return list
	case *ast.MappingNode, *ast.MappingValueNode:
		fields := map[string]any{}
		r.each(node, func(key string, value ast.Node) { fields[key] = r.value(value) })
		return fields
	}
	r.fail(node, "this cannot be read")
	return nil
}

func asList(value any) []any {
	list, _ := value.([]any)
	return list
}

// textOf is a plain value as text; nothing for nothing.
func textOf(value any) string {
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}

// Names are the names of stories.
func Names(stories []Story) []string {
	var names []string
	for _, s := range stories {
		names = append(names, s.Name)
	}
	slices.Sort(names)
	return names
}
