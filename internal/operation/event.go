package operation

import stripego "github.com/stripe/stripe-go/v85"

// Event is what Stripe tells of a change, and keeps for 30 days.
type Event struct {
	ID         string  `json:"id"`
	Type       string  `json:"type" jsonschema:"Such as charge.succeeded."`
	ObjectID   *string `json:"object_id" stripe:"data.object.id" jsonschema:"What it is about; few events are about nothing that has an id."`
	ObjectType string  `json:"object_type" stripe:"data.object.object"`
	Data       raw     `json:"data" stripe:"data.object" jsonschema:"The object as it was then, in the form of api_version."`
	APIVersion *string `json:"api_version"`
	Created    int64   `json:"created" jsonschema:"Unix time in seconds."`
	Livemode   bool    `json:"livemode"`
	Object     raw     `json:"object"`
}

var eventOperations = []declaration{
	{
		name: "list-events", resource: "events",
		summary: "Lists what happened within the last 30 days, newest first.",
		call:    get[stripego.EventListParams]("/v1/events"),
		takes: params(
			text("type", "Only events of one type, or of several with a star: charge.*."),
			list("types", "Only events of these types, up to 20.", text("", "")),
			yes("delivery_success", "Only events that webhooks got, or did not."),
			created, page,
		),
		rules:   []rule{atMostOne("type", "types")},
		gives:   gives[Page[Event]](),
		example: `{"limit": 10, "type": "charge.succeeded"}`,
	},
	{
		name: "get-event", resource: "events",
		summary: "Reads an event of the last 30 days.",
		call:    get[stripego.EventRetrieveParams]("/v1/events/{event_id}"),
		takes:   params(eventIDs.id("The event to read.").required()),
		gives:   gives[Event](),
		example: `{"event_id": "evt_Example"}`,
	},
}
