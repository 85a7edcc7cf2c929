package stripe_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
)

var restricted = pay.Access{Kind: pay.ConnectionStripe, Key: pay.NewSecret("rk_test_51CANARYcanary0123456789")}

func TestCheckNamesTheAccount(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]pay.StripeAccount{
		`{"id":"acct_1","object":"account","settings":{"dashboard":{"display_name":"Acme"}},"business_profile":{"name":"Acme Ltd"}}`: {Ref: "acct_1", Name: "Acme"},
		`{"id":"acct_1","object":"account","settings":{"dashboard":{}},"business_profile":{"name":"Acme Ltd"}}`:                      {Ref: "acct_1", Name: "Acme Ltd"},
		`{"id":"acct_1","object":"account","email":"owner@acme.example","business_profile":null}`:                                    {Ref: "acct_1", Name: "owner@acme.example"},
	} {
		f := newFake(t, always(200, body))
		got, err := f.gateway().Check(t.Context(), access)
		require.NoError(t, err)
		assert.Equal(t, want, got)
		assert.Len(t, f.requests(), 1, "a secret key has every right")
	}
}

func TestCheckOfKeysThatDoNotWork(t *testing.T) {
	t.Parallel()
	for code, status := range map[pay.Code]int{
		pay.CodeProviderKeyInvalid: 401, pay.CodeProviderKeyRights: 403, pay.CodeProviderBusy: 429, pay.CodeInDoubt: 500,
	} {
		f := newFake(t, always(status, invalid(nil)))
		_, err := f.gateway().Check(t.Context(), access)
		assert.True(t, pay.Is(err, code), "%s: %v", code, err)
	}
	f := newFake(t, always(200, `{"object":"account"}`))
	_, err := f.gateway().Check(t.Context(), access)
	assert.True(t, pay.Is(err, pay.CodeInDoubt), err)
}

// granting is a Stripe that lets a restricted key do what allowed says, and
// finds no object for any probe.
func granting(allowed func(method, path string) bool) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, r *http.Request, _ int) {
		switch {
		case !allowed(r.Method, r.URL.Path):
			reply(w, 403, invalid(fields{"message": "The provided key does not have the required permissions"}))
		case r.URL.Path == "/v1/account":
			reply(w, 200, `{"id":"acct_1","email":"a@b.example"}`)
		case strings.Contains(r.URL.Path, "_florin_probe"):
			reply(w, 404, invalid(fields{"code": "resource_missing"}))
		default:
			reply(w, 200, `{"object":"list","data":[]}`)
		}
	}
}

func TestCheckTriesTheRightsOfRestrictedKeys(t *testing.T) {
	t.Parallel()
	f := newFake(t, granting(func(string, string) bool { return true }))
	account, err := f.gateway().Check(t.Context(), restricted)
	require.NoError(t, err)
	assert.Equal(t, "acct_1", account.Ref)
	for _, r := range f.requests() {
		requireAccepted(t, pay.Wire{Method: r.method, Path: r.uri, Body: r.body})
		changesNothing := r.method == "GET" || strings.Contains(r.uri, "_florin_probe")
		assert.True(t, changesNothing, "%s %s", r.method, r.uri)
	}

	f = newFake(t, granting(func(_, path string) bool { return path != "/v1/account" }))
	account, err = f.gateway().Check(t.Context(), restricted)
	require.NoError(t, err, "a restricted key need not see its account")
	assert.Empty(t, account.Ref)

	readOnly := newFake(t, granting(func(method, _ string) bool { return method == "GET" }))
	_, err = readOnly.gateway().Check(t.Context(), restricted)
	require.True(t, pay.Is(err, pay.CodeProviderKeyRights), err)
	for _, right := range []string{"PaymentIntents write", "Refunds write", "Customers write", "PaymentMethods write"} {
		assert.ErrorContains(t, err, right)
	}
	assert.NotContains(t, err.Error(), " read")
}

// Inspect says what a restricted key may do and demands nothing of it.
func TestInspectTellsTheRights(t *testing.T) {
	t.Parallel()
	f := newFake(t, granting(func(method, path string) bool {
		return method == "GET" && path != "/v1/payouts" && path != "/v1/account"
	}))
	account, err := f.gateway().Inspect(t.Context(), restricted)
	require.NoError(t, err)
	assert.Empty(t, account.Ref)
	assert.Len(t, account.Rights, 20)
	for _, right := range account.Rights {
		assert.Equal(t, right.Level == "read" && right.Area != "Payouts", right.Has, "%s %s", right.Area, right.Level)
	}
	full := newFake(t, always(200, `{"id":"acct_1","object":"account","email":"a@b.example"}`))
	account, err = full.gateway().Inspect(t.Context(), access)
	require.NoError(t, err)
	assert.Equal(t, pay.StripeAccount{Ref: "acct_1", Name: "a@b.example"}, account, "a secret key may do everything")
	refused := newFake(t, always(401, invalid(nil)))
	_, err = refused.gateway().Inspect(t.Context(), restricted)
	assert.True(t, pay.Is(err, pay.CodeProviderKeyInvalid), err)
}

func TestSubscribeReplacesWhatHasTheSameURL(t *testing.T) {
	t.Parallel()
	const url = "https://florin.example/v1/webhooks/stripe/m"
	f := newFake(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		switch r.Method {
		case "GET":
			reply(w, 200, `{"object":"list","has_more":false,"data":[{"id":"we_1","url":"`+url+`"},{"id":"we_2","url":"https://else.example"},
				{"id":"we_3","url":"`+url+`"},{"id":"we_4","url":"`+url+`","application":"ca_1"}]}`)
		case "POST":
			reply(w, 200, `{"id":"we_9","object":"webhook_endpoint","secret":"whsec_new"}`)
		default:
			status := map[bool]int{true: 200, false: 404}[strings.HasSuffix(r.URL.Path, "we_1")]
			reply(w, status, invalid(nil))
		}
	})
	secrets, err := f.gateway().Subscribe(t.Context(), access, url)
	require.NoError(t, err)
	require.Len(t, secrets, 2)
	assert.Equal(t, "whsec_new", secrets[0].Reveal())

	var did []string
	for _, r := range f.requests() {
		did = append(did, r.method+" "+strings.Split(r.uri, "?")[0])
		requireAccepted(t, pay.Wire{Method: r.method, Path: r.uri, Body: r.body})
	}
	assert.Equal(t, []string{"GET /v1/webhook_endpoints", "POST /v1/webhook_endpoints", "POST /v1/webhook_endpoints",
		"DELETE /v1/webhook_endpoints/we_1", "DELETE /v1/webhook_endpoints/we_3", "DELETE /v1/webhook_endpoints/we_4"}, did)
	first := slices.Index(did, "POST /v1/webhook_endpoints")
	post := f.requests()[first]
	assert.NotContains(t, post.body, "connect=")
	assert.Contains(t, f.requests()[first+1].body, "connect=true", "connected accounts have an endpoint of their own")
	assert.Contains(t, post.body, "api_version=2026-03-25.dahlia")
	assert.Contains(t, post.body, "=payment_intent.succeeded")
	assert.NotEmpty(t, post.header.Get("Idempotency-Key"))
}

func TestSubscribeThatFails(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		if r.Method == "GET" {
			reply(w, 200, `{"object":"list","data":[]}`)
			return
		}
		reply(w, 200, `{"id":"we_9"}`) // without its secret it is of no use
	})
	_, err := f.gateway().Subscribe(t.Context(), access, "https://florin.example")
	assert.True(t, pay.Is(err, pay.CodeInDoubt), err)

	f = newFake(t, always(401, invalid(nil)))
	_, err = f.gateway().Subscribe(t.Context(), access, "https://florin.example")
	assert.True(t, pay.Is(err, pay.CodeProviderKeyInvalid), err)
}
