package store

import (
	"database/sql/driver"
	"strconv"
	"strings"
)

// placed is a text as SQLite is given it: each $n is a ? without a name. The
// driver asks for the name of every parameter that it binds, and SQLite then
// looks through all names that the text has: for an INSERT of a hundred rows
// that took longer than the rows.
type placed struct {
	text  string
	order []int // the number that each ? was; nil when the text is unchanged
}

// nameless takes the names out of one statement, if it has no others than $n, each
// of them once: of two ? SQLite would not know that they are equal.
func nameless(text string) placed {
	var out strings.Builder
	var order []int
	seen := map[int]bool{}
	for at := 0; at < len(text); at++ {
		switch c := text[at]; {
		case c == '\'' || c == '"':
			length := strings.IndexByte(text[at+1:], c)
			if length < 0 {
				return placed{text: text}
			}
			end := at + 1 + length
			out.WriteString(text[at : end+1])
			at = end
		case c == '?' || c == '@' || c == ':' || c == ';' || strings.HasPrefix(text[at:], "--") || strings.HasPrefix(text[at:], "/*"):
			return placed{text: text}
		case c == '$':
			end := at + 1
			for end < len(text) && text[end] >= '0' && text[end] <= '9' {
				end++
			}
			number, err := strconv.Atoi(text[at+1 : end])
			if err != nil || number < 1 || seen[number] {
				return placed{text: text}
			}
			seen[number], order, at = true, append(order, number), end-1
			out.WriteByte('?')
		default:
			out.WriteByte(c)
		}
	}
	return placed{out.String(), order}
}

// arrange puts arguments in the order of the text.
func (p placed) arrange(args []driver.NamedValue) []driver.NamedValue {
	if p.order == nil {
		return args
	}
	arranged := make([]driver.NamedValue, 0, len(p.order))
	for _, number := range p.order {
		if number > len(args) {
			return args // the driver says that one is missing
		}
		arranged = append(arranged, driver.NamedValue{Ordinal: len(arranged) + 1, Value: args[number-1].Value})
	}
	return arranged
}
