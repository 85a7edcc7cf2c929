package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"florin/internal/pay"
)

const (
	// feedWait is how many seconds the server is asked to hold a request until
	// something happens; it holds 30 at most, and proxies often cut at 60.
	feedWait = 25
	// feedTimeout ends a request that the server has forgotten.
	feedTimeout = 45 * time.Second
	// feedPage is how many events one answer brings at most.
	feedPage = 100
	// maxFeedAnswer bounds an answer in bytes: a page of events with the
	// largest metadata that a payment can have.
	maxFeedAnswer = 16 << 20

	firstFeedPause = time.Second
	maxFeedPause   = 30 * time.Second
)

// heardEvent is an event as the feed has it.
type heardEvent struct {
	ID        string      `json:"id"`
	Type      string      `json:"type"`
	Timestamp time.Time   `json:"timestamp"`
	Data      heardObject `json:"data"`

	body json.RawMessage // as it came
}

// feed reads a merchant's events in order, by waiting for them.
type feed struct {
	base, key string
	types     []string
	after     string                        // the last event that was read
	lost      func(err error, again string) // is told of every lost connection
	client    *http.Client
}

func newFeed(base, key string, types []string) *feed {
	return &feed{base: base, key: key, types: types, client: &http.Client{Timeout: feedTimeout}, lost: func(error, string) {}}
}

// skip goes past everything that has happened, so that next begins with what
// comes.
func (f *feed) skip(ctx context.Context) error {
	for more := true; more; {
		var err error
		if _, more, err = f.persist(ctx, 0); err != nil {
			return err
		}
	}
	return nil
}

// next is what happened since, after waiting for it; it is empty when nothing
// happened for a while.
//
// Errors: what trying again cannot mend, such as a key that is refused.
func (f *feed) next(ctx context.Context) ([]heardEvent, error) {
	began := time.Now()
	batch, _, err := f.persist(ctx, feedWait)
	if err == nil && len(batch) == 0 && time.Since(began) < firstFeedPause {
		err = pause(ctx, firstFeedPause) // too many wait already: the server answers at once
	}
	return batch, err
}

// persist reads a page, and tries again with growing pauses while the server
// cannot be reached or cannot answer.
func (f *feed) persist(ctx context.Context, wait int) (batch []heardEvent, more bool, err error) {
	for span := firstFeedPause; ; span = min(2*span, maxFeedPause) {
		batch, more, err = f.page(ctx, wait)
		if err == nil || ctx.Err() != nil || isFinal(err) {
			return batch, more, err
		}
		f.lost(err, span.String())
		if err := pause(ctx, span); err != nil {
			return nil, false, err
		}
	}
}

// pause waits, but not longer than the command runs.
func pause(ctx context.Context, span time.Duration) error {
	timer := time.NewTimer(span)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// isFinal reports whether trying again would bring the same.
func isFinal(err error) bool {
	var (
		refused *pay.Error
		usage   usageError
	)
	return errors.As(err, &refused) || errors.As(err, &usage)
}

// page asks for the events after the last one.
func (f *feed) page(ctx context.Context, wait int) ([]heardEvent, bool, error) {
	query := url.Values{"limit": {strconv.Itoa(feedPage)}}
	if f.after != "" {
		query.Set("after", f.after)
	}
	if wait > 0 {
		query.Set("wait", strconv.Itoa(wait))
	}
	if len(f.types) > 0 {
		query.Set("types", strings.Join(f.types, ","))
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.base+"/v1/events?"+query.Encode(), nil)
	if err != nil {
		return nil, false, usagef("--url: %s", err)
	}
	request.Header.Set("X-API-Key", f.key)
	answer, err := f.client.Do(request)
	if err != nil {
		return nil, false, err
	}
	defer answer.Body.Close()
	return f.read(answer)
}

// feedAnswer is the API's envelope.
type feedAnswer struct {
	Data []json.RawMessage `json:"data"`
	Meta struct {
		HasMore bool `json:"has_more"`
	} `json:"meta"`
	Error struct {
		Code    pay.Code `json:"code"`
		Message string   `json:"message"`
		Field   string   `json:"field"`
	} `json:"error"`
}

// read takes an answer apart. Only what the caller can mend is a pay.Error.
func (f *feed) read(answer *http.Response) ([]heardEvent, bool, error) {
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxFeedAnswer))
	if err != nil {
		return nil, false, err
	}
	var said feedAnswer
	if err := json.Unmarshal(body, &said); err != nil {
		return nil, false, fmt.Errorf("the server answered %s, and not as Florin does", answer.Status)
	}
	switch {
	case answer.StatusCode >= http.StatusInternalServerError, answer.StatusCode == http.StatusTooManyRequests:
		return nil, false, fmt.Errorf("the server answered %s: %s", answer.Status, said.Error.Message)
	case answer.StatusCode != http.StatusOK:
		return nil, false, pay.Invalid(said.Error.Code, said.Error.Field, "%s", said.Error.Message)
	}
	batch := make([]heardEvent, 0, len(said.Data))
	for _, raw := range said.Data {
		heard, err := decodeHeard(raw)
		if err != nil {
			return nil, false, err
		}
		batch = append(batch, heard)
		f.after = heard.ID
	}
	return batch, said.Meta.HasMore, nil
}
