package telemetry

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/felixge/httpsnoop"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// requestIDHeader carries the id of a request in and out.
const requestIDHeader = "X-Request-Id"

// longestRequestID is how long an id may be that a caller sends. Longer ones,
// and other characters than letters, digits, '-', '_' and '.', would let a
// caller write into our logs, so they are replaced by an id of ours.
const longestRequestID = 64

// noRoute is the route of requests that no pattern matched. Their paths are
// whatever strangers type, so they never become metric labels.
const noRoute = "none"

// Requests is the outermost part of every listener. It gives a request its id
// (X-Request-Id, taken over when a caller sends a decent one), writes its one
// line with status, bytes, duration and route, counts it, and turns a panic
// into an answer of status 500 in the API's shape. A panic after the answer
// has begun ends the connection, so that half an answer never looks whole.
// Metrics may be nil for a listener that is not counted, as the sandbox's.
func Requests(logger *slog.Logger, metrics *Metrics) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id := requestID(r.Header.Get(requestIDHeader))
			w.Header().Set(requestIDHeader, id)
			ctx := context.WithValue(WithLogger(r.Context(), logger), requestKey, id)
			ctx, line := Start(ctx, "request")
			served := &served{line: line, request: r.WithContext(ctx)}
			served.describe(id)
			served.run(next, w)
			r.Pattern = served.request.Pattern // for whatever wraps us
			served.finish(metrics)
			if served.torn {
				panic(http.ErrAbortHandler) // net/http's word for: close the connection, say nothing
			}
		})
	}
}

// RequestID is the id of the request that ctx belongs to, or "".
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey).(string)
	return id
}

func requestID(given string) string {
	if given == "" || len(given) > longestRequestID {
		return newRequestID()
	}
	for i := range len(given) {
		if c := given[i]; !isWord(c) && c != '-' && c != '.' {
			return newRequestID()
		}
	}
	return given
}

// newRequestID has 128 random bits: unique without asking anybody.
func newRequestID() string { return "req_" + strings.ToLower(rand.Text()) }

// served is one request while it is answered.
type served struct {
	line    *Line
	request *http.Request
	status  int   // 0 until the answer begins
	bytes   int64 // of the body that was written
	torn    bool  // the answer broke off
}

// describe adds what is known before the work: never the query or the body,
// which may hold secrets.
func (s *served) describe(id string) {
	s.line.Set(FieldRequestID, id)
	s.line.Set("method", s.request.Method)
	s.line.Set("path", s.request.URL.Path)
	s.line.Set("remote", s.request.RemoteAddr)
	if agent := s.request.UserAgent(); agent != "" {
		s.line.Set("user_agent", agent)
	}
}

// run answers the request, and survives a panic.
func (s *served) run(next http.Handler, w http.ResponseWriter) {
	defer func() {
		if cause := recover(); cause != nil {
			s.panicked(w, cause)
		}
	}()
	next.ServeHTTP(s.watch(w), s.request)
	if s.status == 0 {
		s.status = http.StatusOK // what net/http sends for a handler that says nothing
	}
}

// watch notes status and bytes. httpsnoop keeps what else the writer can do,
// such as flushing a stream of events.
func (s *served) watch(w http.ResponseWriter) http.ResponseWriter {
	return httpsnoop.Wrap(w, httpsnoop.Hooks{
		WriteHeader: func(write httpsnoop.WriteHeaderFunc) httpsnoop.WriteHeaderFunc {
			return func(status int) {
				if s.status == 0 && status >= http.StatusOK { // 1xx only announce the answer
					s.status = status
				}
				write(status)
			}
		},
		Write: func(write httpsnoop.WriteFunc) httpsnoop.WriteFunc {
			return func(body []byte) (int, error) {
				if s.status == 0 {
					s.status = http.StatusOK
				}
				n, err := write(body)
				s.bytes += int64(n)
				return n, err
			}
		},
	})
}

func (s *served) panicked(w http.ResponseWriter, cause any) {
	begun := s.status != 0
	s.torn = begun || cause == http.ErrAbortHandler
	if cause == http.ErrAbortHandler {
		s.line.Set(FieldError, "the handler broke the answer off")
		return
	}
	s.line.Set(FieldError, fmt.Sprintf("panic: %v", cause))
	s.line.Set("stack", string(debug.Stack()))
	s.status = http.StatusInternalServerError
	if !begun {
		s.bytes = sendInternalError(w, RequestID(s.request.Context()))
	}
}

// sendInternalError answers in the API's shape. The cause stays in the log.
func sendInternalError(w http.ResponseWriter, id string) int64 {
	body, err := json.Marshal(map[string]any{"success": false, "error": map[string]string{
		"code": "internal_error", "message": "Something went wrong on our side. Tell support this request id.", "request_id": id,
	}})
	if err != nil { // a map of strings always has a JSON
		return 0
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Del("Content-Length") // of the answer that was meant
	w.WriteHeader(http.StatusInternalServerError)
	n, _ := w.Write(body) // the caller may be gone, which is no news here
	return int64(n)
}

// finish writes the line and counts the request, now that its route is known.
func (s *served) finish(metrics *Metrics) {
	route := s.request.Pattern
	if route == "" {
		route = noRoute
	}
	s.line.Set(FieldRoute, route)
	s.line.Set("status", s.status)
	s.line.Set("bytes", s.bytes)
	level := slog.LevelInfo
	if s.status >= http.StatusInternalServerError || s.torn {
		level = slog.LevelError
	}
	nameSpan(s.request, route)
	if metrics != nil {
		metrics.ObserveRequest(route, s.status, time.Since(s.line.began))
	}
	s.line.finish(level)
}

// nameSpan puts the route and the request's id on its trace, when it has one.
func nameSpan(r *http.Request, route string) {
	span := trace.SpanFromContext(r.Context())
	if !span.IsRecording() {
		return
	}
	span.SetName(route)
	span.SetAttributes(attribute.String(FieldRequestID, RequestID(r.Context())))
}
