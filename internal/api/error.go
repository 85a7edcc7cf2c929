package api

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"florin/internal/flow"
	"florin/internal/pay"
	"florin/internal/telemetry"
)

// Problem is an error as callers read it. Its code is stable; doc leads to its
// meaning and remedy.
type Problem struct {
	Code        string   `json:"code" doc:"Stable name of the error; see /docs/errors."`
	Message     string   `json:"message" doc:"For people; may change."`
	Field       string   `json:"field,omitempty" doc:"The field, parameter or header at fault, as the request spells it."`
	Fields      []string `json:"fields,omitempty" doc:"Every field that differs, for idempotency_mismatch."`
	DeclineCode string   `json:"decline_code,omitempty" doc:"Why the bank declined, in Stripe's words."`
	Problems    []Fault  `json:"problems,omitempty" doc:"Everything that is wrong with a flow's document, for flow_invalid."`
	Retryable   bool     `json:"retryable" doc:"Whether the same request, unchanged, may succeed later."`

	ProviderCode      string `json:"provider_code,omitempty" doc:"Stripe's own code for the error."`
	ProviderRequestID string `json:"provider_request_id,omitempty" doc:"Stripe's id of the request that it refused (req_…), for its support."`

	RequestID string `json:"request_id,omitempty" doc:"The request in our logs, as in X-Request-Id. Absent in replies that are repeated byte for byte."`
	Doc       string `json:"doc" doc:"Where the code is explained."`
}

// Fault is one thing that is wrong with a flow's document.
type Fault struct {
	Line    int    `json:"line" doc:"From 1."`
	Column  int    `json:"column" doc:"From 1, in characters."`
	Path    string `json:"path" example:"steps[0].with.amount"`
	Message string `json:"message"`
	Remedy  string `json:"remedy" doc:"What to do about it."`
}

// faults are what is wrong with a document, if that is what the error is about.
func faults(err error) []Fault {
	var found flow.Problems
	if !errors.As(err, &found) {
		return nil
	}
	return views(found, func(p flow.Problem) Fault { return Fault{p.Line, p.Column, p.Path, p.Text, p.Remedy} })
}

// failure is the envelope of an error.
type failure struct {
	Success bool    `json:"success"`
	Error   Problem `json:"error"`
	Data    any     `json:"data,omitempty"`
}

// errorsPath is where codes are explained.
const errorsPath = "/docs/errors"

// statuses gives each kind of error its HTTP status.
var statuses = map[pay.Kind]int{
	pay.KindInvalid:     http.StatusBadRequest,
	pay.KindUnsigned:    http.StatusUnauthorized,
	pay.KindDeclined:    http.StatusPaymentRequired,
	pay.KindForbidden:   http.StatusForbidden,
	pay.KindNotFound:    http.StatusNotFound,
	pay.KindMethod:      http.StatusMethodNotAllowed,
	pay.KindAcceptable:  http.StatusNotAcceptable,
	pay.KindConflict:    http.StatusConflict,
	pay.KindTooLarge:    http.StatusRequestEntityTooLarge,
	pay.KindMediaType:   http.StatusUnsupportedMediaType,
	pay.KindMismatch:    http.StatusUnprocessableEntity,
	pay.KindTooMany:     http.StatusTooManyRequests,
	pay.KindInternal:    http.StatusInternalServerError,
	pay.KindProvider:    http.StatusBadGateway,
	pay.KindUnavailable: http.StatusServiceUnavailable,
}

// StatusOf is the HTTP status of a code.
func StatusOf(code pay.Code) int {
	if status, ok := statuses[pay.InfoOf(code).Kind]; ok {
		return status
	}
	return http.StatusInternalServerError
}

// public is what a caller is told of an error: all of a pay.Error but its
// cause, and nothing of any other.
func public(err error) *pay.Error {
	var known *pay.Error
	if errors.As(err, &known) && pay.InfoOf(known.Code).Code == known.Code {
		return known
	}
	return pay.Errorf(pay.CodeInternal, "something went wrong on our side; tell support this request id")
}

// problem puts an error into its public form.
func problem(e *pay.Error, requestID string) Problem {
	message := e.Message
	if message == "" {
		message = pay.InfoOf(e.Code).Meaning
	}
	return Problem{
		Code: string(e.Code), Message: message, Field: e.Field, Fields: e.Fields, DeclineCode: e.DeclineCode,
		Problems: faults(e.Cause), Retryable: e.Retryable(), ProviderCode: e.ProviderCode, ProviderRequestID: e.RequestRef,
		RequestID: requestID, Doc: docOf(e.Code),
	}
}

func docOf(code pay.Code) string { return errorsPath + "#" + string(code) }

// sendError is the one place where errors become public.
func sendError(w http.ResponseWriter, r *http.Request, err error) {
	e := public(err)
	telemetry.Add(r.Context(), "code", string(e.Code))
	if e.Code == pay.CodeInternal || e.Cause != nil {
		telemetry.Add(r.Context(), telemetry.FieldError, err.Error())
	}
	status := StatusOf(e.Code)
	if e.RetryAfter > 0 {
		w.Header().Set("Retry-After", seconds(e.RetryAfter))
	}
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="florin"`)
	}
	requestID := telemetry.RequestID(r.Context())
	if errors.As(err, new(finalError)) {
		requestID = ""
	}
	sendJSON(w, status, failure{Error: problem(e, requestID)})
}

// seconds rounds a wait up, so that nobody comes back too early.
func seconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}
