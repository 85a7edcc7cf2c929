package engine_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/engine"
	"florin/internal/pay"
	"florin/internal/store"
)

// shop is a merchant's server that answers as it is told to.
type shop struct {
	*httptest.Server
	status, calls atomic.Int64
}

func newShop(t *testing.T, status int64) *shop {
	s := &shop{}
	s.status.Store(status)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.calls.Add(1)
		if s.status.Load() == http.StatusTooManyRequests {
			w.Header().Set("Retry-After", "7200")
		}
		w.WriteHeader(int(s.status.Load()))
	}))
	t.Cleanup(s.Close)
	return s
}

// delivers makes a payment and returns the job of its delivery to the shop.
func (w *world) delivers(s *shop) store.Job {
	w.t.Helper()
	_, err := w.engine.SetWebhook(w.t.Context(), engine.Ask{Owner: w.owner}, engine.EndpointRequest{URL: s.URL})
	require.NoError(w.t, err)
	w.pays("k", "pm_card_visa", pay.CaptureAutomatic)
	list, err := w.engine.Deliveries(w.t.Context(), w.owner, pay.DeliveryFilter{}, pay.Page{})
	require.NoError(w.t, err)
	require.Len(w.t, list.Items, 1)
	return store.Job{Kind: store.JobDeliver, Owner: w.owner, ID: list.Items[0].ID}
}

func (w *world) tryDelivery(job store.Job) time.Duration {
	w.t.Helper()
	again, err := w.engine.Deliver(w.t.Context(), job)
	require.NoError(w.t, err)
	return again
}

func TestTenTriesInSeventyFiveHours(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := newShop(t, http.StatusInternalServerError)
	job := w.delivers(s)
	began := w.clock.Now()
	for tries := 1; ; tries++ {
		again := w.tryDelivery(job)
		require.EqualValues(t, tries, s.calls.Load())
		if again == 0 {
			break
		}
		early := w.tryDelivery(job) // a job that comes too soon waits
		require.EqualValues(t, tries, s.calls.Load())
		w.clock.Advance(early)
	}
	assert.EqualValues(t, pay.MaxDeliveryAttempts, s.calls.Load())
	assert.InDelta(t, 75.6, w.clock.Now().Sub(began).Hours(), 0.1)
	d, attempts, err := w.engine.Delivery(t.Context(), w.owner, job.ID)
	require.NoError(t, err)
	assert.Equal(t, pay.DeliveryFailed, d.Status)
	assert.Len(t, attempts, pay.MaxDeliveryAttempts)

	s.status.Store(http.StatusOK)
	reply, err := w.engine.Replay(t.Context(), w.ask("replay"), w.endpoint().ID, engine.ReplayFailed, began.Add(-time.Hour))
	require.NoError(t, err)
	assert.Contains(t, string(reply.Body), `"scheduled":1`)
	assert.Zero(t, w.tryDelivery(job))
	d, _, err = w.engine.Delivery(t.Context(), w.owner, job.ID)
	require.NoError(t, err)
	assert.Equal(t, pay.DeliveryDelivered, d.Status)
}

func (w *world) endpoint() pay.Endpoint {
	w.t.Helper()
	endpoint, err := w.engine.Webhook(w.t.Context(), w.owner)
	require.NoError(w.t, err)
	return endpoint
}

func TestRetryAfterIsHeeded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	job := w.delivers(newShop(t, http.StatusTooManyRequests))
	assert.Equal(t, 2*time.Hour, w.tryDelivery(job))
}

// Five days without a success disable an endpoint; a success in between, or
// enabling it, starts the count anew.
func TestEndpointIsDisabledAfterFiveDays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := newShop(t, http.StatusBadGateway)
	job := w.delivers(s)
	w.tryDelivery(job)
	require.False(t, w.endpoint().FailingSince.IsZero())
	w.clock.Advance(time.Hour)
	s.status.Store(http.StatusOK)
	w.tryDelivery(job)
	require.True(t, w.endpoint().FailingSince.IsZero())

	s.status.Store(http.StatusBadGateway)
	for range 2 {
		_, err := w.engine.RetryDelivery(t.Context(), engine.Ask{Owner: w.owner}, job.ID)
		require.NoError(t, err)
		w.tryDelivery(job)
		assert.Equal(t, pay.EndpointEnabled, w.endpoint().Status)
		w.clock.Advance(pay.EndpointPatience / 2)
	}
	_, err := w.engine.RetryDelivery(t.Context(), engine.Ask{Owner: w.owner}, job.ID)
	require.NoError(t, err)
	w.tryDelivery(job)
	assert.Equal(t, pay.EndpointDisabled, w.endpoint().Status)
	_, err = w.engine.RetryDelivery(t.Context(), engine.Ask{Owner: w.owner}, job.ID)
	assert.Equal(t, pay.CodeNotRetryable, pay.CodeOf(err))
	enabled := true
	_, err = w.engine.UpdateEndpoint(t.Context(), engine.Ask{Owner: w.owner}, w.endpoint().ID, engine.EndpointChange{Enabled: &enabled})
	require.NoError(t, err)
	assert.True(t, w.endpoint().FailingSince.IsZero())
}
