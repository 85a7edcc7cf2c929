package flow_test

import (
	"encoding/json"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/jsonschema-go/jsonschema"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/flow"
)

// everything has a step of each kind, with every key that one can have.
const everything = `
flow: everything
description: All that can be written.
connection: stripe-test
concurrency: 2
on: { new-charge: { every: 1m, start: 2026-01-31, connection: other, status: failed } }
when: trigger.amount > 0 && trigger.currency in ["usd", "eur"]
vars: { total: 0 }
steps:
  - { id: found, do: list-charges, with: { limit: 10 }, connection: third, timeout: 5s, on_error: continue }
  - if: steps.found.has_more
    then: [set: { total: "${sum(map(steps.found.data, #.amount))}" }]
    else: [wait: 1d]
  - switch: trigger.currency
    cases: { usd: [wait: 2h], eur: [wait: { until: "2026-02-01" }] }
    default: [fail: "nobody pays in ${trigger.currency}"]
  - id: each
    for_each: steps.found.data
    as: charge
    limit: 100
    parallel: 4
    steps:
      - id: back
        do: create-refund
        with: { charge_id: "${charge.id}", amount: "${charge.amount}", metadata: { place: "at ${index}" } }
        retry: { attempts: 5, wait: 1s, factor: 1.5, most: 1m }
        undo: { do: http.request, with: { url: "http://x/${steps.back.id}" }, retry: { attempts: 2 }, timeout: 3s }
        on_error: [{ do: http.request, with: { url: "http://x/${error.code}" } }]
  - parallel:
      - [{ call: other, with: { id: "${trigger.id}" }, timeout: 3d }]
      - [do: list-charges]
output: { total: "${vars.total}", refunds: "${map(steps.each, #.status)}" }
`

// editorSchema is the schema, ready to be held against documents.
func editorSchema(t *testing.T) *jsonschema.Resolved {
	t.Helper()
	raw, err := flow.EditorSchema(catalogue{})
	require.NoError(t, err)
	var schema jsonschema.Schema
	require.NoError(t, json.Unmarshal(raw, &schema))
	resolved, err := schema.Resolve(nil)
	require.NoError(t, err)
	return resolved
}

// plainly is a document without its places.
func plainly(t *testing.T, source string) any {
	t.Helper()
	raw, err := yaml.YAMLToJSON([]byte(source))
	require.NoError(t, err)
	var v any
	require.NoError(t, json.Unmarshal(raw, &v))
	return v
}

func TestTheEditorTakesWhatTheReaderTakes(t *testing.T) {
	t.Parallel()
	schema := editorSchema(t)
	for _, source := range []string{bigCharges, everything} {
		parse(t, source)
		require.NoError(t, schema.Validate(plainly(t, source)))
	}
	for name, source := range map[string]string{
		"unknown action":  "flow: a\non: manual\nsteps: [do: create-refnd]",
		"unknown key":     "flow: a\non: manual\nsteps: [{do: list-charges, whit: {}}]",
		"unknown input":   "flow: a\non: manual\nsteps: [{do: list-charges, with: {limt: 1}}]",
		"missing input":   "flow: a\non: manual\nsteps: [{do: create-refund, with: {amount: 1}}]",
		"wrong type":      "flow: a\non: manual\nsteps: [{do: list-charges, with: {limit: ten}}]",
		"unknown trigger": "flow: a\non: {new-chrge: {}}\nsteps: [do: list-charges]",
		"no steps":        "flow: a\non: manual",
	} {
		assert.Error(t, schema.Validate(plainly(t, source)), name)
		_, err := flow.Parse([]byte(source), catalogue{})
		assert.Error(t, err, name)
	}
}

func TestTheEditorExplainsEveryKey(t *testing.T) {
	t.Parallel()
	raw, err := flow.EditorSchema(catalogue{})
	require.NoError(t, err)
	var schema jsonschema.Schema
	require.NoError(t, json.Unmarshal(raw, &schema))
	for name, key := range schema.Properties {
		assert.NotEmpty(t, key.Description, name)
	}
	for _, kind := range schema.Defs["step"].AnyOf {
		for name, key := range kind.Properties {
			assert.True(t, key.Description != "" || key.Ref != "", name)
		}
	}
}
