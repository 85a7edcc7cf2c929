package store

import "florin/internal/pay"

var endpoints = define(table[pay.Endpoint]{
	name:  "endpoints",
	what:  "endpoint",
	fixed: "merchant mode id created_at",
	mutable: "url events description is_default status disabled_reason secret previous_secret previous_until failing_since " +
		"updated_at",
	fields: func(e *pay.Endpoint) []any {
		return []any{
			&e.Owner.Merchant, &e.Owner.Mode, &e.ID, moment{&e.CreatedAt},
			&e.URL, words[pay.EventType]{&e.Events}, &e.Description, &e.Default, &e.Status, &e.DisabledReason,
			blob{&e.Secret}, blob{&e.PreviousSecret}, moment{&e.PreviousUntil}, moment{&e.FailingSince},
			moment{&e.UpdatedAt},
		}
	},
})

// whereEndpoint passes by deleted endpoints: they are kept for their
// deliveries' sake alone.
const (
	whereEndpoint = "WHERE merchant = $1 AND mode = $2 AND deleted_at = 0 "
	everyEndpoint = whereEndpoint + "ORDER BY created_at, id LIMIT $3"
)

// InsertEndpoint adds an endpoint.
//
// Errors: already_exists, when it is to be the default and there is one.
func (tx *Tx) InsertEndpoint(e pay.Endpoint) error { return endpoints.insert(tx, e) }

// Endpoint reads an endpoint.
//
// Errors: not_found, also when it was deleted.
func (tx *Tx) Endpoint(o pay.Owner, id pay.ID) (pay.Endpoint, error) {
	return endpoints.must(tx, id, whereEndpoint+"AND id = $3", o.Merchant, o.Mode, id)
}

// LockEndpoint reads an endpoint and keeps others from changing it until the
// commit.
//
// Errors: not_found.
func (tx *Tx) LockEndpoint(o pay.Owner, id pay.ID) (pay.Endpoint, error) {
	if tx.reads {
		return pay.Endpoint{}, errReads
	}
	return endpoints.must(tx, id, whereEndpoint+"AND id = $3"+tx.store.dialect.forUpdate, o.Merchant, o.Mode, id)
}

// UpdateEndpoint writes all that may change of an endpoint.
//
// Errors: not_found; already_exists, when another is the default.
func (tx *Tx) UpdateEndpoint(e pay.Endpoint) error {
	if _, err := tx.LockEndpoint(e.Owner, e.ID); err != nil {
		return err
	}
	return endpoints.update(tx, e, e.ID)
}

// DeleteEndpoint ends an endpoint: its secrets are wiped and what was still to
// be delivered counts as failed. Its deliveries can still be read.
//
// Errors: not_found.
func (tx *Tx) DeleteEndpoint(o pay.Owner, id pay.ID) error {
	n, err := tx.exec(`UPDATE endpoints SET deleted_at = $4, updated_at = $4, is_default = FALSE, status = 'disabled',
		disabled_reason = 'deleted', secret = NULL, previous_secret = NULL, previous_until = 0
		WHERE merchant = $1 AND mode = $2 AND id = $3 AND deleted_at = 0`, o.Merchant, o.Mode, id, micros(tx.now))
	if err := endpoints.mustFind(n > 0, id, err); err != nil {
		return err
	}
	_, err = tx.exec(`UPDATE deliveries SET status = 'failed', next_at = 0, last_error = 'the endpoint was deleted', updated_at = $4
		WHERE merchant = $1 AND mode = $2 AND endpoint = $3 AND status = 'pending'`, o.Merchant, o.Mode, id, micros(tx.now))
	return err
}

// Endpoints reads the owner's endpoints, oldest first; there are no more than
// pay.MaxEndpoints.
func (tx *Tx) Endpoints(o pay.Owner) ([]pay.Endpoint, error) {
	return endpoints.all(tx, everyEndpoint, o.Merchant, o.Mode, pay.MaxEndpoints)
}

// ForeseeEndpoints says that Endpoints will be asked for.
func (tx *Tx) ForeseeEndpoints(o pay.Owner) {
	endpoints.foresee(tx, everyEndpoint, o.Merchant, o.Mode, pay.MaxEndpoints)
}

// DefaultEndpoint reads the endpoint that PUT /v1/merchant/webhook sets.
//
// Errors: not_found.
func (tx *Tx) DefaultEndpoint(o pay.Owner) (pay.Endpoint, error) {
	return endpoints.must(tx, "default", whereEndpoint+"AND is_default", o.Merchant, o.Mode)
}
