package api

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"florin/internal/engine"
	"florin/internal/pay"
)

// Operation is one thing that Stripe can be asked, as the catalogue declares it.
type Operation struct {
	Name       string          `json:"name" example:"create-charge"`
	Title      string          `json:"title" example:"Create Charge"`
	Summary    string          `json:"summary"`
	Resource   string          `json:"resource" example:"charges"`
	Writes     bool            `json:"writes" doc:"It changes something at Stripe, needs operations:write, and honours an Idempotency-Key."`
	Allowed    bool            `json:"allowed" doc:"The API key of this request may run it."`
	Method     string          `json:"method" doc:"Of the request to Stripe."`
	Path       string          `json:"path" doc:"Of the request to Stripe." example:"/v1/charges"`
	Parameters []Parameter     `json:"parameters"`
	Rules      []string        `json:"rules" doc:"What the parameters demand of each other."`
	Input      json.RawMessage `json:"input" doc:"JSON Schema of the input."`
	Output     json.RawMessage `json:"output" doc:"JSON Schema of the output."`
	Example    json.RawMessage `json:"example" doc:"An input."`
}

// Parameter is one part of an operation's input.
type Parameter struct {
	Name        string   `json:"name" example:"customer_id"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	Type        string   `json:"type" enum:"string,integer,number,boolean,object,array"`
	Required    bool     `json:"required"`
	Default     *string  `json:"default"`
	Allowed     []string `json:"allowed" doc:"The only values; empty when any will do."`
}

func operationView(op pay.Operation, allowed bool) Operation {
	parameters := make([]Parameter, len(op.Parameters))
	for i, p := range op.Parameters {
		parameters[i] = Parameter{p.Name, p.Title, p.Description, p.Type, p.Required, orNull(p.Default), texts(p.Allowed)}
	}
	return Operation{
		Name: op.Name, Title: op.Title, Summary: op.Summary, Resource: op.Resource, Writes: op.Writes, Allowed: allowed,
		Method: op.Method, Path: op.Path, Parameters: parameters, Rules: texts(op.Rules),
		Input: orObject(op.Input), Output: orObject(op.Output), Example: orObject(op.Example),
	}
}

// orObject is an empty object for JSON that is absent.
func orObject(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("{}")
	}
	return raw
}

// OperationQuery is the query of GET /v1/operations.
type OperationQuery struct {
	Resource string `json:"resource,omitempty" maxLength:"64" doc:"Only those of one resource, such as charges."`
	Limit    int    `json:"limit,omitempty" minimum:"1" maximum:"1000" doc:"All at once when absent."`
	Cursor   string `json:"cursor,omitempty" maxLength:"64" doc:"next_cursor of the page before."`
}

// operations lists the catalogue in the order of its documentation; a cursor is
// the name of the last operation that was shown.
func operations(s *server, in *intake) error {
	var query OperationQuery
	if err := in.query(&query); err != nil {
		return err
	}
	all := s.engine.Catalogue().Operations()
	if query.Cursor != "" {
		last := slices.IndexFunc(all, func(op pay.Operation) bool { return op.Name == query.Cursor })
		if last < 0 {
			return pay.Invalid(pay.CodeInvalidCursor, "cursor", "this is not a cursor of this list")
		}
		all = all[last+1:]
	}
	allowed := map[string]bool{}
	for _, op := range s.engine.Operations(in.key) {
		allowed[op.Name] = true
	}
	shown, next := []Operation{}, ""
	for _, op := range all {
		if query.Resource != "" && op.Resource != query.Resource {
			continue
		}
		if query.Limit > 0 && len(shown) == query.Limit {
			next = shown[len(shown)-1].Name
			break
		}
		shown = append(shown, operationView(op, allowed[op.Name]))
	}
	in.sendList(shown, next)
	return nil
}

// operation shows one declaration.
func operation(s *server, in *intake) error {
	op, err := s.engine.Catalogue().Operation(in.r.PathValue("operation"))
	if err != nil {
		return err
	}
	allowed := slices.ContainsFunc(s.engine.Operations(in.key), func(o pay.Operation) bool { return o.Name == op.Name })
	in.sendData(operationView(op, allowed))
	return nil
}

// RunOperation is the body of POST /v1/operations/<operation>.
type RunOperation struct {
	Connection string          `json:"connection,omitempty" maxLength:"100" doc:"Name of the connection; the default one when absent."`
	Input      json.RawMessage `json:"input,omitempty" doc:"The operation's parameters."`
	DryRun     bool            `json:"dry_run,omitempty" doc:"Only show the request that would be sent."`
}

// OperationMeta is how an operation was carried out.
type OperationMeta struct {
	Operation         string  `json:"operation" example:"create-charge"`
	Connection        string  `json:"connection" example:"default"`
	IdempotencyKey    *string `json:"idempotency_key" doc:"Under which the write can be repeated; null for reads."`
	ProviderRequestID *string `json:"provider_request_id" doc:"Stripe's id of the request (req_…), for its support."`
	DryRun            bool    `json:"dry_run,omitempty" doc:"Nothing was sent."`
}

// OperationPreview is the request that a dry run would have sent.
type OperationPreview struct {
	Method         string            `json:"method" example:"POST"`
	Path           string            `json:"path" example:"/v1/charges"`
	Form           map[string]string `json:"form" doc:"The fields, unescaped."`
	StripeVersion  string            `json:"stripe_version"`
	IdempotencyKey *string           `json:"idempotency_key" doc:"What Stripe would get: derived from yours; null without one, and for reads."`
	Connection     string            `json:"connection"`
}

func previewView(p pay.OperationPreview) OperationPreview {
	form := map[string]string{}
	for _, field := range p.Form {
		form[field.Name] = field.Value
	}
	return OperationPreview{p.Method, p.Path, form, p.APIVersion, orNull(p.Key), p.Connection}
}

// operationAnswer is the envelope of what an operation gave.
type operationAnswer struct {
	Success bool          `json:"success"`
	Data    any           `json:"data"`
	Meta    OperationMeta `json:"meta"`
}

// operationReply is the status and body of a result. Both follow from what is
// kept, so that a repeated call gets the same bytes.
func operationReply(result pay.OperationResult) (int, []byte) {
	answer := operationAnswer{Success: true, Data: result.Output, Meta: OperationMeta{
		Operation: result.Operation, Connection: result.Connection,
		IdempotencyKey: orNull(result.Call), ProviderRequestID: orNull(result.RequestRef), DryRun: result.Preview != nil,
	}}
	status := http.StatusOK
	switch {
	case result.Preview != nil:
		answer.Data = previewView(*result.Preview)
	case result.Approval != nil:
		status, answer.Data = http.StatusAccepted, approvalView(*result.Approval)
	}
	return status, encode(answer)
}

// finalError is an error that was kept: whoever repeats the call gets the same
// bytes, so that it names no request of ours.
type finalError struct{ error }

func (f finalError) Unwrap() error { return f.error }

// sendResult answers with what came of an operation.
func (in *intake) sendResult(result pay.OperationResult, err error) error {
	if result.Replayed {
		in.w.Header().Set("Idempotent-Replayed", "true")
	}
	if result.Call != "" && in.idempotencyKey == "" {
		in.w.Header().Set("Idempotency-Key", result.Call) // made here: with it the call can be repeated
	}
	switch {
	case err != nil && result.Final:
		return finalError{err}
	case err != nil:
		return err
	}
	status, body := operationReply(result)
	sendBytes(in.w, status, body)
	return nil
}

// run carries out an operation whose input is the body's.
func run(name string) func(s *server, in *intake) error {
	return func(s *server, in *intake) error {
		var body RunOperation
		if err := in.body(&body); err != nil {
			return err
		}
		result, err := s.engine.RunOperation(in.ctx(), engine.OperationRequest{
			Owner: in.key.Owner, Key: in.key, Connection: body.Connection, Operation: name,
			Input: body.Input, Call: in.idempotencyKey, DryRun: body.DryRun,
		})
		return in.sendResult(result, err)
	}
}

// runRead carries out an operation that only reads, whose input is the query's.
func runRead(op pay.Operation) func(s *server, in *intake) error {
	return func(s *server, in *intake) error {
		connection, given, err := in.given()
		if err != nil {
			return err
		}
		input, err := op.ParseInput(given)
		if err != nil {
			return err
		}
		result, err := s.engine.RunOperation(in.ctx(), engine.OperationRequest{
			Owner: in.key.Owner, Key: in.key, Connection: connection, Operation: op.Name, Input: input,
		})
		return in.sendResult(result, err)
	}
}

// connectionParameter names the connection in a query; no operation has a
// parameter of this name.
const connectionParameter = "connection"

// given is the query as an operation's parameters.
//
// Errors: invalid_field.
func (in *intake) given() (connection string, list []pay.Given, err error) {
	values, err := url.ParseQuery(in.r.URL.RawQuery)
	if err != nil {
		return "", nil, pay.Errorf(pay.CodeInvalidField, "the query string is malformed")
	}
	for name, texts := range values {
		for _, text := range texts {
			if err := checkText(name, text); err != nil {
				return "", nil, err
			}
			if name == connectionParameter {
				connection = text
				continue
			}
			list = append(list, pay.Given{Name: name, Value: text})
		}
	}
	slices.SortStableFunc(list, func(a, b pay.Given) int { return strings.Compare(a.Name, b.Name) }) // mistakes are told in one order
	return connection, list, refuseCardData(asObject(list))
}

func asObject(list []pay.Given) object {
	fields := object{}
	for _, each := range list {
		fields[each.Name] = each.Value
	}
	return fields
}

const operationsTag = "Operations"

// operationCodes are the errors that any operation can meet, besides those of
// its parameters.
var operationCodes = []pay.Code{
	pay.CodeOperationDenied, pay.CodeNotFound, pay.CodeConnectionKind, pay.CodeProviderMissing, pay.CodeProviderKeyInvalid, pay.CodeProviderKeyRights,
	pay.CodeMissingField, pay.CodeProviderRefused, pay.CodeProviderUnreachable, pay.CodeProviderBusy, pay.CodeInDoubt,
}

// writeCodes are those of operations that write.
var writeCodes = []pay.Code{
	pay.CodeCardDeclined, pay.CodeAuthRequired, pay.CodeReconcileNeeded, pay.CodeAmountOverLimit, pay.CodeApprovalDenied, pay.CodeApprovalExpired,
}

// routesOf are the routes that run an operation: one that only reads can be
// asked with GET as well.
func routesOf(op pay.Operation) []Route {
	post := Route{
		Method: http.MethodPost, Path: "/v1/operations/" + op.Name, Scope: pay.ScopeOperationsRead, Key: KeyUnused,
		Tag: operationsTag, Name: "run" + capitals(op.Name), Status: http.StatusOK, Summary: op.Title, Detail: detailOf(op),
		Codes: operationCodes, takes: typeOf[RunOperation](), runs: &op, handle: run(op.Name),
	}
	if op.Writes {
		post.Scope, post.Key, post.Codes = pay.ScopeOperationsWrite, KeyHonoured, slices.Concat(operationCodes, writeCodes)
		return []Route{post}
	}
	get := post
	get.Method, get.Name, get.takes, get.anyQuery, get.handle = http.MethodGet, "read"+capitals(op.Name), nil, true, runRead(op)
	return []Route{get, post}
}

func detailOf(op pay.Operation) string {
	return strings.TrimSpace(strings.Join(append([]string{op.Summary}, op.Rules...), " "))
}

// unknownOperations answer where no operation is: they know the nearest name,
// and which method an operation wants. They are not part of the document.
var unknownOperations = []Route{
	{Method: http.MethodGet, Path: "/v1/operations/{operation}", Scope: pay.ScopeOperationsRead, Key: KeyUnused, anyQuery: true, handle: unknownOperation},
	{Method: http.MethodPost, Path: "/v1/operations/{operation}", Scope: pay.ScopeOperationsRead, Key: KeyUnused, anyQuery: true, handle: unknownOperation},
}

func unknownOperation(s *server, in *intake) error {
	op, err := s.engine.Catalogue().Operation(in.r.PathValue("operation"))
	if err != nil {
		return err
	}
	in.w.Header().Set("Allow", http.MethodPost)
	return pay.Errorf(pay.CodeMethodNotAllowed, "%s writes: ask for it with POST", op.Name)
}

var operationRoutes = []Route{
	{
		Method: http.MethodGet, Path: "/v1/operations", Scope: pay.ScopeOperationsRead, Key: KeyUnused,
		Tag: operationsTag, Name: "listOperations", Status: http.StatusOK, Gives: Operation{}, List: true,
		Summary: "List what Stripe can be asked", Detail: "Every operation with its parameters, rules and JSON Schemas, all at once unless a limit is given.",
		Codes: []pay.Code{pay.CodeInvalidCursor}, asks: typeOf[OperationQuery](), handle: operations,
	},
	{
		Method: http.MethodGet, Path: "/v1/operations/{operation}/schema", Scope: pay.ScopeOperationsRead, Key: KeyUnused,
		Tag: operationsTag, Name: "getOperation", Status: http.StatusOK, Gives: Operation{},
		Summary: "Read an operation's declaration", Codes: []pay.Code{pay.CodeOperationNotFound}, handle: operation,
	},
}
