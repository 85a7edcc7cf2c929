package flow

import (
	"strings"
)

// value is an input as the document has it: constants, with expressions in
// between. Exactly one of its parts holds.
type value struct {
	constant any
	whole    *expression // a text that is one ${…}: the result keeps its type
	text     []part      // text around expressions: the result is a text
	items    []*value
	fields   []field
	isList   bool
	isObject bool
}

// part of a text is either fixed or worked out.
type part struct {
	fixed string
	expr  *expression
}

type field struct {
	key   string
	value *value
}

// eval works the value out. A nil value is null.
func (v *value) eval(env map[string]any) (any, error) {
	switch {
	case v == nil:
		return nil, nil
	case v.whole != nil:
		return v.whole.run(env)
	case v.text != nil:
		return v.evalText(env)
	case v.isList:
		list := make([]any, len(v.items))
		for i, item := range v.items {
			var err error
			if list[i], err = item.eval(env); err != nil {
				return nil, err
			}
		}
		return list, nil
	case v.isObject:
		object := make(map[string]any, len(v.fields))
		for _, f := range v.fields {
			var err error
			if object[f.key], err = f.value.eval(env); err != nil {
				return nil, err
			}
		}
		return object, nil
	}
	return v.constant, nil
}

func (v *value) evalText(env map[string]any) (any, error) {
	var out strings.Builder
	for _, p := range v.text {
		if p.expr == nil {
			out.WriteString(p.fixed)
			continue
		}
		result, err := p.expr.run(env)
		if err != nil {
			return nil, err
		}
		out.WriteString(asText(result))
	}
	return out.String(), nil
}

// isConstant says that nothing in the value needs working out.
func (v *value) isConstant() bool {
	if v == nil || v.whole != nil || v.text != nil {
		return v == nil
	}
	for _, item := range v.items {
		if !item.isConstant() {
			return false
		}
	}
	for _, f := range v.fields {
		if !f.value.isConstant() {
			return false
		}
	}
	return true
}

// piece is a part of a template before it is compiled.
type piece struct {
	text   string
	isExpr bool
	open   bool // a ${ without its }
}

// pieces splits a text at its ${…}; $${ stands for ${ itself.
func pieces(text string) []piece {
	var all []piece
	var fixed strings.Builder
	flush := func() {
		if fixed.Len() > 0 {
			all = append(all, piece{text: fixed.String()})
			fixed.Reset()
		}
	}
	for i := 0; i < len(text); i++ {
		switch rest := text[i:]; {
		case strings.HasPrefix(rest, "$${"):
			fixed.WriteString("${")
			i += 2
		case strings.HasPrefix(rest, "${"):
			flush()
			end := closing(rest[2:])
			if end < 0 {
				return append(all, piece{text: rest[2:], isExpr: true, open: true})
			}
			all = append(all, piece{text: rest[2 : 2+end], isExpr: true})
			i += 2 + end
		default:
			fixed.WriteByte(text[i])
		}
	}
	flush()
	return all
}

// closing finds the } that ends an expression, over braces and quotes within.
func closing(text string) int {
	depth, quote := 0, byte(0)
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quote != 0 && c == '\\' && quote != '`':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == '{':
			depth++
		case c == '}' && depth == 0:
			return i
		case c == '}':
			depth--
		}
	}
	return -1
}
