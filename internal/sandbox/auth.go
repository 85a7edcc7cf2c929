package sandbox

import (
	"net/http"
	"strings"
)

// credential is who asks: an account, and whether by a publishable key, which
// browsers hold and which may do little.
type credential struct {
	account     string
	publishable bool
	key         string
	may         permissions // of a restricted key; nil may do all
}

// Prefixes of the test-mode keys; what follows names the account, so that
// sk_test_X, rk_test_X and pk_test_X belong together.
const (
	secretPrefix      = "sk_test_"
	restrictedPrefix  = "rk_test_"
	publishablePrefix = "pk_test_"
)

// shownOfKey is how many last characters of a refused key an error repeats.
const shownOfKey = 4

// authenticate reads the key from Basic or Bearer authorization, or from the
// parameter "key" as Stripe.js sends it. Live keys are unknown here.
func authenticate(r *http.Request, sent params) (credential, error) {
	key, _, basic := r.BasicAuth()
	if !basic {
		key = bearer(r.Header.Get("Authorization"))
	}
	if key == "" {
		key = sent.text("key")
	}
	if key == "" {
		return credential{}, unauthorized("You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details, or we can help at https://support.stripe.com/.")
	}
	for _, prefix := range []string{secretPrefix, restrictedPrefix, publishablePrefix} {
		if family, ok := strings.CutPrefix(key, prefix); ok && family != "" {
			who := credential{publishable: prefix == publishablePrefix, key: key}
			if prefix == restrictedPrefix {
				family, who.may = splitPermissions(family)
			}
			who.account = accountID(family)
			return who, nil
		}
	}
	return credential{}, unauthorized("Invalid API Key provided: " + maskKey(key))
}

func bearer(header string) string {
	scheme, key, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "bearer") {
		return ""
	}
	return strings.TrimSpace(key)
}

// maskKey shows a key's prefix and last four characters, as Stripe does.
func maskKey(key string) string {
	if len(key) <= len(secretPrefix)+shownOfKey {
		return strings.Repeat("*", len(key))
	}
	return key[:len(secretPrefix)] + strings.Repeat("*", len(key)-len(secretPrefix)-shownOfKey) + key[len(key)-shownOfKey:]
}

func unauthorized(message string) *apiError {
	e := invalidRequest(message)
	e.status = http.StatusUnauthorized
	return e
}

// secretKeyRequired refuses a publishable key where only a server may ask.
func secretKeyRequired() *apiError {
	e := invalidRequest("This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list of your API keys at https://dashboard.stripe.com/account/apikeys.").withCode("secret_key_required")
	e.status = http.StatusForbidden
	return e
}
