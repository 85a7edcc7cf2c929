package engine_test

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"florin/internal/engine"
	"florin/internal/pay"
	"florin/internal/pgtest"
)

// counted is a way to Postgres that counts round trips.
type counted struct{ trips atomic.Int64 }

// countTrips puts the way in front of a server, and answers its own URL.
func (c *counted) countTrips(t *testing.T, server string) string {
	address, err := url.Parse(server)
	require.NoError(t, err)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	to := address.Host
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go c.carry(client, to)
		}
	}()
	address.Host = listener.Addr().String()
	return address.String()
}

func (c *counted) carry(client net.Conn, to string) {
	defer func() { _ = client.Close() }()
	server, err := new(net.Dialer).DialContext(context.Background(), "tcp", to)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	go func() { _, _ = io.Copy(server, client) }()
	from := bufio.NewReader(server)
	for {
		var head [5]byte // of a message: its type, and its length without that (postgresql.org/docs/current/protocol-message-formats.html)
		if _, err := io.ReadFull(from, head[:]); err != nil {
			return
		}
		message := make([]byte, 1+binary.BigEndian.Uint32(head[1:]))
		copy(message, head[:])
		if _, err := io.ReadFull(from, message[len(head):]); err != nil {
			return
		}
		if head[0] == 'Z' { // ReadyForQuery ends the answer to whatever was sent at once
			c.trips.Add(1)
		}
		if _, err := client.Write(message); err != nil {
			return
		}
	}
}

// A payment with its key before and its Stripe event after it takes no more
// round trips to Postgres than docs/performance.md says: each costs both sides
// as much as a small statement.
func TestRoundTripsOfAPayment(t *testing.T) {
	t.Parallel()
	way := &counted{}
	w := newWorldOn(t, way.countTrips(t, pgtest.Start(t)))
	_, err := w.engine.SetProvider(t.Context(), engine.Ask{Owner: w.owner}, engine.Credentials{
		SecretKey: pay.NewSecret(w.key), WebhookSecret: pay.NewSecret("whsec_trips"),
	})
	require.NoError(t, err)
	_, shown, err := w.engine.CreateAPIKey(t.Context(), w.owner, []pay.Scope{pay.ScopePaymentsWrite}, pay.KeyLimits{})
	require.NoError(t, err)
	took := func(step func()) int64 {
		before := way.trips.Load()
		step()
		return way.trips.Load() - before
	}
	walk := func(key string) (trips [3]int64) {
		trips[0] = took(func() {
			_, err := w.engine.Authenticate(t.Context(), shown)
			require.NoError(t, err)
		})
		trips[1] = took(func() {
			reply, err := w.engine.CreatePayment(t.Context(), w.ask(key), engine.PaymentRequest{
				Amount: pay.Amount(1000, "USD"), Provider: pay.ProviderStripe, PaymentMethod: "pm_card_visa", Capture: pay.CaptureAutomatic,
				ReturnURL: "https://shop.example/back", Metadata: map[string]string{"order": key},
			})
			require.NoError(t, err)
			require.Equal(t, 201, reply.Status, string(reply.Body))
		})
		event := w.newestEvent("payment_intent.succeeded")
		trips[2] = took(func() {
			require.NoError(t, w.engine.ReceiveStripeEvent(t.Context(), w.owner.Merchant, w.signed("whsec_trips", event), []byte(event)))
		})
		return trips
	}
	walk("the statements are prepared")
	require.Equal(t, [3]int64{1, 4, 2}, walk("counted"))
}

// newestEvent is the last event of a type at the sandbox, as it is sent.
func (w *world) newestEvent(name string) string {
	w.t.Helper()
	listed := w.atStripe("GET", "/v1/events?limit=1&type="+name, "")["data"].([]any)
	return w.textAtStripe("GET", "/v1/events/"+listed[0].(map[string]any)["id"].(string), "")
}

// signed is the header that Stripe sends with a body
// (docs.stripe.com/webhooks#verify-manually).
func (w *world) signed(secret, body string) string {
	at := w.clock.Now().Unix()
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = fmt.Fprintf(mac, "%d.%s", at, body)
	return fmt.Sprintf("t=%d,v1=%s", at, hex.EncodeToString(mac.Sum(nil)))
}
