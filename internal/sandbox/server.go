package sandbox

import (
	"errors"
	"io"
	"net/http"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// maxBody is the largest request body, in bytes: 30 times the largest that
// the parameters of any route can spell.
const maxBody = 1 << 20

// apiVersion is what is spoken when a request names no version: the one that
// the newest Go client pins.
const apiVersion = "2026-03-25.dahlia"

// versionShape is a date, since 2024-09 followed by a release train.
var versionShape = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$`)

// exchange is one request on its way through the pipeline (Stripe §9.1).
type exchange struct {
	sandbox *Sandbox
	request *http.Request
	route   *route
	id      string // Request-Id
	raw     string // the body or query as sent
	body    []byte
	sent    params
	key     string // Idempotency-Key
	who     credential
	account *account
	version string
	wanted  wish
	invalid error // what parameter checking found
	fault   *effect
	holds   bool // the idempotency key, until the answer is sent
	early   []errand
}

// answer is what will be written, once the fault of the request allows.
type answer struct {
	status   int
	body     []byte
	original string // id of the first request with the idempotency key
	replayed bool
	object   *snapshot // all that the body shows, when that is one object
	content  string    // media type; empty for JSON
	fixture  bool      // an example, not state
	unrouted bool      // no route of the sandbox's was meant
	refused  bool      // the state cannot do this, though Stripe may
}

// call is what a route's handler gets: the work, the parameters, and the ids
// in the path.
type call struct {
	*work
	params
	id, path string
	version  string // Stripe-Version, or today's
	who      credential
	request  *http.Request
}

// routed makes the HTTP handler of one route.
func (s *Sandbox) routed(r *route) http.HandlerFunc {
	return func(w http.ResponseWriter, request *http.Request) {
		x := &exchange{sandbox: s, request: request, route: r, id: "req_" + s.ids.text(requestIDLength)}
		x.read()
		x.fault = s.faults.choose(x)
		started := s.clock.Now()
		reply := x.underFault(x.answer)
		x.awaitEarly()
		x.release()
		s.requests.note(x, reply, started)
		if reply == nil {
			panic(http.ErrAbortHandler) // net/http closes the connection without a word
		}
		x.write(w, reply)
	}
}

// read takes the parameters off the request. What is wrong with them is told
// after the key was looked at, as Stripe does.
func (x *exchange) read() {
	x.raw = x.request.URL.RawQuery
	if x.request.Method != http.MethodGet {
		body, err := io.ReadAll(io.LimitReader(x.request.Body, maxBody+1))
		if err != nil || len(body) > maxBody {
			x.invalid = invalidRequest("The request body could not be read, or is too large.")
		}
		x.body = body
		if x.multipart() {
			body = nil
		}
		if x.raw != "" && len(body) > 0 {
			x.raw += "&"
		}
		x.raw += string(body)
	}
	tree, err := parseForm(x.raw)
	if err != nil {
		x.invalid, tree = err, &values{}
	}
	x.sent = params{tree}
	if x.request.Method == http.MethodPost {
		x.key = x.request.Header.Get("Idempotency-Key")
	}
}

// stateful runs the pipeline up to the reply. A reset waits until it is done.
func (x *exchange) stateful() *answer {
	x.sandbox.gate.RLock()
	defer x.sandbox.gate.RUnlock()
	if err := x.prepare(); err != nil {
		return x.fail(err)
	}
	if x.route == nil {
		reply := x.fail(unknownURL(x.request.Method, x.request.URL.Path))
		reply.unrouted = true
		return reply
	}
	if x.invalid == nil {
		x.invalid = x.check()
	}
	if x.route.reads() {
		return x.readOnly()
	}
	return x.change()
}

// prepare finds out who asks and in which version; its errors are never saved.
func (x *exchange) prepare() error {
	who, err := authenticate(x.request, x.sent)
	if err != nil {
		return err
	}
	if who.publishable && (x.route == nil || !x.route.browser) {
		return secretKeyRequired()
	}
	x.version = x.request.Header.Get("Stripe-Version")
	if x.version == "" {
		x.version = apiVersion
	}
	if !validVersion(x.version) {
		return invalidRequest("Invalid Stripe API version: " + x.version)
	}
	if len(x.key) > maxIdempotencyKey {
		return invalidRequest("Invalid Idempotency-Key: must be at most 255 characters.")
	}
	x.who = who
	x.account, err = x.sandbox.acting(x.request, who)
	if err != nil {
		return err
	}
	return who.permits(x.request, x.account.id)
}

func validVersion(version string) bool {
	if version == apiVersion {
		return true
	}
	day, _, _ := strings.Cut(version, ".")
	_, err := time.Parse(time.DateOnly, day)
	return err == nil && versionShape.MatchString(version)
}

// everyParam may be sent to any route: expand, and a browser's own key.
var everyParam = []param{expandParam, text("key")}

func (x *exchange) check() error {
	var err error
	if x.wanted, err = x.sandbox.wishes(x.route, x.sent); err != nil {
		return err
	}
	return checkParams(x.route.params, x.sent.values, "")
}

// readOnly answers a GET under the shared lock, unless the clock has work for
// the account first.
func (x *exchange) readOnly() *answer {
	a, now := x.account, x.sandbox.seconds()
	a.mu.RLock()
	if a.overdue(now) {
		a.mu.RUnlock()
		return x.change()
	}
	reply, until := func() (*answer, ticket) {
		defer a.mu.RUnlock()
		w := x.sandbox.newWork(a, a.instant(now))
		reply, _ := x.perform(w)
		return reply, a.written
	}()
	return x.durable(reply, until)
}

// change executes under the account's lock, and answers when what it did, and
// all that it saw, is on disk.
func (x *exchange) change() *answer {
	return x.durable(x.locked())
}

// release frees the idempotency key for replays, once the first answer is ready.
func (x *exchange) release() {
	if x.holds {
		x.account.mu.Lock()
		delete(x.account.running, x.key)
		x.account.mu.Unlock()
	}
}

func (x *exchange) locked() (*answer, ticket) {
	a := x.account
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.instant(x.sandbox.seconds())
	x.sandbox.catchUp(a, now)
	if reply := x.replay(); reply != nil {
		return reply, a.written
	}
	a.latest = a.instant(now)
	w := x.sandbox.newWork(a, a.latest)
	w.cause, w.hook, w.declines = eventRequest{pointer(x.id), textOrNil(x.key)}, x.fault.hookFault(), x.fault.refusal()
	reply, saved := x.perform(w)
	if x.key != "" {
		a.running[x.key], x.holds = true, true
		if saved && !(reply.refused && x.sandbox.phantoms) {
			x.remember(w, reply)
		}
	}
	x.fault.hide(w)
	until := w.commit()
	x.early = w.earlyOnes()
	return reply, until
}

// perform runs the handler and renders its answer. Of a failed handler nothing
// remains, unless the error says that the failure itself is to be kept.
func (x *exchange) perform(w *work) (reply *answer, saved bool) {
	if x.invalid != nil {
		return x.fail(x.invalid), false
	}
	c := &call{work: w, version: x.version, params: x.sent, id: x.request.PathValue("id"), path: x.request.URL.Path, who: x.who, request: x.request}
	result, err := x.handle(c)
	if err == nil && x.fault.failsAfter() {
		err = &apiError{Type: typeAPI, Message: sorry, status: http.StatusInternalServerError, kept: true}
	}
	if err == nil {
		return x.show(w, result), true
	}
	var problem *apiError
	if !errors.As(err, &problem) {
		problem = serverError(http.StatusInternalServerError, err.Error())
	}
	reply = x.failIn(w, problem)
	if !problem.kept {
		w.discard()
	}
	return reply, !problem.unsaved
}

// show renders a handler's result.
func (x *exchange) show(w *work, result any) *answer {
	reply := &answer{status: http.StatusOK, original: x.id}
	if reply.object = x.asIs(w, result); reply.object != nil {
		reply.body = reply.object.show()
	} else {
		reply.body = x.inVersion(w, (&view{w}).render(result, x.wanted))
	}
	return reply
}

// asIs is the result packed, when it is an object that nothing is added to,
// and that every version and time shows alike; else nil.
func (x *exchange) asIs(w *work, result any) *snapshot {
	o, is := result.(object)
	if !is || len(x.wanted) > 0 || isOlder(x.version) {
		return nil
	}
	if k := declared[o.identity().Object]; k == nil || k.dated || k == &events.kind { // an event has another object inside
		return nil
	}
	return pointer(w.snapshotOf(o))
}

// handle runs the route's handler. A panic becomes a 500 with an error object,
// and nothing of the request remains: a connection closed without a word would
// be retried by Stripe's clients, into the same mistake.
func (x *exchange) handle(c *call) (result any, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			x.sandbox.log.Error("sandbox: panic", "route", x.route.method+" "+x.route.path, "cause", cause, "stack", string(debug.Stack()))
			err = serverError(http.StatusInternalServerError, sorry)
		}
	}()
	return x.route.do(c)
}

// durable turns the reply into a 500 when the journal could not keep its effects.
func (x *exchange) durable(reply *answer, until ticket) *answer {
	if err := x.sandbox.journal.wait(until); err != nil {
		return x.fail(serverError(http.StatusInternalServerError, err.Error()))
	}
	return reply
}

// failIn renders an error with the objects that belong to it.
func (x *exchange) failIn(w *work, e *apiError) *answer {
	shown := *e
	v := &view{w}
	if e.intent != nil {
		shown.PaymentIntent = v.object(e.intent, nil)
	}
	if e.setup != nil {
		shown.SetupIntent = v.object(e.setup, nil)
	}
	if e.method != nil {
		shown.PaymentMethod = v.object(e.method, nil)
	}
	reply := x.fail(&shown)
	reply.body = x.inVersion(w, reply.body)
	return reply
}

// inVersion shows a body as the request's version did.
func (x *exchange) inVersion(w *work, body []byte) []byte {
	return (&view{w}).stepBack(body, x.version)
}

func (x *exchange) fail(err error) *answer {
	var e *apiError
	if !errors.As(err, &e) {
		e = serverError(http.StatusInternalServerError, err.Error())
	}
	return &answer{status: e.status, body: e.body(x.id), original: x.id, refused: e.refusesDetail()}
}

// Headers that are always the same, so that a request makes none of them anew.
// net/http only reads them.
var (
	jsonContent    = []string{"application/json"}
	noCache        = []string{"no-cache, no-store"}
	noRetry        = []string{"false"}
	anyOrigin      = []string{"*"}
	yes            = []string{"true"}
	anyMethod      = []string{"GET, HEAD, PUT, PATCH, POST, DELETE"}
	exposedHeaders = []string{"Request-Id, Stripe-Manage-Version, Stripe-Should-Retry, X-Stripe-External-Auth-Required, X-Stripe-Privileged-Session-Required"}
	fiveMinutes    = []string{"300"}
)

// write sends the reply with Stripe's headers (§1.4).
func (x *exchange) write(w http.ResponseWriter, reply *answer) {
	h := w.Header()
	cors(h)
	h["Content-Type"] = jsonContent
	h["Cache-Control"] = noCache
	h["Request-Id"] = []string{x.id}
	h["Date"] = []string{x.sandbox.clock.Now().Format(http.TimeFormat)} // the clock that stamps the objects
	if x.version != "" {
		h["Stripe-Version"] = []string{x.version}
	}
	if x.request.Method == http.MethodPost {
		h["Stripe-Should-Retry"] = noRetry
	}
	if x.key != "" {
		h["Idempotency-Key"] = []string{x.key}
		h["Original-Request"] = []string{reply.original}
	}
	if reply.replayed {
		h["Idempotent-Replayed"] = yes
	}
	if x.account != nil && x.request.Header.Get("Stripe-Account") != "" {
		h["Stripe-Account"] = []string{x.account.id}
	}
	x.fixtureHeaders(h, reply)
	x.fault.headers(h)
	h["Content-Length"] = []string{strconv.Itoa(len(reply.body))}
	w.WriteHeader(reply.status)
	x.fault.writeBody(w, reply.body)
}

// cors lets browsers call, as Stripe does (§1.4).
func cors(h http.Header) {
	h["Access-Control-Allow-Origin"] = anyOrigin
	h["Access-Control-Allow-Credentials"] = yes
	h["Access-Control-Allow-Methods"] = anyMethod
	h["Access-Control-Expose-Headers"] = exposedHeaders
	h["Access-Control-Max-Age"] = fiveMinutes
}

// preflight answers a browser that asks before it sends.
func preflight(w http.ResponseWriter, r *http.Request) {
	cors(w.Header())
	if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
		w.Header().Set("Access-Control-Allow-Headers", asked)
	}
	w.WriteHeader(http.StatusNoContent)
}
