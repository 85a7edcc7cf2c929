package flow

import (
	"strconv"
	"strings"
)

// Anew tells which steps of a run are to be done again when one of them is: the
// one that from names, what stands in it, and all that comes after it. What runs
// beside it, in another branch or another round of a loop that takes several at
// once, is left alone. from is a path, or the id of a step, which means the step
// in every round of the loops that it stands in.
func (f *Flow) Anew(from string) func(path string) bool {
	first, rounds := trail(f.Steps, idOf(from)), roundsOf(from)
	return func(path string) bool {
		return follows(first, trail(f.Steps, idOf(path)), func(loop *Step) (apart, later bool) {
			at := roundsOf(path)[loop.ID]
			begin, named := rounds[loop.ID]
			inTurn := loop.parallel <= 1
			if !named && !inTurn {
				return false, false
			}
			return at != begin, inTurn && at > begin
		})
	}
}

// spot is one step on the way to another that stands in it.
type spot struct {
	step   *Step
	place  int // in its list
	branch int // that leads on; len(step.Branches) is what on_error does
}

// trail is the way to the step of an id, from the outside in.
func trail(steps []*Step, id string) []spot {
	for place, step := range steps {
		if step.ID == id {
			return []spot{{step, place, 0}}
		}
		for i := range len(step.Branches) + 1 {
			inner := step.onErrorDo
			if i < len(step.Branches) {
				inner = step.Branches[i].Steps
			}
			if rest := trail(inner, id); rest != nil {
				return append([]spot{{step, place, i}}, rest...)
			}
		}
	}
	return nil
}

// follows reports whether what a second trail leads to comes after the end of
// the first one, or stands in it. round tells of a loop that both go into whether
// they do so in different rounds, and whether the second one's is later.
func follows(first, second []spot, round func(loop *Step) (apart, later bool)) bool {
	for i, from := range first {
		if i == len(second) {
			return false // it stands around the first
		}
		to := second[i]
		switch last := i == len(first)-1; {
		case from.place != to.place:
			return to.place > from.place
		case last:
			return true
		case i == len(second)-1:
			return false
		case from.branch != to.branch:
			return to.branch == len(to.step.Branches)
		}
		if from.step.Kind != KindForEach || from.branch == len(from.step.Branches) {
			continue
		}
		if apart, later := round(from.step); apart {
			return later
		}
	}
	return false
}

// idOf is the id of the step that a path leads to: each[3].copy leads to copy.
func idOf(path string) string {
	id := path[strings.LastIndexByte(path, '.')+1:]
	name, _, _ := strings.Cut(id, "[")
	return name
}

// roundsOf is which round of each loop a path goes into, from 0.
func roundsOf(path string) map[string]int {
	rounds := map[string]int{}
	for part := range strings.SplitSeq(path, ".") {
		loop, index, is := strings.Cut(strings.TrimSuffix(part, "]"), "[")
		if n, err := strconv.Atoi(index); is && err == nil {
			rounds[loop] = n
		}
	}
	return rounds
}
