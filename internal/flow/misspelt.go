package flow

import (
	"maps"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/types"
)

// misspelt finds a key that an object is not known to have, where one that it
// has is written almost the same. Such objects may have more keys than are
// known: what is like none of them is let through.
func misspelt(root ast.Node, s scope) (wrong *flaw) {
	ast.Walk(&root, visit(func(n ast.Node) {
		m, isMember := n.(*ast.MemberNode)
		if !isMember || wrong != nil {
			return
		}
		name, isText := m.Property.(*ast.StringNode)
		of, isObject := typeIn(m.Node, s).(types.Map)
		if !isText || !isObject || of[name.Value] != nil || of[types.Extra] == nil {
			return
		}
		if meant := almost(name.Value, of); meant != "" {
			wrong = &flaw{at: m.Property.Location().From, text: "unknown field " + name.Value, remedy: "did you mean " + meant + "?"}
		}
	}))
	return wrong
}

// almost is the key of which a name differs in one letter, or in two when it is
// long enough for that to be no coincidence.
func almost(name string, of types.Map) string {
	most := 1
	switch {
	case len(name) < 4:
		return ""
	case len(name) > 5:
		most = 2
	}
	for _, known := range slices.Sorted(maps.Keys(of)) {
		if known != types.Extra && distance(strings.ToLower(name), strings.ToLower(known), most+1) <= most {
			return known
		}
	}
	return ""
}
