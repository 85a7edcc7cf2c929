package api

import (
	"context"
	"net/http"
	"time"

	"florin/internal/engine"
	"florin/internal/pay"
)

// Endpoint is where a merchant is told of events.
type Endpoint struct {
	ID                  string   `json:"id" format:"uuid"`
	URL                 string   `json:"url"`
	WebhookURL          string   `json:"webhook_url,omitempty" doc:"The same url, for the default endpoint."`
	Events              []string `json:"events" doc:"Empty for all."`
	Description         string   `json:"description"`
	Default             bool     `json:"default" doc:"The one that PUT /v1/merchant/webhook sets."`
	Status              string   `json:"status" enum:"enabled,disabled"`
	DisabledReason      *string  `json:"disabled_reason"`
	FailingSince        *string  `json:"failing_since" doc:"The first of an unbroken row of failures; null when the last try went well."`
	Secret              string   `json:"secret,omitempty" doc:"Signing secret (Standard Webhooks), shown when it is new and never again."`
	PreviousSecretUntil *string  `json:"previous_secret_until" doc:"Until then the secret before the last rotation signs as well."`
	CreatedAt           string   `json:"created_at" format:"date-time"`
	UpdatedAt           string   `json:"updated_at" format:"date-time"`
}

func endpointView(e pay.Endpoint) Endpoint {
	view := Endpoint{
		ID: string(e.ID), URL: e.URL, Events: texts(e.Events), Description: e.Description, Default: e.Default,
		Status: string(e.Status), DisabledReason: orNull(e.DisabledReason), FailingSince: stampOrNull(e.FailingSince),
		PreviousSecretUntil: stampOrNull(e.PreviousUntil), CreatedAt: stamp(e.CreatedAt), UpdatedAt: stamp(e.UpdatedAt),
	}
	if e.Default {
		view.WebhookURL = e.URL
	}
	return view
}

// Deleted says what is no longer there.
type Deleted struct {
	ID      string `json:"id" format:"uuid"`
	Deleted bool   `json:"deleted"`
}

// NewWebhook is the body of PUT /v1/merchant/webhook.
type NewWebhook struct {
	WebhookURL  string   `json:"webhook_url" minLength:"1" maxLength:"2048" example:"https://yourapp.com/webhooks/payments"`
	Events      []string `json:"events,omitempty" maxItems:"50" doc:"Which events to send; all when absent."`
	Description string   `json:"description,omitempty" maxLength:"500"`
}

// NewEndpoint is the body of POST /v1/merchant/webhooks.
type NewEndpoint struct {
	URL         string   `json:"url" minLength:"1" maxLength:"2048" example:"https://yourapp.com/webhooks/payments"`
	Events      []string `json:"events,omitempty" maxItems:"50" doc:"Which events to send; all when absent."`
	Description string   `json:"description,omitempty" maxLength:"500"`
}

// EndpointChange is the body of PATCH /v1/merchant/webhooks/{id}; what is
// absent stays as it is.
type EndpointChange struct {
	URL         *string   `json:"url,omitempty" minLength:"1" maxLength:"2048"`
	Events      *[]string `json:"events,omitempty" maxItems:"50" doc:"[] for all."`
	Description *string   `json:"description,omitempty" maxLength:"500"`
	Enabled     *bool     `json:"enabled,omitempty" doc:"true starts a disabled endpoint again."`
}

// Rotation is the body of the routes that rotate a signing secret.
type Rotation struct {
	OverlapSeconds *int `json:"overlap_seconds,omitempty" minimum:"0" maximum:"604800" default:"86400" doc:"How long the old secret signs as well."`
}

// defaultOverlap is what Stripe and Svix give receivers to change a secret.
const defaultOverlap = 24 * time.Hour

func (b Rotation) overlap() time.Duration {
	if b.OverlapSeconds == nil {
		return defaultOverlap
	}
	return time.Duration(*b.OverlapSeconds) * time.Second
}

func setWebhook(ctx context.Context, e *engine.Engine, ask engine.Ask, body NewWebhook) (engine.Reply, error) {
	types, err := eventTypes(body.Events, "events")
	if err != nil {
		return engine.Reply{}, err
	}
	return e.SetWebhook(ctx, ask, engine.EndpointRequest{URL: body.WebhookURL, Events: types, Description: body.Description})
}

func webhook(s *server, in *intake) error {
	found, err := s.engine.Webhook(in.ctx(), in.key.Owner)
	if err != nil {
		return err
	}
	in.sendData(endpointView(found))
	return nil
}

func rotateWebhook(ctx context.Context, e *engine.Engine, ask engine.Ask, body Rotation) (engine.Reply, error) {
	return e.RotateWebhookSecret(ctx, ask, "", body.overlap())
}

func rotateEndpoint(ctx context.Context, e *engine.Engine, ask engine.Ask, id pay.ID, body Rotation) (engine.Reply, error) {
	return e.RotateWebhookSecret(ctx, ask, id, body.overlap())
}

func createEndpoint(ctx context.Context, e *engine.Engine, ask engine.Ask, body NewEndpoint) (engine.Reply, error) {
	types, err := eventTypes(body.Events, "events")
	if err != nil {
		return engine.Reply{}, err
	}
	return e.CreateEndpoint(ctx, ask, engine.EndpointRequest{URL: body.URL, Events: types, Description: body.Description})
}

func updateEndpoint(ctx context.Context, e *engine.Engine, ask engine.Ask, id pay.ID, body EndpointChange) (engine.Reply, error) {
	change := engine.EndpointChange{URL: body.URL, Description: body.Description, Enabled: body.Enabled}
	if body.Events != nil {
		types, err := eventTypes(*body.Events, "events")
		if err != nil {
			return engine.Reply{}, err
		}
		change.Events = &types
	}
	return e.UpdateEndpoint(ctx, ask, id, change)
}

// endpoints answers with all of them: there are pay.MaxEndpoints at most.
func endpoints(s *server, in *intake) error {
	found, err := s.engine.Endpoints(in.ctx(), in.key.Owner)
	if err != nil {
		return err
	}
	in.sendList(views(found, endpointView), "")
	return nil
}

const endpointsTag = "Webhook endpoints"

var endpointCodes = []pay.Code{pay.CodeInvalidURL, pay.CodeURLNotAllowed, pay.CodeInvalidField}

var endpointRoutes = []Route{
	write(Route{
		Method: http.MethodPut, Path: "/v1/merchant/webhook", Scope: pay.ScopeMerchantWrite, Key: KeyHonoured,
		Tag: endpointsTag, Name: "setWebhook", Status: http.StatusOK, Gives: Endpoint{},
		Summary: "Set the webhook URL",
		Detail:  "Makes the default endpoint, or changes it. The signing secret is returned once, when the endpoint is made.",
		Codes:   endpointCodes,
	}, setWebhook),
	{
		Method: http.MethodGet, Path: "/v1/merchant/webhook", Scope: pay.ScopeMerchantRead, Key: KeyUnused,
		Tag: endpointsTag, Name: "getWebhook", Status: http.StatusOK, Gives: Endpoint{},
		Summary: "Read the webhook URL", Codes: []pay.Code{pay.CodeNotFound}, handle: webhook,
	},
	write(Route{
		Method: http.MethodPost, Path: "/v1/merchant/webhook/rotate", Scope: pay.ScopeMerchantWrite, Key: KeyHonoured,
		Tag: endpointsTag, Name: "rotateWebhookSecret", Status: http.StatusOK, Gives: Endpoint{},
		Summary: "Change the default endpoint's signing secret", Detail: "Both secrets sign until the overlap is over.",
		Codes: []pay.Code{pay.CodeNotFound},
	}, rotateWebhook),
	write(Route{
		Method: http.MethodPost, Path: "/v1/merchant/webhooks", Scope: pay.ScopeMerchantWrite, Key: KeyHonoured,
		Tag: endpointsTag, Name: "createEndpoint", Status: http.StatusCreated, Gives: Endpoint{},
		Summary: "Add an endpoint", Detail: "Up to 16 in each mode. The signing secret is returned once.",
		Codes: append([]pay.Code{pay.CodeLimitReached}, endpointCodes...),
	}, createEndpoint),
	{
		Method: http.MethodGet, Path: "/v1/merchant/webhooks", Scope: pay.ScopeMerchantRead, Key: KeyUnused,
		Tag: endpointsTag, Name: "listEndpoints", Status: http.StatusOK, Gives: Endpoint{}, List: true,
		Summary: "List endpoints", handle: endpoints,
	},
	one(Route{
		Method: http.MethodGet, Path: "/v1/merchant/webhooks/{id}", Scope: pay.ScopeMerchantRead, Key: KeyUnused,
		Tag: endpointsTag, Name: "getEndpoint", Status: http.StatusOK, Gives: Endpoint{},
		Summary: "Read an endpoint", Codes: []pay.Code{pay.CodeNotFound},
	}, (*engine.Engine).Endpoint, endpointView),
	changeWith(Route{
		Method: http.MethodPatch, Path: "/v1/merchant/webhooks/{id}", Scope: pay.ScopeMerchantWrite, Key: KeyHonoured,
		Tag: endpointsTag, Name: "updateEndpoint", Status: http.StatusOK, Gives: Endpoint{},
		Summary: "Change an endpoint", Detail: "What is absent stays as it is.",
		Codes: append([]pay.Code{pay.CodeNotFound}, endpointCodes...),
	}, updateEndpoint),
	change(Route{
		Method: http.MethodDelete, Path: "/v1/merchant/webhooks/{id}", Scope: pay.ScopeMerchantWrite, Key: KeyHonoured,
		Tag: endpointsTag, Name: "deleteEndpoint", Status: http.StatusOK, Gives: Deleted{},
		Summary: "Remove an endpoint", Detail: "Its open deliveries are given up.", Codes: []pay.Code{pay.CodeNotFound},
	}, (*engine.Engine).DeleteEndpoint),
	changeWith(Route{
		Method: http.MethodPost, Path: "/v1/merchant/webhooks/{id}/rotate", Scope: pay.ScopeMerchantWrite, Key: KeyHonoured,
		Tag: endpointsTag, Name: "rotateEndpointSecret", Status: http.StatusOK, Gives: Endpoint{},
		Summary: "Change an endpoint's signing secret", Detail: "Both secrets sign until the overlap is over.",
		Codes: []pay.Code{pay.CodeNotFound},
	}, rotateEndpoint),
	change(Route{
		Method: http.MethodPost, Path: "/v1/merchant/webhooks/{id}/ping", Scope: pay.ScopeMerchantWrite, Key: KeyHonoured,
		Tag: endpointsTag, Name: "pingEndpoint", Status: http.StatusCreated, Gives: Delivery{},
		Summary: "Send endpoint.ping to an endpoint", Detail: "Returns the delivery, whose attempts show how it went.",
		Codes: []pay.Code{pay.CodeNotFound},
	}, (*engine.Engine).PingEndpoint),
	changeWith(Route{
		Method: http.MethodPost, Path: "/v1/merchant/webhooks/{id}/replay", Scope: pay.ScopeMerchantWrite, Key: KeyHonoured,
		Tag: endpointsTag, Name: "replayEndpoint", Status: http.StatusOK, Gives: Replayed{},
		Summary: "Send events to an endpoint again",
		Detail:  "failed starts again what was given up since a time; missing also makes deliveries of events that the endpoint never got one for.",
		Codes:   []pay.Code{pay.CodeNotFound, pay.CodeInvalidField},
	}, replay),
}
