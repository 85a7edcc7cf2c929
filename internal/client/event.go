package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/url"
	"time"
)

// Event is a fact that merchants are told.
type Event struct {
	ID         string          `json:"id"`
	Type       string          `json:"type"`
	Timestamp  time.Time       `json:"timestamp"`
	APIVersion string          `json:"api_version"`
	Sequence   int64           `json:"sequence"` // of the object
	Data       json.RawMessage `json:"data"`     // a Payment, Refund, Card or Endpoint
}

// EventFilter is which events are read.
type EventFilter struct {
	After string   // the last event that is known; from the beginning when empty
	Types []string // all when empty
	Limit int      // at most; the server's default when zero
	Wait  time.Duration
}

// Events reads what happened after an event, oldest first. When there is
// nothing yet it waits for up to f.Wait, in whole seconds and at most 30.
func (c *Client) Events(ctx context.Context, f EventFilter) (Page[Event], error) {
	query := parameters{}.text("after", f.After).list("types", f.Types).number("limit", f.Limit).
		number("wait", int(f.Wait/time.Second))
	return listPage[Event](ctx, c, "/v1/events", url.Values(query))
}

// Follow goes through all events after f.After, and then waits for more until
// ctx is done. An error ends it; go on after the last event seen.
func (c *Client) Follow(ctx context.Context, f EventFilter) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for ctx.Err() == nil {
			page, err := c.Events(ctx, f)
			if err != nil {
				yield(Event{}, err)
				return
			}
			for _, event := range page.Items {
				f.After = event.ID
				if !yield(event, nil) {
					return
				}
			}
		}
	}
}

// Event reads an event.
func (c *Client) Event(ctx context.Context, id string) (Event, error) {
	return get[Event](ctx, c, pathOf("/v1/events/", id, ""), nil)
}
