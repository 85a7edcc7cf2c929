package conductor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"florin/internal/clock"
	"florin/internal/pay"
)

const (
	// pollWait is how long the server holds an empty poll: the longest it
	// allows. Asking for more is an error.
	pollWait = 5 * time.Second
	// answerWait bounds a request to the server, beyond the time it may hold it.
	answerWait = 15 * time.Second
	// maxAnswer bounds an answer, in bytes: a batch of tasks whose inputs the
	// server itself moves elsewhere above 3 MiB.
	maxAnswer = 64 << 20
	// tokenAge is how long a token of an Orkes server is used; they are valid
	// for longer.
	tokenAge = 30 * time.Minute
)

// server is the Conductor server, over its HTTP API.
type server struct {
	base   string // with /api, without a slash at the end
	keyID  string
	secret pay.Secret
	client *http.Client
	clock  clock.Clock

	mu      sync.Mutex
	token   string
	tokenAt time.Time
}

// refusal is an answer of the server other than success.
type refusal struct {
	status int
	text   string
}

func (r refusal) Error() string {
	return fmt.Sprintf("conductor answers %d: %s", r.status, r.text)
}

// poll waits for up to count tasks of a type. Being handed out is all the
// acknowledgement there is.
func (s *server) poll(ctx context.Context, kind, domain, worker string, count int) ([]task, error) {
	query := url.Values{
		"count": {strconv.Itoa(count)}, "timeout": {strconv.FormatInt(pollWait.Milliseconds(), 10)}, "workerid": {worker},
	}
	if domain != "" {
		query.Set("domain", domain)
	}
	var tasks []task
	err := s.ask(ctx, http.MethodGet, "/tasks/poll/batch/"+url.PathEscape(kind)+"?"+query.Encode(), nil, &tasks)
	return tasks, err
}

// update tells the result of a task. That it is accepted does not say that it
// was still wanted.
func (s *server) update(ctx context.Context, r result) error {
	return s.ask(ctx, http.MethodPost, "/tasks", r, nil)
}

// task reads a task by its id.
func (s *server) task(ctx context.Context, id string) (task, error) {
	var found task
	err := s.ask(ctx, http.MethodGet, "/tasks/"+url.PathEscape(id), nil, &found)
	return found, err
}

// register makes task types known; known ones are replaced.
func (s *server) register(ctx context.Context, definitions []Definition) error {
	return s.ask(ctx, http.MethodPost, "/metadata/taskdefs", definitions, nil)
}

// ask makes one request. An empty answer leaves into as it is: older servers
// say 204 where newer ones say [].
func (s *server) ask(ctx context.Context, method, path string, body, into any) error {
	r := request{method: method, path: path, body: body, into: into}
	ctx, cancel := context.WithTimeout(ctx, pollWait+answerWait)
	defer cancel()
	var err error
	if r.token, err = s.authority(ctx); err != nil {
		return err
	}
	err = s.exchange(ctx, r)
	var refused refusal
	if errors.As(err, &refused) && refused.status == http.StatusUnauthorized {
		s.forgetToken(r.token)
	}
	return err
}

// request is one thing to ask of the server.
type request struct {
	method, path string
	token        string // empty for servers that want none
	body         any    // nil when there is none
	into         any    // what the answer is read into; nil when it does not matter
}

func (s *server) exchange(ctx context.Context, r request) error {
	req, err := s.newRequest(ctx, r)
	if err != nil {
		return err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return err
	case len(answer) > maxAnswer:
		return fmt.Errorf("conductor: an answer of more than %d bytes", maxAnswer)
	case resp.StatusCode >= http.StatusMultipleChoices:
		return refusal{resp.StatusCode, strings.TrimSpace(string(answer[:min(len(answer), 500)]))}
	case r.into == nil || len(bytes.TrimSpace(answer)) == 0:
		return nil
	}
	return json.Unmarshal(answer, r.into)
}

func (s *server) newRequest(ctx context.Context, r request) (*http.Request, error) {
	var content io.Reader
	if r.body != nil {
		encoded, err := json.Marshal(r.body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, s.base+r.path, content)
	if err != nil {
		return nil, err
	}
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.token != "" {
		req.Header.Set("X-Authorization", r.token)
	}
	return req, nil
}

// authority is the token that an Orkes server wants; a server without keys
// wants none.
func (s *server) authority(ctx context.Context) (string, error) {
	if s.keyID == "" {
		return "", nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token != "" && s.clock.Now().Sub(s.tokenAt) < tokenAge {
		return s.token, nil
	}
	var granted struct {
		Token string `json:"token"`
	}
	body := map[string]string{"keyId": s.keyID, "keySecret": s.secret.Reveal()}
	if err := s.exchange(ctx, request{method: http.MethodPost, path: "/token", body: body, into: &granted}); err != nil {
		return "", fmt.Errorf("conductor: no token for key %s: %w", s.keyID, err)
	}
	s.token, s.tokenAt = granted.Token, s.clock.Now()
	return s.token, nil
}

// forgetToken drops a token that the server does not take any more, unless
// another request has fetched a new one.
func (s *server) forgetToken(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token == token {
		s.token = ""
	}
}
