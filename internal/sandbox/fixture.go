package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"github.com/stripe/stripe-mock/embedded"
	"github.com/stripe/stripe-mock/server"
)

// Fixture answers are what the sandbox says where it keeps no state: Stripe's
// own examples, chosen by Stripe's own generator from its own OpenAPI document,
// and marked, so that nobody mistakes them for something that happened. Their
// shape is right; their ids, amounts and dates mean nothing.

// fixtureHeader marks an answer that is an example and not state.
const fixtureHeader = "Sandbox-Fixture"

// mockVersionHeader is what the test suites of Stripe's libraries look for
// before they run; any server that answers ids which exist nowhere may bear it.
const mockVersionHeader = "Stripe-Mock-Version"

// fixtureKey is a key of the shape that the generator's server asks for. Who
// asks was already checked, and keys of other shapes are good here.
const fixtureKey = "sk_test_fixture"

// fixtures answers every operation of Stripe's document. It is read when the
// first such request comes, and once for all sandboxes: it costs the better
// part of a second, which a start should not.
var fixtures = sync.OnceValues(func() (*server.StubServer, error) {
	examples, err := server.LoadFixtures(embedded.OpenAPIFixtures, "")
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	document, err := server.LoadSpec(embedded.OpenAPISpec, "")
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	return server.NewStubServer(examples, document, false, false)
})

// answer is the state's answer, or a fixture where there is no state: for a
// URL that only Stripe's document knows and, with phantoms, for what is not
// there.
func (x *exchange) answer() *answer {
	reply := x.stateful()
	switch {
	case reply.unrouted && x.sandbox.strict:
		return x.refusal(reply)
	case reply.unrouted:
		return x.fixture(reply)
	case x.sandbox.phantoms && (reply.refused || x.emptyList(reply)):
		if example := x.fixture(reply); example.fixture {
			return example
		}
	}
	return reply
}

// refusesDetail says whether phantoms stand in for the error: what is wrong with
// a request by the state or the date. Declines, keys and idempotency are not.
func (e *apiError) refusesDetail() bool {
	return e.Type == typeInvalidRequest && e.status != http.StatusUnauthorized || e.Code == "invalid_expiry_year"
}

// emptyList says whether the reply is a page with nothing on it.
func (x *exchange) emptyList(reply *answer) bool {
	return x.request.Method == http.MethodGet && bytes.Contains(reply.body[:min(len(reply.body), listHead)], []byte(`"data":[]`))
}

// listHead is within how many bytes of a page its data begin.
const listHead = 64

// refusal is what a strict sandbox says instead of a fixture. Stripe has no
// such answer: 501 cannot be mistaken for one of its own.
func (x *exchange) refusal(reply *answer) *answer {
	known, err := isStripeOperation(x.request.Method, x.request.URL.Path)
	if err != nil {
		return x.fail(err)
	}
	if !known {
		return reply
	}
	e := invalidRequest(fmt.Sprintf("The sandbox keeps no state for %s %s, and it was started with --strict: it refuses what it could only answer with a fixture.",
		x.request.Method, x.request.URL.Path))
	e.status = http.StatusNotImplemented
	return x.fail(e)
}

// fixture asks the generator. What it does not know either keeps the reply
// that the state gave.
func (x *exchange) fixture(reply *answer) *answer {
	generator, err := fixtures()
	if err != nil {
		return x.fail(err)
	}
	said, err := exemplify(generator, x.fixtureRequest())
	switch {
	case err != nil:
		return x.fail(serverError(http.StatusInternalServerError, err.Error()))
	case said.status == http.StatusNotFound:
		return reply
	case said.status != http.StatusOK:
		return x.fail(said.problem())
	}
	x.sandbox.log.Info("sandbox: fixture answer", "method", x.request.Method, "path", x.request.URL.Path, "request", x.id, "instead_of", reply.status)
	return &answer{status: said.status, body: said.body.Bytes(), content: said.header.Get("Content-Type"), original: x.id, fixture: true}
}

// fixtureRequest is the request as the generator's server wants it: with a key
// of the only shape that it knows, and a media type, which Stripe does not
// insist on when there is no body.
func (x *exchange) fixtureRequest() *http.Request {
	asked := x.request.Clone(x.request.Context())
	content := x.request.Header.Get("Content-Type")
	if content == "" {
		content = "application/x-www-form-urlencoded"
	}
	asked.Header = http.Header{"Authorization": {"Bearer " + fixtureKey}, "Content-Type": {content}}
	asked.Body = io.NopCloser(bytes.NewReader(x.body))
	return asked
}

// multipart says whether the body is an upload, whose parameters only the
// generator reads.
func (x *exchange) multipart() bool {
	return strings.HasPrefix(x.request.Header.Get("Content-Type"), "multipart/form-data")
}

// example is an answer that was written to memory.
type example struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// errGenerator is all that is known when the generator breaks off.
var errGenerator = errors.New("the generator of fixtures could not answer this request")

// exemplify lets the generator's server answer into memory. It was written for
// well-meant requests, and panics on some others.
func exemplify(generator *server.StubServer, r *http.Request) (out *example, err error) {
	defer func() {
		if recover() != nil {
			out, err = nil, errGenerator
		}
	}()
	out = &example{header: http.Header{}, status: http.StatusOK}
	generator.HandleRequest(out, r)
	return out, nil
}

// Header is for http.ResponseWriter.
func (e *example) Header() http.Header { return e.header }

// WriteHeader is for http.ResponseWriter.
func (e *example) WriteHeader(status int) { e.status = status }

// Write is for http.ResponseWriter.
func (e *example) Write(p []byte) (int, error) { return e.body.Write(p) }

// problem is the generator's refusal as Stripe's error object: a parameter that
// is unknown, missing or of the wrong type.
func (e *example) problem() error {
	var said struct {
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	if json.Unmarshal(e.body.Bytes(), &said) != nil || e.status != http.StatusBadRequest {
		return serverError(http.StatusInternalServerError, errGenerator.Error())
	}
	return invalidRequest(internals.ReplaceAllString(said.Error.Message, ""))
}

// internals are what the generator's checks say of themselves, and no client
// can use: "validator 0xc000… failed: ".
var internals = regexp.MustCompile(`validator 0x[0-9a-f]+ failed: `)

// fixtureHeaders mark the reply, and a sandbox that knows phantoms.
func (x *exchange) fixtureHeaders(h http.Header, reply *answer) {
	if reply.fixture {
		h[fixtureHeader] = []string{"true"}
	}
	if reply.content != "" {
		h["Content-Type"] = []string{reply.content}
	}
	if x.sandbox.phantoms {
		h[mockVersionHeader] = []string{server.Version}
	}
	if reply.status == http.StatusNotImplemented { // clients would try every 5xx again
		h["Stripe-Should-Retry"] = []string{"false"}
	}
}
