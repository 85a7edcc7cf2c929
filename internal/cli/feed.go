package cli

import (
	"context"
	"errors"
	"net/http"
	"time"

	"florin/internal/client"
)

const (
	// feedWait is how long the server is asked to hold a request until something
	// happens: less than the 30 seconds that it allows, and than proxies do.
	feedWait = 25 * time.Second
	// feedTimeout ends a request that the server has forgotten.
	feedTimeout = 45 * time.Second
	// feedPage is how many events one answer brings, the most that there may be.
	feedPage = 100

	firstFeedPause = time.Second
	maxFeedPause   = 30 * time.Second
)

// feed reads a merchant's events in order, by waiting for them.
type feed struct {
	client *client.Client
	types  []string
	after  string                              // the last event that was read
	lost   func(err error, span time.Duration) // is told of every lost connection
}

func newFeed(base, key string, types []string) *feed {
	return &feed{client: client.New(base, key, &http.Client{Timeout: feedTimeout}), types: types}
}

// skip goes past everything that has happened, so that next begins with what
// comes.
func (f *feed) skip(ctx context.Context) error {
	for {
		page, err := f.persist(ctx, 0)
		if err != nil || page.Next == "" {
			return err
		}
	}
}

// next is what happened since, after waiting for it; it is empty when nothing
// happened for a while.
//
// Errors: what trying again cannot mend, such as a key that is refused.
func (f *feed) next(ctx context.Context) ([]client.Event, error) {
	began := time.Now()
	page, err := f.persist(ctx, feedWait)
	if err == nil && len(page.Items) == 0 && time.Since(began) < firstFeedPause {
		err = pause(ctx, firstFeedPause) // too many wait already: the server answers at once
	}
	return page.Items, err
}

// persist reads a page, and tries again with growing pauses while the server
// cannot be reached or cannot answer.
func (f *feed) persist(ctx context.Context, wait time.Duration) (client.Page[client.Event], error) {
	for span := firstFeedPause; ; span = min(2*span, maxFeedPause) {
		page, err := f.client.Events(ctx, client.EventFilter{After: f.after, Types: f.types, Limit: feedPage, Wait: wait})
		if n := len(page.Items); err == nil && n > 0 {
			f.after = page.Items[n-1].ID
		}
		if err == nil || ctx.Err() != nil || isFinal(err) {
			return page, err
		}
		f.lost(err, span)
		if err := pause(ctx, span); err != nil {
			return page, err
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
	var refused *client.Error
	return errors.As(err, &refused) && refused.Status < http.StatusInternalServerError && refused.Status != http.StatusTooManyRequests
}
