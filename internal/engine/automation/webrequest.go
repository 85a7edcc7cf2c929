package automation

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"florin/internal/flow"
	"florin/internal/pay"
)

// Web asks servers for what flows want of them, and lets none of them be one
// that it must not reach.
type Web interface {
	// Ask sends a request once.
	//
	// Errors: invalid_url, url_not_allowed; target_unreachable.
	Ask(ctx context.Context, r pay.WebRequest) (pay.WebAnswer, error)
}

// Secrets opens connections for the length of one use; engine.Engine is such.
type Secrets interface {
	// ConnectionSecret is what a connection of a kind needs to be used.
	//
	// Errors: not_found, connection_wrong_kind.
	ConnectionSecret(ctx context.Context, o pay.Owner, key pay.APIKey, name string, kind pay.ConnectionKind) (pay.ConnectionSecret, error)
}

// webInput is what http.request takes.
type webInput struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Query   map[string]any    `json:"query"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
	Form    map[string]any    `json:"form"`
	Accept  []int             `json:"accept"`
}

var webAction = flow.Action{
	Name:    "http.request",
	Summary: "Asks a server. Each attempt has the same Idempotency-Key, so that the receiver can tell repetitions.",
	Writes:  true, OwnConnection: true,
	Input: json.RawMessage(`{"type":"object","additionalProperties":false,"required":["url"],"properties":{
		"url":{"type":"string","minLength":1,"maxLength":2048,"description":"Where to; with a connection of kind http, a path below its base_url."},
		"method":{"type":"string","enum":["GET","POST","PUT","PATCH","DELETE","HEAD"],"default":"GET","description":"POST when there is a body, otherwise GET."},
		"query":{"type":"object","description":"Parameters that are added to the URL."},
		"headers":{"type":"object","additionalProperties":{"type":"string"},"description":"Secret ones belong into a connection of kind http."},
		"body":{"description":"Sent as JSON; a text with a content-type header of its own as it is."},
		"form":{"type":"object","description":"Sent as a form, instead of body."},
		"accept":{"type":"array","maxItems":50,"items":{"type":"integer","minimum":100,"maximum":599},"description":"Statuses that count as success; 200 to 299 when left out."}}}`),
	Output: json.RawMessage(`{"type":"object","properties":{
		"status":{"type":"integer"},"headers":{"type":"object","additionalProperties":{"type":"string"}},"body":{}}}`),
}

// WebRequest is the action http.request.
func WebRequest(web Web, secrets Secrets) BuiltIn {
	return BuiltIn{Action: webAction, Do: func(ctx context.Context, w Work) (json.RawMessage, error) {
		var in webInput
		if err := decodeNumbers(w.Input, &in); err != nil {
			return nil, err
		}
		request, err := in.request(w.Key)
		if err != nil {
			return nil, err
		}
		if w.Connection != "" {
			secret, err := secrets.ConnectionSecret(ctx, w.Owner, pay.APIKey{}, w.Connection, pay.ConnectionHTTP)
			if err != nil {
				return nil, err
			}
			if request.URL, err = below(secret.BaseURL, request.URL); err != nil {
				return nil, err
			}
			request.Secrets = secret.Headers
		}
		answer, err := web.Ask(ctx, request)
		if err != nil {
			return nil, err
		}
		return in.output(answer)
	}}
}

// request is what is sent, without what the connection adds.
func (in webInput) request(key string) (pay.WebRequest, error) {
	r := pay.WebRequest{Method: in.Method, URL: in.URL, Headers: map[string]string{}, Key: key}
	for name, value := range in.Headers {
		r.Headers[strings.ToLower(name)] = value
	}
	kind := ""
	switch {
	case in.Form != nil && len(in.Body) > 0:
		return r, pay.Invalid(pay.CodeInvalidField, "form", "send body or form, not both")
	case in.Form != nil:
		r.Body, kind = []byte(values(in.Form).Encode()), "application/x-www-form-urlencoded"
	case len(in.Body) > 0 && string(in.Body) != "null":
		r.Body, kind = in.Body, "application/json"
		var text string
		if r.Headers["content-type"] != "" && json.Unmarshal(in.Body, &text) == nil {
			r.Body = []byte(text)
		}
	}
	if kind != "" && r.Headers["content-type"] == "" {
		r.Headers["content-type"] = kind
	}
	if r.Method == "" {
		r.Method = http.MethodGet
		if kind != "" {
			r.Method = http.MethodPost
		}
	}
	if len(in.Query) > 0 {
		u, err := url.Parse(r.URL)
		if err != nil {
			return r, pay.Invalid(pay.CodeInvalidURL, "url", "this is no URL")
		}
		q := u.Query()
		for name, value := range values(in.Query) {
			q[name] = value
		}
		u.RawQuery = q.Encode()
		r.URL = u.String()
	}
	return r, nil
}

// values writes parameters out: a list becomes several of one name, null none.
func values(all map[string]any) url.Values {
	written := url.Values{}
	for name, value := range all {
		list, isList := value.([]any)
		if !isList {
			list = []any{value}
		}
		for _, each := range list {
			if each != nil {
				written.Add(name, plainText(each))
			}
		}
	}
	return written
}

// plainText is a text as it is, and anything else as JSON has it.
func plainText(v any) string {
	if text, ok := v.(string); ok {
		return text
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(raw)
}

// below puts a path under a connection's base, which its secret headers must
// never leave.
func below(base, path string) (string, error) {
	b, err1 := url.Parse(base)
	p, err2 := url.Parse(path)
	if err1 != nil || err2 != nil {
		return "", pay.Invalid(pay.CodeInvalidURL, "url", "this is no URL")
	}
	if p.IsAbs() || p.Host != "" {
		if p.Scheme != b.Scheme || p.Host != b.Host {
			return "", pay.Invalid(pay.CodeURLNotAllowed, "url", "the connection leads to %s only; write a path below it", base)
		}
		return p.String(), nil
	}
	joined := b.JoinPath(p.Path)
	joined.RawQuery = p.RawQuery
	return joined.String(), nil
}

// output is what the step gives, or why the answer counts as a failure.
func (in webInput) output(a pay.WebAnswer) (json.RawMessage, error) {
	good := a.Status >= 200 && a.Status < 300
	if len(in.Accept) > 0 {
		good = slices.Contains(in.Accept, a.Status)
	}
	if !good {
		return nil, statusError(a)
	}
	body := json.RawMessage(a.Body)
	if !json.Valid(a.Body) {
		body, _ = json.Marshal(strings.ToValidUTF8(string(a.Body), "\ufffd")) // a text always can be
	}
	return json.Marshal(map[string]any{"status": a.Status, "headers": a.Headers, "body": body})
}

// mayPass are statuses after which the same request can succeed (RFC 9110
// section 15, RFC 6585, RFC 8470).
var mayPass = []int{http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly, http.StatusTooManyRequests}

func statusError(a pay.WebAnswer) error {
	const enough = 300 // bytes of a refusal, for the run's history
	said := strings.ToValidUTF8(string(a.Body[:min(len(a.Body), enough)]), "\ufffd")
	if a.Status >= 500 || slices.Contains(mayPass, a.Status) {
		err := pay.Errorf(pay.CodeTargetUnreachable, "the server answered %d: %s", a.Status, said)
		err.RetryAfter = a.RetryAfter
		return err
	}
	return pay.Errorf(pay.CodeTargetRefused, "the server answered %d: %s", a.Status, said)
}
