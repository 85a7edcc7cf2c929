package api

import (
	"context"
	"net/http"

	"florin/internal/engine"
	"florin/internal/pay"
)

// Delivery is one event on its way to one endpoint.
type Delivery struct {
	ID            string    `json:"id" format:"uuid"`
	EventID       string    `json:"event_id" format:"uuid"`
	EventType     string    `json:"event_type" example:"payment.completed"`
	EndpointID    string    `json:"endpoint_id" format:"uuid"`
	Status        string    `json:"status" enum:"pending,delivered,failed"`
	Attempts      int       `json:"attempts" doc:"Tries so far."`
	NextAttemptAt *string   `json:"next_attempt_at" doc:"null when it is not tried again."`
	LastStatus    *int      `json:"last_status" doc:"HTTP status of the last answer; null when there was none."`
	LastError     *string   `json:"last_error"`
	History       []Attempt `json:"history,omitempty" doc:"Every try, oldest first; when one delivery is read."`
	CreatedAt     string    `json:"created_at" format:"date-time"`
	UpdatedAt     string    `json:"updated_at" format:"date-time"`
}

// Attempt is one try of a delivery.
type Attempt struct {
	Number     int     `json:"number"`
	At         string  `json:"at" format:"date-time"`
	DurationMS int64   `json:"duration_ms"`
	Status     *int    `json:"status" doc:"HTTP status; null when there was no answer."`
	Fault      *string `json:"fault" doc:"Who is to blame: address, connect, timeout, response, ours; null when it went well."`
	Error      *string `json:"error"`
	Response   string  `json:"response" doc:"The first bytes of the answer."`
}

func deliveryView(d pay.Delivery) Delivery {
	return Delivery{
		ID: string(d.ID), EventID: string(d.Event), EventType: string(d.EventType), EndpointID: string(d.Endpoint),
		Status: string(d.Status), Attempts: d.Attempts, NextAttemptAt: stampOrNull(d.NextAt),
		LastStatus: numberOrNull(d.LastStatus), LastError: orNull(d.LastError),
		CreatedAt: stamp(d.CreatedAt), UpdatedAt: stamp(d.UpdatedAt),
	}
}

func attemptView(a pay.Attempt) Attempt {
	return Attempt{
		Number: a.Number, At: stamp(a.At), DurationMS: a.Duration.Milliseconds(), Status: numberOrNull(a.StatusCode),
		Fault: orNull(string(a.Fault)), Error: orNull(a.Error), Response: string(a.Response),
	}
}

// Replayed says how many deliveries were started again.
type Replayed struct {
	Scheduled int `json:"scheduled"`
}

// Replay is the body of POST /v1/merchant/webhooks/{id}/replay.
type Replay struct {
	Which string `json:"which" enum:"failed,missing"`
	Since string `json:"since" minLength:"1" maxLength:"40" doc:"Events at or after: RFC 3339 or a date."`
}

func replay(ctx context.Context, e *engine.Engine, ask engine.Ask, id pay.ID, body Replay) (engine.Reply, error) {
	since, err := parseSince(body.Since, "since")
	if err != nil {
		return engine.Reply{}, err
	}
	return e.Replay(ctx, ask, id, engine.ReplayWhich(body.Which), since)
}

// DeliveryQuery is the query of GET /v1/webhooks/deliveries.
type DeliveryQuery struct {
	Page
	EndpointID string `json:"endpoint_id,omitempty" maxLength:"64"`
	EventID    string `json:"event_id,omitempty" maxLength:"64"`
	Status     string `json:"status,omitempty" enum:"pending,delivered,failed"`
	Type       string `json:"type,omitempty" maxLength:"64" doc:"Type of the event." example:"payment.completed"`
}

func (q DeliveryQuery) filter() (pay.DeliveryFilter, error) {
	f := pay.DeliveryFilter{Status: pay.DeliveryStatus(q.Status)}
	var errs [3]error
	f.Endpoint, errs[0] = parseID(q.EndpointID, "endpoint_id")
	f.Event, errs[1] = parseID(q.EventID, "event_id")
	if q.Type != "" {
		f.Type, errs[2] = eventType(q.Type, "type")
	}
	return f, firstOf(errs[:])
}

func deliveries(ctx context.Context, e *engine.Engine, o pay.Owner, q DeliveryQuery) (pay.List[pay.Delivery], error) {
	filter, err := q.filter()
	if err != nil {
		return pay.List[pay.Delivery]{}, err
	}
	return e.Deliveries(ctx, o, filter, q.page())
}

// delivery answers with one and all its attempts.
func delivery(s *server, in *intake) error {
	id, err := in.id()
	if err != nil {
		return err
	}
	found, attempts, err := s.engine.Delivery(in.ctx(), in.key.Owner, id)
	if err != nil {
		return err
	}
	view := deliveryView(found)
	view.History = views(attempts, attemptView)
	in.sendData(view)
	return nil
}

const deliveriesTag = "Webhook deliveries"

var deliveryRoutes = []Route{
	list(Route{
		Method: http.MethodGet, Path: "/v1/webhooks/deliveries", Scope: pay.ScopeWebhooksRead, Key: KeyUnused,
		Tag: deliveriesTag, Name: "listDeliveries", Status: http.StatusOK, Gives: Delivery{}, List: true,
		Summary: "List deliveries", Detail: "Newest first.", Codes: []pay.Code{pay.CodeInvalidCursor, pay.CodeInvalidID},
	}, deliveries, deliveryView),
	{
		Method: http.MethodGet, Path: "/v1/webhooks/deliveries/{id}", Scope: pay.ScopeWebhooksRead, Key: KeyUnused,
		Tag: deliveriesTag, Name: "getDelivery", Status: http.StatusOK, Gives: Delivery{},
		Summary: "Read a delivery with its attempts", Codes: []pay.Code{pay.CodeNotFound}, handle: delivery,
	},
	change(Route{
		Method: http.MethodPost, Path: "/v1/webhooks/deliveries/{id}/retry", Scope: pay.ScopeWebhooksWrite, Key: KeyHonoured,
		Tag: deliveriesTag, Name: "retryDelivery", Status: http.StatusOK, Gives: Delivery{},
		Summary: "Try a delivery again now", Codes: []pay.Code{pay.CodeNotFound, pay.CodeNotRetryable},
	}, (*engine.Engine).RetryDelivery),
}
