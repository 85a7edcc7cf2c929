package flow_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/flow"
)

// problemsOf are what Parse finds, one line each.
func problemsOf(t *testing.T, source string) string {
	t.Helper()
	_, err := flow.Parse([]byte(source), catalogue{})
	require.Error(t, err)
	var problems flow.Problems
	require.ErrorAs(t, err, &problems)
	return problems.Error()
}

func TestAllProblemsAreToldAtOnceAtTheirPlaces(t *testing.T) {
	t.Parallel()
	assert.Equal(t, strings.TrimSpace(`
1:7: flow: "Big Charges" is not a name of a flow; use small letters, digits and -, 63 at most, such as big-charges
2:1: descripton: "descripton" is not known here; did you mean description?
4:23: on["new-charge"].every: 5s is too short; the least is 15s
4:35: on["new-charge"].status: "succeded" is not one of the values; did you mean succeeded?
5:36: when: unknown field amout in "trigger.id != '' && trigger.amout > 100"; did you mean amount?
8:9: steps[0].do: there is no action "create-refnd"; did you mean create-refund?
9:5: steps[0].retyr: "retyr" is not known here; did you mean retry?
10:9: steps[1].id: another step has the id one, in line 7; choose another
12:11: steps[1].with: the input charge_id is missing; add charge_id: …
12:13: steps[1].with.chargeid: there is no input "chargeid"; did you mean charge_id?
12:39: steps[1].with.amount: "trigger.currency" is a text, and a whole number is needed; use int(…)
14:15: steps[2].if: step later (line 17) cannot be seen from here; refer to steps that come before on the way to this one; of a for_each, to its own id: the list of its results
14:33: steps[2].if: there is no step "lter"; did you mean later?`), problemsOf(t, `flow: Big Charges
descripton: none
on:
  new-charge: {every: 5s, status: succeded}
when: "trigger.id != '' && trigger.amout > 100"
steps:
  - id: one
    do: create-refnd
    retyr: 3
  - id: one
    do: create-refund
    with: { chargeid: "ch_1", amount: "${trigger.currency}" }

  - if: steps.later.id == steps.lter.id
    then: [ do: list-charges ]

  - id: later
    do: create-refund
    with: { charge_id: "x" }
`))
}

func TestEveryProblemHasItsPlaceAndRemedy(t *testing.T) {
	t.Parallel()
	head := "flow: a\non: new-charge\nsteps:\n"
	for name, c := range map[string]struct{ source, want string }{
		"empty":             {"", `1:1: the document is empty; begin with flow: and a name`},
		"not yaml":          {"flow: [", `1:7: this is not YAML: sequence end token ']' not found; check indentation, quotes and brackets`},
		"nothing needed":    {"flow: a", "1:1: on is missing; add on: at the top\n1:1: steps is missing; add steps: at the top"},
		"twice":             {head + "  - do: list-charges\nflow: b", `5:1: flow: "flow" is here twice; the first is in line 1; keep one of them`},
		"two documents":     {head + "  - do: list-charges\n---\nflow: b", `6:1: a second document begins here; keep one flow in a file (this is document 2)`},
		"no steps":          {"flow: a\non: manual\nsteps: []", `3:8: steps: there is no step; add one, such as - do: get-balance`},
		"unknown trigger":   {"flow: a\non: new-chrge\nsteps: [do: list-charges]", `2:5: on: there is no trigger "new-chrge"; did you mean new-charge?`},
		"bad cron":          {"flow: a\non: { schedule: { cron: \"61 * * * *\" } }\nsteps: [do: list-charges]", `2:25: on.schedule.cron: "61 * * * *" is not a cron expression: end of range (61) above maximum (59): 61; write minute, hour, day, month and weekday, such as "0 9 * * MON"`},
		"impossible cron":   {"flow: a\non: { schedule: { cron: \"0 0 31 2 *\" } }\nsteps: [do: list-charges]", `2:25: on.schedule.cron: "0 0 31 2 *" never comes; check day and month`},
		"bad zone":          {"flow: a\non: { schedule: { cron: \"@daily\", zone: Mars/Base } }\nsteps: [do: list-charges]", `2:41: on.schedule.zone: "Mars/Base" is not a time zone; write one such as Europe/Berlin`},
		"bad start":         {"flow: a\non: { new-charge: { start: soon } }\nsteps: [do: list-charges]", `2:28: on["new-charge"].start: "soon" is not a beginning; write now, a date such as 2026-01-31, or last 7 days`},
		"no kind":           {head + "  - id: a", `4:5: steps[0]: the step does nothing; add do: and the name of an action, or one of if, switch, for_each, parallel, wait, call, fail, set`},
		"two kinds":         {head + "  - do: list-charges\n    fail: no", `4:5: steps[0]: the step is several at once: do and fail; make a step of each`},
		"syntax":            {head + "  - if: trigger.amount >\n    then: [do: list-charges]", `4:24: steps[0].if: unexpected token EOF in "trigger.amount >"; operators and functions are listed in docs/flows.md`},
		"types":             {head + "  - if: trigger.amount > trigger.id\n    then: [do: list-charges]", `4:24: steps[0].if: invalid operation: > (mismatched types int and string) in "trigger.amount > trigger.id"; convert with int(…), float(…) or string(…), or give a value for null: x ?? 0`},
		"not a condition":   {head + "  - if: trigger.amount\n    then: [do: list-charges]", `4:9: steps[0].if: if is true or false, and "trigger.amount" is not; compare it with something`},
		"unknown name":      {head + "  - if: triger.amount > 1\n    then: [do: list-charges]", `4:9: steps[0].if: unknown name triger in "triger.amount > 1"; did you mean trigger?`},
		"not a list":        {head + "  - for_each: trigger.amount\n    steps: [do: list-charges]", `4:15: steps[0].for_each: "trigger.amount" is not a list; name a list, such as steps.found.data`},
		"loop without end":  {head + "  - for_each: trigger.object.items\n    limit: 1000000\n    steps: [do: list-charges]", `5:12: steps[0].limit: this must be a whole number; write one from 1 to 10000`},
		"set in a loop":     {head + "  - for_each: trigger.object.items\n    steps: [set: {a: 1}]", `5:18: steps[0].steps[0].set: set cannot stand within for_each or parallel: the order would decide; use the list of results: sum(map(steps.<id>, #.amount))`},
		"open expression":   {head + "  - fail: \"a ${trigger.id\"", `4:11: steps[0].fail: ${ is not closed; write } behind the expression, or $${ for the characters themselves`},
		"range":             {head + "  - for_each: 1..1000000\n    steps: [do: list-charges]", `4:16: steps[0].for_each: a range has two whole numbers, and at most 1000 between them; write 1..12, or use a list`},
		"no clock":          {head + "  - fail: \"${now()}\"", `4:14: steps[0].fail: now is not a function here; use run.now`},
		"other branch":      {head + "  - parallel:\n    - [{id: a, do: list-charges}]\n    - [{id: b, fail: \"${string(steps.a.has_more)}\"}]", `6:38: steps[0].parallel[1][0].fail: step a (line 5) cannot be seen from here; refer to steps that come before on the way to this one; of a for_each, to its own id: the list of its results`},
		"calls itself":      {head + "  - call: a", `4:11: steps[0].call: the flow calls itself and would never end; use for_each, or another flow`},
		"wait":              {head + "  - wait: 5 minutes", `4:11: steps[0].wait: this is not a length of time; write it as 30s, 10m, 2h, 1h30m or 3d`},
		"on_error":          {head + "  - do: list-charges\n    on_error: contine", `5:15: steps[0].on_error: "contine" is not an answer to an error; did you mean continue?`},
		"wrong constant":    {head + "  - do: list-charges\n    with: {limit: ten}", `5:19: steps[0].with.limit: here is a text, and a whole number is needed; write a whole number`},
		"bound":             {head + "  - do: list-charges\n    with: {limit: 101}", `5:19: steps[0].with.limit: 101 is out of bounds; write a number from 1 to 100`},
		"text for a number": {head + "  - do: list-charges\n    with: {limit: \"1${trigger.amount}\"}", `5:19: steps[0].with.limit: a text with ${…} in it is a text, and a whole number is needed; write the ${…} alone`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, c.want, problemsOf(t, c.source))
		})
	}
}

func TestLimitsOfADocument(t *testing.T) {
	t.Parallel()
	assert.Contains(t, problemsOf(t, strings.Repeat("#", flow.MaxSource+1)), "more than 262144")
	assert.Contains(t, problemsOf(t, "flow: a\non: manual\nsteps:\n"+strings.Repeat("  - do: list-charges\n", flow.MaxSteps+1)), "more than 200 steps")
	deep := "flow: a\non: manual\nsteps: [do: list-charges"
	for range flow.MaxDepth {
		deep = strings.Replace(deep, "do: list-charges", "{if: true, then: [do: list-charges]}", 1)
	}
	assert.Contains(t, problemsOf(t, deep+"]"), "deep in each other")
	bomb := "flow: &a0 [x]\n"
	for i := range 12 {
		bomb += fmt.Sprintf("k%d: &a%d [%s]\n", i, i+1, strings.Repeat(fmt.Sprintf("*a%d,", i), 9))
	}
	assert.Contains(t, problemsOf(t, bomb), "more than 20000 values")
}
