package api_test

import (
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/app"
	"florin/internal/app/apptest"
	"florin/internal/pay"
)

// florin is the whole program on free ports with its sandbox, seen over HTTP.
type florin struct {
	t      *testing.T
	server *app.Server
	key    string
}

// start runs the program; flags are as on the command line.
func start(t *testing.T, flags ...string) florin {
	t.Helper()
	server := apptest.Start(t, flags...)
	return florin{t: t, server: server, key: server.Key}
}

// said is an answer, read whole.
type said struct {
	status int
	header http.Header
	body   string
}

// ask sends a request; headers are pairs, and an X-API-Key among them replaces
// the usual one.
func (f florin) ask(method, path, body string, headers ...string) said {
	f.t.Helper()
	var sent io.Reader
	if body != "" {
		sent = strings.NewReader(body)
	}
	request, err := http.NewRequestWithContext(f.t.Context(), method, f.server.URL()+path, sent)
	require.NoError(f.t, err)
	request.Header.Set("X-API-Key", f.key)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultClient.Do(request)
	require.NoError(f.t, err)
	defer func() { _ = answer.Body.Close() }()
	read, err := io.ReadAll(answer.Body)
	require.NoError(f.t, err)
	return said{answer.StatusCode, answer.Header, string(read)}
}

// refused asserts an error's shape whole, but for its message.
func (f florin) refused(s said, status int, code pay.Code, field string) {
	f.t.Helper()
	assert.Equal(f.t, status, s.status, s.body)
	var body map[string]any
	require.NoError(f.t, json.Unmarshal([]byte(s.body), &body), s.body)
	problem, _ := body["error"].(map[string]any)
	assert.NotEmpty(f.t, problem["message"], s.body)
	delete(problem, "message")
	want := map[string]any{"code": string(code), "doc": "/docs/errors#" + string(code), "request_id": s.header.Get("X-Request-Id"),
		"retryable": (&pay.Error{Code: code}).Retryable()}
	if field != "" {
		want["field"] = field
	}
	assert.Equal(f.t, map[string]any{"success": false, "error": want}, body)
	assert.NotEmpty(f.t, want["request_id"])
	assert.Equal(f.t, "application/json", s.header.Get("Content-Type"))
}

const order = `{"amount":10.00,"currency":"USD","provider":"stripe","payment_method":"pm_card_visa"}`

func TestKeysAreTakenInEveryForm(t *testing.T) {
	t.Parallel()
	f := start(t)
	basic := base64.StdEncoding.EncodeToString([]byte(f.key + ":"))
	for _, headers := range [][]string{
		{"X-API-Key", f.key}, {"X-API-Key", "", "Authorization", "Bearer " + f.key}, {"X-API-Key", "", "Authorization", "bearer " + f.key},
		{"X-API-Key", "", "Authorization", "Basic " + basic}, {"Authorization", "Bearer " + f.key},
	} {
		assert.Equal(t, 200, f.ask("GET", "/v1/merchant", "", headers...).status, headers)
	}
	for code, headers := range map[pay.Code][]string{
		pay.CodeKeyMissing:   {"X-API-Key", ""},
		pay.CodeKeyIsStripes: {"X-API-Key", "sk_test_51H8abcdefghijklmnop"},
		pay.CodeKeyInvalid:   {"X-API-Key", f.key + "x"},
	} {
		f.refused(f.ask("GET", "/v1/payments", "", headers...), 401, code, "")
	}
	for _, key := range []string{"pk_test_abc", "rk_live_abc", "whsec_abc", "sk_live_abc"} {
		f.refused(f.ask("GET", "/v1/payments", "", "X-API-Key", key), 401, pay.CodeKeyIsStripes, "")
	}
	f.refused(f.ask("GET", "/v1/merchant", "", "Authorization", "Bearer "+f.key+"y"), 401, pay.CodeKeyInvalid, "X-API-Key")
	f.refused(f.ask("GET", "/v1/merchant", "", "X-API-Key", strings.Repeat("k", 300)), 401, pay.CodeKeyInvalid, "")
}

func TestWhatNoRouteTakesIsAnsweredInOurShape(t *testing.T) {
	t.Parallel()
	f := start(t)
	for _, path := range []string{"/v1", "/v1/payment", "/v1/payments/", "//v1/payments", "/v1/payments/x/y", "/v1/../v1/nothing"} {
		f.refused(f.ask("GET", path, ""), 404, pay.CodeRouteNotFound, "")
	}
	wrong := f.ask("DELETE", "/v1/payments", "")
	f.refused(wrong, 405, pay.CodeMethodNotAllowed, "")
	assert.Equal(t, "GET, HEAD, POST", wrong.header.Get("Allow"))
	f.refused(f.ask("GET", "/v1/payments", "", "Accept", "application/xml"), 406, pay.CodeNotAcceptable, "Accept")
	f.refused(f.ask("GET", "/v1/refunds", "", "Accept", "text/csv"), 406, pay.CodeNotAcceptable, "Accept")
	f.refused(f.ask("GET", "/v1/payments?limt=3", ""), 400, pay.CodeUnknownField, "limt")
	f.refused(f.ask("GET", "/v1/merchant?a=b", ""), 400, pay.CodeUnknownField, "a")
	f.refused(f.ask("GET", "/v1/payments/17", ""), 400, pay.CodeInvalidID, "id")
	f.refused(f.ask("GET", "/v1/payments/018f0000-0000-7000-8000-000000000002", ""), 404, pay.CodeNotFound, "")
	head := f.ask("HEAD", "/v1/payments", "")
	assert.Equal(t, 200, head.status)
	assert.Empty(t, head.body)
}

func TestBodiesAreLimited(t *testing.T) {
	t.Parallel()
	f := start(t)
	large := `{"description":"` + strings.Repeat("x", 64<<10) + `"}`
	f.refused(f.ask("POST", "/v1/payments", large, "Idempotency-Key", "a"), 413, pay.CodeBodyTooLarge, "")
	f.refused(f.ask("POST", "/v1/payments", "<a/>", "Content-Type", "text/xml"), 415, pay.CodeMediaType, "Content-Type")
	f.refused(f.ask("POST", "/v1/payments", "amount=10", "Content-Type", "application/x-www-form-urlencoded"), 415, pay.CodeMediaType, "Content-Type")
	f.refused(f.ask("POST", "/v1/payments", order), 400, pay.CodeIdempotencyMissing, "Idempotency-Key")
	f.refused(f.ask("POST", "/v1/payments", order, "Idempotency-Key", `"torn`), 400, pay.CodeIdempotencyInvalid, "Idempotency-Key")
	f.refused(f.ask("POST", "/v1/payments/018f0000-0000-7000-8000-000000000002/capture", ""), 400, pay.CodeIdempotencyMissing, "Idempotency-Key")
	f.refused(f.ask("POST", "/v1/webhooks/stripe", "{}"), 401, pay.CodeSignatureInvalid, "Stripe-Signature")
	f.refused(f.ask("POST", "/v1/webhooks/stripe", strings.Repeat("x", 512<<10+1), "Stripe-Signature", "t=1,v1=a"), 413, pay.CodeBodyTooLarge, "")
	curl := f.ask("POST", "/v1/payments", order, "Idempotency-Key", "curl", "Content-Type", "application/x-www-form-urlencoded")
	assert.Equal(t, 201, curl.status, "what curl -d sends: %s", curl.body)
}

func TestCardDataNeverGetsIn(t *testing.T) {
	t.Parallel()
	f := start(t)
	const number = "4242 4242 4242 4242"
	for field, body := range map[string]string{
		"description":   `{"amount":10,"currency":"USD","payment_method":"pm_card_visa","description":"` + number + `"}`,
		"metadata.note": `{"amount":10,"currency":"USD","payment_method":"pm_card_visa","metadata":{"note":"` + number + `"}}`,
		"card.number":   `{"amount":10,"currency":"USD","card":{"number":"` + number + `"}}`,
	} {
		f.refused(f.ask("POST", "/v1/payments", body, "Idempotency-Key", "raw-"+field), 400, pay.CodeRawCardData, field)
	}
	f.refused(f.ask("POST", "/v1/payments", order, "Idempotency-Key", number), 400, pay.CodeRawCardData, "Idempotency-Key")
	f.refused(f.ask("GET", "/v1/payments?q=4242424242424242", ""), 400, pay.CodeRawCardData, "q")
	assert.Equal(t, `{"success":true,"data":[],"meta":{"next_cursor":"","has_more":false}}`, f.ask("GET", "/v1/payments", "").body)
}

func TestARepeatedWriteIsAnsweredByteForByte(t *testing.T) {
	t.Parallel()
	f := start(t)
	first := f.ask("POST", "/v1/payments", order, "Idempotency-Key", "order-1")
	assert.Equal(t, 201, first.status, first.body)
	assert.Empty(t, first.header.Get("Idempotent-Replayed"))
	assert.Equal(t, "order-1", first.header.Get("Idempotency-Key"))
	again := f.ask("POST", "/v1/payments", `{"currency":"USD", "amount":10.00,"payment_method":"pm_card_visa","provider":"stripe"}`, "Idempotency-Key", `"order-1"`)
	assert.Equal(t, 201, again.status)
	assert.Equal(t, "true", again.header.Get("Idempotent-Replayed"))
	assert.Equal(t, first.body, again.body)
	var made struct{ Data struct{ ID string } }
	require.NoError(t, json.Unmarshal([]byte(first.body), &made))
	assert.NotEmpty(t, f.ask("GET", "/v1/payments/"+made.Data.ID, "").body)
}

func TestAnExportIsWholeAndReadable(t *testing.T) {
	t.Parallel()
	f := start(t)
	const made = pay.MaxPage + 2 // more than a page, so that an export of one page is seen
	for i := range made {
		require.Equal(t, 201, f.ask("POST", "/v1/payments", order, "Idempotency-Key", fmt.Sprintf("order-%d", i)).status)
	}
	export := f.ask("GET", "/v1/payments?idempotency_key=order-1", "", "Accept", "text/csv")
	assert.Equal(t, "text/csv; charset=utf-8; header=present", export.header.Get("Content-Type"))
	rows, err := csv.NewReader(strings.NewReader(export.body)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 2)
	assert.Equal(t, "10.00", rows[1][5])
	assert.Contains(t, rows[1], "order-1")
	everything := f.ask("GET", "/v1/payments?limit=1&sort=created_at", "", "Accept", "text/csv;q=0.9, application/xml")
	rows, err = csv.NewReader(strings.NewReader(everything.body)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 1+made, "a page's limit does not limit an export")
	seen := map[string]bool{}
	for _, row := range rows[1:] {
		seen[row[0]] = true
	}
	assert.Len(t, seen, made, "every payment once")
	f.refused(f.ask("GET", "/v1/payments?cursor=nonsense", "", "Accept", "text/csv"), 400, pay.CodeInvalidCursor, "cursor")
}

func TestRatesAreLimitedByKeyAndByAddress(t *testing.T) {
	t.Parallel()
	f := start(t, "--rate-limit", "1", "--rate-burst", "3")
	last := f.limited("")
	f.refused(last, 429, pay.CodeRateLimited, "")
	assert.Equal(t, "3", last.header.Get("RateLimit-Limit"))
	assert.Equal(t, "0", last.header.Get("RateLimit-Remaining"))
	assert.NotEmpty(t, last.header.Get("Retry-After"))
	_, other, err := f.server.Engine.CreateAPIKey(t.Context(), f.owner(), []pay.Scope{pay.ScopeMerchantRead}, pay.KeyLimits{})
	require.NoError(t, err)
	assert.Equal(t, 200, f.ask("GET", "/v1/merchant", "", "X-API-Key", other).status, "another key has a limit of its own")
	f.refused(f.ask("GET", "/v1/merchant", "", "X-API-Key", "nonsense"), 401, pay.CodeKeyInvalid, "")
	f.refused(f.limited("nonsense"), 429, pay.CodeRateLimited, "")
	assert.Equal(t, 200, f.ask("GET", "/v1/merchant", "", "X-API-Key", other).status, "a valid key from the same address goes on")
}

// limited asks with a key until that is too often: limits let a request more
// through with every moment that the machine is busy.
func (f florin) limited(key string) (last said) {
	headers := []string{}
	if key != "" {
		headers = append(headers, "X-API-Key", key)
	}
	for range 1000 {
		if last = f.ask("GET", "/v1/merchant", "", headers...); last.status == 429 {
			break
		}
	}
	return last
}

func (f florin) owner() pay.Owner {
	merchant, err := f.server.Engine.EnsureDefaultMerchant(f.t.Context())
	require.NoError(f.t, err)
	return pay.Owner{Merchant: merchant.ID, Mode: pay.Test}
}

func TestAKeyNeedsTheScopeOfTheRoute(t *testing.T) {
	t.Parallel()
	f := start(t)
	_, key, err := f.server.Engine.CreateAPIKey(t.Context(), f.owner(), []pay.Scope{pay.ScopePaymentsRead}, pay.KeyLimits{})
	require.NoError(t, err)
	assert.Equal(t, 200, f.ask("GET", "/v1/payments", "", "X-API-Key", key).status)
	f.refused(f.ask("POST", "/v1/payments", order, "X-API-Key", key, "Idempotency-Key", "a"), 403, pay.CodeScopeMissing, "")
	f.refused(f.ask("GET", "/v1/events", "", "X-API-Key", key), 403, pay.CodeScopeMissing, "")
}

func TestALongPollEndsWithTheFirstEvent(t *testing.T) {
	t.Parallel()
	f := start(t)
	heard := make(chan said, 1)
	began := make(chan struct{})
	go func() {
		close(began)
		heard <- f.ask("GET", "/v1/events?types=payment.completed&wait=30", "")
	}()
	<-began
	require.Equal(t, 201, f.ask("POST", "/v1/payments", order, "Idempotency-Key", "a").status)
	select {
	case answer := <-heard:
		assert.Equal(t, 200, answer.status)
		assert.Contains(t, answer.body, `"type":"payment.completed"`)
		checkEvent(t, f, answer)
	case <-time.After(25 * time.Second):
		t.Fatal("the poll went on although there was an event")
	}
	f.refused(f.ask("GET", "/v1/events?types=payment.done", ""), 400, pay.CodeInvalidField, "types")
	f.refused(f.ask("GET", "/v1/events?wait=31", ""), 400, pay.CodeInvalidField, "wait")
}

// checkEvent asserts that one event read alone is the same bytes as in a list.
func checkEvent(t *testing.T, f florin, list said) {
	t.Helper()
	var all struct{ Data []json.RawMessage }
	require.NoError(t, json.Unmarshal([]byte(list.body), &all))
	require.Len(t, all.Data, 1)
	var event struct{ ID string }
	require.NoError(t, json.Unmarshal(all.Data[0], &event))
	alone := f.ask("GET", "/v1/events/"+event.ID, "")
	assert.True(t, bytes.Contains([]byte(alone.body), all.Data[0]), alone.body)
}

func TestHealthIsForLoadBalancers(t *testing.T) {
	t.Parallel()
	f := start(t)
	assert.Contains(t, f.ask("GET", "/healthz", "", "X-API-Key", "").body, `"status":"ok"`)
	assert.Contains(t, f.ask("GET", "/readyz", "", "X-API-Key", "").body, `"status":"ready"`)
	assert.Contains(t, f.ask("GET", "/metrics", "", "X-API-Key", "").body, "florin_http_request_duration_seconds")
	assert.Equal(t, "nosniff", f.ask("GET", "/healthz", "").header.Get("X-Content-Type-Options"))
	assert.Equal(t, "no-store", f.ask("GET", "/v1/merchant", "").header.Get("Cache-Control"))
}
