package client

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"
)

// CodeNotFlorin is the code of an answer that is not in the contract's shape:
// a proxy's page, or a wrong address. All other codes are the server's; see
// /docs/errors.
const CodeNotFlorin = "not_florin"

// Error is a refusal of the server.
type Error struct {
	Status            int           `json:"-"` // HTTP
	Code              string        `json:"code"`
	Message           string        `json:"message"`
	Field             string        `json:"field"`               // the field at fault, as the request spells it
	Fields            []string      `json:"fields"`              // for idempotency_mismatch: what differs
	Problems          []Fault       `json:"problems"`            // for flow_invalid: everything that is wrong with the document
	DeclineCode       string        `json:"decline_code"`        // the bank's reason, in Stripe's words
	Retryable         bool          `json:"retryable"`           // the same request may succeed later
	ProviderCode      string        `json:"provider_code"`       // Stripe's own
	ProviderRequestID string        `json:"provider_request_id"` // Stripe's req_…
	RequestID         string        `json:"request_id"`
	Doc               string        `json:"doc"`
	RetryAfter        time.Duration `json:"-"` // when it makes sense to ask again; zero when it does not
}

// Error joins status, code, field and message for people.
func (e *Error) Error() string {
	text := fmt.Sprintf("%d %s", e.Status, e.Code)
	if e.Field != "" {
		text += " (" + e.Field + ")"
	}
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

// complete adds what stands in the answer's headers.
func (e *Error) complete(answer *http.Response) {
	e.Status = answer.StatusCode
	if e.RequestID == "" {
		e.RequestID = answer.Header.Get("X-Request-Id")
	}
	if wait, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil && wait > 0 {
		e.RetryAfter = time.Duration(wait) * time.Second
	}
}

// CodeOf is the code of an Error anywhere in err's chain, or "".
func CodeOf(err error) string {
	var refused *Error
	if errors.As(err, &refused) {
		return refused.Code
	}
	return ""
}

// NotSent reports whether a call failed before any of it left this machine:
// nobody was there to take it, so that nothing was done.
func NotSent(err error) bool {
	var failed *net.OpError
	return errors.As(err, &failed) && failed.Op == "dial"
}
