package sandbox

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of metadata (Stripe §1.14), in entries and characters.
const (
	maxMetadataKeys  = 50
	maxMetadataKey   = 40
	maxMetadataValue = 500
)

// checkParams holds a request against its route's declaration, before anything
// is done: unknown names first, then each value, then what is missing.
func checkParams(declared []param, sent *values, prefix string) error {
	if err := checkUnknown(declared, sent, prefix); err != nil {
		return err
	}
	for at, name := range sent.names {
		if spec := lookup(declared, name); spec != nil {
			if err := spec.check(sent.nodes[at], join(prefix, name)); err != nil {
				return err
			}
		}
	}
	for at := range declared {
		if declared[at].required && sent.child(declared[at].name) == nil {
			return missingParam(join(prefix, declared[at].name))
		}
	}
	return nil
}

func lookup(declared []param, name string) *param {
	for at := range declared {
		if declared[at].name == name {
			return &declared[at]
		}
	}
	return nil
}

func checkUnknown(declared []param, sent *values, prefix string) error {
	var unknown []string
	for _, name := range sent.names {
		if lookup(declared, name) == nil {
			unknown = append(unknown, join(prefix, name))
		}
	}
	switch len(unknown) {
	case 0:
		return nil
	case 1:
		return badParam(unknown[0], "parameter_unknown", "Received unknown parameter: "+unknown[0])
	}
	return badParam(unknown[0], "parameter_unknown", "Received unknown parameters: "+strings.Join(unknown, ", "))
}

// join spells a nested name with brackets, as error.param does.
func join(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + "[" + name + "]"
}

func (p *param) check(v *values, path string) error {
	if p.form == formAny {
		return nil
	}
	if v.given && v.text == "" && !v.isHash() {
		return p.checkEmpty(path)
	}
	if p.form == formHash || p.form == formList || p.form == formMap {
		return p.checkNested(v, path)
	}
	if v.isHash() {
		return badParam(path, "", fmt.Sprintf("Invalid %s: must be a string", lastName(path)))
	}
	return p.checkScalar(v.text, path)
}

// checkEmpty decides about name= : an attempt to unset, which not all allow.
func (p *param) checkEmpty(path string) error {
	if p.clear {
		return nil
	}
	return badParam(path, "parameter_invalid_empty", fmt.Sprintf("You passed an empty string for '%[1]s'. We assume empty values are an attempt to unset a parameter; however '%[1]s' cannot be unset. You should remove '%[1]s' from your request or supply a non-empty value.", path))
}

func (p *param) checkScalar(text, path string) error {
	switch p.form {
	case formInteger:
		if _, err := strconv.ParseInt(text, 10, 64); err != nil {
			return badParam(path, "parameter_invalid_integer", "Invalid integer: "+text)
		}
	case formBoolean:
		if text != "true" && text != "false" {
			return badParam(path, "", "Invalid boolean: "+text)
		}
	case formEnum:
		return p.checkEnum(text, path)
	case formText:
		if utf8.RuneCountInString(text) > p.max {
			return badParam(path, "parameter_invalid_string_too_long", fmt.Sprintf("Invalid string: %s…; must be at most %d characters", string([]rune(text)[:20]), p.max))
		}
	}
	return nil
}

func (p *param) checkEnum(text, path string) error {
	for _, allowed := range p.enum {
		if text == allowed {
			return nil
		}
	}
	return badParam(path, "", fmt.Sprintf("Invalid %s: must be %s", path, oneOf(p.enum)))
}

// oneOf spells a choice as Stripe does: "one of a, b, or c".
func oneOf(words []string) string {
	switch n := len(words); n {
	case 1:
		return words[0]
	case 2:
		return "one of " + words[0] + " or " + words[1]
	default:
		return "one of " + strings.Join(words[:n-1], ", ") + ", or " + words[n-1]
	}
}

func (p *param) checkNested(v *values, path string) error {
	if v.given {
		if p.orID {
			return nil
		}
		if p.orText {
			return p.checkPlain(v, path)
		}
		return badParam(path, "", map[form]string{formHash: "Invalid object", formList: "Invalid array", formMap: "Invalid hash"}[p.form])
	}
	switch p.form {
	case formHash:
		return checkParams(p.fields, v, path)
	case formMap:
		return checkMetadata(v, path)
	}
	for at, element := range v.elements() {
		if err := p.fields[0].check(element, join(path, strconv.Itoa(at))); err != nil {
			return err
		}
	}
	return nil
}

// checkPlain is a range given as one value, which is a whole number of seconds,
// or an id.
func (p *param) checkPlain(v *values, path string) error {
	if p.max > 0 {
		return nil
	}
	if _, err := strconv.ParseInt(v.text, 10, 64); err != nil {
		return badParam(path, "parameter_invalid_integer", "Invalid integer: "+v.text)
	}
	return nil
}

func checkMetadata(v *values, path string) error {
	if len(v.names) > maxMetadataKeys {
		return badParam(path, "", fmt.Sprintf("Metadata can have up to %d keys, received %d", maxMetadataKeys, len(v.names)))
	}
	for at, name := range v.names {
		switch {
		case name == "" || strings.ContainsAny(name, "[]") || v.nodes[at].isHash():
			return badParam(path, "", "Metadata keys must not be empty or hold square brackets, and values must be strings")
		case utf8.RuneCountInString(name) > maxMetadataKey:
			return badParam(join(path, name), "", fmt.Sprintf("Metadata keys can have up to %d characters", maxMetadataKey))
		case utf8.RuneCountInString(v.nodes[at].text) > maxMetadataValue:
			return badParam(join(path, name), "", fmt.Sprintf("Metadata values can have up to %d characters, but you passed in a value that is %d characters.", maxMetadataValue, utf8.RuneCountInString(v.nodes[at].text)))
		}
	}
	return nil
}

func lastName(path string) string {
	if at := strings.LastIndexByte(path, '['); at >= 0 {
		return strings.TrimSuffix(path[at+1:], "]")
	}
	return path
}
