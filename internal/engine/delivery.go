package engine

import (
	"context"
	"net/http"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// Deliver is the job of a delivery: try it once, keep what came of it, and say
// when to try again.
func (e *Engine) Deliver(ctx context.Context, job store.Job) (again time.Duration, err error) {
	d, parcel, err := e.pack(ctx, job)
	if err != nil || d.Status != pay.DeliveryPending {
		return 0, err
	}
	if wait := d.NextAt.Sub(e.clock.Now()); wait > 0 {
		return wait, nil
	}
	attempt := e.courier.Deliver(ctx, parcel)
	if err := ctx.Err(); err != nil {
		return 0, err // we are stopping: that try does not count
	}
	err = e.store.Write(ctx, func(tx *store.Tx) error {
		again, err = e.keepAttempt(tx, d, attempt)
		return err
	})
	return again, err
}

// pack reads a delivery with all that its next try needs.
func (e *Engine) pack(ctx context.Context, job store.Job) (pay.Delivery, pay.Parcel, error) {
	var (
		d        pay.Delivery
		ev       pay.Event
		endpoint pay.Endpoint
	)
	err := e.store.Read(ctx, func(tx *store.Tx) error {
		var err error
		if d, err = tx.Delivery(job.Owner, job.ID); err != nil || d.Status != pay.DeliveryPending {
			return err
		}
		if ev, err = tx.Event(d.Owner, d.Event); err != nil {
			return err
		}
		endpoint, err = tx.Endpoint(d.Owner, d.Endpoint)
		return err
	})
	if err != nil || d.Status != pay.DeliveryPending {
		return d, pay.Parcel{}, err
	}
	now := e.clock.Now()
	secrets, err := e.signingSecrets(endpoint, now)
	return d, pay.Parcel{ID: ev.ID, URL: endpoint.URL, Body: ev.Body, Secrets: secrets, Now: now}, err
}

// keepAttempt writes a try down and decides what follows from it, for the
// delivery and for its endpoint.
func (e *Engine) keepAttempt(tx *store.Tx, tried pay.Delivery, a pay.Attempt) (again time.Duration, err error) {
	d, err := tx.LockDelivery(tried.Owner, tried.ID)
	if err != nil || d.Status != pay.DeliveryPending || d.Attempts != tried.Attempts {
		return 0, err // another worker was faster
	}
	endpoint, err := tx.LockEndpoint(d.Owner, d.Endpoint)
	if err != nil {
		return 0, err
	}
	now := tx.Now()
	d.Attempts++
	d.Round++
	a.Delivery, a.Number = d.ID, d.Attempts
	d.LastStatus, d.LastError, d.UpdatedAt, d.NextAt = a.StatusCode, a.Error, now, time.Time{}
	if a.Fault == pay.FaultNone {
		d.Status = pay.DeliveryDelivered
	} else if wait, more := pay.NextDelivery(d.Round, a.RetryAfter); more && a.StatusCode != http.StatusGone {
		d.NextAt, again = now.Add(wait), wait
	} else {
		d.Status = pay.DeliveryFailed
	}
	if err := tx.InsertAttempt(d.Owner, a); err != nil {
		return 0, err
	}
	if err := tx.UpdateDelivery(d); err != nil {
		return 0, err
	}
	return again, keepHealth(tx, endpoint, a)
}

// keepHealth remembers since when an endpoint fails, and disables it when it
// says that it is gone or has failed for too long. Rows that would not change
// are not written: an endpoint in good health costs nothing.
func keepHealth(tx *store.Tx, endpoint pay.Endpoint, a pay.Attempt) error {
	now := tx.Now()
	switch {
	case a.Fault == pay.FaultNone && endpoint.FailingSince.IsZero():
		return nil
	case a.Fault == pay.FaultNone:
		endpoint.FailingSince = time.Time{}
	case a.StatusCode == http.StatusGone:
		endpoint.Status, endpoint.DisabledReason = pay.EndpointDisabled, "it answered 410 Gone"
	case endpoint.FailingSince.IsZero():
		endpoint.FailingSince = now
	case now.Sub(endpoint.FailingSince) >= pay.EndpointPatience:
		endpoint.Status, endpoint.DisabledReason = pay.EndpointDisabled, "it failed for five days without a break"
	default:
		return nil
	}
	endpoint.UpdatedAt = now
	return tx.UpdateEndpoint(endpoint)
}

// Deliveries is a page of the deliveries that a filter lets through.
//
// Errors: invalid_cursor.
func (e *Engine) Deliveries(ctx context.Context, o pay.Owner, f pay.DeliveryFilter, page pay.Page) (pay.List[pay.Delivery], error) {
	return read(ctx, e, func(tx *store.Tx) (pay.List[pay.Delivery], error) { return tx.Deliveries(o, f, page) })
}

// Delivery is one delivery with its attempts, oldest first.
//
// Errors: not_found.
func (e *Engine) Delivery(ctx context.Context, o pay.Owner, id pay.ID) (pay.Delivery, []pay.Attempt, error) {
	var attempts []pay.Attempt
	d, err := read(ctx, e, func(tx *store.Tx) (pay.Delivery, error) {
		var err error
		if attempts, err = tx.Attempts(o, id); err != nil {
			return pay.Delivery{}, err
		}
		return tx.Delivery(o, id)
	})
	return d, attempts, err
}

// RetryDelivery tries a delivery again now, also one that was delivered: a
// receiver may have lost it. The waits start anew.
//
// Errors: not_found, delivery_not_retryable.
func (e *Engine) RetryDelivery(ctx context.Context, ask Ask, id pay.ID) (Reply, error) {
	return e.record(ctx, ask, func(tx *store.Tx) (Reply, error) {
		d, err := tx.LockDelivery(ask.Owner, id)
		if err != nil {
			return Reply{}, err
		}
		d, err = e.restart(tx, d)
		return e.present.Delivery(d, StandingDone), err
	})
}

// restart lets a delivery begin again with its first try.
func (e *Engine) restart(tx *store.Tx, d pay.Delivery) (pay.Delivery, error) {
	endpoint, err := tx.Endpoint(d.Owner, d.Endpoint)
	if pay.Is(err, pay.CodeNotFound) {
		return d, pay.Errorf(pay.CodeNotRetryable, "the endpoint of this delivery was deleted")
	}
	if err != nil {
		return d, err
	}
	if endpoint.Status != pay.EndpointEnabled {
		return d, pay.Errorf(pay.CodeNotRetryable, "the endpoint is disabled (%s); enable it first", endpoint.DisabledReason)
	}
	d.Status, d.Round, d.NextAt, d.UpdatedAt = pay.DeliveryPending, 0, tx.Now(), tx.Now()
	if err := tx.UpdateDelivery(d); err != nil {
		return d, err
	}
	return d, tx.Enqueue(deliveryJob(d), tx.Now())
}

// deliveryJob is the job of a delivery's next try. Each try has a turn of its
// own: a delivery that is started again while the job of the try before is
// still ending must not wait for it.
func deliveryJob(d pay.Delivery) store.Job {
	return store.Job{Kind: store.JobDeliver, Owner: d.Owner, ID: d.ID, Turn: d.Attempts}
}

// ReplayWhich says which events of the past an endpoint is to get again.
type ReplayWhich string

// Which events an endpoint is to get again.
const (
	ReplayFailed  ReplayWhich = "failed"  // those whose delivery failed
	ReplayMissing ReplayWhich = "missing" // those that were never meant for it, say because it is new
)

// maxReplay is how many deliveries one request starts again; ask again for
// more.
const maxReplay = 1000

// Replay starts deliveries to an endpoint again: all that failed since a time,
// or all that it was never sent.
//
// Errors: not_found, delivery_not_retryable, invalid_field.
func (e *Engine) Replay(ctx context.Context, ask Ask, endpoint pay.ID, which ReplayWhich, since time.Time) (Reply, error) {
	if which != ReplayFailed && which != ReplayMissing {
		return Reply{}, pay.Invalid(pay.CodeInvalidField, "which", `which is "failed" or "missing"`)
	}
	return e.record(ctx, ask, func(tx *store.Tx) (Reply, error) {
		target, err := tx.Endpoint(ask.Owner, endpoint)
		if err != nil {
			return Reply{}, err
		}
		if target.Status != pay.EndpointEnabled {
			return Reply{}, pay.Errorf(pay.CodeNotRetryable, "the endpoint is disabled (%s); enable it first", target.DisabledReason)
		}
		count := 0
		if which == ReplayFailed {
			count, err = e.replayFailed(tx, target, since)
		} else {
			count, err = e.replayMissing(tx, target, since)
		}
		return e.present.Replayed(count), err
	})
}

func (e *Engine) replayFailed(tx *store.Tx, target pay.Endpoint, since time.Time) (int, error) {
	failed, err := tx.FailedDeliveries(target.Owner, target.ID, since, maxReplay)
	if err != nil {
		return 0, err
	}
	for _, d := range failed {
		if _, err := e.restart(tx, d); err != nil {
			return 0, err
		}
	}
	return len(failed), nil
}

func (e *Engine) replayMissing(tx *store.Tx, target pay.Endpoint, since time.Time) (count int, err error) {
	missing, err := tx.MissingEvents(target.Owner, target.ID, since, maxReplay)
	if err != nil {
		return 0, err
	}
	for _, ev := range missing {
		if !target.Wants(ev.Type) {
			continue
		}
		if err := schedule(tx, ev, target); err != nil {
			return 0, err
		}
		count++
	}
	return count, nil
}
