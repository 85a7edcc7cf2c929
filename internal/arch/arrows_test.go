package arch_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// arrows are the rooms that each room may import: the drawing in
// docs/design.md, "Arrows point one way". A room that is not built yet may
// have its row already.
var arrows = map[string][]string{
	"cmd/florin": {"cli"},

	"pay":       {},
	"clock":     {},
	"telemetry": {},
	"config":    {"pay"},
	"seal":      {"pay"},

	"stripe":    {"pay", "clock", "telemetry"},
	"webhook":   {"pay", "clock", "telemetry"},
	"web":       {"webhook", "pay", "clock", "telemetry"},
	"database":  {"webhook", "pay", "clock", "telemetry"},
	"export":    {"pay", "clock", "telemetry"},
	"mail":      {"webhook", "pay", "clock", "telemetry"},
	"flow":      {"pay"},
	"operation": {"stripe", "pay", "clock", "telemetry"},
	"sandbox":   {"clock"},

	"operation/operationtest": {"pay"},

	"store":            {"store/migrations", "pay", "clock", "telemetry"},
	"store/migrations": {},
	"store/sqlite":     {"store", "pay", "clock", "telemetry"},
	"store/postgres":   {"store", "pay", "clock", "telemetry"},
	"store/storetest":  {"store", "store/sqlite", "store/postgres", "pay", "clock", "pgtest"},

	"engine":            {"store", "pay", "clock", "telemetry"},
	"engine/automation": {"engine", "store", "flow", "pay", "clock", "telemetry"},
	"api":               {"engine", "engine/automation", "flow", "pay", "clock", "telemetry"},
	"dashboard":         {"engine", "pay", "clock", "telemetry"},
	"mcp":               {"engine", "pay", "clock", "telemetry"},
	"conductor":         {"engine", "pay", "clock", "telemetry"},
	"temporal":          {"engine", "engine/automation", "flow", "pay", "clock", "telemetry"},
	"app": {
		"api", "dashboard", "mcp", "conductor", "temporal", "engine", "engine/automation", "flow", "store", "store/sqlite", "store/postgres",
		"stripe", "webhook", "web", "database", "export", "mail", "operation", "sandbox", "seal", "config", "telemetry", "clock", "pay",
	},

	"app/apptest": {"app", "config", "pgtest"},

	"client":   {},
	"scenario": {"client"},
	"load":     {"client"},
	"prove":    {"client"},
	"cli":      {"app", "config", "client", "scenario", "load", "prove", "telemetry", "clock", "pay"},

	"arch":                 {},
	"e2e":                  {},
	"pgtest":               {},
	"tools/testenv":        {"pgtest"},
	"tools/temporalserver": {},
}

// testRooms are imported by tests, and by each other where arrows says so.
var testRooms = []string{"pgtest", "app/apptest", "store/storetest", "operation/operationtest", "arch", "e2e"}

// vagueNames say nothing about what is inside, so everything ends up there.
var vagueNames = []string{"util", "utils", "common", "helper", "helpers", "model", "models", "base", "misc", "shared", "types"}

// testArrows are what the tests of a room may never import, though tests may
// import much more than their room: the sandbox is a second reading of
// Stripe's documents, and e2e sees the program from outside.
var testArrows = map[string][]string{
	"sandbox": {"pay", "stripe", "engine", "store"},
	"e2e":     {"api", "engine", "store", "stripe", "operation"},
}

// outside are libraries that belong to a few rooms. The sandbox and the engine
// in particular know nothing of Stripe's client.
var outside = map[string][]string{
	"github.com/stripe/stripe-go": {"stripe", "operation"},
}

// checkArrows says what is wrong with the imports of a tree.
func checkArrows(sources []source) []string {
	var wrong []string
	for _, s := range sources {
		wrong = append(wrong, checkRoom(s)...)
		for _, imported := range s.imports() {
			if reason := checkImport(s, imported); reason != "" {
				wrong = append(wrong, fmt.Sprintf("%s imports %s: %s", s.path, imported, reason))
			}
		}
	}
	slices.Sort(wrong)
	return slices.Compact(wrong)
}

func checkRoom(s source) []string {
	var wrong []string
	for _, part := range strings.Split(s.room, "/") {
		if slices.Contains(vagueNames, part) || strings.HasSuffix(part, "util") || strings.HasSuffix(part, "utils") {
			wrong = append(wrong, s.room+": a room named "+part+" says nothing about what is in it")
		}
	}
	if _, ok := arrows[s.room]; !ok {
		wrong = append(wrong, s.room+": a room without a row in the table of arrows")
	}
	if s.room == "e2e" && !s.isTest() && len(s.file.Decls) > 0 {
		wrong = append(wrong, s.path+": e2e holds tests only")
	}
	return wrong
}

// checkImport is why a file may not import something, or "".
func checkImport(s source, imported string) string {
	room, ours := strings.CutPrefix(imported, module+"/")
	room = strings.TrimPrefix(room, "internal/")
	switch {
	case s.isTest() && ours:
		return checkTestImport(s, room)
	case s.isTest():
		return ""
	case ours && room == s.room:
		return "a room that imports itself"
	case ours && slices.Contains(testRooms, room) && !slices.Contains(arrows[s.room], room):
		return room + " is for tests"
	case ours && !slices.Contains(arrows[s.room], room):
		return "no arrow points from " + s.room + " to " + room
	case ours:
		return ""
	}
	return checkLibrary(s, imported)
}

func checkTestImport(s source, room string) string {
	for _, denied := range testArrows[s.room] {
		if room == denied || strings.HasPrefix(room, denied+"/") {
			return "tests of " + s.room + " must not know " + denied
		}
	}
	return ""
}

func checkLibrary(s source, imported string) string {
	first, _, _ := strings.Cut(imported, "/")
	if s.room == "pay" && strings.Contains(first, ".") {
		return "pay imports the standard library only"
	}
	for library, rooms := range outside {
		if strings.HasPrefix(imported, library) && !slices.Contains(rooms, s.room) {
			return "only " + strings.Join(rooms, " and ") + " may import it"
		}
	}
	return ""
}

func TestArrowsPointOneWay(t *testing.T) {
	t.Parallel()
	for _, wrong := range checkArrows(house(t)) {
		t.Error(wrong)
	}
}

func TestTheTableHasNoCircleAndNamesRoomsOnly(t *testing.T) {
	t.Parallel()
	for room := range arrows {
		assert.NotContains(t, reach(room, len(arrows)), room, "a circle through %s", room)
		for _, target := range arrows[room] {
			assert.Contains(t, arrows, target, "%s points at a room without a row", room)
		}
	}
	for _, never := range [][2]string{
		{"engine", "stripe"}, {"api", "store"}, {"dashboard", "store"}, {"mcp", "store"}, {"sandbox", "pay"}, {"sandbox", "stripe"},
		{"scenario", "engine"}, {"load", "engine"}, {"prove", "store"}, {"store", "engine"}, {"pay", "clock"},
	} {
		assert.NotContains(t, arrows[never[0]], never[1], "docs/design.md forbids this arrow")
	}
}

// reach is every room that can be reached in so many steps.
func reach(room string, steps int) []string {
	var reached []string
	for frontier := arrows[room]; steps > 0 && len(frontier) > 0; steps-- {
		var next []string
		for _, target := range frontier {
			if !slices.Contains(reached, target) {
				reached = append(reached, target)
				next = append(next, arrows[target]...)
			}
		}
		frontier = next
	}
	return reached
}
