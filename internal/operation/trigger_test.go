package operation_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-mock/embedded"

	"florin/internal/operation"
	"florin/internal/pay"
)

func TestEverySampleIsWhatItsTriggerFinds(t *testing.T) {
	t.Parallel()
	triggers := operation.NewTriggers()
	for _, trigger := range triggers.Triggers() {
		t.Run(trigger.Name, func(t *testing.T) {
			t.Parallel()
			var schema jsonschema.Schema
			require.NoError(t, json.Unmarshal(trigger.Output, &schema))
			resolved, err := schema.Resolve(nil)
			require.NoError(t, err)
			var sample any
			require.NoError(t, json.Unmarshal(trigger.Sample, &sample))
			assert.NoError(t, resolved.Validate(sample))
			assert.NotEmpty(t, trigger.Title)
			assert.NotEmpty(t, trigger.Summary)
			assert.True(t, json.Valid(trigger.Options))
			found, ok := triggers.Trigger(trigger.Name)
			assert.True(t, ok)
			assert.Equal(t, trigger, found)
		})
	}
}

func TestATriggerAimsAtAList(t *testing.T) {
	t.Parallel()
	triggers := operation.NewTriggers()
	for name, c := range map[string]struct{ trigger, options, list string }{
		"a list":           {"new-refund", `{}`, "/v1/refunds"},
		"no options":       {"new-charge", ``, "/v1/charges"},
		"status is ours":   {"new-charge", `{"status":"failed"}`, "/v1/charges"},
		"canceled as well": {"new-subscription", `{}`, "/v1/subscriptions?status=all"},
		"one event":        {"payment-failed", `{}`, "/v1/events?type=payment_intent.payment_failed"},
		"a star":           {"stripe-event", `{"types":["charge.*"]}`, "/v1/events?type=charge.%2A"},
		"types in order":   {"stripe-event", `{"types":["b.b","a.a","b.b"]}`, "/v1/events?types%5B%5D=a.a&types%5B%5D=b.b"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			aim, err := triggers.Aim(c.trigger, json.RawMessage(c.options))
			require.NoError(t, err)
			assert.Equal(t, c.list, aim.List)
		})
	}
}

func TestOptionsThatATriggerDoesNotHaveAreRefused(t *testing.T) {
	t.Parallel()
	triggers := operation.NewTriggers()
	for name, c := range map[string]struct {
		trigger, options, field string
		code                    pay.Code
	}{
		"no such trigger": {"new-moon", `{}`, "on", pay.CodeInvalidField},
		"no such status":  {"new-charge", `{"status":"lost"}`, "on.new-charge.status", pay.CodeInvalidField},
		"no status":       {"new-refund", `{"status":"failed"}`, "on.new-refund.status", pay.CodeUnknownField},
		"no types":        {"stripe-event", `{}`, "on.stripe-event.types", pay.CodeInvalidField},
		"two stars":       {"stripe-event", `{"types":["a.*","b.b"]}`, "on.stripe-event.types", pay.CodeInvalidField},
		"no type":         {"stripe-event", `{"types":["a&b"]}`, "on.stripe-event.types", pay.CodeInvalidField},
		"types elsewhere": {"new-charge", `{"types":["a.a"]}`, "on.new-charge.types", pay.CodeUnknownField},
		"not options":     {"new-charge", `{"status":1}`, "on.new-charge", pay.CodeInvalidField},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := triggers.Aim(c.trigger, json.RawMessage(c.options))
			var refused *pay.Error
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, c.code, refused.Code)
			assert.Equal(t, c.field, refused.Field)
		})
	}
}

func TestJudging(t *testing.T) {
	t.Parallel()
	triggers := operation.NewTriggers()
	judge := func(name, options, item string) pay.TriggerFind {
		t.Helper()
		found, err := triggers.Judge(name, json.RawMessage(options), json.RawMessage(item))
		require.NoError(t, err)
		return found
	}
	failed := `{"id":"ch_1","created":1767225600,"status":"failed","captured":false}`
	assert.Equal(t, pay.TriggerFind{
		Ref: "ch_1", Key: "ch_1", Created: time.Unix(1767225600, 0).UTC(), Wanted: true, Output: json.RawMessage(failed),
	}, judge("new-charge", `{}`, failed))
	assert.True(t, judge("new-charge", `{"status":"failed"}`, failed).Wanted)
	assert.False(t, judge("new-charge", `{"status":"succeeded"}`, failed).Wanted)
	assert.False(t, judge("new-charge", `{"status":"captured"}`, failed).Wanted)

	event := `{"id":"evt_1","created":5,"type":"payment_intent.succeeded","data":{"object":{"id":"pi_1","created":1}}}`
	once := judge("payment-succeeded", ``, event)
	assert.Equal(t, []string{"evt_1", "pi_1", `{"id":"pi_1","created":1}`}, []string{once.Ref, once.Key, string(once.Output)})
	assert.Equal(t, "evt_1", judge("payment-failed", ``, event).Key, "each failure counts")
	assert.JSONEq(t, event, string(judge("stripe-event", `{"types":["*"]}`, event).Output))

	for _, item := range []string{`[]`, `{"created":5}`, `{"id":"ch_1"}`} {
		_, err := triggers.Judge("new-charge", nil, json.RawMessage(item))
		assert.True(t, pay.Is(err, pay.CodeInvalidBody), item)
	}
	_, err := triggers.Judge("payment-failed", nil, json.RawMessage(`{"id":"evt_1","created":5,"data":{"object":{}}}`))
	assert.True(t, pay.Is(err, pay.CodeInvalidBody))
}

// TestTriggersKnowAllFieldsOfStripesDocument so that no field that exists is
// taken for a misspelt one.
func TestTriggersKnowAllFieldsOfStripesDocument(t *testing.T) {
	t.Parallel()
	var document struct {
		Components struct {
			Schemas map[string]struct{ Properties map[string]json.RawMessage }
		}
	}
	require.NoError(t, json.Unmarshal(embedded.OpenAPISpec, &document))
	for _, declared := range operation.NewTriggers().Triggers() {
		var sample struct{ Object string }
		require.NoError(t, json.Unmarshal(declared.Sample, &sample))
		var output struct{ Properties map[string]json.RawMessage }
		require.NoError(t, json.Unmarshal(declared.Output, &output))
		for name := range document.Components.Schemas[sample.Object].Properties {
			assert.Contains(t, output.Properties, name, declared.Name)
		}
		assert.NotEmpty(t, document.Components.Schemas[sample.Object].Properties, declared.Name)
	}
}
