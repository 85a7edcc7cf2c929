package operation

import stripego "github.com/stripe/stripe-go/v85"

// MeterEvent is one report of usage.
type MeterEvent struct {
	EventName  string  `json:"event_name"`
	Identifier string  `json:"identifier" jsonschema:"Reports with one identifier count once."`
	CustomerID *string `json:"customer_id" stripe:"payload.stripe_customer_id"`
	Value      *string `json:"value" stripe:"payload.value"`
	Timestamp  int64   `json:"timestamp" jsonschema:"When the usage was, in Unix time."`
	Created    int64   `json:"created" jsonschema:"Unix time in seconds."`
	Livemode   bool    `json:"livemode"`
	Object     raw     `json:"object"`
}

// Meter adds up what meter events report.
type Meter struct {
	ID          string `json:"id"`
	DisplayName string `json:"display_name"`
	EventName   string `json:"event_name"`
	Status      string `json:"status" jsonschema:"active or inactive."`
	Formula     string `json:"formula" stripe:"default_aggregation.formula" jsonschema:"sum, count or last."`
	Created     int64  `json:"created" jsonschema:"Unix time in seconds."`
	Livemode    bool   `json:"livemode"`
	Object      raw    `json:"object"`
}

// MeterSummary is what a customer used within a time.
type MeterSummary struct {
	ID        string  `json:"id"`
	Value     float64 `json:"aggregated_value"`
	StartTime int64   `json:"start_time" jsonschema:"Unix time in seconds."`
	EndTime   int64   `json:"end_time" jsonschema:"Unix time in seconds."`
	Object    raw     `json:"object"`
}

var meterOperations = []declaration{
	{
		name: "create-meter-event", resource: "meters",
		summary: "Reports what a customer used.",
		call:    post[stripego.BillingMeterEventCreateParams]("/v1/billing/meter_events"),
		takes: params(
			text("event_name", "The event name of the meter, in the Dashboard under Billing > Usage-based > Meters.").required(),
			customerID("The customer who used it.").as("payload[stripe_customer_id]").required(),
			text("identifier", "A unique name of this report: the same one again within a day counts once. Stripe makes one up unless given."),
			digits("value", "How much was used, such as 1 or 10: a whole number. Meters that add values up need it; those that count take 1.").as("payload[value]"),
			moment("timestamp", "When it was used: up to 35 days ago, and 5 minutes ahead. Now unless given."),
		),
		gives:   gives[MeterEvent](),
		example: `{"event_name": "api_requests", "customer_id": "cus_Example", "value": "10", "identifier": "req-4711"}`,
	},
	{
		name: "create-meter", resource: "meters",
		summary: "Makes a meter that adds up the usage of an event name.",
		call:    post[stripego.BillingMeterCreateParams]("/v1/billing/meters"),
		takes: params(
			text("display_name", "Its name, which customers do not see.").required(),
			text("event_name", "The name that meter events report under; no other active meter has it.").required(),
			choice("formula", "How reports are added up.", "sum", "count", "last").as("default_aggregation[formula]").required(),
		),
		gives:   gives[Meter](),
		example: `{"display_name": "API requests", "event_name": "requests_example", "formula": "sum"}`,
	},
	{
		name: "get-meter", resource: "meters",
		summary: "Reads a meter.",
		call:    get[stripego.BillingMeterRetrieveParams]("/v1/billing/meters/{meter_id}"),
		takes:   params(meterIDs.id("The meter to read.").required()),
		gives:   gives[Meter](),
		example: `{"meter_id": "mtr_Example"}`,
	},
	{
		name: "list-meters", resource: "meters",
		summary: "Lists meters.",
		call:    get[stripego.BillingMeterListParams]("/v1/billing/meters"),
		takes:   params(choice("status", "Only those that stand so.", "active", "inactive"), page),
		gives:   gives[Page[Meter]](),
		example: `{"limit": 10, "status": "active"}`,
	},
	{
		name: "deactivate-meter", resource: "meters",
		summary: "Switches a meter off; events for it are refused from then on.",
		call:    post[stripego.BillingMeterDeactivateParams]("/v1/billing/meters/{meter_id}/deactivate"),
		takes:   params(meterIDs.id("The meter to switch off.").required()),
		gives:   gives[Meter](),
		example: `{"meter_id": "mtr_Example"}`,
	},
	{
		name: "list-meter-event-summaries", resource: "meters",
		summary: "Says what a customer used within a time.",
		call:    get[stripego.BillingMeterEventSummaryListParams]("/v1/billing/meters/{meter_id}/event_summaries"),
		takes: params(
			meterIDs.id("The meter.").required(),
			customerID("The customer.").required(),
			moment("start_time", "From when on, at the start of a minute.").required(),
			moment("end_time", "Until when, at the start of a minute and not included.").required(),
			choice("value_grouping_window", "One sum for each hour or day, instead of one for all.", "day", "hour"),
			page,
		),
		gives:   gives[Page[MeterSummary]](),
		example: `{"meter_id": "mtr_Example", "customer_id": "cus_Example", "start_time": 1767225600, "end_time": 1767312000, "limit": 10}`,
	},
}
