package engine

import (
	"context"
	"slices"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// EndpointRequest is where a merchant wants to be told of what.
type EndpointRequest struct {
	URL         string
	Events      []pay.EventType // empty: all
	Description string
}

// EndpointChange is what to change of an endpoint; nil leaves things as they
// are.
type EndpointChange struct {
	URL         *string
	Events      *[]pay.EventType
	Description *string
	Enabled     *bool
}

// Limits of a rotation's overlap, during which both secrets sign.
const (
	DefaultOverlap = 24 * time.Hour
	MaxOverlap     = 7 * 24 * time.Hour
)

// SetWebhook sets the URL of the merchant's default endpoint, and makes it
// when there is none. The signing secret is shown only then.
//
// Errors: those of CheckURL, limit_reached, and those of the idempotency gate.
func (e *Engine) SetWebhook(ctx context.Context, ask Ask, r EndpointRequest) (Reply, error) {
	if err := e.checkEndpoint(ctx, r); err != nil {
		return Reply{}, err
	}
	return e.record(ctx, ask, func(tx *store.Tx) (Reply, error) {
		endpoint, err := tx.DefaultEndpoint(ask.Owner)
		if pay.Is(err, pay.CodeNotFound) {
			return e.addEndpoint(tx, ask.Owner, r, true)
		}
		if err != nil {
			return Reply{}, err
		}
		endpoint.URL, endpoint.Events, endpoint.Description = r.URL, r.Events, r.Description
		enable(&endpoint)
		endpoint.UpdatedAt = tx.Now()
		return e.present.Endpoint(endpoint, "", StandingDone), tx.UpdateEndpoint(endpoint)
	})
}

// CreateEndpoint adds an endpoint; its signing secret is shown only now.
//
// Errors: those of SetWebhook.
func (e *Engine) CreateEndpoint(ctx context.Context, ask Ask, r EndpointRequest) (Reply, error) {
	if err := e.checkEndpoint(ctx, r); err != nil {
		return Reply{}, err
	}
	return e.record(ctx, ask, func(tx *store.Tx) (Reply, error) { return e.addEndpoint(tx, ask.Owner, r, false) })
}

func (e *Engine) addEndpoint(tx *store.Tx, o pay.Owner, r EndpointRequest, isDefault bool) (Reply, error) {
	existing, err := tx.Endpoints(o)
	if err != nil {
		return Reply{}, err
	}
	if len(existing) >= pay.MaxEndpoints {
		return Reply{}, pay.Errorf(pay.CodeLimitReached, "there are %d endpoints already, as many as there may be", len(existing))
	}
	now := tx.Now()
	endpoint := pay.Endpoint{
		ID: newID(), Owner: o, URL: r.URL, Events: r.Events, Description: r.Description, Default: isDefault,
		Status: pay.EndpointEnabled, CreatedAt: now, UpdatedAt: now,
	}
	secret := e.courier.NewSecret()
	if endpoint.Secret, err = e.sealer.Seal([]byte(secret), endpointContext(endpoint.ID)); err != nil {
		return Reply{}, err
	}
	return e.present.Endpoint(endpoint, secret, StandingCreated), tx.InsertEndpoint(endpoint)
}

func endpointContext(id pay.ID) string { return "endpoint|secret|" + string(id) }

func enable(endpoint *pay.Endpoint) {
	endpoint.Status, endpoint.DisabledReason, endpoint.FailingSince = pay.EndpointEnabled, "", time.Time{}
}

// Webhook is the merchant's default endpoint.
//
// Errors: not_found.
func (e *Engine) Webhook(ctx context.Context, o pay.Owner) (pay.Endpoint, error) {
	return read(ctx, e, func(tx *store.Tx) (pay.Endpoint, error) { return tx.DefaultEndpoint(o) })
}

// Endpoints is all of a merchant's endpoints, oldest first.
func (e *Engine) Endpoints(ctx context.Context, o pay.Owner) ([]pay.Endpoint, error) {
	return read(ctx, e, func(tx *store.Tx) ([]pay.Endpoint, error) { return tx.Endpoints(o) })
}

// Endpoint is one endpoint.
//
// Errors: not_found.
func (e *Engine) Endpoint(ctx context.Context, o pay.Owner, id pay.ID) (pay.Endpoint, error) {
	return read(ctx, e, func(tx *store.Tx) (pay.Endpoint, error) { return tx.Endpoint(o, id) })
}

// UpdateEndpoint changes an endpoint. Enabling one forgives its failures.
//
// Errors: not_found, those of CheckURL, and those of the idempotency gate.
func (e *Engine) UpdateEndpoint(ctx context.Context, ask Ask, id pay.ID, c EndpointChange) (Reply, error) {
	if c.URL != nil {
		if err := e.courier.CheckURL(ctx, *c.URL); err != nil {
			return Reply{}, atField(err, "url")
		}
	}
	if c.Events != nil {
		if err := checkEventTypes(*c.Events); err != nil {
			return Reply{}, err
		}
	}
	return e.record(ctx, ask, func(tx *store.Tx) (Reply, error) {
		endpoint, err := tx.LockEndpoint(ask.Owner, id)
		if err != nil {
			return Reply{}, err
		}
		c.applyTo(&endpoint)
		endpoint.UpdatedAt = tx.Now()
		return e.present.Endpoint(endpoint, "", StandingDone), tx.UpdateEndpoint(endpoint)
	})
}

func (c EndpointChange) applyTo(endpoint *pay.Endpoint) {
	if c.URL != nil {
		endpoint.URL = *c.URL
	}
	if c.Events != nil {
		endpoint.Events = *c.Events
	}
	if c.Description != nil {
		endpoint.Description = *c.Description
	}
	switch {
	case c.Enabled == nil:
	case *c.Enabled:
		enable(endpoint)
	default:
		endpoint.Status, endpoint.DisabledReason = pay.EndpointDisabled, "its owner disabled it"
	}
}

// DeleteEndpoint stops telling an endpoint anything. Its deliveries stay
// readable.
//
// Errors: not_found.
func (e *Engine) DeleteEndpoint(ctx context.Context, ask Ask, id pay.ID) (Reply, error) {
	return e.record(ctx, ask, func(tx *store.Tx) (Reply, error) {
		return e.present.EndpointDeleted(id), tx.DeleteEndpoint(ask.Owner, id)
	})
}

// PingEndpoint sends an endpoint.ping to one endpoint alone, whatever events
// it wants, so that a merchant can try it.
//
// Errors: not_found, delivery_not_retryable (it is disabled).
func (e *Engine) PingEndpoint(ctx context.Context, ask Ask, id pay.ID) (Reply, error) {
	return e.record(ctx, ask, func(tx *store.Tx) (Reply, error) {
		endpoint, err := tx.Endpoint(ask.Owner, id)
		if err != nil {
			return Reply{}, err
		}
		if endpoint.Status != pay.EndpointEnabled {
			return Reply{}, pay.Errorf(pay.CodeNotRetryable, "the endpoint is disabled (%s); enable it first", endpoint.DisabledReason)
		}
		now := tx.Now()
		ping := pay.Event{ID: newID(), Owner: ask.Owner, Type: pay.EventPing, Object: endpoint.ID, Sequence: 1, At: now}
		ping.Body = e.present.PingEvent(ping, endpoint)
		if err := tx.InsertEvent(ping); err != nil {
			return Reply{}, err
		}
		d := newDelivery(ping, endpoint, now)
		return e.present.Delivery(d, StandingCreated), start(tx, d)
	})
}

// RotateWebhookSecret gives an endpoint a new signing secret. For the length
// of the overlap the old one signs too, so that a receiver can change over
// without losing an event. An empty id means the default endpoint.
//
// Errors: not_found, invalid_field (the overlap).
func (e *Engine) RotateWebhookSecret(ctx context.Context, ask Ask, id pay.ID, overlap time.Duration) (Reply, error) {
	if overlap < 0 || overlap > MaxOverlap {
		return Reply{}, pay.Invalid(pay.CodeInvalidField, "overlap_seconds", "the overlap is 0 to %d seconds", int(MaxOverlap.Seconds()))
	}
	return e.record(ctx, ask, func(tx *store.Tx) (Reply, error) {
		endpoint, err := endpointOrDefault(tx, ask.Owner, id)
		if err != nil {
			return Reply{}, err
		}
		secret := e.courier.NewSecret()
		sealed, err := e.sealer.Seal([]byte(secret), endpointContext(endpoint.ID))
		if err != nil {
			return Reply{}, err
		}
		endpoint.PreviousSecret, endpoint.PreviousUntil = endpoint.Secret, tx.Now().Add(overlap)
		endpoint.Secret, endpoint.UpdatedAt = sealed, tx.Now()
		return e.present.Endpoint(endpoint, secret, StandingDone), tx.UpdateEndpoint(endpoint)
	})
}

func endpointOrDefault(tx *store.Tx, o pay.Owner, id pay.ID) (pay.Endpoint, error) {
	if id != "" {
		return tx.LockEndpoint(o, id)
	}
	endpoint, err := tx.DefaultEndpoint(o)
	if err != nil {
		return endpoint, err
	}
	return tx.LockEndpoint(o, endpoint.ID)
}

// signingSecrets is what signs deliveries to an endpoint now: the current
// secret, and the one before it while the overlap lasts.
func (e *Engine) signingSecrets(endpoint pay.Endpoint, now time.Time) ([]pay.Secret, error) {
	sealed := [][]byte{endpoint.Secret}
	if len(endpoint.PreviousSecret) > 0 && now.Before(endpoint.PreviousUntil) {
		sealed = append(sealed, endpoint.PreviousSecret)
	}
	var secrets []pay.Secret
	for _, s := range sealed {
		plain, err := e.sealer.Open(s, endpointContext(endpoint.ID))
		if err != nil {
			return nil, err
		}
		secrets = append(secrets, pay.NewSecret(string(plain)))
	}
	return secrets, nil
}

func (e *Engine) checkEndpoint(ctx context.Context, r EndpointRequest) error {
	if err := e.courier.CheckURL(ctx, r.URL); err != nil {
		return err
	}
	return checkEventTypes(r.Events)
}

func checkEventTypes(types []pay.EventType) error {
	for _, t := range types {
		known := slices.ContainsFunc(pay.EventTypes, func(info pay.EventInfo) bool { return info.Type == t })
		if !known {
			return pay.Invalid(pay.CodeInvalidField, "events", "%q is not an event; GET /docs lists them", t)
		}
	}
	return nil
}
