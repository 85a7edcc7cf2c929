package api

import (
	"net/http"

	"florin/internal/engine"
	"florin/internal/pay"
)

// Presenter writes replies and events for the engine, which keeps them in the
// transaction that decides them: a repeated request gets the same bytes.
type Presenter struct{}

// Events and replies are written by the same functions that show things when
// they are read, so that a payment looks the same wherever it is met.
var _ engine.Presenter = Presenter{}

// standings gives each end of a write its status. What was declined gets the
// status of its failure's code.
var standings = map[engine.Standing]int{
	engine.StandingDone:    http.StatusOK,
	engine.StandingCreated: http.StatusCreated,
	engine.StandingOpen:    http.StatusAccepted,
}

// reply is a thing as a write left it.
func reply(id pay.ID, data any, standing engine.Standing, why pay.Failure) engine.Reply {
	if standing == engine.StandingDeclined {
		return refusal(id, data, why.Code, Problem{Message: why.Message, DeclineCode: why.DeclineCode})
	}
	return engine.Reply{Status: standings[standing], Body: encode(success{Success: true, Data: data}), Resource: id}
}

// refusal is an error together with the thing that it is about. It has no
// request_id, because it is kept and may be sent to other requests.
func refusal(id pay.ID, data any, code pay.Code, p Problem) engine.Reply {
	if pay.InfoOf(code).Code != code {
		code = pay.CodeInternal
	}
	p.Code, p.Doc = string(code), docOf(code)
	if p.Message == "" {
		p.Message = pay.InfoOf(code).Meaning
	}
	return engine.Reply{Status: StatusOf(code), Body: encode(failure{Error: p, Data: data}), Resource: id}
}

// Payment is the reply to a write that made or changed a payment.
func (Presenter) Payment(p pay.Payment, standing engine.Standing) engine.Reply {
	return reply(p.ID, paymentView(p), standing, p.Failure)
}

// Refusal is the reply to a change of a payment that Stripe refused: why, and
// the payment as it still is.
func (Presenter) Refusal(err *pay.Error, p pay.Payment) engine.Reply {
	return refusal(p.ID, paymentView(p), err.Code, Problem{
		Message: err.Message, Field: err.Field, Fields: err.Fields, DeclineCode: err.DeclineCode,
	})
}

// Refund is the reply to a write that made a refund, with what it did to its
// payment.
func (Presenter) Refund(r pay.Refund, p pay.Payment, standing engine.Standing) engine.Reply {
	return reply(r.ID, refundOf(r, p), standing, r.Failure)
}

// Card is the reply to a write that saved or changed a card.
func (Presenter) Card(c pay.Card, standing engine.Standing) engine.Reply {
	return reply(c.ID, cardView(c), standing, c.Failure)
}

// PaymentEvent is the body of an event about a payment.
func (Presenter) PaymentEvent(e pay.Event, p pay.Payment) []byte { return eventBody(e, paymentView(p)) }

// RefundEvent is the body of an event about a refund.
func (Presenter) RefundEvent(e pay.Event, r pay.Refund, p pay.Payment) []byte {
	return eventBody(e, refundOf(r, p))
}

// CardEvent is the body of an event about a saved card.
func (Presenter) CardEvent(e pay.Event, c pay.Card) []byte { return eventBody(e, cardView(c)) }

// PingEvent is the body of an event that tries an endpoint.
func (Presenter) PingEvent(e pay.Event, endpoint pay.Endpoint) []byte {
	return eventBody(e, endpointView(endpoint))
}

// Connection is the reply to a write of provider credentials.
func (Presenter) Connection(c pay.Connection) engine.Reply {
	return reply(c.ID, connectionView(c), engine.StandingDone, pay.Failure{})
}

// Endpoint is the reply to a write of an endpoint. secret is shown when it is
// new, and empty otherwise.
func (Presenter) Endpoint(e pay.Endpoint, secret string, standing engine.Standing) engine.Reply {
	view := endpointView(e)
	view.Secret = secret
	return reply(e.ID, view, standing, pay.Failure{})
}

// EndpointDeleted is the reply to the removal of an endpoint.
func (Presenter) EndpointDeleted(id pay.ID) engine.Reply {
	return reply(id, Deleted{ID: string(id), Deleted: true}, engine.StandingDone, pay.Failure{})
}

// Delivery is the reply to a write that started a delivery.
func (Presenter) Delivery(d pay.Delivery, standing engine.Standing) engine.Reply {
	return reply(d.ID, deliveryView(d), standing, pay.Failure{})
}

// Replayed is the reply to a replay of n deliveries.
func (Presenter) Replayed(n int) engine.Reply {
	return reply("", Replayed{Scheduled: n}, engine.StandingDone, pay.Failure{})
}
