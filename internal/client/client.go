// Package client asks a Florin over HTTP, for the command line, the proofs and
// the tests. It is the outside's own reading of the contract: it shares no
// type with the server, so that a slip on one side shows on the other.
//
// Nothing is retried here: whoever asks knows best whether to, and has an
// IdempotencyKey to do it without fear. Amounts are decimal strings in whole
// units of their currency; times are RFC 3339 in UTC.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// maxAnswer is how much of an answer is read: a page of 100 payments with all
// the metadata there may be has less than 3 MB.
const maxAnswer = 8 << 20 // bytes

// Client asks one server with one API key. It is safe for concurrent use.
type Client struct {
	base   string
	key    string
	bearer string // instead of the key, for what is not asked for with one
	http   *http.Client
}

// New makes a client of the server at baseURL, such as http://127.0.0.1:8080.
// A nil httpClient is http.DefaultClient, which has no time limit but that of
// each call's context.
func New(baseURL, key string, httpClient *http.Client) *Client {
	if httpClient == nil {
		httpClient = http.DefaultClient
	}
	return &Client{base: strings.TrimRight(baseURL, "/"), key: key, http: httpClient}
}

// Option changes one call.
type Option func(*call)

// IdempotencyKey makes a write repeatable: the same call with the same key has
// the first one's reply. It is required where money moves on creation
// (CreatePayment, CapturePayment).
func IdempotencyKey(key string) Option { return func(c *call) { c.idempotencyKey = key } }

// Report fills in how the call was answered.
func Report(to *Outcome) Option { return func(c *call) { c.outcome = to } }

// Outcome is how a call was answered, besides its data.
type Outcome struct {
	Status    int    // HTTP
	Replayed  bool   // an earlier call with the same idempotency key was answered like this
	RequestID string // what the server's log calls the request
	Body      []byte // the answer, byte for byte
}

// call is one request.
type call struct {
	method         string
	path           string
	query          url.Values
	body           any // nil sends none
	idempotencyKey string
	outcome        *Outcome
}

// envelope is the shape of every answer.
type envelope struct {
	Success bool            `json:"success"`
	Data    json.RawMessage `json:"data"`
	Meta    struct {
		NextCursor string `json:"next_cursor"`
		HasMore    bool   `json:"has_more"`
	} `json:"meta"`
	Error *Error `json:"error"`
}

// do sends a call and decodes the data of its answer into data, which may be
// nil. An error that comes with data, such as a declined payment, fills data
// in as well.
//
// Errors: *Error when the server said no; any other when there was no answer,
// or one that is not Florin's.
func (c *Client) do(ctx context.Context, what call, data any, options ...Option) (envelope, error) {
	for _, option := range options {
		option(&what)
	}
	request, err := c.request(ctx, what)
	if err != nil {
		return envelope{}, err
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return envelope{}, err
	}
	defer func() { _ = answer.Body.Close() }() // it was read, or is of no use any more
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return envelope{}, fmt.Errorf("%s %s: the answer broke off: %w", what.method, what.path, err)
	}
	what.report(answer, body)
	return read(answer, body, data)
}

func (c *Client) request(ctx context.Context, what call) (*http.Request, error) {
	address := c.base + what.path
	if len(what.query) > 0 {
		address += "?" + what.query.Encode()
	}
	var body io.Reader
	if what.body != nil {
		raw, err := json.Marshal(what.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(raw)
	}
	request, err := http.NewRequestWithContext(ctx, what.method, address, body)
	if err != nil {
		return nil, err
	}
	if c.bearer != "" {
		request.Header.Set("Authorization", "Bearer "+c.bearer)
	} else {
		request.Header.Set("X-API-Key", c.key)
	}
	request.Header.Set("Accept", "application/json")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if what.idempotencyKey != "" {
		request.Header.Set("Idempotency-Key", what.idempotencyKey)
	}
	return request, nil
}

func (what call) report(answer *http.Response, body []byte) {
	if what.outcome == nil {
		return
	}
	*what.outcome = Outcome{
		Status: answer.StatusCode, Replayed: answer.Header.Get("Idempotent-Replayed") == "true",
		RequestID: answer.Header.Get("X-Request-Id"), Body: body,
	}
}

// read takes an answer apart.
func read(answer *http.Response, body []byte, data any) (envelope, error) {
	var said envelope
	if err := json.Unmarshal(body, &said); err != nil || !said.Success && said.Error == nil {
		return said, &Error{Status: answer.StatusCode, Code: CodeNotFlorin, Message: "the answer is not Florin's: " + beginning(body)}
	}
	if data != nil && len(said.Data) > 0 {
		if err := json.Unmarshal(said.Data, data); err != nil {
			return said, fmt.Errorf("the data of the answer cannot be read: %w", err)
		}
	}
	if said.Success {
		return said, nil
	}
	said.Error.complete(answer)
	return said, said.Error
}

// beginning is enough of a strange answer to see what sent it.
func beginning(body []byte) string {
	const enough = 120 // bytes: the first lines of a proxy's page
	if len(body) > enough {
		return fmt.Sprintf("%q…", body[:enough])
	}
	return fmt.Sprintf("%q", body)
}

// get reads one thing.
func get[T any](ctx context.Context, c *Client, path string, query url.Values) (T, error) {
	var found T
	_, err := c.do(ctx, call{method: http.MethodGet, path: path, query: query}, &found)
	return found, err
}

// send writes, and returns what the server made of it; of a declined payment
// both the payment and the error.
func send[T any](ctx context.Context, c *Client, what call, options []Option) (T, error) {
	var made T
	_, err := c.do(ctx, what, &made, options...)
	return made, err
}

// pathOf puts an id into a path; ids from outside may hold anything.
func pathOf(before, id, after string) string { return before + url.PathEscape(id) + after }

// Ask sends any request, for callers that choose the route as they go; body is
// sent as JSON unless it is nil. An error that comes with data, such as a
// declined payment, is returned with it.
func (c *Client) Ask(ctx context.Context, method, path string, body any, options ...Option) (json.RawMessage, error) {
	return send[json.RawMessage](ctx, c, call{method: method, path: path, body: body}, options)
}
