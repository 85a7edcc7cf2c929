package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"florin/internal/app"
	"florin/internal/app/apptest"
	"florin/internal/pay"
)

// patience is how long a test waits for a signal before it gives up: far more
// than anything takes on a busy machine.
const patience = 60 * time.Second

// databases is where every test of this package runs.
var databases = apptest.Databases

// onEach runs a test on both databases.
func onEach(t *testing.T, test func(t *testing.T, w *world)) {
	for name, open := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newWorld(t, open(t)))
		})
	}
}

// world is a running Florin with its sandbox, and a merchant with a key.
type world struct {
	t      testing.TB
	base   string      // where Florin answers
	stripe string      // where the sandbox answers
	key    string      // of the default merchant, with all rights
	server *app.Server // nil when it runs in a process of its own
}

// newWorld starts a server on free ports; flags are as on the command line.
func newWorld(t testing.TB, databaseURL string, flags ...string) *world {
	server := apptest.Start(t, append([]string{"--database-url", databaseURL}, flags...)...)
	w := &world{t: t, base: server.URL(), stripe: server.Sandbox.URL(), key: server.Key, server: server}
	w.connected()
	return w
}

// connected waits until the sandbox sends its events to the server.
func (w *world) connected() {
	require.Equal(w.t, 200, w.get("/v1/merchant/providers").status)
}

// answer is an HTTP answer, read whole.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	body   []byte
}

// at reads a value of the JSON body by its path: at("data.card.last4").
func (a answer) at(path string) any {
	a.t.Helper()
	var value any
	decoder := json.NewDecoder(bytes.NewReader(a.body))
	decoder.UseNumber()
	require.NoError(a.t, decoder.Decode(&value), "%s", a.body)
	for name := range strings.SplitSeq(path, ".") {
		switch v := value.(type) {
		case map[string]any:
			value = v[name]
		case []any:
			var i int
			_, err := fmt.Sscan(name, &i)
			require.NoError(a.t, err, path)
			require.Less(a.t, i, len(v), "%s in %s", path, a.body)
			value = v[i]
		default:
			require.Fail(a.t, "no such path", "%s in %s", path, a.body)
		}
	}
	return value
}

// text is a value that is a string.
func (a answer) text(path string) string {
	a.t.Helper()
	s, ok := a.at(path).(string)
	require.True(a.t, ok, "%s in %s", path, a.body)
	return s
}

// list is a value that is a list.
func (a answer) list(path string) []any {
	a.t.Helper()
	l, ok := a.at(path).([]any)
	require.True(a.t, ok, "%s in %s", path, a.body)
	return l
}

// want fails the test unless the status is as said.
func (a answer) want(status int) answer {
	a.t.Helper()
	require.Equal(a.t, status, a.status, "%s", a.body)
	return a
}

// request sends a request with the world's key; headers are pairs.
func (w *world) request(method, path, body string, headers ...string) answer {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.base+path, strings.NewReader(body))
	require.NoError(w.t, err)
	req.Header.Set("X-API-Key", w.key)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return w.send(req)
}

func (w *world) send(req *http.Request) answer {
	w.t.Helper()
	res, err := http.DefaultClient.Do(req)
	require.NoError(w.t, err)
	defer func() { _ = res.Body.Close() }()
	read, err := io.ReadAll(res.Body)
	require.NoError(w.t, err)
	return answer{t: w.t, status: res.StatusCode, header: res.Header, body: read}
}

func (w *world) get(path string) answer {
	w.t.Helper()
	return w.request("GET", path, "")
}

func (w *world) post(path, body string, headers ...string) answer {
	w.t.Helper()
	return w.request("POST", path, body, headers...)
}

// pays makes a payment under a key, with more JSON members if given.
func (w *world) pays(key, amount, method string, more ...string) answer {
	w.t.Helper()
	members := append([]string{
		fmt.Sprintf(`"amount":%s,"currency":"USD","provider":"stripe","payment_method":%q`, amount, method),
	}, more...)
	return w.post("/v1/payments", "{"+strings.Join(members, ",")+"}", "Idempotency-Key", key)
}

// merchant adds a merchant and returns a world seen with its key.
func (w *world) merchant(name string, mode pay.Mode, scopes ...pay.Scope) *world {
	w.t.Helper()
	ctx := w.t.Context()
	m, err := w.server.Engine.MerchantNamed(ctx, name)
	if pay.Is(err, pay.CodeNotFound) {
		m, err = w.server.Engine.CreateMerchant(ctx, name)
	}
	require.NoError(w.t, err)
	if len(scopes) == 0 {
		scopes = pay.Scopes
	}
	_, key, err := w.server.Engine.CreateAPIKey(ctx, pay.Owner{Merchant: m.ID, Mode: mode}, scopes, pay.KeyLimits{})
	require.NoError(w.t, err)
	other := *w
	other.key = key
	return &other
}

// limited is the world as seen with another key of the same merchant, with all
// rights and with limits on operations.
func (w *world) limited(limits pay.KeyLimits) *world {
	w.t.Helper()
	ctx := w.t.Context()
	mine, err := w.server.Engine.Authenticate(ctx, w.key)
	require.NoError(w.t, err)
	_, key, err := w.server.Engine.CreateAPIKey(ctx, mine.Owner, pay.Scopes, limits)
	require.NoError(w.t, err)
	other := *w
	other.key = key
	return &other
}

// runs asks for an operation, with headers as pairs.
func (w *world) runs(operation, input string, headers ...string) answer {
	w.t.Helper()
	return w.post("/v1/operations/"+operation, `{"input":`+input+`}`, headers...)
}

// stripeKey gives the merchant a Stripe account of its own in the sandbox and
// returns the key, so that a test can look at Stripe's side.
func (w *world) stripeKey(name string) string {
	w.t.Helper()
	key := "sk_test_" + name
	w.request("PUT", "/v1/merchant/providers", `{"provider":"stripe","stripe":{"secret_key":"`+key+`"}}`).want(200)
	return key
}

// atStripe asks the sandbox directly.
func (w *world) atStripe(key, method, path, form string) answer {
	w.t.Helper()
	return w.inAccount(key, "", method, path, form)
}

// inAccount asks the sandbox as a connected account, acct_…, unless that is
// empty.
func (w *world) inAccount(key, account, method, path, form string) answer {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.stripe+path, strings.NewReader(form))
	require.NoError(w.t, err)
	req.Header.Set("Authorization", "Bearer "+key)
	if account != "" {
		req.Header.Set("Stripe-Account", account)
	}
	if form != "" && strings.HasPrefix(form, "{") {
		req.Header.Set("Content-Type", "application/json")
	} else if form != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return w.send(req)
}

// until reads a path until a value of it is as wanted; something else in the
// program is bringing that about.
func (w *world) until(path, value, want string) answer {
	w.t.Helper()
	var a answer
	require.Eventually(w.t, func() bool {
		a = w.get(path)
		return a.status == 200 && !empty(a) && fmt.Sprint(a.at(value)) == want
	}, patience, 20*time.Millisecond, "%s never became %s", value, want)
	return a
}

// empty reports whether a list has nothing in it yet.
func empty(a answer) bool {
	list, isList := a.at("data").([]any)
	return isList && len(list) == 0
}
