package sandbox

import (
	"net/http"
)

// Statuses of a meter (§2.19).
const (
	meterActive   = "active"
	meterInactive = "inactive"
)

// meter says how usage events add up (§2.19).
type meter struct {
	head
	Created            int64            `json:"created"`
	CustomerMapping    meterMapping     `json:"customer_mapping"`
	DefaultAggregation meterAggregation `json:"default_aggregation"`
	DisplayName        string           `json:"display_name"`
	EventName          string           `json:"event_name"`
	EventTimeWindow    *string          `json:"event_time_window"`
	Livemode           bool             `json:"livemode"`
	Status             string           `json:"status"`
	StatusTransitions  meterTransitions `json:"status_transitions"`
	Updated            int64            `json:"updated"`
	ValueSettings      meterValue       `json:"value_settings"`
}

type meterMapping struct {
	EventPayloadKey string `json:"event_payload_key"`
	Type            string `json:"type"`
}

type meterAggregation struct {
	Formula string `json:"formula"` // count, last or sum
}

type meterTransitions struct {
	DeactivatedAt *int64 `json:"deactivated_at"`
}

type meterValue struct {
	EventPayloadKey string `json:"event_payload_key"`
}

func (m *meter) createdAt() int64 { return m.Created }

var meters = declare[meter](kind{name: "billing.meter", prefix: "mtr_test_61", length: 22, noun: "meter"})

func meterResource() *resource {
	id := &meters.kind
	return &resource{
		kind:    id,
		indexes: func(o object) []indexKey { return []indexKey{{"event_name", o.(*meter).EventName}} },
		routes: []route{
			{method: http.MethodPost, path: "/v1/billing/meters", title: "Create a meter", returns: id,
				params: []param{shortText("display_name", 250).must(), shortText("event_name", 100).must(),
					hash("default_aggregation", enum("formula", "count", "last", "sum").must()).must(),
					hash("customer_mapping", text("event_payload_key").must(), enum("type", "by_id").must()),
					hash("value_settings", text("event_payload_key").must()), enum("event_time_window", "day", "hour")}, do: createMeter},
			{method: http.MethodGet, path: "/v1/billing/meters", title: "List meters", returns: id, list: true,
				params: paged(enum("status", meterActive, meterInactive)), do: listMeters},
			{method: http.MethodGet, path: "/v1/billing/meters/{id}", title: "Retrieve a meter", returns: id, do: meters.retrieve},
			{method: http.MethodPost, path: "/v1/billing/meters/{id}", title: "Rename a meter", returns: id,
				params: []param{shortText("display_name", 250)}, do: updateMeter},
			{method: http.MethodPost, path: "/v1/billing/meters/{id}/deactivate", title: "Stop taking events", returns: id, do: switchMeter(meterInactive)},
			{method: http.MethodPost, path: "/v1/billing/meters/{id}/reactivate", title: "Take events again", returns: id, do: switchMeter(meterActive)},
			{method: http.MethodGet, path: "/v1/billing/meters/{id}/event_summaries", title: "Sum a customer's usage over some time", list: true,
				params: []param{text("customer").must(), integer("start_time").must(), integer("end_time").must(),
					enum("value_grouping_window", "day", "hour"), integer("limit"), text("starting_after"), text("ending_before")}, do: summariseUsage},
		},
	}
}

func createMeter(c *call) (any, error) {
	if activeMeter(c.work, c.text("event_name")) != nil {
		return nil, badParam("event_name", "", "An active meter with the event name `"+c.text("event_name")+"` already exists.")
	}
	made := meters.add(c.work, &meter{
		Created: c.wall, CustomerMapping: meterMapping{"stripe_customer_id", "by_id"}, DisplayName: c.text("display_name"),
		DefaultAggregation: meterAggregation{c.hash("default_aggregation").text("formula")}, EventName: c.text("event_name"),
		EventTimeWindow: textOrNil(c.text("event_time_window")), Status: meterActive, Updated: c.wall, ValueSettings: meterValue{"value"},
	})
	if key := c.hash("customer_mapping").text("event_payload_key"); key != "" {
		made.CustomerMapping.EventPayloadKey = key
	}
	if key := c.hash("value_settings").text("event_payload_key"); key != "" {
		made.ValueSettings.EventPayloadKey = key
	}
	emit(c.work, "billing.meter.created", made)
	return made, nil
}

// activeMeter is the meter that takes events of a name, nil for none.
func activeMeter(w *work, name string) *meter {
	for _, m := range meters.where(w, indexKey{"event_name", name}) {
		if m.Status == meterActive {
			return m
		}
	}
	return nil
}

func updateMeter(c *call) (any, error) {
	if _, err := meters.fromPath(c); err != nil {
		return nil, err
	}
	next := meters.edit(c.work, c.id)
	if name := c.text("display_name"); name != "" {
		next.DisplayName, next.Updated = name, c.wall
	}
	emitUpdated(c.work, "billing.meter.updated", next)
	return next, nil
}

func switchMeter(to string) func(*call) (any, error) {
	return func(c *call) (any, error) {
		old, err := meters.fromPath(c)
		if err != nil {
			return nil, err
		}
		if old.Status == to {
			return nil, badState("", "This meter is already "+to+".")
		}
		next := meters.edit(c.work, c.id)
		next.Status, next.Updated, next.StatusTransitions.DeactivatedAt = to, c.wall, nil
		name := "billing.meter.reactivated"
		if to == meterInactive {
			next.StatusTransitions.DeactivatedAt, name = pointer(c.wall), "billing.meter.deactivated"
		}
		emit(c.work, name, next)
		return next, nil
	}
}

func listMeters(c *call) (any, error) {
	return c.pageOf(query{kind: &meters.kind, keep: func(o object) bool { return c.equals("status", o.(*meter).Status) }})
}
