package automation

import (
	"encoding/json"
	"time"

	"florin/internal/flow"
	"florin/internal/pay"
)

// FlowTriggers is what documents may name under on, beside schedule and manual:
// the triggers of the catalogue, and webhook. fastest is the shortest interval
// that a flow may ask for; zero is the usual one.
func FlowTriggers(all []pay.Trigger, fastest time.Duration) []flow.Trigger {
	known := make([]flow.Trigger, 0, len(all)+1)
	for _, t := range all {
		known = append(known, flow.Trigger{
			Name: t.Name, Summary: t.Summary, Input: t.Options, Output: t.Output, Sample: t.Sample, Polls: true, Fastest: fastest,
		})
	}
	return append(known, webhookTrigger)
}

// webhookTrigger takes what is posted to a flow's own address.
var webhookTrigger = flow.Trigger{
	Name:    string(pay.WatchHook),
	Summary: "Each post to the flow's own address, signed by Standard Webhooks or with its secret as a bearer token.",
	Input: json.RawMessage(`{"type":"object","additionalProperties":false,"properties":{
		"input":{"type":"object","description":"JSON Schema that a post's body must meet."}}}`),
	Output: json.RawMessage(`{}`),
	Sample: json.RawMessage(`{}`),
}

// RequestFor is what a document says of its flow's trigger.
func RequestFor(f pay.Flow, document *flow.Flow) (WatchRequest, error) {
	on := document.On
	options := map[string]json.RawMessage{}
	if len(on.Settings) > 0 {
		if err := json.Unmarshal(on.Settings, &options); err != nil {
			return WatchRequest{}, err
		}
	}
	put := func(name, text string) {
		if text != "" {
			options[name], _ = json.Marshal(text) // a text always can be
		}
	}
	put("start", on.Start)
	put("cron", on.Cron)
	put("zone", zoneOf(on))
	put("missed", on.Missed)
	if on.Every > 0 && on.Cron == "" {
		put("every", on.Every.String())
	}
	raw, err := json.Marshal(options)
	return WatchRequest{
		Owner: f.Owner, Flow: f.ID, Name: f.Name, Trigger: on.Trigger, Options: raw,
		Connection: first(on.Connection, document.Connection),
	}, err
}

// zoneOf is the zone of a cron; an interval has none.
func zoneOf(on flow.On) string {
	if on.Cron == "" {
		return ""
	}
	return on.Zone
}
