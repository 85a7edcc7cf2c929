package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
)

const tenDollarCharge = `{"amount":1000,"currency":"usd","source":"tok_visa","description":"Order 17"}`

// charged is how many charges an account at Stripe has.
func (w *world) charged(key string) int {
	w.t.Helper()
	return len(w.atStripe(key, "GET", "/v1/charges?limit=100", "").want(200).list("data"))
}

// A write is answered byte for byte as before, whoever asks again.
func TestOperationIsReplayed(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		key := w.stripeKey("OperationReplay")
		first := w.runs("create-charge", tenDollarCharge, "Idempotency-Key", "order-17").want(200)
		assert.Equal(t, "order-17", first.text("meta.idempotency_key"))
		assert.Equal(t, first.text("data.id"), w.atStripe(key, "GET", "/v1/charges", "").text("data.0.id"))
		again := w.runs("create-charge", tenDollarCharge, "Idempotency-Key", "order-17").want(200)
		assert.Equal(t, string(first.body), string(again.body))
		assert.Equal(t, "true", again.header.Get("Idempotent-Replayed"))

		declined := `{"amount":1000,"currency":"usd","source":"tok_chargeDeclined"}`
		no := w.runs("create-charge", declined, "Idempotency-Key", "declined").want(402)
		assert.Equal(t, string(no.body), string(w.runs("create-charge", declined, "Idempotency-Key", "declined").want(402).body))
		assert.Equal(t, "card_declined", no.text("error.provider_code"))
		assert.True(t, strings.HasPrefix(no.text("error.provider_request_id"), "req_"))

		made := w.runs("create-charge", tenDollarCharge).want(200)
		assert.Equal(t, made.text("meta.idempotency_key"), made.header.Get("Idempotency-Key"), "one is made")
		w.runs("create-charge", tenDollarCharge, "Idempotency-Key", made.header.Get("Idempotency-Key")).want(200)
		assert.Equal(t, 3, w.charged(key))

		w.post("/v1/operations/create-charge", `{"connection":"default","input":`+tenDollarCharge+`}`, "Idempotency-Key", "order-17").want(200)
		other := w.runs("create-charge", strings.Replace(tenDollarCharge, "1000", "2000", 1), "Idempotency-Key", "order-17").want(422)
		assert.Equal(t, []any{"amount"}, other.list("error.fields"))
	})
}

// Fifty at once with one key are one charge.
func TestOperationsOfOneKeyAtOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		key := w.stripeKey("OperationsAtOnce")
		bodies := make(chan string, 50)
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				request, err := http.NewRequestWithContext(context.Background(), "POST", w.base+"/v1/operations/create-charge", strings.NewReader(`{"input":`+tenDollarCharge+`}`))
				if !assert.NoError(t, err) {
					return
				}
				request.Header.Set("X-API-Key", w.key)
				request.Header.Set("Idempotency-Key", "same")
				answer, err := http.DefaultClient.Do(request)
				if !assert.NoError(t, err) {
					return
				}
				defer func() { _ = answer.Body.Close() }()
				body, err := io.ReadAll(answer.Body)
				assert.NoError(t, err)
				if answer.StatusCode == 200 {
					bodies <- string(body)
				} else {
					assert.Contains(t, string(body), "idempotency_in_flight")
					assert.NotEmpty(t, answer.Header.Get("Retry-After"))
				}
			})
		}
		group.Wait()
		close(bodies)
		want := string(w.runs("create-charge", tenDollarCharge, "Idempotency-Key", "same").want(200).body)
		for body := range bodies {
			assert.Equal(t, want, body)
		}
		assert.Equal(t, 1, w.charged(key))
	})
}

// Stripe did it and its answer never came: the same request gets the object.
func TestOperationWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		key := w.stripeKey("OperationLost")
		mend := w.fault(`{"match":{"method":"POST","path":"/v1/charges"},"effect":{"type":"reset_after"}}`)
		lost := w.runs("create-charge", tenDollarCharge, "Idempotency-Key", "lost").want(503)
		mend()
		assert.Equal(t, "in_doubt", lost.text("error.code"))
		assert.Equal(t, true, lost.at("error.retryable"))
		assert.NotEmpty(t, lost.header.Get("Retry-After"))
		var got answer
		require.Eventually(t, func() bool { // the completer may hold it for a moment
			got = w.runs("create-charge", tenDollarCharge, "Idempotency-Key", "lost")
			return got.status == 200
		}, patience, patience/1000)
		assert.Equal(t, got.text("data.id"), w.atStripe(key, "GET", "/v1/charges", "").text("data.0.id"))
		assert.Equal(t, 1, w.charged(key))
	})
}

// Twenty calls at once move no more than the key may in a day.
func TestOperationLimitsAtOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		key := w.stripeKey("OperationLimits")
		agent := w.limited(pay.KeyLimits{Operations: []string{"create-charge", "get-*"}, MaxPerDay: map[pay.Currency]int64{"USD": 7000}})
		agent.runs("create-customer", `{}`).want(403)
		var group sync.WaitGroup
		over := make(chan string, 20)
		for i := range 20 {
			group.Go(func() {
				if a := agent.runs("create-charge", tenDollarCharge, "Idempotency-Key", fmt.Sprint("limit-", i)); a.status != 200 {
					over <- a.text("error.code")
				}
			})
		}
		group.Wait()
		close(over)
		count := 0
		for code := range over {
			assert.Equal(t, "amount_over_limit", code)
			count++
		}
		assert.Equal(t, 13, count)
		assert.Equal(t, 7, w.charged(key))
	})
}

func TestOperationReadsOverBothMethods(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.stripeKey("OperationReads")
		w.runs("create-charge", tenDollarCharge).want(200)
		get := w.get("/v1/operations/get-balance").want(200)
		post := w.runs("get-balance", `{}`).want(200)
		assert.JSONEq(t, pick(get, "data"), pick(post, "data"))
		assert.Nil(t, get.at("meta.idempotency_key"))
		w.get("/v1/operations/get-balance?connection=default").want(200)
		assert.Equal(t, "not_found", w.get("/v1/operations/get-balance?connection=other").want(404).text("error.code"))
		assert.Equal(t, "unknown_field", w.get("/v1/operations/get-balance?colour=red").want(400).text("error.code"))
		writes := w.get("/v1/operations/create-charge").want(405)
		assert.Equal(t, "POST", writes.header.Get("Allow"))
		assert.Contains(t, w.get("/v1/operations/get-balanec").want(404).text("error.message"), "get-balance")
		list := w.get("/v1/operations").want(200)
		first := w.get("/v1/operations?limit=1").want(200)
		second := w.get("/v1/operations?limit=1&cursor=" + first.text("meta.next_cursor")).want(200)
		assert.Equal(t, list.text("data.1.name"), second.text("data.0.name"))
		assert.Equal(t, list.at("data.1"), w.get("/v1/operations/"+list.text("data.1.name")+"/schema").want(200).at("data"))
		reader := w.merchant(pay.DefaultMerchant, pay.Test, pay.ScopeOperationsRead)
		reader.runs("get-balance", `{}`).want(200)
		reader.runs("create-charge", tenDollarCharge).want(403)
		assert.Equal(t, false, reader.get("/v1/operations/create-charge/schema").want(200).at("data.allowed"))
	})
}

func pick(a answer, path string) string {
	raw, _ := json.Marshal(a.at(path))
	return string(raw)
}

// Card data is refused before anything is kept.
func TestOperationsTakeNoCards(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		for _, input := range []string{
			`{"amount":1000,"currency":"usd","source":"tok_visa","description":"4000056655665556"}`,
			`{"amount":1000,"currency":"usd","source":"4000056655665556"}`,
		} {
			a := w.runs("create-charge", input, "Idempotency-Key", "card").want(400)
			assert.Equal(t, "raw_card_data_not_allowed", a.text("error.code"))
			assert.NotContains(t, string(a.body), "4000056655665556")
		}
		assert.Equal(t, "raw_card_data_not_allowed", w.get("/v1/operations/get-balance?note=4000056655665556").want(400).text("error.code"))
		w.runs("create-charge", tenDollarCharge, "Idempotency-Key", "card").want(200)
	})
}

// A dry run sends nothing and shows no secret.
func TestOperationDryRun(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		key := w.stripeKey("OperationDryRun")
		a := w.post("/v1/operations/create-charge", `{"dry_run":true,"input":`+tenDollarCharge+`}`, "Idempotency-Key", "dry").want(200)
		assert.Equal(t, "POST", a.text("data.method"))
		assert.Equal(t, "/v1/charges", a.text("data.path"))
		assert.Equal(t, map[string]any{"amount": "1000", "currency": "usd", "source": "tok_visa", "description": "Order 17"}, a.at("data.form"))
		assert.NotContains(t, string(a.body), key)
		assert.Zero(t, w.charged(key))
	})
}

// A person approves or denies what a key may not do alone.
func TestOperationApprovals(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		key := w.stripeKey("OperationApprovals")
		agent := w.limited(pay.KeyLimits{Approval: pay.ApprovalRule{Need: pay.ApprovalAbove, Above: 999}})
		asked := agent.runs("create-charge", tenDollarCharge, "Idempotency-Key", "big").want(202)
		path := "/v1/approvals/" + asked.text("data.id")
		assert.Equal(t, path, "/v1/approvals/"+agent.runs("create-charge", tenDollarCharge, "Idempotency-Key", "big").want(202).text("data.id"))
		assert.Equal(t, "approval_by_same_key", agent.post(path, `{"decision":"approve"}`).want(403).text("error.code"))
		agent.runs("create-charge", strings.Replace(tenDollarCharge, "1000", "999", 1)).want(200)
		w.merchant(pay.DefaultMerchant, pay.Test, pay.ScopeOperationsWrite).post(path, `{"decision":"approve"}`).want(403)

		done := w.post(path, `{"decision":"approve","note":"fine"}`).want(200)
		assert.Equal(t, "approved", done.text("data.status"))
		got := agent.runs("create-charge", tenDollarCharge, "Idempotency-Key", "big").want(200)
		assert.Equal(t, done.text("data.result.id"), got.text("data.id"))
		assert.Equal(t, pick(done, "data"), pick(w.post(path, `{"decision":"approve"}`).want(200), "data"), "decided once")
		assert.Equal(t, "approval_already_decided", w.post(path, `{"decision":"deny"}`).want(409).text("error.code"))

		denied := agent.runs("create-charge", tenDollarCharge, "Idempotency-Key", "no").want(202)
		w.post("/v1/approvals/"+denied.text("data.id"), `{"decision":"deny","note":"too much"}`).want(200)
		no := agent.runs("create-charge", tenDollarCharge, "Idempotency-Key", "no").want(403)
		assert.Equal(t, "approval_denied", no.text("error.code"))
		assert.Contains(t, no.text("error.message"), "too much")
		assert.Equal(t, 2, w.charged(key))
		assert.Len(t, w.get("/v1/approvals?status=denied").want(200).list("data"), 1)
		w.until("/v1/events?types=approval.denied", "data.0.type", "approval.denied")
		for _, event := range w.get("/v1/events?types=approval.requested,approval.approved,approval.denied").want(200).list("data") {
			assert.NotContains(t, fmt.Sprint(event), "tok_visa")
		}
	})
}
