package e2e

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"florin/internal/pay"
)

// update rewrites the golden files from what SQLite answers; Postgres is held
// against them by the next run without the flag.
var update = flag.Bool("update", false, "rewrite the golden files under testdata")

// transcript is a conversation with the API, as a golden file keeps it: every
// answer whole, so that a field that comes, goes or moves is seen.
type transcript struct {
	*world
	turns []turn
}

// turn is one request with its answer, or one webhook that came.
type turn struct {
	Request string            `json:"request"`
	Sent    any               `json:"sent,omitempty"`
	Status  int               `json:"status,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    json.RawMessage   `json:"body"`
}

// toldHeaders are the headers of an answer that callers act upon.
var toldHeaders = []string{"Allow", "Content-Type", "Idempotent-Replayed", "Retry-After", "User-Agent", "WWW-Authenticate", "Webhook-Id"}

// mostSent is how many bytes of a request a golden file repeats.
const mostSent = 1000

// say sends a request and keeps it with its answer.
func (s *transcript) say(method, path, body string, headers ...string) answer {
	s.t.Helper()
	a := s.request(method, path, body, headers...)
	s.keep(turn{Request: method + " " + path, Sent: sent(body), Status: a.status, Body: a.body}, a.header)
	return a
}

// sent is a request's body as a golden file shows it.
func sent(body string) any {
	switch {
	case body == "":
		return nil
	case len(body) > mostSent:
		return fmt.Sprintf("%d bytes", len(body))
	case !json.Valid([]byte(body)):
		return body
	}
	return json.RawMessage(body)
}

// heard keeps a webhook that came.
func (s *transcript) heard(got received) {
	s.keep(turn{Request: "webhook", Body: got.body}, got.header)
}

func (s *transcript) keep(next turn, header http.Header) {
	s.t.Helper()
	require.True(s.t, json.Valid(next.Body), "%s", next.Body)
	next.Headers = map[string]string{}
	for _, name := range toldHeaders {
		if value := header.Get(name); value != "" {
			next.Headers[name] = value
		}
	}
	s.turns = append(s.turns, next)
}

// text is the conversation with what differs from run to run taken out.
func (s *transcript) text() string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	require.NoError(s.t, encoder.Encode(s.turns))
	return steady(out.String())
}

// volatile is what differs from run to run. What is equal in one run gets the
// same placeholder, so that the golden files also say what belongs together.
var volatile = regexp.MustCompile(strings.Join([]string{
	`(?P<url>http://127\.0\.0\.1:[0-9]+)`,
	`(?P<time>20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?Z)`,
	`(?P<id>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})`,
	`(?P<secret>whsec_[A-Za-z0-9+/=]{24,})`,
	`(?P<hint>sk_test_(?:flr_[A-Za-z0-9]+_)?…[A-Za-z0-9]{4})`,
	`\b(?P<ref>(?:acct|ch|cus|evt|payatt|pi|pm|re|req|txn|we)_[A-Za-z0-9]{14,}(?:_secret_[A-Za-z0-9]+)?)`,
	`(?:"next_cursor": "|[?&]cursor=)(?P<cursor>[A-Za-z0-9_-]{20,})`,
	`"(?:duration_ms|exp_month|exp_year|created)": (?P<number>[0-9]+)`,
	`"(?:key|decided_by)": "(?P<key>[0-9A-Za-z]{12})"`,
	`"invoice_prefix": "(?P<prefix>[0-9A-Z]+)"`,
	`(?P<hash>florin-operation-[0-9a-f]{64})`,
}, "|"))

// steady puts placeholders, numbered in order of appearance, in the place of
// what is volatile.
func steady(text string) string {
	var (
		out   strings.Builder
		from  int
		names = map[string]string{}
		count = map[string]int{}
	)
	for _, at := range volatile.FindAllStringSubmatchIndex(text, -1) {
		for group, kind := range volatile.SubexpNames() {
			begin, end := at[2*group], at[2*group+1]
			if kind == "" || begin < 0 {
				continue
			}
			found := kind + " " + text[begin:end]
			if names[found] == "" {
				count[kind]++
				names[found] = fmt.Sprintf("<%s %d>", kind, count[kind])
			}
			if kind == "number" {
				names[found] = "0" // a number stays one
			}
			out.WriteString(text[from:begin] + names[found])
			from = end
		}
	}
	return out.String() + text[from:]
}

// scenes are the conversations, by the name of their golden file. Each has a
// merchant, and so a Stripe account, of its own.
var scenes = map[string]func(s *transcript){
	"payment_completed": func(s *transcript) {
		p := s.say("POST", "/v1/payments", `{"amount":10.00,"currency":"usd","provider":"stripe","payment_method":"pm_card_visa","description":"Order 17",`+
			`"statement_descriptor":"ORDER 17","receipt_email":"jane@example.com","metadata":{"order":"17"}}`, "Idempotency-Key", "order-17").want(201)
		s.say("GET", "/v1/payments/"+p.text("data.id"), "").want(200)
	},
	"payment_declined": func(s *transcript) {
		p := s.say("POST", "/v1/payments", `{"amount":"10.00","currency":"USD","provider":"stripe","payment_method":"pm_card_declined"}`, "Idempotency-Key", "order-18").want(402)
		s.say("GET", "/v1/payments/"+p.text("data.id"), "").want(200)
	},
	"payment_3ds": func(s *transcript) {
		s.say("POST", "/v1/payments", `{"amount":"10.00","currency":"USD","provider":"stripe","payment_method":"pm_card_threeDSecure2Required","return_url":"https://shop.example/back"}`,
			"Idempotency-Key", "order-19").want(201)
	},
	"payment_authorized": func(s *transcript) {
		p := s.say("POST", "/v1/payments", `{"amount":"10.00","currency":"USD","provider":"stripe","payment_method":"pm_card_visa","capture":"manual"}`, "Idempotency-Key", "order-20").want(201)
		path := "/v1/payments/" + p.text("data.id")
		s.say("POST", path+"/capture", `{"amount":"7.50"}`, "Idempotency-Key", "capture-20").want(200)
		other := s.pays("order-21", "20.00", "pm_card_visa", `"capture":"manual"`).want(201)
		s.say("POST", "/v1/payments/"+other.text("data.id")+"/cancel", "").want(200)
	},
	"payment_in_doubt": func(s *transcript) {
		clear := s.fault(`{"match":{"method":"POST","path":"/v1/payment_intents"},"effect":{"type":"reset_after"}}`)
		defer clear()
		s.say("POST", "/v1/payments", tenDollars, "Idempotency-Key", "order-22").want(202)
	},
	"provider_busy": func(s *transcript) {
		clear := s.fault(`{"match":{"method":"POST","path":"/v1/payment_intents"},"effect":{"type":"rate_limit","value":1}}`)
		defer clear()
		s.say("POST", "/v1/payments", tenDollars, "Idempotency-Key", "order-23").want(503)
	},
	"refund": func(s *transcript) {
		id := s.pays("order-24", "10.00", "pm_card_visa").want(201).text("data.id")
		part := s.say("POST", "/v1/refunds", `{"payment_id":"`+id+`","amount":2.50,"reason":"duplicate","metadata":{"why":"twice"}}`).want(201)
		s.say("GET", "/v1/payments/"+id, "").want(200)
		s.say("POST", "/v1/refunds", `{"payment_id":"`+id+`"}`, "Idempotency-Key", "refund-24").want(201)
		s.say("GET", "/v1/payments/"+id, "").want(200)
		s.say("GET", "/v1/refunds/"+part.text("data.id"), "").want(200)
	},
	"lists": func(s *transcript) {
		for i, amount := range []string{"1.00", "2.00", "3.00"} {
			p := s.pays(fmt.Sprint("list-", i), amount, "pm_card_visa").want(201)
			s.post("/v1/refunds", `{"payment_id":"`+p.text("data.id")+`"}`).want(201)
		}
		first := s.say("GET", "/v1/payments?limit=2", "").want(200)
		s.say("GET", "/v1/payments?limit=2&cursor="+first.text("meta.next_cursor"), "").want(200)
		s.say("GET", "/v1/payments?currency=EUR", "").want(200)
		s.say("GET", "/v1/refunds?limit=1", "").want(200)
		s.say("GET", "/v1/webhooks/deliveries", "").want(200)
	},
	"card": func(s *transcript) {
		card := s.say("POST", "/v1/payments/cards", `{"payment_method_id":"pm_card_visa","customer_email":"user@example.com","customer_name":"Jane Doe"}`).want(201)
		s.say("GET", "/v1/payments/cards", "").want(200)
		s.say("POST", "/v1/payments", `{"amount":29.99,"currency":"USD","provider":"stripe","saved_card_id":"`+card.text("data.id")+`"}`, "Idempotency-Key", "subscription-may-2025").want(201)
		s.say("DELETE", "/v1/payments/cards/"+card.text("data.id"), "").want(200)
	},
	"provider": func(s *transcript) {
		s.say("GET", "/v1/merchant/providers", "").want(200)
		s.say("PUT", "/v1/merchant/providers", `{"provider":"stripe","stripe":{"secret_key":"sk_test_51GoldenProviderGoldenProvider","webhook_secret":"whsec_golden"}}`).want(200)
		s.say("PUT", "/v1/merchant/providers", `{"provider":"stripe","stripe":{"secret_key":"pk_test_golden_provider"}}`).want(400)
		s.say("GET", "/v1/merchant", "").want(200)
	},
}

func init() {
	scenes["webhook"] = webhookScene
	scenes["timeline"] = timelineScene
	scenes["errors"] = errorScene
}

// webhookScene is an endpoint, what it receives, and how that is told.
func webhookScene(s *transcript) {
	r := newReceiver(s.t)
	s.say("PUT", "/v1/merchant/webhook", `{"webhook_url":"`+r.URL+`/hooks"}`).want(201)
	s.say("GET", "/v1/merchant/webhook", "").want(200)
	s.say("POST", "/v1/merchant/webhooks", `{"url":"`+r.URL+`/second","events":["payment.refunded"],"description":"Refunds"}`).want(201)
	s.say("GET", "/v1/merchant/webhooks", "").want(200)
	r.answer.Store(http.StatusServiceUnavailable)
	s.pays("hooked", "10.00", "pm_card_visa").want(201)
	s.heard(r.next(s.t))
	id := s.until("/v1/webhooks/deliveries", "data.0.attempts", "1").text("data.0.id")
	s.say("GET", "/v1/webhooks/deliveries/"+id, "").want(200)
	s.say("POST", "/v1/webhooks/deliveries/"+id+"/retry", "").want(200)
	s.until("/v1/events", "data.0.type", "payment.completed") // the feed ends before what is being written
	events := s.say("GET", "/v1/events", "").want(200)
	s.say("GET", "/v1/events/"+events.text("data.0.id"), "").want(200)

	ping := s.say("POST", "/v1/merchant/webhooks/"+s.get("/v1/merchant/webhooks").text("data.1.id")+"/ping", "").want(201)
	done := "/v1/webhooks/deliveries/" + ping.text("data.id")
	s.until(done, "data.attempts", "1")
	s.say("DELETE", "/v1/merchant/webhooks/"+ping.text("data.endpoint_id"), "").want(200)
	s.say("GET", done, "").want(200)
}

// timelineScene is all that happened to a payment. Stripe's own events are
// kept away: when they come is theirs to choose.
func timelineScene(s *transcript) {
	r := newReceiver(s.t)
	s.post("/v1/merchant/webhooks", `{"url":"`+r.URL+`","events":["payment.completed"]}`).want(201)
	id := s.pays("timeline", "10.00", "pm_card_visa").want(201).text("data.id")
	s.until("/v1/webhooks/deliveries", "data.0.status", "delivered")
	s.post("/v1/refunds", `{"payment_id":"`+id+`","amount":"4.00"}`).want(201)
	s.say("GET", "/v1/payments/"+id+"/timeline", "").want(200)
}

// errorScene has one error of every kind that needs no fault.
func errorScene(s *transcript) {
	post := func(body string, headers ...string) answer {
		return s.say("POST", "/v1/payments", body, append([]string{"Idempotency-Key", "error"}, headers...)...)
	}
	post(`{"amount":"10.00","currency":"USD","provider":"stripe","payment_method":"pm_card_visa","colour":"red"}`).want(400)
	post(`{"amount":"10.001","currency":"USD","provider":"stripe","payment_method":"pm_card_visa"}`).want(400)
	post(`{"amount":"10.00","currency":"USD","provider":"stripe","payment_method":"pm_card_visa","card":{"number":"4242424242424242","cvc":"123"}}`).want(400)
	post(`{"amount":`).want(400)
	post(`{"description":"` + strings.Repeat("x", 70_000) + `"}`).want(413)
	post(`amount=10`, "Content-Type", "application/x-www-form-urlencoded").want(415)
	s.say("POST", "/v1/payments", tenDollars).want(400)
	s.say("GET", "/v1/payments/nonsense", "").want(400)
	s.say("GET", "/v1/payments/018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90", "").want(404)
	s.say("GET", "/v1/nothing", "").want(404)
	s.say("DELETE", "/v1/payments", "").want(405)
	s.say("GET", "/v1/payments", "", "Accept", "image/png").want(406)

	id := s.pays("first", "10.00", "pm_card_visa").want(201).text("data.id")
	s.say("POST", "/v1/payments/"+id+"/cancel", "").want(409)
	s.say("POST", "/v1/payments", strings.Replace(tenDollars, "10.00", "11.00", 1), "Idempotency-Key", "first").want(422)

	mine := s.key
	s.key = ""
	s.say("GET", "/v1/payments", "").want(401)
	s.key = mine[:len(mine)-8] + "00000000"
	s.say("GET", "/v1/payments", "").want(401)
	s.key = s.merchant("errors", pay.Test, pay.ScopePaymentsRead).key
	post(tenDollars).want(403)
}

// fault makes the sandbox fail in a way until the returned function is called.
func (w *world) fault(rule string) (end func()) {
	w.t.Helper()
	rules := w.atStripe("sk_test_faults", "POST", "/_sandbox/faults", rule).want(200)
	id := rules.text(fmt.Sprintf("data.%d.id", len(rules.list("data"))-1))
	return func() { w.atStripe("sk_test_faults", "DELETE", "/_sandbox/faults/"+id, "").want(200) }
}

// noStripeEvents keeps Stripe's events away from Florin.
func (w *world) noStripeEvents() {
	w.t.Helper()
	w.fault(`{"match":{"event":"*"},"effect":{"type":"webhook_drop"}}`)
}

func TestWholeAnswers(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.noStripeEvents()
		for name, scene := range scenes {
			t.Run(name, func(t *testing.T) {
				own := *w
				own.t = t
				s := &transcript{world: own.merchant(name, pay.Test)}
				scene(s)
				compare(t, filepath.Join("testdata", name+".json"), s.text())
			})
		}
	})
}

// compare holds a conversation against its golden file.
func compare(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if !strings.Contains(t.Name(), "/postgres/") {
			require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
		}
		return
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	if at, wanted, found := firstDifference(string(want), got); wanted != found {
		t.Errorf("%s:%d: run with -update when this is meant\nwant %s\ngot  %s", file, at, wanted, found)
	}
}

// firstDifference is the first line that is not the same, counted from one.
func firstDifference(want, got string) (at int, wanted, found string) {
	wants, gots := strings.Split(want, "\n"), strings.Split(got, "\n")
	for len(wants) > len(gots) {
		gots = append(gots, "")
	}
	for i, line := range gots {
		if i == len(wants) || wants[i] != line {
			return i + 1, strings.Join(wants[min(i, len(wants)):], "\n"), strings.Join(gots[i:], "\n")
		}
	}
	return 0, "", ""
}

// Too many requests with one key are told when to come back.
func TestRateLimited(t *testing.T) {
	t.Parallel()
	w := newWorld(t, databases["sqlite"](t), "--rate-limit", "1", "--rate-burst", "1")
	limited := w.get("/v1/payments")
	for tries := 0; limited.status == http.StatusOK && tries < 100; tries++ {
		limited = w.get("/v1/payments")
	}
	s := &transcript{world: w}
	s.keep(turn{Request: "GET /v1/payments", Status: limited.want(429).status, Body: limited.body}, limited.header)
	compare(t, filepath.Join("testdata", "rate_limited.json"), s.text())
}
