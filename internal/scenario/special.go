package scenario

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"florin/internal/client"
)

// maxPage bounds an answer of the sandbox, in bytes.
const maxPage = 1 << 20

// special does a step that is no request to Florin.
func (p *player) special(ctx context.Context, s Step, given any) (string, error) {
	fields, _ := given.(map[string]any)
	switch s.Verb {
	case "see":
		return p.see(ctx, s, fields)
	case "advance":
		return p.advance(ctx, given)
	case "fault":
		return "", p.fault(ctx, fields)
	case "mend":
		return "", p.control(ctx, http.MethodDelete, "/_sandbox/faults", nil)
	case "onboard":
		return p.onboard(ctx, textOf(given))
	case "approve":
		return "", p.authenticate(ctx, textOf(given), "complete")
	case "refuse":
		return "", p.authenticate(ctx, textOf(given), "fail")
	default:
		return p.stripe(ctx, s, fields)
	}
}

// see looks at a thing until it is as expected.
func (p *player) see(ctx context.Context, s Step, fields map[string]any) (said string, err error) {
	if len(fields) != 1 {
		return "", fmt.Errorf("see takes one thing: %s", special["see"])
	}
	for kind, id := range fields {
		path, ok := sights[kind]
		if !ok {
			return "", fmt.Errorf("there is nothing called %s to see; there are %s", kind, strings.Join(slices.Sorted(maps.Keys(sights)), ", "))
		}
		err = until(ctx, func() (err error) {
			raw, err := p.client.Ask(ctx, http.MethodGet, path+url.PathEscape(textOf(id)), nil)
			said, err = p.answered(s, raw, err)
			return err
		})
	}
	return said, err
}

// advance moves the clock on, in one step or in several.
func (p *player) advance(ctx context.Context, given any) (said string, err error) {
	list, several := given.([]any)
	if !several {
		list = []any{given}
	}
	for _, each := range list {
		if said, err = p.advanceBy(ctx, textOf(each)); err != nil {
			return said, err
		}
	}
	return said, nil
}

func (p *player) advanceBy(ctx context.Context, text string) (string, error) {
	by, err := parseSpan(text)
	if err != nil {
		return "", err
	}
	if p.target.Advance != nil {
		return text, p.target.Advance(ctx, by)
	}
	return text, p.control(ctx, http.MethodPost, "/_sandbox/clock/advance", map[string]int64{"seconds": int64(by / time.Second)})
}

// parseSpan reads 7d, 36h or 90m.
func parseSpan(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 1 || n > 3660 {
			return 0, fmt.Errorf("%q is no length of time; write 7d or 36h", text)
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	by, err := time.ParseDuration(text)
	if err != nil || by <= 0 {
		return 0, fmt.Errorf("%q is no length of time; write 7d or 36h", text)
	}
	return by, nil
}

// fault makes the sandbox fail.
func (p *player) fault(ctx context.Context, fields map[string]any) error {
	rule := map[string]any{"effect": map[string]any{"type": fields["effect"]}, "count": json.Number("1")}
	match := map[string]any{}
	for _, name := range []string{"method", "path", "event"} {
		if value, ok := fields[name]; ok {
			match[name] = value
		}
	}
	rule["match"] = match
	for _, name := range []string{"count", "nth"} {
		if value, ok := fields[name]; ok {
			rule[name] = value
		}
	}
	return p.control(ctx, http.MethodPost, "/_sandbox/faults", rule)
}

// control steers the sandbox.
func (p *player) control(ctx context.Context, method, path string, body any) error {
	if p.target.Sandbox == "" {
		return errors.New("this step needs a sandbox; there is none behind this server")
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	_, err = p.ask(ctx, method, p.target.Sandbox+path, "application/json", bytes.NewReader(raw))
	return err
}

// ask is one request to the sandbox or to Stripe.
func (p *player) ask(ctx context.Context, method, address, kind string, body io.Reader) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", kind)
	if p.target.StripeKey != "" {
		request.Header.Set("Authorization", "Bearer "+p.target.StripeKey)
	}
	return p.answerOf(request)
}

func (p *player) answerOf(request *http.Request) ([]byte, error) {
	answer, err := p.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }() // it was read
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxPage))
	if err == nil && answer.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("%s %s: %s: %.300s", request.Method, request.URL.Path, answer.Status, text)
	}
	return text, err
}

// stripe asks Stripe itself, as somebody would in its dashboard.
func (p *player) stripe(ctx context.Context, s Step, fields map[string]any) (string, error) {
	base := p.target.Sandbox
	if base == "" {
		base = "https://api.stripe.com"
	}
	var method, path string
	form := url.Values{}
	for name, value := range fields {
		if name == strings.ToUpper(name) {
			method, path = name, textOf(value)
			continue
		}
		form.Set(name, textOf(value))
	}
	if path == "" || p.target.StripeKey == "" {
		return "", fmt.Errorf("stripe takes %s, and needs the key of the account", special["stripe"])
	}
	text, err := p.ask(ctx, method, base+path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	return p.answered(s, text, nil)
}

// authenticate answers the bank's page of a payment.
func (p *player) authenticate(ctx context.Context, id, outcome string) error {
	payment, err := p.client.Payment(ctx, id)
	if err != nil {
		return err
	}
	if payment.NextAction == nil {
		return fmt.Errorf("the payment is %s and asks nothing of its customer", payment.Status)
	}
	return p.fill(ctx, payment.NextAction.RedirectURL, url.Values{"outcome": {outcome}})
}

// onboard makes a link to Stripe's form for an account's owner and fills it in
// with what passes.
func (p *player) onboard(ctx context.Context, id string) (string, error) {
	raw, err := p.client.Ask(ctx, http.MethodPost, "/v1/accounts/"+url.PathEscape(id)+"/onboarding-link", map[string]string{
		"return_url": "https://example.com/done", "refresh_url": "https://example.com/again",
	}, client.IdempotencyKey(p.target.Run+"-onboard-"+id))
	if err != nil {
		return "", err
	}
	link := textOf(readThing(raw).fields["url"])
	return "", p.fill(ctx, link, url.Values{"done": {"submit"}})
}

// input is a field of a form with its value.
var input = regexp.MustCompile(`<input([^>]*)>`)

// attribute is one attribute of it.
var attribute = regexp.MustCompile(`([a-z]+)="([^"]*)"`)

// fill opens a page and sends its form with the values that are there, and those
// given.
func (p *player) fill(ctx context.Context, address string, given url.Values) error {
	page, err := p.ask(ctx, http.MethodGet, address, "text/html", nil)
	if err != nil {
		return err
	}
	form := url.Values{}
	for _, found := range input.FindAllStringSubmatch(string(page), -1) {
		values := map[string]string{}
		for _, pair := range attribute.FindAllStringSubmatch(found[1], -1) {
			values[pair[1]] = html.UnescapeString(pair[2])
		}
		choice := values["type"] == "radio" || values["type"] == "checkbox"
		if values["name"] != "" && (!choice || strings.Contains(found[1], " checked")) {
			form.Set(values["name"], values["value"])
		}
	}
	maps.Copy(form, given)
	return p.post(ctx, address, form)
}

// post sends a form as a browser does, but does not go where it leads.
func (p *player) post(ctx context.Context, address string, form url.Values) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	stay := *p.http
	stay.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	answer, err := stay.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }() // nothing of it is read
	if answer.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("the page answered %s", answer.Status)
	}
	return nil
}
