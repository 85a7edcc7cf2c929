package e2e

import (
	"bufio"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
	"florin/internal/pgtest"
)

// A connection is its key's alone until it is shared, and changed by no other.
func TestConnectionsBelongToTheirKey(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		colleague := w.merchant(pay.DefaultMerchant, pay.Test)
		made := w.post("/v1/connections", `{"name":"europe","kind":"stripe","stripe":{"secret_key":"sk_test_EuropeEuropeEurope"}}`).want(201)
		path := "/v1/connections/" + made.text("data.id")
		assert.Equal(t, true, made.at("data.own"))
		assert.Equal(t, "sk_test_…rope", made.text("data.target"))
		assert.True(t, strings.HasPrefix(made.text("data.account_id"), "acct_"))
		colleague.get(path).want(404)
		colleague.get("/v1/connections/europe").want(404)
		assert.Len(t, colleague.get("/v1/connections").want(200).list("data"), 1, "the default one")
		run := func(who *world) answer {
			return who.post("/v1/operations/create-charge", `{"connection":"europe","input":`+tenDollarCharge+`}`)
		}
		run(colleague).want(404)
		run(w).want(200)
		assert.Equal(t, 1, w.charged("sk_test_EuropeEuropeEurope"))

		w.request("PATCH", path, `{"shared":true}`).want(200)
		seen := colleague.get(path).want(200)
		assert.Equal(t, false, seen.at("data.own"))
		run(colleague).want(200)
		for method, body := range map[string]string{"PATCH": `{"shared":false}`, "DELETE": ""} {
			assert.Equal(t, "connection_not_yours", colleague.request(method, path, body).want(403).text("error.code"))
		}
		colleague.request("PUT", path+"/credentials", `{"stripe":{"secret_key":"sk_test_mine"}}`).want(403)
		assert.Equal(t, "connection_not_yours", w.request("PATCH", "/v1/connections/default", `{"shared":true}`).want(403).text("error.code"))

		rotated := w.rotated()
		assert.Equal(t, true, rotated.get(path).want(200).at("data.own"), "a rotated key is the same owner")
		rotated.request("PATCH", path, `{"name":"eu"}`).want(200)
		run(w).want(404)
		rotated.request("DELETE", path, "").want(200)
		w.get(path).want(404)
		w.post("/v1/connections", `{"name":"eu","kind":"sandbox"}`).want(201)
		assert.Equal(t, "already_exists", w.post("/v1/connections", `{"name":"eu","kind":"http","http":{"base_url":"https://a.example"}}`).want(409).text("error.code"))
	})
}

// rotated is the world as seen with the key that its own is rotated to.
func (w *world) rotated() *world {
	w.t.Helper()
	ctx := w.t.Context()
	key, err := w.server.Engine.Authenticate(ctx, w.key)
	require.NoError(w.t, err)
	_, text, err := w.server.Engine.RotateAPIKey(ctx, key.Owner.Merchant, key.ID, time.Hour)
	require.NoError(w.t, err)
	other := *w
	other.key = text
	return &other
}

// Credentials go in, are tried, and never come out again.
func TestConnectionSecretsStayInside(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		copied, post := pgtest.Start(t), mailServer(t)
		bare, password := apart(t, copied)
		bodies := []string{
			`{"name":"stripe","kind":"stripe","stripe":{"secret_key":"sk_test_CANARYCANARY"}}`,
			`{"name":"books","kind":"http","http":{"base_url":"https://books.example.com/v2","headers":{"Authorization":"Bearer CANARY","X-Team":"CANARY"}}}`,
			`{"name":"copy","kind":"database","database":{"url":"` + copied + `"}}`,
			`{"name":"post","kind":"smtp","smtp":{"url":"smtp://me:CANARY@` + post + `","from":"Shop <billing@example.com>"}}`,
		}
		targets := []string{"sk_test_…", "https://books.example.com/v2 (Authorization, X-Team)", bare, "smtp://" + post + " from Shop <billing@example.com>"}
		for i, body := range bodies {
			a := w.post("/v1/connections", body, "Idempotency-Key", body[:20]).want(201)
			assert.Equal(t, targets[i], a.text("data.target"))
			assert.Equal(t, string(a.body), string(w.post("/v1/connections", body, "Idempotency-Key", body[:20]).want(201).body))
			for _, answer := range []answer{a, w.get("/v1/connections/" + a.text("data.id")), w.post("/v1/connections/"+a.text("data.name")+"/test", ""), w.get("/v1/connections")} {
				assert.NotContains(t, string(answer.body), "CANARY")
				assert.NotContains(t, string(answer.body), password)
			}
		}
		assert.Equal(t, "connection_wrong_kind", w.post("/v1/operations/get-balance", `{"connection":"books"}`).want(400).text("error.code"))
		for body, field := range map[string]string{
			`{"name":"a","kind":"stripe"}`: "stripe.secret_key", `{"name":"a","kind":"stripe","stripe":{"secret_key":"pk_test_CANARY"}}`: "stripe.secret_key",
			`{"name":"a","kind":"http","http":{"base_url":"http://books.example.com"}}`:                "http.base_url",
			`{"name":"a","kind":"http","http":{"base_url":"https://me:CANARY@books.example.com"}}`:     "http.base_url",
			`{"name":"a","kind":"database","database":{"url":"mysql://CANARY@h/db"}}`:                  "database.url",
			`{"name":"a","kind":"smtp","smtp":{"url":"http://CANARY.example","from":"a@example.com"}}`: "smtp.url",
			`{"name":"default","kind":"sandbox"}`:                                                      "name", `{"name":"a b","kind":"sandbox"}`: "name", `{"name":"a","kind":"fax"}`: "kind",
		} {
			a := w.post("/v1/connections", body).want(400)
			assert.Equal(t, field, a.text("error.field"), "%s", a.body)
			assert.NotContains(t, string(a.body), "CANARY")
		}
	})
}

// apart is a database's URL without user and parameters, and its password.
func apart(t *testing.T, database string) (bare, password string) {
	t.Helper()
	u, err := url.Parse(database)
	require.NoError(t, err)
	password, _ = u.User.Password()
	require.NotEmpty(t, password)
	u.User, u.RawQuery = nil, ""
	return u.String(), password
}

// mailServer takes every password, and tells where it listens.
func mailServer(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				_, _ = fmt.Fprint(c, "220 here\r\n")
				for lines := bufio.NewScanner(c); lines.Scan(); {
					switch word, _, _ := strings.Cut(strings.ToUpper(lines.Text()), " "); word {
					case "EHLO":
						_, _ = fmt.Fprint(c, "250-here\r\n250 AUTH CRAM-MD5\r\n")
					case "AUTH":
						_, _ = fmt.Fprint(c, "334 PDFAaD4=\r\n") // a challenge, and any answer will do
						lines.Scan()
						_, _ = fmt.Fprint(c, "235 come in\r\n")
					case "QUIT":
						_, _ = fmt.Fprint(c, "221 bye\r\n")
						return
					default:
						_, _ = fmt.Fprint(c, "250 ok\r\n")
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

// A key of another account is refused unless it is meant; one that Stripe no
// longer lets in shows at the connection, until it is replaced.
func TestConnectionsAreRotated(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.post("/v1/connections", `{"name":"one","kind":"stripe","stripe":{"secret_key":"sk_test_RotateRotateRotate"}}`).want(201)
		put := func(body string) answer { return w.request("PUT", "/v1/connections/one/credentials", body) }
		put(`{"stripe":{"secret_key":"rk_test_RotateRotateRotate"}}`).want(200) // a restricted key of the same account
		assert.Equal(t, "connection_other_account", put(`{"stripe":{"secret_key":"sk_test_AnotherAnother"}}`).want(409).text("error.code"))
		assert.Equal(t, "provider_key_wrong_mode", put(`{"stripe":{"secret_key":"sk_live_RotateRotate"},"allow_other_account":true}`).want(400).text("error.code"))
		put(`{"stripe":{"secret_key":"sk_test_AnotherAnother"},"allow_other_account":true}`).want(200)
		w.post("/v1/operations/create-charge", `{"connection":"one","input":`+tenDollarCharge+`}`).want(200)
		assert.Equal(t, 1, w.charged("sk_test_AnotherAnother"))
		assert.Empty(t, w.atStripe("sk_test_RotateRotateRotate", "GET", "/v1/charges", "").want(200).list("data"))
	})
}
