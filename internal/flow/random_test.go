package flow_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"florin/internal/flow"
)

// author writes random flows that are right.
type author struct {
	t     *rapid.T
	steps int
	text  strings.Builder
}

// write is a whole document.
func (a *author) write() string {
	a.text.WriteString("flow: random\non: manual\nsteps:\n")
	a.list(1, 0)
	return a.text.String()
}

func (a *author) line(indent int, format string, args ...any) {
	a.text.WriteString(strings.Repeat("  ", indent) + fmt.Sprintf(format, args...) + "\n")
}

func (a *author) list(indent, depth int) {
	for range rapid.IntRange(1, 3).Draw(a.t, "steps of a list") {
		a.step(indent, depth)
	}
}

func (a *author) step(indent, depth int) {
	a.steps++
	kinds := []string{"do", "do", "do", "wait", "fail"}
	if depth < 2 && a.steps < 20 {
		kinds = append(kinds, "if", "for_each", "parallel", "parallel")
	}
	id := fmt.Sprintf("s%d", a.steps)
	a.line(indent, "- id: %s", id)
	switch rapid.SampledFrom(kinds).Draw(a.t, "kind") {
	case "do":
		a.line(indent, "  do: http.request\n%s  with: { url: 'http://%s' }", strings.Repeat("  ", indent), id)
		if rapid.Bool().Draw(a.t, "undo") {
			a.line(indent, "  undo: { do: http.request, with: { url: 'http://undo/${string(steps.%s.status)}' } }", id)
		}
	case "wait":
		a.line(indent, "  wait: %dm", rapid.IntRange(1, 90).Draw(a.t, "minutes"))
	case "fail":
		a.line(indent, "  if: run.attempt > 1\n%s  then: [fail: no]", strings.Repeat("  ", indent))
	case "if":
		a.line(indent, "  if: %t", rapid.Bool().Draw(a.t, "condition"))
		a.line(indent, "  then:")
		a.list(indent+2, depth+1)
	case "for_each":
		a.line(indent, "  for_each: 1..%d", rapid.IntRange(1, 4).Draw(a.t, "items"))
		a.line(indent, "  parallel: %d", rapid.IntRange(1, 3).Draw(a.t, "at once"))
		a.line(indent, "  steps:")
		a.list(indent+2, depth+1)
	case "parallel":
		a.line(indent, "  parallel:")
		for range rapid.IntRange(1, 3).Draw(a.t, "branches") {
			a.line(indent+1, "-")
			a.list(indent+2, depth+1)
		}
	}
	switch rapid.SampledFrom([]string{"", "", "continue", "steps"}).Draw(a.t, "on_error") {
	case "continue":
		a.line(indent, "  on_error: continue")
	case "steps":
		a.steps++
		a.line(indent, "  on_error: [{ id: s%d, do: list-charges }]", a.steps)
	}
}

// world gives every task a result that depends on the task alone.
type world struct {
	fails    map[string]bool
	duration map[string]time.Duration
	order    func(n int) int // which of the ready tasks ends first
}

// live runs a flow to its end; a task ends some time after it was ready,
// whatever the order in which its result is told.
func (w *world) live(t *rapid.T, f *flow.Flow) (flow.State, flow.Ending) {
	s := flow.State{Results: map[string]flow.Result{}, Now: morning, Run: flow.RunInfo{ID: "r", Attempt: 1, Started: morning}}
	for turn := 0; ; turn++ {
		require.Less(t, turn, 5000, "every run ends")
		plan := f.Next(s)
		if plan.Ended != nil {
			require.Empty(t, plan.Ready)
			return s, *plan.Ended
		}
		if len(plan.Ready) == 0 {
			require.True(t, plan.WaitUntil.After(s.Now), "what does not end has something to do or to wait for")
			s.Now = plan.WaitUntil
			continue
		}
		task := plan.Ready[w.order(len(plan.Ready))]
		s.Results[task.Path] = w.result(task)
	}
}

// result is the same for a task in every life.
func (w *world) result(task flow.Task) flow.Result {
	r := flow.Result{Attempts: 1, At: morning.Add(w.duration[task.Path]), Output: json.RawMessage(`{"status":200,"data":[]}`)}
	if w.fails[task.Path] {
		r.Output, r.Failure = nil, &flow.Failure{Code: "declined", Message: task.Path}
	}
	return r
}

func randomWorld(t *rapid.T, f *flow.Flow) *world {
	w := &world{fails: map[string]bool{}, duration: map[string]time.Duration{}}
	seed := rapid.Uint64().Draw(t, "seed")
	w.order = func(int) int { return 0 }
	odds := rapid.Uint64Range(0, 5).Draw(t, "failures of 20")
	for _, path := range paths(f.Steps, "") {
		for _, p := range []string{path, "undo/" + path} {
			seed = seed*6364136223846793005 + 1442695040888963407
			w.fails[p], w.duration[p] = (seed>>33)%20 < odds, time.Duration((seed>>40)%7200)*time.Second
		}
	}
	return w
}

// paths are those of all tasks that a flow may ever have.
func paths(steps []*flow.Step, prefix string) []string {
	var all []string
	for _, s := range steps {
		all = append(all, prefix+s.ID)
		for _, b := range s.Branches {
			if s.Kind != flow.KindForEach {
				all = append(all, paths(b.Steps, prefix)...)
				continue
			}
			for i := range 4 {
				all = append(all, paths(b.Steps, fmt.Sprintf("%s%s[%d].", prefix, s.ID, i))...)
			}
		}
		all = append(all, paths(s.Handlers(), prefix)...)
	}
	return all
}

func TestTheOrderOfResultsDoesNotChangeTheEnd(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := parse(t, (&author{t: t}).write())
		w := randomWorld(t, f)
		firstState, firstEnd := w.live(t, f)
		w.order = func(n int) int { return n - 1 }
		lastState, lastEnd := w.live(t, f)
		require.Equal(t, firstEnd, lastEnd)
		require.Equal(t, firstState.Results, lastState.Results, "the same was done")
		w.order = func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "next") }
		_, anyEnd := w.live(t, f)
		require.Equal(t, firstEnd, anyEnd)
	})
}

func TestUndoTakesBackExactlyWhatWasDoneInReverse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := parse(t, (&author{t: t}).write())
		w := randomWorld(t, f)
		s, end := w.live(t, f)
		var want, got []string
		for path, result := range s.Results {
			step, isUndo := stepOf(f.Steps, path), strings.HasPrefix(path, "undo/")
			if !isUndo && step.Undo != nil && result.Failure == nil {
				want = append(want, path)
			}
			if isUndo && end.Failure == nil {
				t.Fatal("nothing is taken back in a run that succeeded")
			}
		}
		if got = slices.Concat(end.Undone, end.Stuck); end.Failure == nil {
			require.Empty(t, got)
			return
		}
		require.ElementsMatch(t, want, got)
		for _, list := range [][]string{end.Undone, end.Stuck} {
			require.True(t, slices.IsSortedFunc(list, func(a, b string) int { return s.Results[b].At.Compare(s.Results[a].At) }), "the latest first")
		}
		for _, path := range end.Stuck {
			require.NotNil(t, s.Results["undo/"+path].Failure)
		}
	})
}

func TestAReplayFromAnyPrefixGivesTheSamePlan(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		source := (&author{t: t}).write()
		f, again := parse(t, source), parse(t, source)
		s, _ := randomWorld(t, f).live(t, f)
		kept := map[string]flow.Result{}
		for path, result := range s.Results {
			if rapid.Bool().Draw(t, path) {
				kept[path] = result
			}
		}
		s.Results = kept
		plan := f.Next(s)
		raw, err := json.Marshal(s)
		require.NoError(t, err)
		var elsewhere flow.State
		require.NoError(t, json.Unmarshal(raw, &elsewhere))
		require.Equal(t, plan, again.Next(elsewhere), "what was written down and read elsewhere says the same")
		require.Equal(t, plan, f.Next(s), "and it is not changed by being looked at")
	})
}

// stepOf is the step that a task's path names.
func stepOf(steps []*flow.Step, path string) *flow.Step {
	id := path[strings.LastIndexAny(path, "./")+1:]
	for _, s := range steps {
		if s.ID == id {
			return s
		}
		inside := [][]*flow.Step{s.Handlers()}
		for _, b := range s.Branches {
			inside = append(inside, b.Steps)
		}
		for _, list := range inside {
			if found := stepOf(list, path); found != nil {
				return found
			}
		}
	}
	return nil
}
