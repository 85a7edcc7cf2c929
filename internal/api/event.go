package api

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"florin/internal/engine"
	"florin/internal/pay"
)

// APIVersion is the shape of events and views: receivers can tell by it when
// it changes in a way that additions are not.
const APIVersion = "2026-11-22"

// Event is a fact that merchants are told, exactly as it is delivered.
type Event struct {
	ID         string          `json:"id" format:"uuid" doc:"The webhook-id: know duplicates by it."`
	Type       string          `json:"type" example:"payment.completed"`
	Timestamp  string          `json:"timestamp" format:"date-time"`
	APIVersion string          `json:"api_version" doc:"The shape of data."`
	Sequence   int64           `json:"sequence" doc:"Of the object: drop what is older than what you have."`
	Data       json.RawMessage `json:"data" doc:"The payment, refund or card as it was then, as the API shows it."`
}

// eventBody is what is kept, signed and sent.
func eventBody(e pay.Event, data any) []byte {
	return encode(Event{
		ID: string(e.ID), Type: string(e.Type), Timestamp: stamp(e.At), APIVersion: APIVersion,
		Sequence: e.Sequence, Data: encode(data),
	})
}

// eventView is the event's body, byte for byte as it was delivered.
func eventView(e pay.Event) json.RawMessage { return e.Body }

// eventTypes reads types of events.
//
// Errors: invalid_field, naming those that there are.
func eventTypes(names []string, field string) ([]pay.EventType, error) {
	types := make([]pay.EventType, 0, len(names))
	for _, name := range names {
		t, err := eventType(name, field)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(types, t) {
			types = append(types, t)
		}
	}
	return types, nil
}

func eventType(name, field string) (pay.EventType, error) {
	all := make([]string, len(pay.EventTypes))
	for i, known := range pay.EventTypes {
		if all[i] = string(known.Type); all[i] == name {
			return known.Type, nil
		}
	}
	return "", pay.Invalid(pay.CodeInvalidField, field, "there is no event %q; there are %v", name, all)
}

// EventQuery is the query of GET /v1/events.
type EventQuery struct {
	After string   `json:"after,omitempty" maxLength:"64" doc:"The last event you have; from the beginning when absent."`
	Types []string `json:"types,omitempty" maxItems:"50" doc:"One or several, repeated or with commas; all when absent." example:"payment.completed"`
	Limit int      `json:"limit,omitempty" minimum:"1" maximum:"100" default:"25"`
	Wait  int      `json:"wait,omitempty" minimum:"0" maximum:"30" doc:"Seconds to wait for an event when there is none yet."`
}

// Limits of long polls. Thirty seconds is less than proxies cut idle requests
// off after; the database is asked twice a second, which for every poll that
// may wait is less than one busy key asks.
const (
	pollEvery = 500 * time.Millisecond
	maxPolls  = 64 // of one process; who comes after is answered at once
)

// feed answers with what happened after an event, and waits for it on request.
func feed(s *server, in *intake) error {
	var query EventQuery
	if err := in.query(&query); err != nil {
		return err
	}
	after, err := parseID(query.After, "after")
	if err != nil {
		return err
	}
	types, err := eventTypes(query.Types, "types")
	if err != nil {
		return err
	}
	limit := Page{Limit: query.Limit}.page().Limit
	find := func() (pay.List[pay.Event], error) {
		return s.engine.Events(in.ctx(), in.key.Owner, after, types, limit)
	}
	found, err := s.poll(in, time.Duration(query.Wait)*time.Second, find)
	if err != nil {
		return err
	}
	in.sendList(views(found.Items, eventView), found.Next)
	return nil
}

// poll asks until something is found, the wait is over, the caller has gone or
// the program stops.
func (s *server) poll(in *intake, wait time.Duration, find func() (pay.List[pay.Event], error)) (pay.List[pay.Event], error) {
	found, err := find()
	if err != nil || len(found.Items) > 0 || wait <= 0 {
		return found, err
	}
	defer s.polls.Add(-1)
	if s.polls.Add(1) > maxPolls {
		return found, nil
	}
	over := time.NewTimer(wait)
	defer over.Stop()
	again := time.NewTicker(pollEvery)
	defer again.Stop()
	for {
		select {
		case <-in.ctx().Done():
			return found, nil
		case <-s.closing:
			return found, nil
		case <-over.C:
			return find()
		case <-again.C:
			if found, err = find(); err != nil || len(found.Items) > 0 {
				return found, err
			}
		}
	}
}

const eventsTag = "Events"

var eventRoutes = []Route{
	{
		Method: http.MethodGet, Path: "/v1/events", Scope: pay.ScopeWebhooksRead, Key: KeyUnused,
		Tag: eventsTag, Name: "listEvents", Status: http.StatusOK, Gives: Event{}, List: true,
		Summary: "Read events",
		Detail:  "Oldest first, and nothing left out: remember the last id and send it as after (meta.next_cursor is that id while there are more). With wait the answer is held back until there is an event.",
		Codes:   []pay.Code{pay.CodeInvalidCursor, pay.CodeInvalidID, pay.CodeInvalidField},
		asks:    typeOf[EventQuery](), handle: feed,
	},
	one(Route{
		Method: http.MethodGet, Path: "/v1/events/{id}", Scope: pay.ScopeWebhooksRead, Key: KeyUnused,
		Tag: eventsTag, Name: "getEvent", Status: http.StatusOK, Gives: Event{},
		Summary: "Read an event", Codes: []pay.Code{pay.CodeNotFound},
	}, (*engine.Engine).Event, eventView),
}
