package automation

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"florin/internal/engine"
	"florin/internal/pay"
	"florin/internal/store"
)

const (
	// hookSecretPrefix begins a secret of Standard Webhooks
	// (github.com/standard-webhooks/standard-webhooks, "Signature scheme").
	hookSecretPrefix = "whsec_"
	hookSecretBytes  = 32
	// hookTolerance is how far a signature's time may be away, as there.
	hookTolerance = 5 * time.Minute
	// maxHookSignatures bounds the signatures of one header: one for each secret
	// of a sender that rotates, with room.
	maxHookSignatures = 8
)

// newToken names a flow's webhook in its address.
func newToken() string { return rand.Text() }

// newHookSecret makes the secret of a flow's webhook.
func newHookSecret() pay.Secret {
	raw := make([]byte, hookSecretBytes)
	_, _ = rand.Read(raw) // never fails (crypto/rand)
	return pay.NewSecret(hookSecretPrefix + base64.StdEncoding.EncodeToString(raw))
}

func hookContext(flow pay.ID) string { return "watch|secret|" + string(flow) }

// aimHook gives a flow an address and a secret of its own.
func (w *Watcher) aimHook(a Aimed) (Aimed, error) {
	if _, err := inputSchema(a.watch.Options); err != nil {
		return a, err
	}
	a.watch.Token = newToken()
	a.secret = newHookSecret()
	var err error
	a.watch.Secret, err = w.sealer.Seal([]byte(a.secret.Reveal()), hookContext(a.watch.ID))
	return a, err
}

// Secret is what posts to the flow's webhook are signed with, to be shown once;
// empty when the flow has none, or had it before.
func (a Aimed) Secret(joined pay.Watch) pay.Secret {
	if joined.Token != a.watch.Token {
		return pay.Secret{}
	}
	return a.secret
}

// RotateSecret gives a flow's webhook a new secret, which the reply shows this
// once. For the length of the overlap the old one lets in too, so that a sender
// can change over without losing a post.
//
// Errors: not_found when the flow has no webhook, invalid_field (the overlap).
func (w *Watcher) RotateSecret(ctx context.Context, ask engine.Ask, flow pay.ID, overlap time.Duration) (engine.Reply, error) {
	if overlap < 0 || overlap > engine.MaxOverlap {
		return engine.Reply{}, pay.Invalid(pay.CodeInvalidField, "overlap_seconds", "the overlap is 0 to %d seconds", int(engine.MaxOverlap.Seconds()))
	}
	return w.cfg.Gate.Record(ctx, ask, func(tx *store.Tx) (engine.Reply, error) {
		watch, err := tx.LockWatch(ask.Owner, flow)
		if err == nil && watch.Kind != pay.WatchHook {
			err = pay.NotFound("webhook of the flow", watch.Flow)
		}
		if err != nil {
			return engine.Reply{}, err
		}
		secret := newHookSecret()
		sealed, err := w.sealer.Seal([]byte(secret.Reveal()), hookContext(flow))
		if err != nil {
			return engine.Reply{}, err
		}
		watch.PreviousSecret, watch.PreviousUntil = watch.Secret, tx.Now().Add(overlap)
		watch.Secret, watch.UpdatedAt = sealed, tx.Now()
		return w.cfg.Present.HookSecret(secret.Reveal(), watch), tx.SaveWatch(watch)
	})
}

// Posted is what came to a flow's webhook.
type Posted struct {
	Token  string // of the address
	Header http.Header
	Body   []byte
}

// Receive begins a run with what was posted to a flow's webhook. A post with a
// webhook-id or an Idempotency-Key that came before begins no second one.
//
// Errors: not_found (no such address); signature_invalid, signature_expired;
// flow_paused; invalid_body, and invalid_field when the
// body is not what the flow's schema wants.
func (w *Watcher) Receive(ctx context.Context, p Posted) (run pay.ID, fresh bool, err error) {
	var watch pay.Watch
	err = w.store.Read(ctx, func(tx *store.Tx) error {
		watch, err = tx.WatchByToken(p.Token)
		return err
	})
	if err != nil {
		return "", false, pay.Errorf(pay.CodeNotFound, "there is no flow at this address")
	}
	if err := w.admit(watch, p); err != nil {
		return "", false, err
	}
	if watch.State != pay.WatchOn {
		return "", false, pay.Errorf(pay.CodeFlowPaused, "the flow is paused; post again later")
	}
	if err := checkInput(watch.Options, p.Body); err != nil {
		return "", false, err
	}
	key := first(p.Header.Get("webhook-id"), p.Header.Get("Idempotency-Key"))
	if len(key) > pay.MaxIdempotencyKey {
		return "", false, pay.Invalid(pay.CodeIdempotencyInvalid, "webhook-id", "it has at most %d characters", pay.MaxIdempotencyKey)
	}
	posted := Starting{Key: "hook/" + first(key, string(newID())), Input: p.Body, Ref: key}
	err = w.store.Write(ctx, func(tx *store.Tx) error {
		run, fresh, err = w.start(tx, watch, posted)
		if err != nil || !fresh {
			return err
		}
		return tx.CountFinds(watch, 1, 0)
	})
	return run, fresh, err
}

// admit lets in who knows the secret, or the one before it while the overlap
// lasts: by a signature, or by showing it.
//
// Errors: signature_invalid, signature_expired.
func (w *Watcher) admit(watch pay.Watch, p Posted) error {
	now := w.clock.Now()
	refused := w.admitBy(watch.Secret, watch, p, now)
	if !pay.Is(refused, pay.CodeSignatureInvalid) || len(watch.PreviousSecret) == 0 || !now.Before(watch.PreviousUntil) {
		return refused
	}
	return w.admitBy(watch.PreviousSecret, watch, p, now)
}

func (w *Watcher) admitBy(sealed []byte, watch pay.Watch, p Posted, now time.Time) error {
	plain, err := w.sealer.Open(sealed, hookContext(watch.ID))
	if err != nil {
		return err
	}
	if shown, ok := strings.CutPrefix(p.Header.Get("Authorization"), "Bearer "); ok {
		if subtle.ConstantTimeCompare([]byte(shown), plain) == 1 {
			return nil
		}
		return pay.Errorf(pay.CodeSignatureInvalid, "this is not the secret of the flow's webhook")
	}
	return checkHookSignature(p, string(plain), now)
}

// checkHookSignature checks a signature of Standard Webhooks over id, time and
// body, and then its time by our clock.
func checkHookSignature(p Posted, secret string, now time.Time) error {
	signer, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		return err
	}
	signatures := strings.Fields(p.Header.Get(standardwebhooks.HeaderWebhookSignature))
	if len(signatures) > maxHookSignatures || signer.VerifyIgnoringTimestamp(p.Body, p.Header) != nil {
		return pay.Errorf(pay.CodeSignatureInvalid, "sign the post by Standard Webhooks (webhook-id, webhook-timestamp, webhook-signature), or send the secret as a bearer token")
	}
	seconds, err := strconv.ParseInt(p.Header.Get(standardwebhooks.HeaderWebhookTimestamp), 10, 64)
	if err != nil {
		return pay.Errorf(pay.CodeSignatureInvalid, "webhook-timestamp is no time in seconds")
	}
	if away := now.Sub(time.Unix(seconds, 0)).Abs(); away > hookTolerance {
		return pay.Errorf(pay.CodeSignatureExpired, "the signature's time is %s away; at most %s is allowed", away.Round(time.Second), hookTolerance)
	}
	return nil
}

// inputSchema is the schema that a flow's posts must meet; nil when there is
// none.
//
// Errors: invalid_field, when it is no schema.
func inputSchema(options json.RawMessage) (*jsonschema.Resolved, error) {
	var o struct {
		Input *jsonschema.Schema `json:"input"`
	}
	if err := json.Unmarshal(options, &o); err != nil {
		return nil, pay.Invalid(pay.CodeInvalidField, "on.webhook.input", "this is no JSON Schema").Because(err)
	}
	if o.Input == nil {
		return nil, nil
	}
	resolved, err := o.Input.Resolve(nil)
	if err != nil {
		return nil, pay.Invalid(pay.CodeInvalidField, "on.webhook.input", "this is no JSON Schema: %s", err)
	}
	return resolved, nil
}

func checkInput(options json.RawMessage, body []byte) error {
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return pay.Errorf(pay.CodeInvalidBody, "the body is no JSON").Because(err)
	}
	schema, err := inputSchema(options)
	if err != nil || schema == nil {
		return err
	}
	if err := schema.Validate(value); err != nil {
		return pay.Invalid(pay.CodeInvalidField, "body", "the body is not what the flow wants: %s", err)
	}
	return nil
}
