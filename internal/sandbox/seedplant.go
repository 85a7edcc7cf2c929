package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// maxSeedAnswer is the largest answer that a seed's request may get, in bytes:
// a page of a hundred of the largest objects.
const maxSeedAnswer = 8 << 20

// SeedTarget is the sandbox that a seed is planted in.
type SeedTarget struct {
	URL    string // of the sandbox, without a path
	Key    string // secret key of the account that gets the objects
	Client *http.Client
}

// Planted is what one request of a seed brought.
type Planted struct {
	As     string `json:"as,omitempty"` // its name in the file
	Method string `json:"method"`
	Path   string `json:"path"`
	Status int    `json:"status"`
	ID     string `json:"id,omitempty"` // of the object answered, when it has one
}

// Plant makes the file's requests in their order, and stops at the first that
// is answered otherwise than the file expects. Each has an idempotency key of
// its own: planting the same file twice within a day makes nothing twice.
//
// Errors: LINE:COLUMN: what, with what was planted before.
func (f *SeedFile) Plant(ctx context.Context, to SeedTarget) ([]Planted, error) {
	var done []Planted
	answers := map[string]any{}
	for at := range f.steps {
		step := &f.steps[at]
		one, answer, err := step.plant(ctx, to, fmt.Sprintf("seed-%s-%d", f.mark, at), answers)
		if err != nil {
			return done, err
		}
		if step.as != "" {
			answers[step.as] = answer
		}
		done = append(done, one)
	}
	return done, nil
}

// plant makes one request and reads its answer.
func (s *seedStep) plant(ctx context.Context, to SeedTarget, key string, answers map[string]any) (Planted, any, error) {
	request, err := s.request(ctx, to, answers)
	if err != nil {
		return Planted{}, nil, err
	}
	if s.method == http.MethodPost {
		request.Header.Set("Idempotency-Key", key)
	}
	reply, err := to.Client.Do(request)
	if err != nil {
		return Planted{}, nil, s.at.wrong("the sandbox does not answer: %w", err)
	}
	defer reply.Body.Close() //nolint:errcheck // it was read
	body, err := io.ReadAll(io.LimitReader(reply.Body, maxSeedAnswer))
	if err != nil {
		return Planted{}, nil, s.at.wrong("the answer breaks off: %w", err)
	}
	if reply.StatusCode != s.status {
		return Planted{}, nil, s.at.wrong("%s %s was answered with %s, not %d: %s", s.method, request.URL.Path, reply.Status, s.status, told(body))
	}
	var answer any
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.UseNumber() // amounts are written on as they came
	if err := decoder.Decode(&answer); err != nil {
		return Planted{}, nil, s.at.wrong("the answer is no JSON: %w", err)
	}
	id, _ := field(answer, "id").(string)
	return Planted{s.as, s.method, request.URL.Path, reply.StatusCode, id}, answer, nil
}

// told is the message of an error, or the beginning of any other body.
func told(body []byte) string {
	var said struct {
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &said) == nil && said.Error.Message != "" {
		return said.Error.Message
	}
	return string(body[:min(len(body), 200)])
}

func (s *seedStep) request(ctx context.Context, to SeedTarget, answers map[string]any) (*http.Request, error) {
	path, err := s.path.resolve(answers, url.PathEscape)
	if err != nil {
		return nil, err
	}
	account, err := s.account.resolve(answers, strings.TrimSpace)
	if err != nil {
		return nil, err
	}
	form := url.Values{}
	for _, p := range s.params {
		text, err := p.value.resolve(answers, strings.Clone)
		if err != nil {
			return nil, err
		}
		form.Add(p.name, text)
	}
	query, body := "", form.Encode()
	if s.method == http.MethodGet && body != "" {
		query, body = "?"+body, ""
	}
	request, err := http.NewRequestWithContext(ctx, s.method, to.URL+path+query, strings.NewReader(body))
	if err != nil {
		return nil, s.at.wrong("%w", err)
	}
	request.Header.Set("Authorization", "Bearer "+to.Key)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if account != "" {
		request.Header.Set("Stripe-Account", account)
	}
	return request, nil
}

// resolve puts the fields of earlier answers in the place of references.
func (t seedText) resolve(answers map[string]any, escape func(string) string) (string, error) {
	var missing error
	out := reference.ReplaceAllStringFunc(t.text, func(found string) string {
		parts := reference.FindStringSubmatch(found)
		var have = answers[parts[1]]
		for _, name := range strings.Split(parts[2][1:], ".") {
			have = field(have, name)
		}
		switch have.(type) {
		case string, bool, json.Number:
			return escape(fmt.Sprint(have))
		}
		missing = t.at.wrong("%s: the answer has no such plain value", found)
		return ""
	})
	return out, missing
}

// field is a value inside an object, or by number inside a list; nil when it
// is not there.
func field(of any, name string) any {
	switch v := of.(type) {
	case map[string]any:
		return v[name]
	case []any:
		if at, err := strconv.Atoi(name); err == nil && at >= 0 && at < len(v) {
			return v[at]
		}
	}
	return nil
}
