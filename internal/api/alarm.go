package api

import "florin/internal/pay"

// TriggerAlarm is what is told of a flow's trigger that does not work, or works
// again.
type TriggerAlarm struct {
	ID       string  `json:"id" format:"uuid" doc:"Of the flow."`
	Mode     string  `json:"mode" enum:"test,live"`
	Flow     string  `json:"flow" doc:"Name of the flow."`
	Trigger  string  `json:"trigger" example:"new-charge"`
	Reason   *string `json:"reason" doc:"Why it does not work, with what to do; null when it works again."`
	Sequence int64   `json:"sequence"`
}

// TriggerEvent is the body of an event about a flow's trigger.
func (Presenter) TriggerEvent(e pay.Event, w pay.Watch, reason string) []byte {
	return eventBody(e, TriggerAlarm{
		ID: string(w.ID), Mode: string(w.Owner.Mode), Flow: w.Flow, Trigger: w.Trigger, Reason: orNull(reason), Sequence: w.Sequence,
	})
}
