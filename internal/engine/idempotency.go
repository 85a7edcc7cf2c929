package engine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// inFlightRetry is when a caller may ask again while the first request with
// its key still runs: most have an answer within a second.
const inFlightRetry = time.Second

// The names under which a mismatch of what is not in the body is told.
const (
	fieldMethod = ":method"
	fieldPath   = ":path"
)

// Record is the gate for a write of another room that needs no call to Stripe:
// the same Ask again gets the same reply, and the work is done once.
//
// Errors: those of the work; idempotency_mismatch, idempotency_in_flight.
func (e *Engine) Record(ctx context.Context, ask Ask, work func(tx *store.Tx) (Reply, error)) (Reply, error) {
	return e.record(ctx, ask, work)
}

// record is the gate for a write that needs no call to Stripe: claim the key,
// do the work, keep the reply, all in one transaction.
func (e *Engine) record(ctx context.Context, ask Ask, work func(tx *store.Tx) (Reply, error)) (Reply, error) {
	var reply Reply
	err := e.store.Write(ctx, func(tx *store.Tx) error {
		replay, err := e.claim(tx, ask)
		if err != nil {
			return err
		}
		if replay != nil {
			reply = *replay
			return nil
		}
		if reply, err = work(tx); err != nil {
			return err
		}
		return e.finish(tx, ask.Owner, ask.IdempotencyKey, reply)
	})
	return reply, err
}

// carryOut is the gate for a write that calls Stripe. In the first transaction
// it claims the key and keeps what intend means to do; then, with no
// transaction open, it sends the call; what comes of it is settled in the
// second transaction, together with the reply.
func (e *Engine) carryOut(ctx context.Context, ask Ask, intend func(tx *store.Tx) (order, error)) (Reply, error) {
	var (
		replay *Reply
		todo   errand
	)
	err := e.store.Write(ctx, func(tx *store.Tx) error {
		var err error
		tx.ForeseeDefaultConnection(ask.Owner) // most calls go through it
		if replay, err = e.claim(tx, ask); err != nil || replay != nil {
			return err
		}
		meant, err := intend(tx)
		if err != nil {
			return err
		}
		todo.call = e.newCall(tx, ask.Owner, meant)
		todo.call.RequestKey = ask.IdempotencyKey
		if todo.access, err = e.accessTo(meant.connection); err != nil {
			return err
		}
		return tx.InsertCall(todo.call)
	})
	switch {
	case err != nil:
		return Reply{}, err
	case replay != nil:
		return *replay, nil
	}
	return e.perform(ctx, todo)
}

// claim takes the caller's idempotency key for this request, or returns the
// reply that an equal request was given.
//
// Errors: idempotency_mismatch, idempotency_in_flight.
func (e *Engine) claim(tx *store.Tx, ask Ask) (*Reply, error) {
	if ask.IdempotencyKey == "" {
		return nil, nil
	}
	request := newRequest(ask, tx.Now())
	existing, err := tx.ClaimRequest(request)
	if err != nil || existing == nil {
		return nil, err
	}
	return e.replay(*existing, request)
}

// replay is the reply of the earlier request, if this one is the same.
func (e *Engine) replay(earlier, now pay.Request) (*Reply, error) {
	switch {
	case !bytes.Equal(earlier.Fingerprint, now.Fingerprint):
		mismatch := pay.Errorf(pay.CodeIdempotencyMismatch, "the Idempotency-Key %q was used with another request", now.Key)
		mismatch.Fields = earlier.Differences(now)
		return nil, mismatch
	case earlier.State == pay.RequestRunning:
		running := pay.Errorf(pay.CodeIdempotencyInFlight, "the first request with the Idempotency-Key %q has no reply yet", now.Key)
		running.RetryAfter = inFlightRetry
		return nil, running
	}
	body, err := e.sealer.Open(earlier.Reply, replyContext(earlier.Owner, earlier.Key))
	if err != nil {
		return nil, err
	}
	return &Reply{Status: earlier.Status, Body: body, Resource: earlier.Resource, Replayed: true}, nil
}

// replayed looks for the reply of an equal request without claiming the key,
// for verbs that must ask Stripe something before their transaction.
func (e *Engine) replayed(ctx context.Context, ask Ask) (*Reply, error) {
	if ask.IdempotencyKey == "" {
		return nil, nil
	}
	earlier, err := read(ctx, e, func(tx *store.Tx) (pay.Request, error) { return tx.Request(ask.Owner, ask.IdempotencyKey) })
	if pay.Is(err, pay.CodeNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return e.replay(earlier, newRequest(ask, e.clock.Now()))
}

// finish keeps the reply of a claimed key. A key that has its reply keeps it.
func (e *Engine) finish(tx *store.Tx, owner pay.Owner, key string, reply Reply) error {
	if key == "" {
		return nil
	}
	done, err := e.finished(pay.Request{Owner: owner, Key: key}, reply, tx.Now())
	if err != nil {
		return err
	}
	return tx.FinishRequest(done)
}

// finished is a request with its reply.
func (e *Engine) finished(r pay.Request, reply Reply, now time.Time) (pay.Request, error) {
	sealed, err := e.sealer.Seal(reply.Body, replyContext(r.Owner, r.Key))
	r.State, r.Status, r.Reply, r.Resource, r.FinishedAt = pay.RequestFinished, reply.Status, sealed, reply.Resource, now
	return r, err
}

func replyContext(o pay.Owner, key string) string {
	return "reply|" + string(o.Merchant) + "|" + string(o.Mode) + "|" + key
}

func newRequest(ask Ask, now time.Time) pay.Request {
	fields := fieldHashes(ask)
	canonical, _ := json.Marshal(fields) // a map of strings always marshals, with sorted keys
	fingerprint := sha256.Sum256(canonical)
	return pay.Request{
		Owner: ask.Owner, Key: ask.IdempotencyKey, Fingerprint: fingerprint[:], Fields: fields,
		State: pay.RequestRunning, CreatedAt: now,
	}
}

// fieldHashes reduces a request to a hash for each top-level field of its
// body. The order of fields and white space do not count; how a number is
// written does.
func fieldHashes(ask Ask) map[string]string {
	hashes := map[string]string{fieldMethod: ask.Method, fieldPath: ask.Path}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(ask.Body, &fields); err != nil {
		hashes[":body"] = shortHash(ask.Body)
		return hashes
	}
	for name, value := range fields {
		hashes[name] = shortHash(canonicalJSON(value))
	}
	return hashes
}

// canonicalJSON is value with sorted keys, without white space and with
// numbers as they were written.
func canonicalJSON(value json.RawMessage) []byte {
	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.UseNumber()
	var v any
	if decoder.Decode(&v) != nil {
		return value
	}
	canonical, err := json.Marshal(v)
	if err != nil {
		return value
	}
	return canonical
}

// shortHash is 128 bits of SHA-256: enough that two values of a field never
// meet, and values themselves are not kept.
func shortHash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}
