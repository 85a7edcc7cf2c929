package pay

import (
	"slices"
	"strings"
	"time"
)

// MaxIdempotencyKey is Stripe's limit, so that keys can be carried over.
const MaxIdempotencyKey = 255

// IdempotencyRetention is how long a finished request's reply is kept: longer
// than any client retries, and than the three days of Stripe's webhooks.
const IdempotencyRetention = 7 * 24 * time.Hour

// ParseIdempotencyKey reads the header: a structured-field string in quotes as
// the IETF draft has it, or bare as Stripe's clients send it. An absent header
// is an empty key.
//
// Errors: idempotency_key_invalid.
func ParseIdempotencyKey(header string) (string, error) {
	bad := Invalid(CodeIdempotencyInvalid, "Idempotency-Key", "an idempotency key has 1 to %d printable ASCII characters, quoted or bare", MaxIdempotencyKey)
	if header == "" {
		return "", nil
	}
	key := header
	if strings.HasPrefix(header, `"`) {
		inner, ok := unquote(header)
		if !ok {
			return "", bad
		}
		key = inner
	}
	if key == "" || len(key) > MaxIdempotencyKey || strings.TrimSpace(key) != key {
		return "", bad
	}
	for i := range len(key) {
		if key[i] < 0x20 || key[i] > 0x7e {
			return "", bad
		}
	}
	return key, nil
}

// unquote reads an RFC 8941 string: only \" and \\ are escapes.
func unquote(s string) (string, bool) {
	if len(s) < 2 || s[len(s)-1] != '"' {
		return "", false
	}
	var b strings.Builder
	for i := 1; i < len(s)-1; i++ {
		switch {
		case s[i] == '"':
			return "", false
		case s[i] == '\\':
			i++
			if i == len(s)-1 || s[i] != '"' && s[i] != '\\' {
				return "", false
			}
		}
		b.WriteByte(s[i])
	}
	return b.String(), true
}

// RequestState is whether a request's reply is known.
type RequestState string

// Whether a request's reply is known.
const (
	RequestRunning  RequestState = "running"
	RequestFinished RequestState = "finished"
)

// Request is one write of a caller under an idempotency key, and its reply
// once there is one. The key belongs to an owner: two merchants may use the
// same.
type Request struct {
	Owner       Owner
	Key         string
	Fingerprint []byte            // of method, route and canonical body
	Fields      map[string]string // of each top-level field, so that a mismatch can be named
	State       RequestState
	Status      int    // of the reply
	Reply       []byte // sealed: it may hold a secret that is shown once
	Resource    ID     // what was made
	CreatedAt   time.Time
	FinishedAt  time.Time
}

// Differences names the fields in which another request under the same key
// differs, sorted.
func (r Request) Differences(other Request) []string {
	var names []string
	for name, hash := range r.Fields {
		if other.Fields[name] != hash {
			names = append(names, name)
		}
	}
	for name := range other.Fields {
		if _, ok := r.Fields[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
