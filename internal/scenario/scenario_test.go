package scenario_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/app"
	"florin/internal/scenario"
)

// TestShippedStories plays every story that comes with the program, each on a
// stage of its own.
func TestShippedStories(t *testing.T) {
	t.Parallel()
	stories, err := scenario.Shipped()
	require.NoError(t, err)
	for _, story := range stories {
		t.Run(story.Name, func(t *testing.T) {
			t.Parallel()
			r := play(t, story)
			assert.True(t, r.OK(), told(r))
		})
	}
}

// play tells a story on a stage that ends with the test.
func play(t *testing.T, story scenario.Story) scenario.Result {
	t.Helper()
	stage, err := app.OpenStage(t.Context(), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	r, err := scenario.Play(t.Context(), scenario.Target{
		URL: stage.Server.URL(), Key: stage.Server.Key, Sandbox: stage.Server.Sandbox.URL(), StripeKey: stage.StripeKey,
		Run: "test", Advance: stage.Advance,
	}, story)
	assert.NoError(t, err)
	assert.NoError(t, stage.Close())
	return r
}

// told is how a story went, for a failure to show.
func told(r scenario.Result) string {
	var b strings.Builder
	for _, s := range r.Steps {
		fmt.Fprintf(&b, "line %d %s: %s %s\n", s.Step.Line, s.Step.Verb, s.Said, s.Problem)
	}
	for _, c := range r.Checks {
		fmt.Fprintf(&b, "%v %s: want %s, got %s\n", c.OK, c.What, c.Want, c.Got)
	}
	for _, f := range r.Flows {
		fmt.Fprintf(&b, "%s -> %s: %s %s\n", f.From, f.To, f.Amount, f.What)
	}
	return b.String()
}

// TestAWrongStoryIsCaught plants mistakes of each kind in a story that is right.
func TestAWrongStoryIsCaught(t *testing.T) {
	t.Parallel()
	right, err := scenario.Text("one-time-purchase")
	require.NoError(t, err)
	for name, mistake := range map[string]struct{ from, to, problem string }{
		"a fee":       {"fee: 0.59", "fee: 0.60", `fee is "0.59", not 0.60`},
		"a status":    {"status: completed", "status: failed", `status is "completed", not "failed"`},
		"no such":     {"pm_card_visa", "$nobody", `nothing was made as "nobody"`},
		"not refused": {"by: visitor", "by: visitor\n    error: card_declined", "it should have been refused with card_declined"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			story, err := scenario.Parse("wrong.yaml", []byte(strings.Replace(string(right), mistake.from, mistake.to, 1)))
			require.NoError(t, err)
			r := play(t, story)
			assert.False(t, r.OK())
			assert.Contains(t, told(r), mistake.problem)
		})
	}
}

func TestAFileThatIsNoStoryIsRefused(t *testing.T) {
	t.Parallel()
	for text, problem := range map[string]string{
		"steps: [":                            "wrong.yaml",
		"name: x":                             "wrong.yaml:1: a story needs steps",
		"name: x\nstep: []":                   `wrong.yaml:2: a story has no "step"; it has name,`,
		"steps:\n  - buy: {}":                 `wrong.yaml:2: there is no step "buy"; there are account, advance,`,
		"steps:\n  - pay: {}\n    refund: {}": "wrong.yaml:3: a step does one thing: pay or refund",
		"steps: [{mend: all}]\nexpect: {luck: much}": `wrong.yaml:2: a story expects events, mails and money, not "luck"`,
	} {
		_, err := scenario.Parse("wrong.yaml", []byte(text))
		require.ErrorContains(t, err, problem)
	}
}

func TestTheReportShowsWhoPaidWhom(t *testing.T) {
	t.Parallel()
	flows := []scenario.Flow{{From: "<b>ann</b>", To: "platform", Amount: 10_000, What: "charge"}, {From: "platform", To: "stripe", Amount: 590, What: "Stripe's fee"}}
	r := scenario.Result{Story: scenario.Story{Name: "x", Title: "A <b>tale</b>", Currency: "USD"}, Flows: flows}
	var b strings.Builder
	require.NoError(t, scenario.WriteReport(&b, []scenario.Result{r}))
	page := b.String()
	assert.Contains(t, page, "1 of 1 scenarios went as told")
	assert.Contains(t, page, "10.00 charge</text>")
	assert.Contains(t, page, "0.59 Stripe&#39;s fee</text>")
	assert.NotContains(t, page, "<b>", "names are written, never obeyed")
	assert.Empty(t, scenario.Picture(nil))
}
