package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Stripe's error types of the v1 API.
const (
	typeInvalidRequest = "invalid_request_error"
	typeCard           = "card_error"
	typeIdempotency    = "idempotency_error"
	typeAPI            = "api_error"
)

// apiError is Stripe's error object, in its order of fields, with the HTTP
// status that carries it. Handlers return it as an error.
type apiError struct {
	AdviceCode         string          `json:"advice_code,omitempty"`
	Charge             string          `json:"charge,omitempty"`
	Code               string          `json:"code,omitempty"`
	DeclineCode        string          `json:"decline_code,omitempty"`
	DocURL             string          `json:"doc_url,omitempty"`
	Message            string          `json:"message"`
	NetworkAdviceCode  string          `json:"network_advice_code,omitempty"`
	NetworkDeclineCode string          `json:"network_decline_code,omitempty"`
	Param              string          `json:"param,omitempty"`
	PaymentIntent      json.RawMessage `json:"payment_intent,omitempty"`
	PaymentMethod      json.RawMessage `json:"payment_method,omitempty"`
	PaymentMethodType  string          `json:"payment_method_type,omitempty"`
	RequestLogURL      string          `json:"request_log_url,omitempty"`
	SetupIntent        json.RawMessage `json:"setup_intent,omitempty"`
	Type               string          `json:"type"`

	status int
	// unsaved errors were found before execution began: an idempotency key
	// that met one may be used again (Stripe §1.6).
	unsaved bool
	// kept errors leave what was done in place: a declined payment exists.
	kept bool
	// intent, setup and method are rendered into the body when the error is answered.
	intent, setup, method object
}

// Error is the error in short, for logs.
func (e *apiError) Error() string { return fmt.Sprintf("%d %s %s", e.status, e.Code, e.Message) }

// withCode sets the code and the page of Stripe's documentation about it.
func (e *apiError) withCode(code string) *apiError {
	e.Code = code
	e.DocURL = docURL(code)
	return e
}

// withParam names the parameter at fault, in bracket form.
func (e *apiError) withParam(param string) *apiError {
	e.Param = param
	return e
}

// saved marks an error that execution met, so that its idempotency key keeps it.
func (e *apiError) saved() *apiError {
	e.unsaved = false
	return e
}

func docURL(code string) string {
	return "https://stripe.com/docs/error-codes/" + strings.ReplaceAll(code, "_", "-")
}

// invalidRequest is a 400 about the request itself, found before execution.
func invalidRequest(message string) *apiError {
	return &apiError{Type: typeInvalidRequest, Message: message, status: http.StatusBadRequest, unsaved: true}
}

// badParam is a 400 about one parameter's value.
func badParam(param, code, message string) *apiError {
	e := invalidRequest(message).withParam(param)
	if code != "" {
		e.withCode(code)
	}
	return e
}

// badState is a 400 that the object's state is the reason for; it is saved
// with the idempotency key, since execution had begun.
func badState(code, message string) *apiError {
	e := invalidRequest(message).saved()
	if code != "" {
		e.withCode(code)
	}
	return e
}

// missingParam is the 400 for a required parameter that was not sent.
func missingParam(param string) *apiError {
	return badParam(param, "parameter_missing", "Missing required param: "+param+".")
}

// noSuch is resource_missing: 404 for an id in the path, 400 for one in the
// parameters (Stripe §1.8.2).
func noSuch(status int, noun, id, param string) *apiError {
	e := badState("resource_missing", fmt.Sprintf("No such %s: '%s'", noun, id)).withParam(param)
	e.status = status
	return e
}

// unknownURL is what Stripe says to a path or verb that it does not have.
func unknownURL(method, path string) *apiError {
	e := invalidRequest(fmt.Sprintf("Unrecognized request URL (%s: %s). Please see https://stripe.com/docs or we can help at https://support.stripe.com/.", method, path))
	e.status = http.StatusNotFound
	return e
}

// serverError is Stripe's own failure, with the status given.
func serverError(status int, message string) *apiError {
	return &apiError{Type: typeAPI, Message: message, status: status, unsaved: true}
}

// body renders the error for the request that it answers.
func (e *apiError) body(requestID string) []byte {
	out := *e
	out.RequestLogURL = "https://dashboard.stripe.com/test/logs/" + requestID
	return append(append([]byte(`{"error":`), marshal(&out)...), '}')
}
