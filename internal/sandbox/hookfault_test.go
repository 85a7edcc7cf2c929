package sandbox_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Two different events about one change (§2.23.2), and one that comes late.
func TestTwinAndReorderedEvents(t *testing.T) {
	t.Parallel()
	w := open(t)
	r := listen(w, "*")
	w.send("POST", "/v1/customers", "name=twins", "Sandbox-Fault", "webhook_twin")
	one, other := r.next("customer.created").event, r.next("customer.created").event
	require.NotEqual(t, one.ID, other.ID)
	require.Equal(t, one.Data.Object["id"], other.Data.Object["id"])
	require.Equal(t, []string{"customer.created", "customer.created"}, w.eventTypes())

	w.send("POST", "/_sandbox/faults", `{"match":{"event":"charge.succeeded"},"effect":{"type":"webhook_reorder"}}`)
	w.pay("pm_card_visa")
	require.Len(t, w.send("GET", "/v1/events?type=charge.succeeded", "").at("data"), 1)
	require.Eventually(t, func() bool { return len(w.undelivered()) == 1 }, 5*time.Second, time.Millisecond)
	for len(r.came) > 0 {
		require.NotEqual(t, "charge.succeeded", string((<-r.came).event.Type))
	}
	w.advance(5 * time.Second)
	r.next("charge.succeeded")
}

// An event may be there before the answer to the request that caused it.
func TestEarlyEvent(t *testing.T) {
	t.Parallel()
	w := open(t)
	arrived, release, answered := make(chan struct{}), make(chan struct{}), make(chan reply, 1)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, in *http.Request) {
		_, _ = io.Copy(io.Discard, in.Body)
		close(arrived)
		<-release
	}))
	let := sync.OnceFunc(func() { close(release) })
	t.Cleanup(func() { let(); w.stop(); hook.Close() })
	w.send("POST", "/v1/webhook_endpoints", query("url", hook.URL, "enabled_events[]", "customer.created"))
	go func() {
		r, _ := w.try("POST", "/v1/customers", "name=early", "Sandbox-Fault", "webhook_early")
		answered <- r
	}()
	<-arrived
	require.Len(t, w.send("GET", "/v1/customers", "").at("data"), 1) // the effect is there, and this round trip gives an answer time
	require.Empty(t, answered)
	let()
	require.Equal(t, 200, (<-answered).status)
	require.Empty(t, w.undelivered())
}

func TestEventIsSentAgain(t *testing.T) {
	t.Parallel()
	w := open(t)
	all, some := listen(w, "*"), listen(w, "customer.deleted")
	w.send("POST", "/v1/customers", "name=again")
	first := all.next("customer.created").event
	again := w.send("POST", "/v1/events/"+first.ID+"/retry", "")
	require.Equal(t, first.ID, again.at("id"))
	require.Equal(t, first.ID, all.next("customer.created").event.ID)
	w.send("POST", "/v1/events/"+first.ID+"/retry", "webhook_endpoint="+some.id)
	require.Equal(t, first.ID, some.next("customer.created").event.ID)
	require.Eventually(t, func() bool { return len(w.undelivered()) == 0 }, 5*time.Second, time.Millisecond)
	all.silent()
	require.Equal(t, 404, w.send("POST", "/v1/events/evt_x/retry", "").status)
	require.Equal(t, 400, w.send("POST", "/v1/events/"+first.ID+"/retry", "webhook_endpoint=we_x").status)
}
