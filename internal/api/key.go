package api

import (
	"cmp"
	"net/http"
	"strings"

	"florin/internal/pay"
	"florin/internal/telemetry"
)

// longestKey is more than any API key has: what is longer is refused before
// anything is computed over it.
const longestKey = 256

// presentedKey finds the API key of a request: X-API-Key, a Bearer token, or
// the user name of Basic, as Stripe's own clients send theirs.
//
// Errors: api_key_missing, api_key_invalid (more than one, and different),
// api_key_is_stripes.
func presentedKey(r *http.Request) (string, error) {
	given, other := strings.TrimSpace(r.Header.Get("X-API-Key")), authorization(r)
	if given != "" && other != "" && given != other {
		return "", pay.Invalid(pay.CodeKeyInvalid, "X-API-Key", "X-API-Key and Authorization hold different keys; send one")
	}
	key := cmp.Or(given, other)
	return key, checkKey(key)
}

// authorization is the key in the Authorization header, if it holds one.
func authorization(r *http.Request) string {
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	user, _, _ := r.BasicAuth()
	return user
}

// checkKey refuses by its looks what cannot be a key of ours.
func checkKey(key string) error {
	switch {
	case key == "":
		return pay.Errorf(pay.CodeKeyMissing, "there is no API key in the request; send X-API-Key: sk_test_flr_…")
	case len(key) > longestKey:
		return pay.Errorf(pay.CodeKeyInvalid, "this is not an API key")
	case isStripes(key):
		return pay.Errorf(pay.CodeKeyIsStripes,
			"this key is Stripe's, not Florin's; send a Florin key (sk_test_flr_…) here, and Stripe's in PUT /v1/merchant/providers")
	}
	return nil
}

// isStripes reports whether a key has one of Stripe's openings and not ours.
func isStripes(key string) bool {
	if strings.HasPrefix(key, "whsec_") {
		return true
	}
	kind, rest, _ := strings.Cut(key, "_")
	mode, body, _ := strings.Cut(rest, "_")
	if mode != string(pay.Test) && mode != string(pay.Live) {
		return false
	}
	return kind == "pk" || kind == "rk" || kind == "sk" && !strings.HasPrefix(body, "flr_")
}

// authenticate finds out who asks, and whether the route is theirs to use.
//
// Errors: api_key_*, scope_missing, rate_limited.
func (s *server) authenticate(w http.ResponseWriter, r *http.Request, route Route) (pay.APIKey, error) {
	presented, err := presentedKey(r)
	var key pay.APIKey
	if err == nil {
		key, err = s.engine.Authenticate(r.Context(), presented)
	}
	if err != nil {
		return pay.APIKey{}, s.countFailure(w, r, err)
	}
	telemetry.Add(r.Context(), telemetry.FieldMerchant, string(key.Owner.Merchant))
	telemetry.Add(r.Context(), telemetry.FieldKey, key.ID)
	if err := s.keys.take(r.Context(), key.ID, w.Header()); err != nil {
		return pay.APIKey{}, err
	}
	if route.Scope != "" && !key.Allows(route.Scope) {
		return pay.APIKey{}, pay.Errorf(pay.CodeScopeMissing, "the API key %s lacks the scope %s", key.Hint, route.Scope)
	}
	return key, nil
}

// countFailure is err, unless too many came from the same address.
func (s *server) countFailure(w http.ResponseWriter, r *http.Request, err error) error {
	if status := StatusOf(pay.CodeOf(err)); status != http.StatusUnauthorized {
		return err // ours to mend: nobody's failure
	}
	if limited := s.failures.take(r.Context(), addressOf(r), w.Header()); limited != nil {
		return limited
	}
	return err
}
