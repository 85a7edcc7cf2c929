package operation

import (
	"fmt"
	"strings"

	"florin/internal/pay"
)

// rule is what parameters demand of each other. Its sentence is documented,
// shown in --help, and told when the rule is broken.
type rule struct {
	says   string
	broken func(request) (field string, code pay.Code)
}

// request is an input together with the Stripe that it is for.
type request struct {
	input
	kind pay.ConnectionKind
}

// check names the parameter at fault.
//
// Errors: missing_field, invalid_field.
func (r rule) check(to request) error {
	if field, code := r.broken(to); field != "" {
		return pay.Invalid(code, field, "%s", r.says)
	}
	return nil
}

// exactlyOne wants one of several and not two.
func exactlyOne(names ...string) rule {
	return rule{fmt.Sprintf("Give exactly one of %s.", all(names)), func(r request) (string, pay.Code) {
		given := r.given(names)
		switch len(given) {
		case 0:
			return names[0], pay.CodeMissingField
		case 1:
			return "", ""
		default:
			return given[1], pay.CodeInvalidField
		}
	}}
}

// atMostOne lets one of several be given, or none.
func atMostOne(names ...string) rule {
	return rule{fmt.Sprintf("Give at most one of %s.", all(names)), func(r request) (string, pay.Code) {
		if given := r.given(names); len(given) > 1 {
			return given[1], pay.CodeInvalidField
		}
		return "", ""
	}}
}

// atLeastOne wants one of several, or more.
func atLeastOne(names ...string) rule {
	return rule{fmt.Sprintf("Give at least one of %s.", all(names)), func(r request) (string, pay.Code) {
		if len(r.given(names)) == 0 {
			return names[0], pay.CodeMissingField
		}
		return "", ""
	}}
}

// needs wants others with one.
func needs(name string, others ...string) rule {
	return rule{fmt.Sprintf("%s needs %s.", name, all(others)), func(r request) (string, pay.Code) {
		return r.lacks(r.has(name), others)
	}}
}

// needsWhen wants others when one has a certain value.
func needsWhen(name, value string, others ...string) rule {
	return rule{fmt.Sprintf("%s %s needs %s.", name, value, all(others)), func(r request) (string, pay.Code) {
		return r.lacks(r.is(name, value), others)
	}}
}

// onlyWhen lets one be given only when another has a certain value.
func onlyWhen(one, name, value string) rule {
	return rule{fmt.Sprintf("%s is for %s %s only.", one, name, value), func(r request) (string, pay.Code) {
		if r.has(one) && !r.is(name, value) {
			return one, pay.CodeInvalidField
		}
		return "", ""
	}}
}

// is compares a parameter with how a form has its value: true for a boolean.
func (r request) is(name, value string) bool { return r.has(name) && textOf(r.input[name]) == value }

// unless lets a rule go when a parameter is given.
func (r rule) unless(name string) rule {
	inner := r.broken
	return rule{strings.TrimSuffix(r.says, ".") + " unless " + name + " is given.", func(r request) (string, pay.Code) {
		if r.has(name) {
			return "", ""
		}
		return inner(r)
	}}
}

// beginningNeeds wants another when an id begins in a certain way.
func beginningNeeds(name string, openings []string, other string) rule {
	says := fmt.Sprintf("%s that begins with %s needs %s.", name, either(openings), other)
	return rule{says, func(r request) (string, pay.Code) {
		for _, opening := range openings {
			if strings.HasPrefix(r.text(name), opening) {
				return r.lacks(true, []string{other})
			}
		}
		return "", ""
	}}
}

// anyNeeds wants some of a group when any of it is given.
func anyNeeds(group string, needed ...string) rule {
	says := fmt.Sprintf("Any of %s… needs %s.", group, all(needed))
	return rule{says, func(r request) (string, pay.Code) {
		for name := range r.input {
			if strings.HasPrefix(name, group) {
				return r.lacks(true, needed)
			}
		}
		return "", ""
	}}
}

// eachOf holds every object of a list to rules of its own.
func eachOf(name string, rules ...rule) rule {
	says := "In each of " + name + ":"
	for _, r := range rules {
		says += " " + r.says
	}
	return rule{says, func(to request) (string, pay.Code) {
		items, _ := to.input[name].([]any)
		for i, item := range items {
			inner, _ := item.(input)
			for _, r := range rules {
				if field, code := r.broken(request{inner, to.kind}); field != "" {
					return fmt.Sprintf("%s[%d].%s", name, i, field), code
				}
			}
		}
		return "", ""
	}}
}

// sandboxOnly lets test cards be given to the sandbox and to no real Stripe,
// where the same parameters could take a real card's number.
func sandboxOnly(why string, names ...string) rule {
	return rule{fmt.Sprintf("%s is for connections to the sandbox only. %s", either(names), why), func(r request) (string, pay.Code) {
		if given := r.given(names); len(given) > 0 && r.kind != pay.ConnectionSandbox {
			return given[0], pay.CodeRawCardData
		}
		return "", ""
	}}
}

// given are those of the names that the input has; false asks for nothing.
func (r request) given(names []string) []string {
	var have []string
	for _, name := range names {
		if r.has(name) && r.input[name] != false {
			have = append(have, name)
		}
	}
	return have
}

// lacks is the first of the names that is not there, when they are wanted.
func (r request) lacks(wanted bool, names []string) (string, pay.Code) {
	for _, name := range names {
		if wanted && !r.has(name) {
			return name, pay.CodeMissingField
		}
	}
	return "", ""
}

func either(names []string) string { return enumerate(names, "or") }
func all(names []string) string    { return enumerate(names, "and") }

// enumerate is "a, b or c".
func enumerate(names []string, word string) string {
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " " + word + " " + names[last]
}
