package stripe

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	stripego "github.com/stripe/stripe-go/v85"

	"florin/internal/pay"
)

const (
	// pageSize is Stripe's largest page.
	pageSize = 100
	// maxRefundPages bounds the refunds of one payment that are read: 1,000,
	// far more than people make.
	maxRefundPages = 10
	// maxCreatedPages bounds a search through what was created, for each of its
	// windows: 5,000 objects, or the busiest minute that Stripe's rate limit of
	// 100 requests a second allows for with little to spare. When it is passed
	// the search ends in doubt, never in not_found.
	maxCreatedPages = 50
)

// window is a span of time after a call was first sent.
type window struct{ from, to time.Duration }

// searchWindows are when an object of ours may have been created, likeliest
// first. A call is sent again for up to 23 hours (pay.ReplayWindow) and Stripe
// keeps its key for 24; two hours are for clocks.
var searchWindows = []window{
	{-time.Minute, 2 * time.Minute},
	{2 * time.Minute, time.Hour},
	{time.Hour, 26 * time.Hour},
}

// sandboxWindows has no end within a lifetime: the sandbox's clock may have
// been put ahead of ours by any time at all.
var sandboxWindows = []window{{-time.Minute, 100 * 365 * 24 * time.Hour}}

// reader asks without changing anything, which is always safe to repeat.
//
// Errors of a read: not_found, provider_unreachable, provider_busy, in_doubt (a
// 5xx or no clear answer), provider_key_invalid, provider_key_lacks_rights,
// provider_refused.
type reader struct {
	g      *Gateway
	access pay.Access
	name   string // of the look-up, for Observe
}

// get reads one object or page.
func (r reader) get(ctx context.Context, path string) ([]byte, error) {
	body, _, err := r.dated(ctx, path)
	return body, err
}

// dated is get with Stripe's time when it answered.
func (r reader) dated(ctx context.Context, path string) ([]byte, time.Time, error) {
	wire := pay.Wire{Method: http.MethodGet, Path: path, APIVersion: stripego.APIVersion, Account: r.access.Account}
	got, verdict := r.ask(ctx, request{access: r.access, wire: wire})
	if verdict == pay.OutcomeDone {
		return got.body, got.time(), nil
	}
	if verdict == pay.OutcomeRefused && got.status == http.StatusNotFound {
		return nil, time.Time{}, pay.Errorf(pay.CodeNotFound, "%s", got.problem().Message)
	}
	return nil, time.Time{}, got.failure(verdict, "")
}

// ask exchanges and observes.
func (r reader) ask(ctx context.Context, q request) (answer, pay.Outcome) {
	start := time.Now()
	got := r.g.exchange(ctx, q)
	verdict := got.verdict()
	r.g.observe(r.name, verdict, time.Since(start), got.requestRef())
	return got, verdict
}

// page is a list of Stripe's.
type page struct {
	Data    []json.RawMessage `json:"data"`
	HasMore bool              `json:"has_more"`
}

// walk hands over every item of a list, newest first, until see says that it
// has seen enough. path ends in ? or &, for the page to be added.
//
// Errors: in_doubt when the list has more than so many pages.
func (r reader) walk(ctx context.Context, path string, pages int, see func(json.RawMessage) (enough bool, err error)) error {
	after := ""
	for range pages {
		list, err := r.page(ctx, path+fmt.Sprintf("limit=%d", pageSize)+after)
		if err != nil {
			return err
		}
		last := ""
		for _, item := range list.Data {
			if enough, err := see(item); enough || err != nil {
				return err
			}
			last = idOf(item)
		}
		if !list.HasMore || last == "" {
			return nil
		}
		after = "&starting_after=" + url.QueryEscape(last)
	}
	return doubtful(fmt.Sprintf("its list has more than %d pages", pages))
}

func (r reader) page(ctx context.Context, path string) (page, error) {
	body, err := r.get(ctx, path)
	if err != nil {
		return page{}, err
	}
	var list page
	if err := json.Unmarshal(body, &list); err != nil || list.Data == nil {
		return page{}, doubtful("its list cannot be read").Because(err)
	}
	return list, nil
}

// created is an object of ours sought among what was created since a time.
type created struct {
	path  string
	query string // more parameters, each with & after it
	key   string // of the metadata
	id    pay.ID // its value
	since time.Time
}

// findCreated looks through the windows one after the other.
//
// Errors: those of a read; not_found only when everything was seen.
func (r reader) findCreated(ctx context.Context, sought created) (json.RawMessage, error) {
	if sought.id == "" {
		return nil, pay.Errorf(pay.CodeInternal, "nothing to look for in %s", sought.path)
	}
	windows := searchWindows
	if r.access.Kind == pay.ConnectionSandbox {
		windows = sandboxWindows
	}
	for _, window := range windows {
		found, err := r.findBetween(ctx, sought, sought.since.Add(window.from), sought.since.Add(window.to))
		if found != nil || err != nil {
			return found, err
		}
	}
	return nil, pay.NotFound(strings.TrimPrefix(sought.path, "/v1/")+" of", sought.id)
}

func (r reader) findBetween(ctx context.Context, sought created, from, to time.Time) (json.RawMessage, error) {
	var found json.RawMessage
	// Both ends count: Stripe's times are whole seconds.
	path := fmt.Sprintf("%s?created[gte]=%d&created[lte]=%d&%s", sought.path, from.Unix(), to.Unix(), sought.query)
	err := r.walk(ctx, path, maxCreatedPages, func(item json.RawMessage) (bool, error) {
		if metadataOf(item)[sought.key] == string(sought.id) {
			found = item
		}
		return found != nil, nil
	})
	return found, err
}

func idOf(item json.RawMessage) string {
	var object struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(item, &object) // what has no id ends the list
	return object.ID
}

// metadataOf reads an object's metadata and nothing else, so that an object of
// others that cannot be read does not stop the search.
func metadataOf(item json.RawMessage) map[string]string {
	var object struct {
		Metadata map[string]string `json:"metadata"`
	}
	_ = json.Unmarshal(item, &object) // what cannot be read is not ours
	return object.Metadata
}
