package api

import (
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"florin/internal/pay"
)

// The security schemes of the document, one for each way to send a key.
const (
	schemeHeader = "apiKey"
	schemeBearer = "bearer"
	schemeBasic  = "basic"
)

// OpenAPI is the OpenAPI 3.1 document of all routes as JSON; it needs no
// running server.
func OpenAPI(catalogue ...pay.Operation) ([]byte, error) {
	return json.Marshal(document(Routes(catalogue...)))
}

// document builds the document from the table of routes.
func document(routes []Route) *huma.OpenAPI {
	known := newSchemas(routes)
	doc := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: "Florin Payments API", Version: APIVersion,
			Description: "Payments, refunds, saved cards and webhooks over Stripe. Every answer is {\"success\":true,\"data\":…}; lists add meta, " +
				"errors are {\"success\":false,\"error\":{…}} with a stable code.",
			License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
		},
		Servers:    []*huma.Server{{URL: "/", Description: "This server"}},
		Components: &huma.Components{Schemas: known.Registry, SecuritySchemes: securitySchemes()},
		Tags:       tagsOf(routes),
	}
	for _, route := range routes {
		doc.AddOperation(route.operation(known))
	}
	return doc
}

func securitySchemes() map[string]*huma.SecurityScheme {
	return map[string]*huma.SecurityScheme{
		schemeHeader: {Type: "apiKey", In: "header", Name: "X-API-Key", Description: "sk_test_flr_… or sk_live_flr_…"},
		schemeBearer: {Type: "http", Scheme: "bearer", Description: "The same key as a Bearer token."},
		schemeBasic:  {Type: "http", Scheme: "basic", Description: "The same key as user name, without a password."},
	}
}

func tagsOf(routes []Route) []*huma.Tag {
	var tags []*huma.Tag
	for _, route := range routes {
		if !slices.ContainsFunc(tags, func(t *huma.Tag) bool { return t.Name == route.Tag }) {
			tags = append(tags, &huma.Tag{Name: route.Tag})
		}
	}
	return tags
}

// operation is the route as the document has it.
func (r Route) operation(s schemas) *huma.Operation {
	op := &huma.Operation{
		Method: r.Method, Path: r.Path, OperationID: r.Name, Summary: r.Summary, Description: r.Detail, Tags: []string{r.Tag},
		Parameters: r.parameters(s), RequestBody: r.requestBody(s), Responses: r.responses(s),
		Security: []map[string][]string{},
	}
	if !r.Open {
		op.Security = []map[string][]string{{schemeHeader: {}}, {schemeBearer: {}}, {schemeBasic: {}}}
	}
	if r.Scope != "" {
		op.Extensions = map[string]any{"x-scope": string(r.Scope)}
	}
	return op
}

// inPath finds the names in a path.
var inPath = regexp.MustCompile(`\{(\w+)\}`)

func (r Route) parameters(s schemas) []*huma.Param {
	var params []*huma.Param
	for _, name := range inPath.FindAllStringSubmatch(r.Path, -1) {
		params = append(params, &huma.Param{
			Name: name[1], In: "path", Required: true, Schema: pathSchema(name[1]),
		})
	}
	if r.Key != KeyUnused {
		params = append(params, &huma.Param{
			Name: "Idempotency-Key", In: "header", Required: r.Key == KeyRequired,
			Description: "1 to 255 printable ASCII characters, unique for what is meant. A repeated request gets the first reply and Idempotent-Replayed: true.",
			Schema:      &huma.Schema{Type: huma.TypeString, MinLength: new(1), MaxLength: new(pay.MaxIdempotencyKey)},
		})
	}
	if r.Open && strings.HasPrefix(r.Path, "/v1/webhooks/stripe") {
		params = append(params, &huma.Param{
			Name: "Stripe-Signature", In: "header", Required: true, Description: "t=…,v1=…",
			Schema: &huma.Schema{Type: huma.TypeString},
		})
	}
	return append(params, r.queryParameters(s)...)
}

// pathSchema is what a name in a path stands for: operations and connections
// have names, everything else an id.
func pathSchema(name string) *huma.Schema {
	if name == "operation" || name == "connection" {
		return &huma.Schema{Type: huma.TypeString}
	}
	return &huma.Schema{Type: huma.TypeString, Format: "uuid"}
}

func (r Route) queryParameters(s schemas) []*huma.Param {
	if r.runs != nil {
		return r.operationParameters()
	}
	if r.asks == nil {
		return nil
	}
	schema := s.of(r.asks)
	var params []*huma.Param
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		property := schema.Properties[name]
		param := &huma.Param{Name: name, In: "query", Description: property.Description, Schema: property}
		if property.Type == huma.TypeObject {
			param.Style, param.Explode = "deepObject", new(true)
		}
		params = append(params, param)
	}
	return params
}

func (r Route) requestBody(s schemas) *huma.RequestBody {
	if r.Open && r.writes() {
		return &huma.RequestBody{Required: true, Description: "A Stripe event, byte for byte as it was signed.",
			Content: map[string]*huma.MediaType{typeJSON: {Schema: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}}}}
	}
	if r.takes == nil || r.takes == reflect.TypeFor[nothing]() {
		return nil
	}
	if r.runs != nil {
		return r.operationBody(s)
	}
	return &huma.RequestBody{
		Required: len(s.of(r.takes).Required) > 0,
		Content:  map[string]*huma.MediaType{typeJSON: {Schema: s.Schema(r.takes, true, "")}},
	}
}

func (r Route) responses(s schemas) map[string]*huma.Response {
	responses := map[string]*huma.Response{strconv.Itoa(r.Status): {Description: r.Summary, Content: r.content(s)}}
	switch {
	case r.runs != nil && r.runs.Writes:
		responses[strconv.Itoa(http.StatusAccepted)] = &huma.Response{
			Description: "Kept until a person approves it.", Content: envelope(s.Schema(reflect.TypeFor[Approval](), true, ""), s.Schema(reflect.TypeFor[OperationMeta](), true, "")),
		}
	case r.runs == nil && slices.Contains(r.Codes, pay.CodeInDoubt):
		responses[strconv.Itoa(http.StatusAccepted)] = &huma.Response{
			Description: "Kept, but Stripe gave no clear answer yet; the outcome follows as an event.", Content: r.content(s),
		}
	}
	said := map[int][]string{}
	for _, code := range r.everyCode() {
		status := StatusOf(code)
		said[status] = append(said[status], string(code))
	}
	for status, codes := range said {
		responses[strconv.Itoa(status)] = &huma.Response{
			Description: strings.Join(codes, ", "), Content: jsonContent(s.failureSchema()),
		}
	}
	return responses
}

// everyCode is the route's own codes and those that any request can meet.
func (r Route) everyCode() []pay.Code {
	codes := slices.Clone(r.Codes)
	if !r.Open {
		codes = append(codes, pay.CodeKeyMissing, pay.CodeKeyInvalid, pay.CodeKeyRevoked, pay.CodeKeyExpired, pay.CodeKeyIsStripes,
			pay.CodeRateLimited, pay.CodeUnknownField, pay.CodeInvalidField, pay.CodeRawCardData, pay.CodeNotAcceptable)
	}
	if r.Scope != "" {
		codes = append(codes, pay.CodeScopeMissing)
	}
	if r.takes != nil {
		codes = append(codes, pay.CodeInvalidBody, pay.CodeMissingField, pay.CodeBodyTooLarge, pay.CodeMediaType)
	}
	if r.Key == KeyRequired {
		codes = append(codes, pay.CodeIdempotencyMissing)
	}
	if r.Key != KeyUnused {
		codes = append(codes, pay.CodeIdempotencyInvalid, pay.CodeIdempotencyMismatch, pay.CodeIdempotencyInFlight)
	}
	codes = append(codes, pay.CodeInternal)
	slices.Sort(codes)
	return slices.Compact(codes)
}

// content is a success in its envelope.
func (r Route) content(s schemas) map[string]*huma.MediaType {
	if r.runs != nil {
		return envelope(s.output(*r.runs), s.Schema(reflect.TypeFor[OperationMeta](), true, ""))
	}
	if r.Gives == nil {
		return map[string]*huma.MediaType{"text/plain": {Schema: &huma.Schema{Type: huma.TypeString}}}
	}
	data := s.Schema(reflect.TypeOf(r.Gives), true, "")
	properties := map[string]*huma.Schema{"success": {Type: huma.TypeBoolean, Enum: []any{true}}, "data": data}
	required := []string{"success", "data"}
	if r.List {
		properties["data"] = &huma.Schema{Type: huma.TypeArray, Items: data}
		properties["meta"] = s.Schema(reflect.TypeFor[Meta](), true, "")
		required = append(required, "meta")
	}
	content := jsonContent(&huma.Schema{Type: huma.TypeObject, Properties: properties, Required: required})
	if r.CSV {
		content[typeCSV] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
	}
	return content
}

// failureName is what the document calls the envelope of an error.
const failureName = "ErrorAnswer"

// failureSchema refers to the envelope of an error, which every route has.
func (s schemas) failureSchema() *huma.Schema { return &huma.Schema{Ref: schemasPath + failureName} }

func (s schemas) failure() *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeObject, Required: []string{"success", "error"},
		Properties: map[string]*huma.Schema{
			"success": {Type: huma.TypeBoolean, Enum: []any{false}},
			"error":   s.Schema(reflect.TypeFor[Problem](), true, ""),
			"data":    {Description: "The payment, refund or card that failed, where there is one."},
		},
	}
}

func jsonContent(schema *huma.Schema) map[string]*huma.MediaType {
	return map[string]*huma.MediaType{typeJSON: {Schema: schema}}
}
