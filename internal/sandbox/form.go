package sandbox

import (
	"crypto/sha256"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// Limits of a request's parameters. Stripe publishes none; these are far above
// any request that its clients can make, and keep a hostile one cheap.
const (
	maxParameters = 2000
	maxDepth      = 12
)

// values is one node of the tree that a form body or a query string spells
// with brackets: card[number]=4242 is a node "card" with a node "number".
type values struct {
	text  string // the scalar, when given
	given bool   // a scalar was given, perhaps an empty one
	names []string
	nodes []*values
}

// parseForm reads a form body or query string. It fails only on what no client
// sends: broken percent-encoding, unbalanced brackets, or too much of it.
func parseForm(raw string) (*values, error) {
	root := &values{}
	for count := 0; raw != ""; count++ {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		if pair == "" {
			continue
		}
		if count >= maxParameters {
			return nil, invalidRequest("Too many parameters in the request.")
		}
		if err := root.addPair(pair); err != nil {
			return nil, err
		}
	}
	return root, nil
}

func (v *values) addPair(pair string) error {
	key, text, _ := strings.Cut(pair, "=")
	key, errKey := url.QueryUnescape(key)
	text, errText := url.QueryUnescape(text)
	if errKey != nil || errText != nil {
		return invalidRequest("Invalid request: the parameters are not correctly encoded.")
	}
	path, ok := splitKey(key)
	if !ok {
		return invalidRequest("Invalid parameter name: " + key)
	}
	node := v
	for at, name := range path {
		node = node.descend(name, path[at+1:])
	}
	node.text, node.given = text, true
	return nil
}

// splitKey cuts "a[b][c]" into a, b, c; the empty brackets of a list give "".
func splitKey(key string) ([]string, bool) {
	base, rest, nested := strings.Cut(key, "[")
	path := append(make([]string, 0, 4), base)
	for nested {
		var name string
		var closed bool
		name, rest, closed = strings.Cut(rest, "]")
		if !closed || len(path) >= maxDepth {
			return nil, false
		}
		path = append(path, name)
		if rest == "" {
			break
		}
		if rest[0] != '[' {
			return nil, false
		}
		rest = rest[1:]
	}
	return path, base != ""
}

// descend finds or makes the child called name. The nameless child of a list
// is a new element, unless the last one still lacks the key that follows
// (items[][price]=…&items[][quantity]=… is one element).
func (v *values) descend(name string, rest []string) *values {
	if name == "" {
		if last := v.lastElement(); last != nil && len(rest) > 0 && last.child(rest[0]) == nil {
			return last
		}
	} else if found := v.child(name); found != nil {
		return found
	}
	node := &values{}
	v.names = append(v.names, name)
	v.nodes = append(v.nodes, node)
	return node
}

func (v *values) lastElement() *values {
	if n := len(v.names); n > 0 && v.names[n-1] == "" {
		return v.nodes[n-1]
	}
	return nil
}

// child is the node called name, or nil.
func (v *values) child(name string) *values {
	for at, have := range v.names {
		if have == name {
			return v.nodes[at]
		}
	}
	return nil
}

// isHash says whether anything is nested in the node.
func (v *values) isHash() bool { return len(v.nodes) > 0 }

// elements are the node's children as a list: a[0], a[1] by number and a[] in
// the order given.
func (v *values) elements() []*values {
	type numbered struct {
		index int
		node  *values
	}
	rows := make([]numbered, len(v.nodes))
	for at, name := range v.names {
		index, err := strconv.Atoi(name)
		if err != nil {
			index = at
		}
		rows[at] = numbered{index, v.nodes[at]}
	}
	sort.SliceStable(rows, func(a, b int) bool { return rows[a].index < rows[b].index })
	out := make([]*values, len(rows))
	for at, row := range rows {
		out[at] = row.node
	}
	return out
}

// fingerprint is the same for two requests that say the same in another order
// or encoding: it is what an idempotency key is compared by.
func (v *values) fingerprint() [sha256.Size]byte {
	return sha256.Sum256(v.canonical(nil))
}

func (v *values) canonical(out []byte) []byte {
	if v.given {
		out = strconv.AppendQuote(append(out, '='), v.text)
	}
	order := make([]int, len(v.names))
	for at := range order {
		order[at] = at
	}
	slices.SortStableFunc(order, func(a, b int) int { return strings.Compare(v.names[a], v.names[b]) })
	for _, at := range order {
		out = strconv.AppendQuote(append(out, '['), v.names[at])
		out = append(v.nodes[at].canonical(out), ']')
	}
	return out
}
