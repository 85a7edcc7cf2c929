// Package web asks servers for what flows want of them. Their addresses are
// merchants' to choose, so every connection passes the guard that deliveries
// of webhooks pass.
package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	"florin/internal/clock"
	"florin/internal/pay"
	"florin/internal/webhook"
)

// Limits of a request. What comes back becomes part of a run's history.
const (
	maxRequest = 1 << 20 // bytes of a body
	maxAnswer  = 1 << 20 // bytes of a body
)

// ours are headers that the connection needs for itself.
var ours = map[string]bool{"host": true, "content-length": true, "transfer-encoding": true, "connection": true, "upgrade": true, "te": true, "trailer": true}

// Web asks servers. It is safe for use by many goroutines.
type Web struct {
	passage *webhook.Passage
	clock   clock.Clock
	agent   string
}

// New makes one; version is Florin's, for the User-Agent.
func New(passage *webhook.Passage, c clock.Clock, version string) *Web {
	return &Web{passage: passage, clock: c, agent: "Florin/" + version}
}

// Ask sends a request once, and follows no redirect.
//
// Errors: invalid_url, url_not_allowed; invalid_field (a header, a body that is
// too long); target_unreachable, target_refused (the answer is too long).
func (w *Web) Ask(ctx context.Context, r pay.WebRequest) (pay.WebAnswer, error) {
	request, err := w.request(ctx, r)
	if err != nil {
		return pay.WebAnswer{}, err
	}
	response, err := w.passage.Do(request)
	if err != nil {
		return pay.WebAnswer{}, unreachable(ctx, err)
	}
	defer func() { _ = response.Body.Close() }() // what matters of it was read
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return pay.WebAnswer{}, unreachable(ctx, err)
	case len(body) > maxAnswer:
		return pay.WebAnswer{}, pay.Errorf(pay.CodeTargetRefused, "the answer has more than %d bytes; ask for less at once", maxAnswer)
	}
	answer := pay.WebAnswer{
		Status: response.StatusCode, Body: body, Headers: map[string]string{},
		RetryAfter: webhook.RetryAfter(response.Header.Get("Retry-After"), w.clock.Now()),
	}
	for name, values := range response.Header {
		answer.Headers[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	return answer, nil
}

func (w *Web) request(ctx context.Context, r pay.WebRequest) (*http.Request, error) {
	u, err := w.passage.ParseURL(r.URL)
	if err != nil {
		return nil, err
	}
	if len(r.Body) > maxRequest {
		return nil, pay.Invalid(pay.CodeInvalidField, "body", "the body has more than %d bytes", maxRequest)
	}
	var body io.Reader
	if len(r.Body) > 0 {
		body = bytes.NewReader(r.Body)
	}
	request, err := http.NewRequestWithContext(ctx, r.Method, u.String(), body)
	if err != nil {
		return nil, pay.Invalid(pay.CodeInvalidField, "method", "%q is no method", r.Method)
	}
	request.Header.Set("User-Agent", w.agent)
	if r.Key != "" && r.Method != http.MethodGet && r.Method != http.MethodHead {
		request.Header.Set("Idempotency-Key", r.Key)
	}
	for name, value := range r.Headers {
		if err := set(request, name, value); err != nil {
			return nil, err
		}
	}
	for name, value := range r.Secrets {
		if err := set(request, name, value.Reveal()); err != nil {
			return nil, err
		}
	}
	return request, nil
}

// set adds a header that cannot break the request up.
func set(request *http.Request, name, value string) error {
	plain := strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz0123456789-_") == "" && name != ""
	if !plain || ours[strings.ToLower(name)] || strings.ContainsFunc(value, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
		return pay.Invalid(pay.CodeInvalidField, "headers", "%q cannot be sent as a header", name)
	}
	request.Header.Set(name, value)
	return nil
}

// unreachable says why no answer came; a time-out of the step's own stays one.
func unreachable(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ctx.Err()
	}
	text, refused := webhook.Explain(err)
	if refused {
		return pay.Invalid(pay.CodeURLNotAllowed, "url", "%s", text)
	}
	return pay.Errorf(pay.CodeTargetUnreachable, "%s", text).Because(err)
}
