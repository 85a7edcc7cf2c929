package flow_test

import (
	"encoding/json"
	"errors"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/flow"
)

// worth is what an expression gives for a trigger, as JSON.
func worth(t *testing.T, text, trigger string) flow.Ending {
	t.Helper()
	f := parse(t, "flow: a\non: manual\nvars: {n: 5}\nsteps:\n  - set: {x: 1}\noutput: "+strconv.Quote(text))
	plan := f.Next(flow.State{
		Trigger: json.RawMessage(trigger), Now: morning, Run: flow.RunInfo{ID: "run_1", Attempt: 2, Started: morning},
	})
	require.NotNil(t, plan.Ended)
	return *plan.Ended
}

func TestWhatExpressionsGive(t *testing.T) {
	t.Parallel()
	const trigger = `{"id":"ch_1","amount":1050,"rate":0.5,"big":9007199254740993,"list":[{"v":1},{"v":2}],"none":null,"created":1767225600,"meta":{"b":2,"a":1}}`
	for text, want := range map[string]string{
		"${trigger.amount}":                  `1050`,
		"${trigger.big}":                     `9007199254740993`,
		"a ${trigger.amount}":                `"a 1050"`,
		"${trigger.list}":                    `[{"v":1},{"v":2}]`,
		"of ${trigger.list[1]}":              `"of {\"v\":2}"`,
		"${trigger.none.deeper.still}":       `null`,
		"${trigger.id.not.an.object}":        `null`,
		"${trigger.list[7].v}":               `null`,
		"${trigger.list[-1].v}":              `2`,
		"${trigger?.nothing?.there}":         `null`,
		"[${trigger.none}]":                  `"[]"`,
		"$${trigger.id}":                     `"${trigger.id}"`,
		"$${a} ${trigger.id}":                `"${a} ch_1"`,
		"${trigger.none == null}":            `true`,
		"${trigger.none == 5}":               `false`,
		"${trigger.none ?? 7}":               `7`,
		"${default(trigger.none, \"x\")}":    `"x"`,
		"${money(trigger.amount, \"usd\")}":  `"10.50"`,
		"${money(trigger.amount, \"jpy\")}":  `"1050"`,
		"${money(trigger.amount, \"KWD\")}":  `"1.050"`,
		"${money(-5, \"eur\")}":              `"-0.05"`,
		"${minor_units(\"10.50\", \"usd\")}": `1050`,
		"${minor_units(\"10\", \"jpy\")}":    `10`,
		"${trigger.amount * 2 + 1}":          `2101`,
		"${trigger.amount * trigger.rate}":   `525`,
		"${sum(map(trigger.list, #.v))}":     `3`,
		"${filter(trigger.list, .v > 1)}":    `[{"v":2}]`,
		"${upper(trigger.id)}":               `"CH_1"`,
		"${json(trigger.meta)}":              `"{\"a\":1,\"b\":2}"`,
		"${keys(trigger.meta)}":              `["a","b"]`,
		"${values(trigger.meta)}":            `[1,2]`,
		"${hash(\"a\")}":                     `"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"`,
		"${format_time(trigger.created, \"%F %H:%M\", \"Europe/Berlin\")}": `"2026-01-01 01:00"`,
		"${unix(\"2026-01-01\")}":                 `1767225600`,
		"${run.id + \"/\" + string(run.attempt)}": `"run_1/2"`,
		"${run.now}": `"2026-01-01T09:00:00Z"`,
		"${vars.n}":  `5`,
		"${ {\"a\": \"}\", 'b': trigger.amount} }":       `{"a":"}","b":1050}`,
		"${replace(trigger.id, \"ch_\", \"\")}":          `"1"`,
		"${1..3}":                                        `[1,2,3]`,
		"${trigger.amount > 1000 ? \"big\" : \"small\"}": `"big"`,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			end := worth(t, text, trigger)
			require.Nil(t, end.Failure)
			assert.Equal(t, want, string(end.Output))
		})
	}
}

func TestExpressionsFailWithASentence(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"${trigger.none > 1}":                      `invalid operation: null > int`,
		"${money(1.5, \"usd\")}":                   `a whole number of minor units is needed, not "1.5"`,
		"${money(1, trigger.id)}":                  `"ch_1" is not a currency`,
		"${format_time(trigger.id, \"%F\")}":       `"ch_1" is not a time`,
		"${format_time(1, \"%Q\")}":                `%Q is not a part of a time`,
		"${format_time(1, \"%F\", \"Mars\")}":      `"Mars" is not a time zone`,
		"${int(trigger.id)}":                       `invalid operation`,
		"${flatten(map(1..1000, map(1..900, 1)))}": `memory budget exceeded`,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			end := worth(t, text, `{"id":"ch_1"}`)
			require.NotNil(t, end.Failure)
			assert.Equal(t, flow.CodeExpression, end.Failure.Code)
			assert.Contains(t, end.Failure.Message, want)
		})
	}
}

func TestHashIsOfWhatADocumentMeans(t *testing.T) {
	t.Parallel()
	yaml := parse(t, "# a comment\nflow: a\non: manual\nsteps:\n  - do: list-charges\n    with: {limit: 5}\n")
	asJSON := parse(t, `{"on": "manual", "flow": "a", "steps": [{"with": {"limit": 5}, "do": "list-charges"}]}`)
	other := parse(t, `{"on": "manual", "flow": "a", "steps": [{"with": {"limit": 6}, "do": "list-charges"}]}`)
	assert.Equal(t, yaml.Hash(), asJSON.Hash())
	assert.NotEqual(t, yaml.Hash(), other.Hash())
}

func TestASampleIsHeldAgainstTheTriggersSchema(t *testing.T) {
	t.Parallel()
	f := parse(t, "flow: a\non: new-charge\nsteps: [do: list-charges]")
	require.NoError(t, f.CheckTrigger(triggers[0].Sample))
	assert.EqualError(t, f.CheckTrigger(json.RawMessage(`{"id":"ch_1"}`)), "1:1: trigger.amount: it is missing; add amount: …")
	assert.ErrorContains(t, f.CheckTrigger(json.RawMessage(`{"id":"ch_1","amount":"much"}`)), "trigger: ")
	manual := parse(t, "flow: a\non: {manual: {input: {type: object, required: [id], properties: {id: {type: string}}}}}\nsteps: [fail: \"${trigger.id}\"]")
	assert.EqualError(t, f.CheckTrigger(json.RawMessage(`null`)), "1:1: trigger: nothing is not a group of keys; start the run with what the trigger would bring")
	require.NoError(t, manual.CheckTrigger(json.RawMessage(`{"id":"x"}`)))
	require.Error(t, manual.CheckTrigger(json.RawMessage(`{}`)))
}

// FuzzParse throws documents at the reader: it never panics, and each problem
// has a place and says something.
func FuzzParse(f *testing.F) {
	f.Add(bigCharges)
	f.Add("flow: &a [*a, {on: *a}]\n? x\n: - |\n  ${")
	f.Add("{\"flow\": \"a\", \"on\": {\"schedule\": {\"cron\": \"@daily\"}}, \"steps\": [{\"wait\": {\"until\": \"trigger.time\"}}]}")
	f.Add("flow: a\non: manual\nsteps:\n  - switch: trigger.x\n    cases: {1: [call: b], true: [set: {y: !!int 5}]}\n  - parallel: [[wait: 3d]]\n")
	f.Fuzz(func(t *testing.T, source string) {
		fl, err := flow.Parse([]byte(source), catalogue{})
		if err == nil {
			fl.Graph()
			fl.Next(flow.State{Now: morning})
			return
		}
		var problems flow.Problems
		if !errors.As(err, &problems) || len(problems) == 0 {
			t.Fatalf("%v", err)
		}
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 || p.Text == "" {
				t.Fatalf("%+v has no place or no text", p)
			}
		}
	})
}

// FuzzExpression throws expressions at the compiler and what it makes of them
// at values: both end, and neither panics.
func FuzzExpression(f *testing.F) {
	for _, text := range []string{
		"trigger.amount > 1", "map(1..9, map(1..9, # * 2))", "money(trigger.a, 'usd') + json(trigger)", "trigger.list[trigger.n:].x.y", "{'a': [1, -2, 3.5]}.a[1]",
		"trigger.list | filter(.v > 1) | len()", "'a' matches trigger.id", "date('2026-01-01') + duration('1h')", "sortBy(trigger.list, .v)", "let x = 1; x", "9 ** 9 ** 9",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		fl, err := flow.Parse(mustDocument(text), catalogue{})
		if err != nil {
			return
		}
		trigger := json.RawMessage(`{"amount":5,"id":"ch_1","list":[{"v":1},{"v":null},{"v":"x"}],"n":1,"a":12}`)
		one := fl.Next(flow.State{Trigger: trigger, Now: morning})
		two := fl.Next(flow.State{Trigger: trigger, Now: morning})
		assert.Equal(t, one, two, "the same text gives the same every time")
	})
}

func mustDocument(text string) []byte {
	raw, _ := json.Marshal(map[string]any{"flow": "a", "on": "manual", "output": "${" + text + "}", "steps": []any{map[string]any{"set": map[string]any{"x": 1}}}})
	return raw
}
