package dashboard

import (
	"bytes"
	"encoding/json"

	"florin/internal/engine"
	"florin/internal/pay"
)

// endpoints is who is told of events.
func (d *dashboard) endpoints(v *visit) error {
	list, err := d.engine.Endpoints(v.ctx(), v.owner())
	if err != nil {
		return err
	}
	return d.show(v, "Webhooks", endpointsPage(list))
}

// deliveryList is what the list of deliveries shows.
type deliveryList struct {
	Items                  []pay.Delivery
	Status, Type, Endpoint string
	Next                   string
}

var deliveryStatuses = []pay.DeliveryStatus{pay.DeliveryPending, pay.DeliveryDelivered, pay.DeliveryFailed}

func (d *dashboard) deliveries(v *visit) error {
	query := v.query()
	shown := deliveryList{Status: query.Get("status"), Type: query.Get("type"), Endpoint: query.Get("endpoint")}
	filter := pay.DeliveryFilter{Status: pay.DeliveryStatus(shown.Status), Type: pay.EventType(shown.Type)}
	if shown.Endpoint != "" {
		id, err := pay.ParseID(shown.Endpoint)
		if err != nil {
			return err
		}
		filter.Endpoint = id
	}
	list, err := d.engine.Deliveries(v.ctx(), v.owner(), filter, pay.Page{Limit: paymentPage, Cursor: query.Get("cursor")})
	if err != nil {
		return err
	}
	shown.Items, shown.Next = list.Items, nextPage(v, list.Next)
	return d.show(v, "Deliveries", deliveriesPage(shown))
}

// deliveryView is what the page of one delivery shows.
type deliveryView struct {
	Delivery pay.Delivery
	Attempts []pay.Attempt
	Body     string
	Payment  pay.ID
	Retries  bool
	Once     string
}

func (d *dashboard) delivery(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	delivery, attempts, err := d.engine.Delivery(v.ctx(), v.owner(), id)
	if err != nil {
		return err
	}
	event, err := d.engine.Event(v.ctx(), v.owner(), delivery.Event)
	if err != nil {
		return err
	}
	var body bytes.Buffer
	if json.Indent(&body, event.Body, "", "  ") != nil {
		body.Write(event.Body)
	}
	return d.show(v, "Delivery of "+string(delivery.EventType), deliveryPage(deliveryView{
		Delivery: delivery, Attempts: attempts, Body: body.String(), Payment: event.Payment, Once: once(),
		Retries: v.allows(pay.ScopeWebhooksWrite),
	}))
}

func (d *dashboard) retryDelivery(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	ask, err := v.ask()
	if err != nil {
		return err
	}
	var reply engine.Reply
	reply, err = d.engine.RetryDelivery(v.ctx(), ask, id)
	return v.settle("/deliveries/"+string(id), "It is tried again now.", reply, err)
}
