package sandbox

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

const (
	// oldestUsage and newestUsage are how far from now a meter event may lie, in
	// seconds: 35 days back, 5 minutes ahead (§2.19).
	oldestUsage = 35 * secondsPerDay
	newestUsage = 5 * 60
	// cancelUsage is how long a meter event can be cancelled, in seconds (§2.19).
	cancelUsage = secondsPerDay
	// maxUsageWindows is how many windows one summary may have: Stripe pages
	// them by 100, and here the caller asks for less time instead.
	maxUsageWindows = 10000
	// usageWindow is what the times of a summary must be multiples of, in
	// seconds, when no grouping says otherwise (§2.19).
	usageWindow = 60
)

// meterEvent is one use of something (§2.19). It counts at once, which Stripe
// does not promise.
type meterEvent struct {
	head
	Created    int64             `json:"created"`
	EventName  string            `json:"event_name"`
	Identifier string            `json:"identifier"`
	Livemode   bool              `json:"livemode"`
	Payload    map[string]string `json:"payload"`
	Timestamp  int64             `json:"timestamp"`

	secret usage
}

// usage is what the event means to its meter.
type usage struct {
	Meter     string  `json:"meter"`
	Customer  string  `json:"customer"`
	Value     decimal `json:"value"`
	Cancelled bool    `json:"cancelled,omitempty"`
}

// MarshalJSON hides the id: a meter event has only its identifier.
func (e *meterEvent) MarshalJSON() ([]byte, error) {
	type shown meterEvent
	out := membersOf(marshal((*shown)(e)))
	return joinMembers(slices.DeleteFunc(out, func(m member) bool { return m.name == "id" })), nil
}

// UnmarshalJSON reads what the journal kept; the id is the identifier.
func (e *meterEvent) UnmarshalJSON(raw []byte) error {
	type kept meterEvent
	if err := json.Unmarshal(raw, (*kept)(e)); err != nil {
		return err
	}
	e.ID = e.Identifier
	return nil
}

func (e *meterEvent) private() any     { return &e.secret }
func (e *meterEvent) createdAt() int64 { return e.Created }

var meterEvents = declare[meterEvent](kind{name: "billing.meter_event", noun: "meter event"})

func meterEventResource() *resource {
	id := &meterEvents.kind
	return &resource{
		kind: id,
		indexes: func(o object) []indexKey {
			u := o.(*meterEvent).secret
			return []indexKey{{"usage", u.Meter + " " + u.Customer}}
		},
		routes: []route{
			{method: http.MethodPost, path: "/v1/billing/meter_events", title: "Record usage", returns: id,
				params: []param{text("event_name").must(), shortText("identifier", 100), integer("timestamp"),
					param{name: "payload", form: formMap}.must()}, do: createMeterEvent},
			{method: http.MethodPost, path: "/v1/billing/meter_event_adjustments", title: "Cancel recorded usage",
				params: []param{text("event_name").must(), enum("type", "cancel").must(), hash("cancel", text("identifier").must()).must()}, do: cancelMeterEvent},
		},
	}
}

func createMeterEvent(c *call) (any, error) {
	of := activeMeter(c.work, c.text("event_name"))
	if of == nil {
		return nil, badParam("event_name", "", "No active meter found for event name `"+c.text("event_name")+"`.")
	}
	payload := map[string]string{}
	_ = c.setPayload(&payload)
	counted, err := of.usage(c.work, payload)
	if err != nil {
		return nil, err
	}
	at, sent := c.integer("timestamp")
	if !sent {
		at = c.now
	}
	if at < c.now-oldestUsage || at > c.now+newestUsage {
		return nil, badParam("timestamp", "timestamp_too_far_in_past", "The timestamp must be within the past 35 calendar days or up to 5 minutes in the future.")
	}
	identifier := c.text("identifier")
	if identifier == "" {
		identifier = c.sandbox.ids.uuid()
	}
	if c.seek(&meterEvents.kind, identifier) != nil {
		return nil, badParam("identifier", "duplicate_meter_event", "An event already exists with identifier "+identifier+".")
	}
	return meterEvents.add(c.work, &meterEvent{head: head{ID: identifier}, Created: c.wall, EventName: of.EventName, Identifier: identifier,
		Payload: payload, Timestamp: at, secret: counted}), nil
}

// setPayload reads the hash of texts.
func (p params) setPayload(into *map[string]string) error {
	node := p.node("payload")
	for at, name := range node.names {
		(*into)[name] = node.nodes[at].text
	}
	return nil
}

// usage reads the customer and the value out of a payload. When events are
// counted, their values do not matter.
func (m *meter) usage(w *work, payload map[string]string) (usage, error) {
	owner := payload[m.CustomerMapping.EventPayloadKey]
	if owner == "" {
		return usage{}, missingParam(join("payload", m.CustomerMapping.EventPayloadKey))
	}
	who, ok := customers.find(w, owner)
	if !ok {
		return usage{}, noSuch(http.StatusBadRequest, "customer", owner, join("payload", m.CustomerMapping.EventPayloadKey))
	}
	w.follow(who.TestClock)
	if m.DefaultAggregation.Formula == "count" {
		return usage{m.ID, owner, whole(1), false}, nil
	}
	key := m.ValueSettings.EventPayloadKey
	value, ok := parseDecimal(payload[key], maxDecimals)
	if !ok {
		return usage{}, badParam(join("payload", key), "meter_event_invalid_value", "The event payload must have a numeric value in `"+key+"`.")
	}
	return usage{m.ID, owner, value, false}, nil
}

// meterAdjustment answers a cancellation.
type meterAdjustment struct {
	Object    string           `json:"object"`
	Cancel    adjustmentCancel `json:"cancel"`
	EventName string           `json:"event_name"`
	Livemode  bool             `json:"livemode"`
	Status    string           `json:"status"`
	Type      string           `json:"type"`
}

type adjustmentCancel struct {
	Identifier string `json:"identifier"`
}

func cancelMeterEvent(c *call) (any, error) {
	id := c.hash("cancel").text("identifier")
	found, ok := meterEvents.find(c.work, id)
	switch {
	case !ok || found.EventName != c.text("event_name"):
		return nil, noSuch(http.StatusBadRequest, "meter event", id, "cancel[identifier]")
	case c.wall > found.Created+cancelUsage:
		return nil, badParam("cancel[identifier]", "", "Meter events can be cancelled within 24 hours of being received.")
	}
	meterEvents.edit(c.work, id).secret.Cancelled = true
	return meterAdjustment{"billing.meter_event_adjustment", adjustmentCancel{id}, found.EventName, false, "complete", "cancel"}, nil
}

// total is a customer's usage from start until before end, in whole units,
// rounded.
func (m *meter) total(w *work, owner string, start, end int64) decimal {
	sum, latest := whole(0), int64(-1)
	for _, e := range meterEvents.where(w, indexKey{"usage", m.ID + " " + owner}) {
		switch {
		case e.secret.Cancelled || e.Timestamp < start || e.Timestamp >= end:
		case m.DefaultAggregation.Formula != "last":
			sum = sum.plus(e.secret.Value)
		case e.Timestamp >= latest:
			sum, latest = e.secret.Value, e.Timestamp
		}
	}
	return sum
}

// usageSummary is a customer's usage in one window.
type usageSummary struct {
	head
	AggregatedValue plainNumber `json:"aggregated_value"`
	EndTime         int64       `json:"end_time"`
	Livemode        bool        `json:"livemode"`
	Meter           string      `json:"meter"`
	StartTime       int64       `json:"start_time"`
}

// plainNumber is a decimal that JSON shows as a number.
type plainNumber struct{ decimal }

// MarshalJSON shows 12.5.
func (n plainNumber) MarshalJSON() ([]byte, error) { return []byte(n.String()), nil }

func summariseUsage(c *call) (any, error) {
	of, err := meters.fromPath(c)
	if err != nil {
		return nil, err
	}
	owner, err := customers.fromParam(c, "customer")
	if err != nil {
		return nil, err
	}
	start, _ := c.integer("start_time")
	end, _ := c.integer("end_time")
	step, grouped := map[string]int64{"hour": 3600, "day": secondsPerDay}[c.text("value_grouping_window")]
	if !grouped {
		step = usageWindow
	}
	switch {
	case start%step != 0 || end%step != 0:
		return nil, badParam("start_time", "", fmt.Sprintf("The start and end times must be aligned to multiples of %d seconds.", step))
	case end <= start || (end-start)/step > maxUsageWindows && grouped:
		return nil, badParam("end_time", "", "The end time must be after the start time, and not too far after it.")
	}
	if !grouped {
		step = end - start
	}
	return of.summaries(c, owner.ID, start, end, step)
}

// summaries is the windows that saw usage, newest first; without grouping,
// there is one window, and it is always told.
func (m *meter) summaries(c *call, owner string, start, end, step int64) (any, error) {
	limit, err := c.limit()
	if err != nil {
		return nil, err
	}
	out := &page{url: c.path}
	for at := end - step; at >= start; at -= step {
		sum := m.total(c.work, owner, at, at+step)
		if sum.Sign() == 0 && step != end-start {
			continue
		}
		if len(out.objects) == limit {
			out.more = true
			break
		}
		id := "mtrusg_test_" + hex.EncodeToString(fmt.Append(nil, at, step))
		out.objects = append(out.objects, &usageSummary{head: head{id, "billing.meter_event_summary"}, AggregatedValue: plainNumber{sum},
			EndTime: at + step, Meter: m.ID, StartTime: at})
	}
	return out, nil
}

// uuid is a random identifier in the shape that Stripe gives meter events.
func (i *ids) uuid() string {
	raw := strings.ToLower(i.upper(32))
	digits := []byte(raw)
	for at := range digits {
		digits[at] = "0123456789abcdef"[digits[at]%16]
	}
	return fmt.Sprintf("%s-%s-4%s-a%s-%s", digits[:8], digits[8:12], digits[13:16], digits[17:20], digits[20:32])
}
