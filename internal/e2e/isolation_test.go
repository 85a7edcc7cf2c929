package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
)

// belongings are one thing of every kind that a merchant can own.
type belongings struct {
	payment, held, refund, card, customer, endpoint, delivery, event, connection, approval, flow, run string

	account, plan, subscription, invoice string
}

// all is every id.
func (b belongings) all() []string {
	return []string{b.payment, b.held, b.refund, b.card, b.customer, b.endpoint, b.delivery, b.event, b.connection, b.approval, b.run,
		b.account, b.plan, b.subscription, b.invoice}
}

// owns makes one thing of every kind.
func (w *world) owns(r *receiver) belongings {
	w.t.Helper()
	w.listens(r)
	payment := w.pays("isolation", "10.00", "pm_card_visa", `"metadata":{"secret":"foreign"}`).want(201).text("data.id")
	held := w.pays("isolation-held", "10.00", "pm_card_visa", `"capture":"manual"`).want(201).text("data.id")
	card := w.post("/v1/payments/cards", `{"payment_method_id":"pm_card_visa","customer_email":"a@example.com"}`).want(201)
	r.next(w.t)
	b := belongings{
		payment: payment, held: held, card: card.text("data.id"), customer: card.text("data.customer_id"),
		refund:     w.post("/v1/refunds", `{"payment_id":"`+payment+`","amount":"1.00"}`).want(201).text("data.id"),
		endpoint:   w.get("/v1/merchant/webhook").want(200).text("data.id"),
		event:      w.until("/v1/events?types=payment.completed", "data.0.type", "payment.completed").text("data.0.id"),
		delivery:   w.get("/v1/webhooks/deliveries").want(200).text("data.0.id"),
		connection: w.post("/v1/connections", `{"name":"isolation","kind":"sandbox","shared":true}`).want(201).text("data.id"),
		approval: w.limited(pay.KeyLimits{Approval: pay.ApprovalRule{Need: pay.ApprovalAlways}}).
			runs("create-customer", `{"name":"foreign","email":"a@example.com"}`).want(202).text("data.id"),
	}
	w.post("/v1/flows", `{"source":"flow: foreign-flow\non: manual\nsteps: [{wait: 1h}]"}`).want(200)
	b.account = w.post("/v1/accounts", `{"type":"custom","country":"US","name":"foreign"}`).want(201).text("data.id")
	b.plan = w.post("/v1/plans", `{"name":"foreign","amount":"10.00","currency":"USD","interval":"month"}`).want(201).text("data.id")
	b.subscription = w.post("/v1/subscriptions", `{"plan_id":"`+b.plan+`","customer_id":"`+b.customer+`"}`, "Idempotency-Key", "isolation-sub").want(201).text("data.id")
	b.invoice = w.until("/v1/invoices", "data.0.subscription_id", b.subscription).text("data.0.id")
	b.flow = "foreign-flow"
	b.run = w.post("/v1/flows/foreign-flow/run", `{"input":{"secret":"foreign"}}`).want(201).text("data.id")
	return b
}

// path fills in a route with what belongs to somebody.
func (b belongings) path(r route) string {
	for prefix, id := range map[string]string{
		"/v1/flows/": b.flow, "/v1/runs/": b.run,
		"/v1/payments/cards/": b.card, "/v1/refunds/": b.refund, "/v1/merchant/webhooks/": b.endpoint,
		"/v1/webhooks/deliveries/": b.delivery, "/v1/events/": b.event, "/v1/connections/": b.connection, "/v1/approvals/": b.approval,
		"/v1/operations/": "get-balance", "/v1/accounts/": b.account, "/v1/plans/": b.plan,
		"/v1/subscriptions/": b.subscription, "/v1/invoices/": b.invoice,
	} {
		if strings.HasPrefix(r.Path, prefix) {
			return strings.NewReplacer("{id}", id, "{flow}", id, "{connection}", id, "{operation}", id, "{ref}", "ba_1").Replace(r.Path)
		}
	}
	if strings.HasSuffix(r.Path, "/capture") || strings.HasSuffix(r.Path, "/cancel") {
		return strings.ReplaceAll(r.Path, "{id}", b.held)
	}
	return strings.ReplaceAll(r.Path, "{id}", b.payment)
}

// body is a good request for a route, about what belongs to somebody.
func (b belongings) body(r route) string {
	switch r.Method + " " + r.Path {
	case "POST /v1/payments":
		return `{"amount":"5.00","currency":"USD","provider":"stripe","saved_card_id":"` + b.card + `"}`
	case "POST /v1/refunds":
		return `{"payment_id":"` + b.payment + `","amount":"1.00"}`
	case "POST /v1/payments/cards":
		return `{"payment_method_id":"pm_card_visa","customer_id":"` + b.customer + `"}`
	case "POST /v1/merchant/webhooks/{id}/replay":
		return `{"which":"failed","since":"2020-01-01T00:00:00Z"}`
	case "PATCH /v1/merchant/webhooks/{id}":
		return `{"enabled":false}`
	case "POST /v1/connections":
		return `{"name":"other","kind":"sandbox"}`
	case "PUT /v1/connections/{connection}/credentials":
		return `{"stripe":{"secret_key":"sk_test_stolen"}}`
	case "PATCH /v1/connections/{connection}":
		return `{"name":"stolen"}`
	case "POST /v1/flows", "POST /v1/flows/check":
		return `{"source":"flow: other\non: manual\nsteps: [{fail: no}]"}`
	case "PATCH /v1/accounts/{id}":
		return `{"name":"stolen"}`
	case "POST /v1/accounts/{id}/debits", "POST /v1/accounts/{id}/credits":
		return `{"amount":"5.00","currency":"USD","reason":"stolen"}`
	case "POST /v1/accounts/{id}/reject":
		return `{"reason":"fraud"}`
	case "POST /v1/accounts/{id}/external-accounts":
		return `{"external_account":"btok_us_verified"}`
	case "PATCH /v1/plans/{id}":
		return `{"active":false}`
	case "POST /v1/subscriptions":
		return `{"plan_id":"` + b.plan + `","customer_id":"` + b.customer + `"}`
	case "PATCH /v1/subscriptions/{id}", "POST /v1/subscriptions/{id}/preview":
		return `{"plan_id":"` + b.plan + `"}`
	case "POST /v1/approvals/{id}":
		return `{"decision":"approve"}`
	}
	if r.Method == "GET" {
		return ""
	}
	return "{}"
}

// route is a row of the API's own document.
type route struct {
	Method, Path string
	Scope        string // empty when any key will do
}

// guarded is every route that belongs to merchants, as /openapi.json has them;
// a test of api proves that these are the routes that are served.
func (w *world) guarded() []route {
	w.t.Helper()
	var document struct {
		Paths map[string]map[string]struct {
			Scope    string            `json:"x-scope"`
			Security []json.RawMessage `json:"security"`
		}
	}
	require.NoError(w.t, json.Unmarshal(w.get("/openapi.json").want(200).body, &document))
	var routes []route
	for path, methods := range document.Paths {
		for method, operation := range methods {
			if len(operation.Security) > 0 {
				routes = append(routes, route{Method: strings.ToUpper(method), Path: path, Scope: operation.Scope})
			}
		}
	}
	require.Greater(w.t, len(routes), 25)
	return routes
}

// TestNoForeignRowIsSeen asks every route for what belongs to another
// merchant, and to the same merchant in the other mode.
func TestNoForeignRowIsSeen(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		mine := w.owns(newReceiver(t))
		before := w.get("/v1/payments/" + mine.payment).want(200).body
		strangers := map[string]*world{
			"another merchant": w.merchant("stranger", pay.Test),
			"the other mode":   w.merchant(pay.DefaultMerchant, pay.Live),
		}
		for who, stranger := range strangers {
			for i, r := range w.guarded() {
				body := mine.body(r)
				if strings.Contains(r.Path, "/providers") && r.Method != "GET" {
					continue // takes credentials, no ids
				}
				a := stranger.request(r.Method, mine.path(r), body, "Idempotency-Key", fmt.Sprint("foreign", i))
				name := who + ": " + r.Method + " " + r.Path
				if strings.Contains(r.Path, "{id}") || strings.Contains(r.Path, "{connection}") || strings.Contains(r.Path, "{flow}") || strings.Contains(body, mine.payment) || strings.Contains(body, mine.customer) {
					assert.Equal(t, 404, a.status, "%s\n%s", name, a.body)
				}
				for _, id := range mine.all() {
					if !strings.Contains(mine.path(r)+body, id) {
						assert.NotContains(t, string(a.body), id, name)
					}
				}
				assert.NotContains(t, string(a.body), `"foreign"`, name)
			}
		}
		assert.Equal(t, string(before), string(w.get("/v1/payments/"+mine.payment).body), "nothing was changed")
		assert.Equal(t, "authorized", w.get("/v1/payments/"+mine.held).text("data.status"))
		assert.Equal(t, "enabled", w.get("/v1/merchant/webhook").text("data.status"))
		assert.Equal(t, "isolation", w.get("/v1/connections/"+mine.connection).text("data.name"))
		assert.Equal(t, "active", w.get("/v1/flows/"+mine.flow).text("data.state"))
		assert.NotEqual(t, "canceled", w.get("/v1/runs/"+mine.run).text("data.state"))
		assert.Equal(t, "pending", w.get("/v1/approvals/"+mine.approval).text("data.status"))
		assert.Equal(t, "foreign", w.get("/v1/accounts/"+mine.account).text("data.name"))
		assert.Equal(t, "active", w.get("/v1/plans/"+mine.plan).text("data.status"))
		assert.Equal(t, "active", w.get("/v1/subscriptions/"+mine.subscription).text("data.status"))
	})
}

// TestEveryRouteWantsItsScope asks every route without a key, and with a key
// that has every scope but the one it needs.
func TestEveryRouteWantsItsScope(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		mine := w.owns(newReceiver(t))
		lacking := map[pay.Scope]*world{}
		for _, missing := range pay.Scopes {
			var rest []pay.Scope
			for _, s := range pay.Scopes {
				if s != missing {
					rest = append(rest, s)
				}
			}
			lacking[missing] = w.merchant(pay.DefaultMerchant, pay.Test, rest...)
		}
		nobody := *w
		nobody.key = ""
		scoped := 0
		for _, r := range w.guarded() {
			name := r.Method + " " + r.Path
			assert.Equal(t, 401, nobody.request(r.Method, mine.path(r), mine.body(r)).status, name)
			if r.Scope == "" {
				continue
			}
			scoped++
			a := lacking[pay.Scope(r.Scope)].request(r.Method, mine.path(r), mine.body(r), "Idempotency-Key", "scope")
			assert.Equal(t, 403, a.status, "%s\n%s", name, a.body)
			assert.Equal(t, "scope_missing", a.text("error.code"), name)
			assert.Contains(t, a.text("error.message"), r.Scope)
		}
		require.Greater(t, scoped, 20)
	})
}

func TestKeysThatDoNotOpen(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		revoked := w.merchant("revoked", pay.Test)
		revoked.get("/v1/payments").want(200)
		m, err := w.server.Engine.MerchantNamed(t.Context(), "revoked")
		require.NoError(t, err)
		id := strings.Split(revoked.key, "_")[3]
		_, err = w.server.Engine.RevokeAPIKey(t.Context(), m.ID, id)
		require.NoError(t, err)
		mistyped := w.key[:len(w.key)-1] + "!"
		invented := w.key[:len(w.key)-8] + "00000000"
		for key, want := range map[string]string{
			revoked.key: "api_key_revoked", mistyped: "api_key_invalid", invented: "api_key_invalid", "x": "api_key_invalid",
			"sk_test_51Habc": "api_key_is_stripes", "pk_live_51Habc": "api_key_is_stripes", "whsec_abc": "api_key_is_stripes",
		} {
			other := *w
			other.key = key
			assert.Equal(t, want, other.get("/v1/payments").want(401).text("error.code"), key)
		}
		for _, header := range [][2]string{{"Authorization", "Bearer " + w.key}, {"Authorization", "Basic " + basic(w.key)}} {
			other := *w
			other.key = ""
			other.request("GET", "/v1/payments", "", header[0], header[1]).want(200)
		}
	})
}

// basic is HTTP Basic with the key as the user name, as Stripe's users know it.
func basic(key string) string { return base64.StdEncoding.EncodeToString([]byte(key + ":")) }
