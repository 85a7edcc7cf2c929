package automation_test

import (
	"net/http"
	"testing"
	"time"

	"pgregory.net/rapid"

	"florin/internal/pay"
)

// TestEveryObjectStartsOneRun draws when objects are made, how late they show,
// where workers crash and when flows come and go, and demands that each flow
// runs once for each object made while it was there.
func TestEveryObjectStartsOneRun(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(t, databases["sqlite"](t))
		s := &story{w: w, due: map[string]time.Time{}}
		w.front.answers(s.crash)
		w.front.hideWhile(s.hidden)
		w.failWith(s.tear)
		flow := w.applies("new-charge", `{}`)
		expected := map[pay.ID]int{flow: 0} // from which of the objects on
		steps := rapid.IntRange(4, 14).Draw(r, "steps")
		for range steps {
			switch rapid.SampledFrom([]string{"make", "make", "pass", "pass", "late", "crash", "tear", "flow", "pause"}).Draw(r, "step") {
			case "make":
				s.made = append(s.made, w.charges(rapid.SampledFrom([]int{1, 2, 5, 30, 110}).Draw(r, "objects"))...)
			case "late":
				id := w.charges(1)[0]
				s.made = append(s.made, id)
				s.due[id] = w.clock.Now().Add(time.Duration(rapid.IntRange(1, 590).Draw(r, "seconds late")) * time.Second)
			case "pass":
				w.after(time.Duration(rapid.IntRange(1, 900).Draw(r, "seconds")) * time.Second)
			case "crash":
				s.crashIn = rapid.IntRange(1, 4).Draw(r, "pages")
			case "tear":
				s.tearIn = rapid.IntRange(1, 150).Draw(r, "objects")
			case "flow":
				w.pass(2 * time.Second) // whole seconds are all that Stripe tells apart
				expected[w.applies("new-charge", `{"every":"30s"}`)] = len(s.made)
			case "pause":
				w.pause(flow)
				w.after(time.Duration(rapid.IntRange(1, 7200).Draw(r, "seconds paused")) * time.Second)
				if _, err := w.resume(flow, pay.ResumeCatchUp); err != nil {
					r.Fatal(err)
				}
			}
		}
		w.pass(10 * time.Minute)
		s.crashIn, s.tearIn = 0, 0
		for range 12 {
			w.after(2 * time.Minute)
		}
		for each, from := range expected {
			missing, found := w.runs(each, s.made[from:])
			if len(missing) > 0 || found != int64(len(s.made)-from) {
				r.Fatalf("%s: %d objects, %d runs, none for %v", each, len(s.made)-from, found, missing)
			}
		}
	})
}

// story is what happens to a world.
type story struct {
	w       *world
	made    []string
	due     map[string]time.Time // when late objects show
	crashIn int                  // pages until the worker is gone
	tearIn  int                  // objects until it is gone within a transaction
}

func (s *story) hidden(id string) bool { return s.w.clock.Now().Before(s.due[id]) }

func (s *story) crash(*http.Request) (int, string) {
	if s.crashIn > 0 {
		if s.crashIn--; s.crashIn == 0 {
			panic(http.ErrAbortHandler)
		}
	}
	return 0, ""
}

func (s *story) tear(string) error {
	if s.tearIn > 0 {
		if s.tearIn--; s.tearIn == 0 {
			return errCrash
		}
	}
	return nil
}
