package engine

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"hash/crc32"
	"math/big"
	"strings"
	"sync"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// The form of an API key: sk_test_flr_<id>_<secret><checksum>. The secret has
// 190 bits; the checksum lets scanners and us refuse a mistyped or invented
// key without asking the database, as GitHub's tokens do.
const (
	keyIDLength       = 12
	keySecretLength   = 32
	keyChecksumLength = 6
	base62            = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// CreateAPIKey makes a key and returns it with its full text, which is shown
// only now.
//
// Errors: not_found (the merchant), invalid_scope.
func (e *Engine) CreateAPIKey(ctx context.Context, o pay.Owner, scopes []pay.Scope, limits pay.KeyLimits) (pay.APIKey, string, error) {
	if len(scopes) == 0 {
		return pay.APIKey{}, "", pay.Invalid(pay.CodeInvalidScope, "scopes", "a key needs a scope: %s, or all", pay.JoinScopes(pay.Scopes))
	}
	var (
		key  pay.APIKey
		text string
	)
	err := e.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Merchant(o.Merchant); err != nil {
			return err
		}
		key, text = e.newKey(o, scopes, tx.Now())
		key.Limits = limits
		return tx.InsertAPIKey(key)
	})
	return key, text, err
}

func (e *Engine) newKey(o pay.Owner, scopes []pay.Scope, now time.Time) (pay.APIKey, string) {
	id := randomBase62(keyIDLength)
	body := "sk_" + string(o.Mode) + "_flr_" + id + "_" + randomBase62(keySecretLength)
	text := body + checksum(body)
	return pay.APIKey{
		ID: id, Owner: o, Scopes: scopes, Lineage: id, Hash: hashKey(e.cfg.Peppers[0], text), CreatedAt: now,
		Hint: "sk_" + string(o.Mode) + "_flr_" + id + "_…" + text[len(text)-4:],
	}, text
}

// Authenticate finds the key that a caller shows. The checksum is tried before
// the database, and unknown ids take as long as known ones.
//
// Errors: api_key_missing, api_key_invalid, api_key_is_stripes,
// api_key_revoked, api_key_expired.
func (e *Engine) Authenticate(ctx context.Context, shown string) (pay.APIKey, error) {
	mode, id, err := parseKey(shown)
	if err != nil {
		return pay.APIKey{}, err
	}
	key, err := glance(ctx, e, func(tx *store.Tx) (pay.APIKey, error) { return tx.APIKey(id) })
	unknown := pay.Is(err, pay.CodeNotFound)
	if err != nil && !unknown {
		return pay.APIKey{}, err
	}
	if !e.isKey(shown, key.Hash) || unknown || key.Owner.Mode != mode {
		return pay.APIKey{}, pay.Errorf(pay.CodeKeyInvalid, "there is no such API key")
	}
	now := e.clock.Now()
	if err := key.Check(now); err != nil {
		return pay.APIKey{}, err
	}
	e.keys.note(key.ID, now)
	return key, nil
}

// parseKey judges a key by its looks alone.
func parseKey(shown string) (pay.Mode, string, error) {
	if shown == "" {
		return "", "", pay.Errorf(pay.CodeKeyMissing, "send an API key as X-API-Key: sk_test_flr_…")
	}
	for _, mode := range []pay.Mode{pay.Test, pay.Live} {
		rest, ok := strings.CutPrefix(shown, "sk_"+string(mode)+"_flr_")
		if !ok {
			continue
		}
		id, secret, _ := strings.Cut(rest, "_")
		body := shown[:max(0, len(shown)-keyChecksumLength)]
		if len(id) != keyIDLength || len(secret) != keySecretLength+keyChecksumLength || checksum(body) != shown[len(body):] {
			return "", "", pay.Errorf(pay.CodeKeyInvalid, "the API key was mistyped: its checksum is wrong")
		}
		return mode, id, nil
	}
	for _, prefix := range []string{"sk_test_", "sk_live_", "rk_", "pk_", "whsec_"} {
		if strings.HasPrefix(shown, prefix) {
			return "", "", pay.Errorf(pay.CodeKeyIsStripes,
				"this key is Stripe's; send a Florin key (sk_test_flr_…) here, and Stripe's key to PUT /v1/merchant/providers")
		}
	}
	return "", "", pay.Errorf(pay.CodeKeyInvalid, "an API key begins with sk_test_flr_ or sk_live_flr_")
}

// hashKey is what is kept of a key: with 190 bits of secret a fast keyed hash
// is enough, and costs no request anything.
func hashKey(pepper []byte, text string) []byte {
	mac := hmac.New(sha256.New, pepper)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// isKey compares with the hash under every pepper, because a key outlives the
// rotation of the master key that the peppers come from.
func (e *Engine) isKey(shown string, hash []byte) bool {
	found := false
	for _, pepper := range e.cfg.Peppers {
		found = hmac.Equal(hashKey(pepper, shown), hash) || found
	}
	return found
}

func randomBase62(length int) string {
	var b strings.Builder
	for range length {
		n, _ := rand.Int(rand.Reader, big.NewInt(int64(len(base62)))) // never fails: crypto/rand aborts the program instead
		b.WriteByte(base62[n.Int64()])
	}
	return b.String()
}

// checksum is the CRC-32 (IEEE) of body in six base-62 digits.
func checksum(body string) string {
	sum := crc32.ChecksumIEEE([]byte(body))
	digits := make([]byte, keyChecksumLength)
	for i := len(digits) - 1; i >= 0; i-- {
		digits[i] = base62[sum%62]
		sum /= 62
	}
	return string(digits)
}

// APIKeys is a page of a merchant's keys of both modes.
//
// Errors: invalid_cursor.
func (e *Engine) APIKeys(ctx context.Context, merchant pay.ID, page pay.Page) (pay.List[pay.APIKey], error) {
	return read(ctx, e, func(tx *store.Tx) (pay.List[pay.APIKey], error) { return tx.MerchantAPIKeys(merchant, page) })
}

// RevokeAPIKey ends a key at once; revoking it again changes nothing.
//
// Errors: not_found.
func (e *Engine) RevokeAPIKey(ctx context.Context, merchant pay.ID, id string) (pay.APIKey, error) {
	var key pay.APIKey
	err := e.store.Write(ctx, func(tx *store.Tx) error {
		var err error
		if key, err = keyOf(tx, merchant, id); err != nil || !key.RevokedAt.IsZero() {
			return err
		}
		key.RevokedAt = tx.Now()
		return tx.UpdateAPIKey(key)
	})
	return key, err
}

// RotateAPIKey makes a key with the rights of an old one, which goes on
// working for the length of the overlap.
//
// Errors: not_found, api_key_revoked, api_key_expired, invalid_field.
func (e *Engine) RotateAPIKey(ctx context.Context, merchant pay.ID, id string, overlap time.Duration) (pay.APIKey, string, error) {
	if overlap < 0 || overlap > MaxOverlap {
		return pay.APIKey{}, "", pay.Invalid(pay.CodeInvalidField, "overlap", "the overlap is 0 to %s", MaxOverlap)
	}
	var (
		fresh pay.APIKey
		text  string
	)
	err := e.store.Write(ctx, func(tx *store.Tx) error {
		old, err := keyOf(tx, merchant, id)
		if err != nil {
			return err
		}
		if err := old.Check(tx.Now()); err != nil {
			return err
		}
		fresh, text = e.newKey(old.Owner, old.Scopes, tx.Now())
		fresh.Replaces, fresh.Lineage, fresh.Limits = old.ID, old.Lineage, old.Limits
		if err := tx.InsertAPIKey(fresh); err != nil {
			return err
		}
		old.ExpiresAt = tx.Now().Add(overlap)
		return tx.UpdateAPIKey(old)
	})
	return fresh, text, err
}

func keyOf(tx *store.Tx, merchant pay.ID, id string) (pay.APIKey, error) {
	key, err := tx.APIKey(id)
	if err == nil && key.Owner.Merchant != merchant {
		err = pay.NotFound("API key", id)
	}
	return key, err
}

// keyUse remembers when keys were last used, so that a request costs no write.
type keyUse struct {
	mu   sync.Mutex
	used map[string]time.Time
}

func (u *keyUse) note(id string, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.used == nil {
		u.used = map[string]time.Time{}
	}
	u.used[id] = at.Truncate(time.Minute)
}

func (u *keyUse) take() map[string]time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	used := u.used
	u.used = nil
	return used
}

// KeepKeyUse writes down which keys were used since the last time. What a
// crash loses is a minute of last-used times, nothing that anything rests on.
func (e *Engine) KeepKeyUse(ctx context.Context) (int, error) {
	used := e.keys.take()
	if len(used) == 0 {
		return 0, nil
	}
	return len(used), e.store.Write(ctx, func(tx *store.Tx) error { return tx.TouchAPIKeys(used) })
}
