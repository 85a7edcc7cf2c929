package client_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/api"
	"florin/internal/app"
	"florin/internal/app/apptest"
	"florin/internal/client"
	"florin/internal/pay"
)

// start runs the whole program on free ports with its sandbox, and returns a
// client with all rights that notes which routes it asked.
func start(t *testing.T) (*client.Client, *asked) {
	t.Helper()
	return from(apptest.Start(t))
}

func from(server *app.Server) (*client.Client, *asked) {
	noted := &asked{}
	return client.New(server.URL()+"/", server.Key, &http.Client{Transport: noted}), noted
}

// agentOf is a client whose writes a person must approve.
func agentOf(t *testing.T, server *app.Server) *client.Client {
	t.Helper()
	key, err := server.Engine.Authenticate(t.Context(), server.Key)
	require.NoError(t, err)
	_, text, err := server.Engine.CreateAPIKey(t.Context(), key.Owner, pay.Scopes, pay.KeyLimits{Approval: pay.ApprovalRule{Need: pay.ApprovalAlways}})
	require.NoError(t, err)
	return client.New(server.URL(), text, nil)
}

// asked notes the method and path of every request.
type asked struct {
	mu    sync.Mutex
	paths []string
}

func (a *asked) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	a.paths = append(a.paths, r.Method+" "+r.URL.Path)
	a.mu.Unlock()
	return http.DefaultTransport.RoundTrip(r)
}

// has reports whether a route was asked.
func (a *asked) has(route api.Route) bool {
	return slices.ContainsFunc(a.paths, func(path string) bool {
		want, got := strings.Split(route.Pattern(), "/"), strings.Split(path, "/")
		return len(want) == len(got) && !slices.ContainsFunc(want, func(part string) bool {
			i := slices.Index(want, part)
			return part != got[i] && !strings.HasPrefix(part, "{")
		})
	})
}

var visa = client.NewPayment{Amount: "10.00", Currency: "USD", Provider: "stripe", PaymentMethod: "pm_card_visa"}

func TestEveryRouteCanBeAsked(t *testing.T) {
	t.Parallel()
	server := apptest.Start(t)
	c, noted := from(server)
	askForOperations(t, c)
	askForConnections(t, c)
	askForApprovals(t, c, agentOf(t, server))
	askForTriggers(t, c)
	askForFlows(t, c)
	askForPayments(t, c)
	askForMoney(t, c)
	askForSubscriptions(t, c)
	askForMails(t, c)
	askForTransfers(t, c)
	askForPayouts(t, c)
	askForCards(t, c)
	askForAccounts(t, c)
	askForSettings(t, c)
	askForEvents(t, c)
	askForLedger(t, c)
	require.NoError(t, c.Ready(t.Context()))
	require.NoError(t, c.Alive(t.Context()))
	for _, route := range api.Routes() {
		if route.Open && route.Method == http.MethodPost || route.Path == "/metrics" {
			continue // for Stripe, for whoever starts flows, and for Prometheus
		}
		assert.True(t, noted.has(route), "%s was never asked", route.Pattern())
	}
}

func askForPayments(t *testing.T, c *client.Client) {
	ctx := t.Context()
	paid, err := c.CreatePayment(ctx, visa, client.IdempotencyKey("a"))
	require.NoError(t, err)
	assert.Equal(t, client.PaymentCompleted, paid.Status)
	assert.True(t, strings.HasPrefix(paid.ProviderRef, "pi_"))
	read, err := c.Payment(ctx, paid.ID)
	require.NoError(t, err)
	assert.Equal(t, paid.ID, read.ID)
	held := visa
	held.Capture = "manual"
	first, err := c.CreatePayment(ctx, held, client.IdempotencyKey("b"))
	require.NoError(t, err)
	captured, err := c.CapturePayment(ctx, first.ID, "4.00", client.IdempotencyKey("c"))
	require.NoError(t, err)
	assert.Equal(t, "4.00", captured.AmountCaptured)
	second, err := c.CreatePayment(ctx, held, client.IdempotencyKey("d"))
	require.NoError(t, err)
	canceled, err := c.CancelPayment(ctx, second.ID)
	require.NoError(t, err)
	assert.Equal(t, client.PaymentCanceled, canceled.Status)
	moments, err := c.Timeline(ctx, paid.ID)
	require.NoError(t, err)
	assert.NotEmpty(t, moments)
	refund, err := c.CreateRefund(ctx, client.NewRefund{PaymentID: paid.ID, Amount: "2.50"})
	require.NoError(t, err)
	again, err := c.Refund(ctx, refund.ID)
	require.NoError(t, err)
	assert.Equal(t, "2.50", again.Amount)
	refunds, err := client.Collect(c.Refunds(ctx, client.RefundFilter{PaymentID: paid.ID, Statuses: []string{"completed"}}))
	require.NoError(t, err)
	assert.Len(t, refunds, 1)
	all, err := client.Collect(c.Payments(ctx, client.PaymentFilter{Limit: 1, Sort: "created_at"}))
	require.NoError(t, err)
	require.Len(t, all, 3, "three pages")
	assert.Equal(t, []string{paid.ID, first.ID, second.ID}, []string{all[0].ID, all[1].ID, all[2].ID})
}

func askForCards(t *testing.T, c *client.Client) {
	ctx := t.Context()
	card, err := c.SaveCard(ctx, client.NewCard{PaymentMethodID: "pm_card_visa", CustomerEmail: "user@example.com", CustomerName: "Jane Doe"})
	require.NoError(t, err)
	assert.Equal(t, "4242", card.Last4)
	cards, err := client.Collect(c.Cards(ctx, card.CustomerID))
	require.NoError(t, err)
	assert.Len(t, cards, 1)
	customer, err := c.Customer(ctx, card.CustomerID)
	require.NoError(t, err)
	assert.Equal(t, &card.ID, customer.DefaultCardID)
	customers, err := client.Collect(c.Customers(ctx, "user@example.com"))
	require.NoError(t, err)
	assert.Equal(t, []client.Customer{customer}, customers)
	held, err := c.SetUpCard(ctx, client.NewCard{PaymentMethodID: "pm_card_authenticationRequiredOnSetup", CustomerID: customer.ID}, "")
	require.NoError(t, err)
	assert.NotEmpty(t, held.NextAction.RedirectURL)
	_, err = c.SetDefaultCard(ctx, card.ID)
	require.NoError(t, err)
	removed, err := c.RemoveCard(ctx, card.ID)
	require.NoError(t, err)
	assert.Equal(t, "removed", removed.Status)
}

func askForSettings(t *testing.T, c *client.Client) {
	ctx := t.Context()
	merchant, err := c.Merchant(ctx)
	require.NoError(t, err)
	assert.Equal(t, "default", merchant.Name)
	provider, err := c.SetProvider(ctx, client.StripeCredentials{SecretKey: "sk_test_client"})
	require.NoError(t, err)
	read, err := c.Provider(ctx)
	require.NoError(t, err)
	assert.Equal(t, provider.ID, read.ID)
	assert.Equal(t, "sk_test_…", read.Stripe.SecretKey)
	webhook, err := c.SetWebhook(ctx, client.NewEndpoint{URL: "http://127.0.0.1:9/hook"})
	require.NoError(t, err)
	assert.NotEmpty(t, webhook.Secret)
	same, err := c.Webhook(ctx)
	require.NoError(t, err)
	assert.Empty(t, same.Secret)
	rotated, err := c.RotateWebhookSecret(ctx, time.Hour)
	require.NoError(t, err)
	assert.NotEqual(t, webhook.Secret, rotated.Secret)
	made, err := c.CreateEndpoint(ctx, client.NewEndpoint{URL: "http://127.0.0.1:9/two", Events: []string{"payment.failed"}, Description: "two"})
	require.NoError(t, err)
	_, err = c.RotateEndpointSecret(ctx, made.ID, 0)
	require.NoError(t, err)
	changed, err := c.UpdateEndpoint(ctx, made.ID, client.EndpointChange{Events: &[]string{}, Enabled: new(true)})
	require.NoError(t, err)
	assert.Empty(t, changed.Events)
	one, err := c.Endpoint(ctx, made.ID)
	require.NoError(t, err)
	assert.Equal(t, "two", one.Description)
	all, err := c.Endpoints(ctx)
	require.NoError(t, err)
	assert.Len(t, all, 2)
	_, err = c.ReplayEndpoint(ctx, made.ID, client.ReplayFailed, time.Now().Add(-time.Hour))
	require.NoError(t, err)
	askForDeliveries(t, c, made.ID)
	require.NoError(t, c.DeleteEndpoint(ctx, made.ID))
}

func askForDeliveries(t *testing.T, c *client.Client, endpoint string) {
	ctx := t.Context()
	ping, err := c.PingEndpoint(ctx, endpoint)
	require.NoError(t, err)
	assert.Equal(t, "endpoint.ping", ping.EventType)
	deliveries, err := client.Collect(c.Deliveries(ctx, client.DeliveryFilter{EndpointID: endpoint, Type: "endpoint.ping"}))
	require.NoError(t, err)
	assert.Len(t, deliveries, 1)
	_, err = c.Delivery(ctx, ping.ID)
	require.NoError(t, err)
	_, err = c.RetryDelivery(ctx, ping.ID)
	require.NoError(t, err)
}

func askForEvents(t *testing.T, c *client.Client) {
	ctx, enough := context.WithCancel(t.Context())
	defer enough()
	var first client.Event
	for event, err := range c.Follow(ctx, client.EventFilter{Types: []string{"payment.completed"}}) {
		require.NoError(t, err)
		first = event
		break
	}
	assert.Contains(t, string(first.Data), `"status":"completed"`)
	read, err := c.Event(ctx, first.ID)
	require.NoError(t, err)
	assert.Equal(t, first, read)
	page, err := c.Events(ctx, client.EventFilter{After: first.ID, Limit: 1})
	require.NoError(t, err)
	assert.NotEqual(t, first.ID, page.Items[0].ID)
}

func TestARefusalIsAnErrorWithItsCode(t *testing.T) {
	t.Parallel()
	c, _ := start(t)
	ctx := t.Context()
	_, err := c.CreatePayment(ctx, visa)
	assert.Equal(t, "idempotency_key_missing", client.CodeOf(err))

	declined := visa
	declined.PaymentMethod = "pm_card_declined"
	payment, err := c.CreatePayment(ctx, declined, client.IdempotencyKey("a"))
	var refused *client.Error
	require.True(t, errors.As(err, &refused), "%v", err)
	assert.Equal(t, 402, refused.Status)
	assert.Equal(t, "card_declined", refused.Code)
	assert.NotEmpty(t, refused.DeclineCode)
	assert.NotEmpty(t, refused.RequestID)
	assert.Equal(t, client.PaymentFailed, payment.Status, "the payment comes with the error")

	var outcome client.Outcome
	_, err = c.CreatePayment(ctx, declined, client.IdempotencyKey("a"), client.Report(&outcome))
	assert.Equal(t, "card_declined", client.CodeOf(err))
	assert.True(t, outcome.Replayed)
	_, err = c.CreatePayment(ctx, visa, client.IdempotencyKey("a"))
	require.True(t, errors.As(err, &refused))
	assert.Equal(t, []string{"payment_method"}, refused.Fields)
	_, err = c.Payment(ctx, "../merchant")
	assert.Equal(t, "invalid_id", client.CodeOf(err), "an id stays within its place in the path")
}

func TestAStrangeAnswerIsSaidToBeOne(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"<html>502 Bad Gateway</html>", "", "{}", `{"success":false}`} {
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusBadGateway)
			_, _ = w.Write([]byte(body))
		}))
		t.Cleanup(proxy.Close)
		_, err := client.New(proxy.URL, "k", nil).Merchant(t.Context())
		assert.Equal(t, client.CodeNotFlorin, client.CodeOf(err), "%q", body)
	}
	busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = w.Write([]byte(`{"success":false,"error":{"code":"rate_limited","message":"slow down"}}`))
	}))
	t.Cleanup(busy.Close)
	_, err := client.New(busy.URL, "k", nil).Merchant(t.Context())
	var refused *client.Error
	require.True(t, errors.As(err, &refused))
	assert.Equal(t, 7*time.Second, refused.RetryAfter)
}
