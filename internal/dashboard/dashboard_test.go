package dashboard_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/app/apptest"
	"florin/internal/client"
	"florin/internal/pay"
)

// A newcomer follows the printed link, makes a payment, looks at it, gives it
// back, and sees it on the home page.
func TestAPaymentWithTheBrowserAlone(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.signsIn()
	b.sees("Nothing was paid", "test mode")
	b.isAccessible()
	b.pictures("home-empty")

	b.clicks("nav a[href='/payments']")
	b.sees("There are no payments yet")
	b.isAccessible()
	b.opens("details summary")
	b.fills("input[name=amount]", "50.00")
	b.fills("input[name=description]", "Two lessons")
	b.clicks("form[action='/payments'][method=post] button")
	b.sees("The payment was made.", "$50.00", "completed", "Two lessons", "visa ···· 4242")
	b.isAccessible()
	b.pictures("payment")

	payment := b.path()
	b.opens(".actions summary")
	b.fills(".actions input[name=amount]", "20")
	b.clicks(".actions form button")
	assert.Equal(t, payment, b.path())
	b.sees("The money is on its way back.", "partially refunded", "$20.00", "1 refund")

	b.opens(".actions summary")
	b.fills(".actions input[name=amount]", "40")
	b.clicks(".actions form button")
	b.sees("at most 30.00 USD is left to refund")

	b.goes("/payments")
	b.sees("$50.00", "Two lessons", "partially refunded")
	b.isAccessible()
	b.pictures("payments")
	b.goes("/payments?status=failed")
	b.sees("No payment is like that")
	b.goes("/payments?min=lots")
	b.sees("min is a decimal such as 100 or 99.95")
	b.goes("/refunds")
	b.sees("$20.00", "completed")
	b.isAccessible()
	b.pictures("refunds")

	_, err := b.server.Engine.CountEvents(t.Context()) // its chore may not have come by yet
	require.NoError(t, err)
	b.goes("/")
	b.sees("$50.00", "100.0 %", "$20.00")
	b.isAccessible()
	b.pictures("home")
}

// Money that is held is taken, in part, or let go.
func TestHeldMoneyWithTheBrowser(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.signsIn()
	hold := func() {
		b.goes("/payments")
		b.opens("details summary")
		b.fills("input[name=amount]", "80")
		b.fills("select[name=capture]", "manual")
		b.clicks("form[action='/payments'][method=post] button")
		b.sees("authorized")
	}
	hold()
	b.opens("details:has(form[action$='/capture']) summary")
	b.isAccessible()
	b.fills("form[action$='/capture'] input[name=amount]", "65.50")
	b.clicks("form[action$='/capture'] button")
	b.sees("The money was taken.", "completed", "$65.50")
	hold()
	b.opens("details:has(form[action$='/cancel']) summary")
	b.clicks("form[action$='/cancel'] button")
	b.sees("The payment was called off.", "canceled")
}

// A declined card is told where it can be acted on.
func TestADeclinedCardWithTheBrowser(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.signsIn()
	b.goes("/payments")
	b.opens("details summary")
	b.fills("input[name=amount]", "12")
	b.fills("input[name=payment_method]", "pm_card_chargeDeclined")
	b.clicks("form[action='/payments'][method=post] button")
	b.sees("failed", "declined")
	assert.True(t, strings.HasPrefix(b.path(), "/payments/"))
	b.isAccessible()
}

// A partner is added, sent to Stripe's page, and comes back with money booked.
func TestPartnersWithTheBrowser(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.signsIn()
	b.clicks("nav a[href='/accounts']")
	b.sees("No partners here")
	b.isAccessible()
	b.opens("details summary")
	b.fills("input[name=name]", "Jenny Rosen")
	b.clicks("form[action='/accounts'][method=post] button")
	b.sees("The partner was added.", "Jenny Rosen", "pending", "Stripe wants", "Held for payouts")
	b.isAccessible()
	b.pictures("partner")
	b.clicks("form[action$='/link'] button")
	b.sees("Send this address to the partner", b.server.Sandbox.URL())
	b.isAccessible()
	b.clicks("nav a[href='/ledger']")
	b.sees("Nothing was booked yet")
	b.clicks("nav a[href='/transactions']")
	b.sees("Nothing moved Stripe's balance")
	b.goes("/payments")
	b.opens("details summary")
	b.fills("input[name=amount]", "50")
	b.clicks("form[action='/payments'][method=post] button")
	b.sees("Where the money is", "Our books", "sales")
	b.clicks("nav a[href='/ledger']")
	b.sees("Entries", "$1.75", "capture")
	b.isAccessible()
	b.pictures("ledger")
	b.goes("/transactions")
	b.isAccessible()
	b.clicks("nav a[href='/transfers']")
	b.sees("No transfers here")
	b.isAccessible()
	b.goes("/transfers?since=tomorrow")
	b.sees("since is a date such as 2026-06-01")
	assert.Len(t, b.heard(), 1, "the browser says so too")
	b.forget()
}

// A receipt is shown, not sent.
func TestMailsWithTheBrowser(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.signsIn()
	b.clicks("nav a[href='/mails']")
	b.sees("No mails here")
	c := client.New(b.server.URL(), b.server.Key, nil)
	paid, err := c.CreatePayment(t.Context(), client.NewPayment{
		Amount: "10.00", Currency: "USD", Provider: "stripe", PaymentMethod: "pm_card_visa", ReceiptEmail: "jane@example.com",
	}, client.IdempotencyKey("receipt"))
	require.NoError(t, err)
	require.Eventually(t, func() bool { // its job writes it
		mails, err := client.Collect(c.Mails(t.Context(), client.MailFilter{ObjectID: paid.ID, Statuses: []string{"kept"}}))
		return err == nil && len(mails) == 1
	}, patience, 20*time.Millisecond)
	b.goes("/mails")
	b.sees("jane@example.com", "receipt", "kept")
	b.isAccessible()
	b.clicks("tbody a")
	b.sees("to jane@example.com", "$10.00")
	b.isAccessible()
	b.pictures("mail")
}

// A plan is made, and a subscription to it looked at and ended.
func TestSubscriptionsWithTheBrowser(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.signsIn()
	b.clicks("nav a[href='/subscriptions']")
	b.sees("No subscriptions here")
	b.goes("/plans")
	b.opens("details summary")
	b.fills("input[name=name]", "Lessons")
	b.fills("input[name=amount]", "10.00")
	b.clicks("form[action='/plans'][method=post] button")
	b.sees("The plan was made.", "Lessons", "$10.00", "every month")
	b.isAccessible()
	subscription := b.subscribes()
	b.goes("/subscriptions")
	b.sees("Lessons", "active")
	b.isAccessible()
	b.pictures("subscriptions")
	b.goes("/subscriptions/" + subscription)
	b.sees("$10.00", "every month")
	b.isAccessible()
	b.opens(".actions summary")
	b.clicks("form[action$='/cancel'] button")
	b.sees("The subscription ends with what is paid for.", "Ends")
	b.pictures("subscription")
	b.opens(".actions summary")
	b.opens("input[value=now]")
	b.clicks("form[action$='/cancel'] button")
	b.sees("The subscription has ended.", "canceled")
}

// subscribes makes a customer with a saved card and subscribes them to the one
// plan there is, through the API.
func (b *browser) subscribes() (id string) {
	b.t.Helper()
	c := client.New(b.server.URL(), b.server.Key, nil)
	card, err := c.SaveCard(b.t.Context(), client.NewCard{PaymentMethodID: "pm_card_visa", CustomerEmail: "reader@example.com"})
	require.NoError(b.t, err)
	plans, err := client.Collect(c.Plans(b.t.Context(), client.PlanFilter{}))
	require.NoError(b.t, err)
	require.Len(b.t, plans, 1)
	s, err := c.CreateSubscription(b.t.Context(), client.NewSubscription{CustomerID: card.CustomerID, PlanID: plans[0].ID}, client.IdempotencyKey("subscribe"))
	require.NoError(b.t, err)
	return s.ID
}

// guest is a browser without scripts.
func guest(t *testing.T) *http.Client {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// A key signs in, and only into what it may see; a link works once; nothing is
// shown to anybody else.
func TestSigningIn(t *testing.T) {
	t.Parallel()
	server := apptest.Start(t)
	c := guest(t)
	answer := get(t, c, server.URL()+"/payments")
	assert.Equal(t, "/sign-in?to=%2Fpayments", answer.Header.Get("Location"))

	answer = post(t, c, server.URL()+"/sign-in", url.Values{"key": {"sk_test_flr_wrong"}})
	assert.Equal(t, http.StatusUnauthorized, answer.StatusCode)
	merchant, err := server.Engine.MerchantNamed(t.Context(), pay.DefaultMerchant)
	require.NoError(t, err)
	owner := pay.Owner{Merchant: merchant.ID, Mode: pay.Test}
	key, text, err := server.Engine.CreateAPIKey(t.Context(), owner, []pay.Scope{pay.ScopeWebhooksRead}, pay.KeyLimits{})
	require.NoError(t, err)
	answer = post(t, c, server.URL()+"/sign-in", url.Values{"key": {text}, "to": {"//evil.example/x"}})
	assert.Equal(t, "/", answer.Header.Get("Location"), "nobody is sent elsewhere")
	assert.Equal(t, http.StatusForbidden, get(t, c, server.URL()+"/payments").StatusCode, "the key may not see payments")
	assert.Equal(t, http.StatusOK, get(t, c, server.URL()+"/deliveries").StatusCode)
	_, err = server.Engine.RevokeAPIKey(t.Context(), merchant.ID, key.ID)
	require.NoError(t, err)
	assert.Equal(t, http.StatusSeeOther, get(t, c, server.URL()+"/deliveries").StatusCode, "a session ends with its key")

	link, err := url.Parse(server.SignIn)
	require.NoError(t, err)
	follow := func(c *http.Client) *http.Response {
		return post(t, c, server.URL()+"/sign-in/link", url.Values{"token": {link.Query().Get("token")}})
	}
	once := guest(t)
	assert.Equal(t, http.StatusOK, get(t, once, server.SignIn).StatusCode)
	assert.Equal(t, http.StatusOK, get(t, once, server.SignIn).StatusCode, "looking at it does not use it up")
	assert.Equal(t, http.StatusSeeOther, follow(once).StatusCode)
	assert.Equal(t, http.StatusUnauthorized, follow(guest(t)).StatusCode, "a link works once")
	assert.Equal(t, http.StatusOK, get(t, once, server.URL()+"/payments").StatusCode)
	assert.Equal(t, http.StatusSeeOther, post(t, once, server.URL()+"/sign-out", nil).StatusCode)
	assert.Equal(t, http.StatusSeeOther, get(t, once, server.URL()+"/payments").StatusCode)
}

// A form that another site sends is refused, and pages say what browsers may
// do with them.
func TestPagesAreGuarded(t *testing.T) {
	t.Parallel()
	server := apptest.Start(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL()+"/sign-out", nil)
	require.NoError(t, err)
	request.Header.Set("Origin", "https://evil.example")
	request.Header.Set("Sec-Fetch-Site", "cross-site")
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	assert.Equal(t, http.StatusForbidden, answer.StatusCode)
	page := get(t, guest(t), server.URL()+"/sign-in")
	policy := page.Header.Get("Content-Security-Policy")
	assert.Contains(t, policy, "default-src 'none'")
	assert.Contains(t, policy, "frame-ancestors 'none'")
	assert.NotContains(t, policy, "unsafe")
	assert.Equal(t, http.StatusNotFound, get(t, guest(t), server.URL()+"/no/such/page").StatusCode)
	assert.Equal(t, http.StatusUnauthorized, get(t, guest(t), server.URL()+"/v1/payments").StatusCode, "the API is where it was")
}

func get(t *testing.T, c *http.Client, address string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	require.NoError(t, err)
	answer, err := c.Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return answer
}

func post(t *testing.T, c *http.Client, address string, form url.Values) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := c.Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return answer
}
