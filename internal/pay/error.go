package pay

import (
	"errors"
	"fmt"
	"time"
)

// Error is what can go wrong, in words for the caller. Its code is stable and
// listed in docs/errors.md; its message may change. Only api turns it into
// HTTP, and nothing but an Error is ever shown to a caller.
type Error struct {
	Code         Code
	Message      string
	Field        string        // the request field at fault, in the request's own spelling
	Fields       []string      // for idempotency_mismatch: every field that differs
	DeclineCode  string        // the issuer's reason, as Stripe words it
	ProviderCode string        // Stripe's own code for it
	RequestRef   string        // Stripe's req_… of the request that it refused
	RetryAfter   time.Duration // when it makes sense to ask again; zero when it does not
	Cause        error         // for the log only
}

// Error joins code, field, message and cause for logs.
func (e *Error) Error() string {
	s := string(e.Code)
	if e.Field != "" {
		s += " (" + e.Field + ")"
	}
	if e.Message != "" {
		s += ": " + e.Message
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Invalid is an error in the request: field is its name as the caller wrote
// it, and message says what to write instead.
func Invalid(code Code, field, format string, args ...any) *Error {
	return &Error{Code: code, Field: field, Message: fmt.Sprintf(format, args...)}
}

// Errorf is an error that no single field of the request is to blame for.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// NotFound says that the caller has no such thing; it is the same answer
// whether nobody has it or another merchant does.
func NotFound(what string, id any) *Error {
	return &Error{Code: CodeNotFound, Message: fmt.Sprintf("there is no %s %v", what, id)}
}

// Because keeps what caused the error, for the log.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.Cause = cause
	return &c
}

// At names the request field at fault.
func (e *Error) At(field string) *Error {
	c := *e
	c.Field = field
	return &c
}

// CodeOf is the code of an Error anywhere in err's chain, and CodeInternal for
// any other error.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}

// Retryable reports whether asking again, unchanged and under the same key, can
// help.
func (e *Error) Retryable() bool {
	switch e.Code {
	case CodeIdempotencyInFlight, CodeInProgress, CodeProviderUnreachable:
		return true
	}
	kind := InfoOf(e.Code).Kind
	return kind == KindUnavailable || kind == KindTooMany
}

// Is reports whether err is an Error of this code.
func Is(err error, code Code) bool { return err != nil && CodeOf(err) == code }
