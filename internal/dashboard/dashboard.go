package dashboard

import (
	"errors"
	"log/slog"
	"net/http"
	"path"
	"strings"

	"florin/internal/clock"
	"florin/internal/engine"
	"florin/internal/pay"
)

// Config is what the dashboard needs. Engine and Clock are required.
type Config struct {
	Engine  *engine.Engine
	Clock   clock.Clock
	Logger  *slog.Logger
	BaseURL string // where browsers reach it; https makes its cookies secure
	Sandbox string // address of the local Stripe; empty when none is served
	Version string
}

// dashboard holds what pages need.
type dashboard struct {
	engine  *engine.Engine
	clock   clock.Clock
	log     *slog.Logger
	secure  bool
	sandbox string
	version string
	assets  assets
}

// New is the handler of the dashboard. What none of its pages is for goes to
// rest: the API has the same listener.
//
// Errors: when a part is missing: a defect of the caller.
func New(c Config, rest http.Handler) (http.Handler, error) {
	if c.Engine == nil || c.Clock == nil || rest == nil {
		return nil, errors.New("dashboard: a part is missing")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	files, err := loadAssets()
	if err != nil {
		return nil, err
	}
	d := &dashboard{
		engine: c.Engine, clock: c.Clock, log: c.Logger, secure: strings.HasPrefix(c.BaseURL, "https://"),
		sandbox: c.Sandbox, version: c.Version, assets: files,
	}
	mux := http.NewServeMux()
	own := http.NewCrossOriginProtection()
	for _, page := range pages {
		mux.Handle(page.pattern, own.Handler(d.serve(page)))
	}
	mux.Handle("GET "+assetsPath, files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The mux would mend the path of what is not for it, by a redirect.
		if _, pattern := mux.Handler(r); pattern == "" || path.Clean(r.URL.Path) != r.URL.Path {
			rest.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	}), nil
}

// page is one address of the dashboard: a GET shows something, a POST does
// something and then sends the browser to a page that shows what came of it.
type page struct {
	pattern string
	open    bool      // nobody needs to be signed in
	scope   pay.Scope // what the key must allow; empty: nothing special
	proof   bool      // the key must have been shown a moment ago
	answer  func(d *dashboard, v *visit) error
}

// pages is every address. What a key's scopes forbid is neither shown in the
// navigation nor answered.
var pages = []page{
	{pattern: "GET /{$}", answer: (*dashboard).home},
	{pattern: "GET /sign-in", open: true, answer: (*dashboard).signInPage},
	{pattern: "POST /sign-in", open: true, answer: (*dashboard).signIn},
	{pattern: "GET /sign-in/link", open: true, answer: (*dashboard).linkPage},
	{pattern: "POST /sign-in/link", open: true, answer: (*dashboard).followLink},
	{pattern: "POST /sign-out", answer: (*dashboard).signOut},
	{pattern: "GET /prove", answer: (*dashboard).provePage},
	{pattern: "POST /prove", answer: (*dashboard).prove},

	{pattern: "GET /payments", scope: pay.ScopePaymentsRead, answer: (*dashboard).payments},
	{pattern: "GET /payments/{id}", scope: pay.ScopePaymentsRead, answer: (*dashboard).payment},
	{pattern: "POST /payments", scope: pay.ScopePaymentsWrite, answer: (*dashboard).createPayment},
	{pattern: "POST /payments/{id}/capture", scope: pay.ScopePaymentsWrite, answer: (*dashboard).capturePayment},
	{pattern: "POST /payments/{id}/cancel", scope: pay.ScopePaymentsWrite, answer: (*dashboard).cancelPayment},
	{pattern: "POST /payments/{id}/refund", scope: pay.ScopePaymentsWrite, answer: (*dashboard).refundPayment},

	{pattern: "GET /refunds", scope: pay.ScopePaymentsRead, answer: (*dashboard).refunds},
	{pattern: "GET /accounts", scope: pay.ScopeAccountsRead, answer: (*dashboard).accounts},
	{pattern: "GET /accounts/{id}", scope: pay.ScopeAccountsRead, answer: (*dashboard).account},
	{pattern: "POST /accounts", scope: pay.ScopeAccountsWrite, answer: (*dashboard).createAccount},
	{pattern: "POST /accounts/{id}/link", scope: pay.ScopeAccountsWrite, answer: (*dashboard).linkAccount},

	{pattern: "GET /subscriptions", scope: pay.ScopeSubscriptionsRead, answer: (*dashboard).subscriptions},
	{pattern: "GET /subscriptions/{id}", scope: pay.ScopeSubscriptionsRead, answer: (*dashboard).subscription},
	{pattern: "POST /subscriptions/{id}/cancel", scope: pay.ScopeSubscriptionsWrite, answer: (*dashboard).cancelSubscription},
	{pattern: "GET /plans", scope: pay.ScopeSubscriptionsRead, answer: (*dashboard).plans},
	{pattern: "POST /plans", scope: pay.ScopeSubscriptionsWrite, answer: (*dashboard).createPlan},

	{pattern: "GET /transactions", scope: pay.ScopeLedgerRead, answer: (*dashboard).transactions},
	{pattern: "GET /ledger", scope: pay.ScopeLedgerRead, answer: (*dashboard).ledger},

	{pattern: "GET /transfers", scope: pay.ScopeTransfersRead, answer: (*dashboard).transfers},
	{pattern: "GET /mails", scope: pay.ScopePaymentsRead, answer: (*dashboard).mails},
	{pattern: "GET /mails/{id}", scope: pay.ScopePaymentsRead, answer: (*dashboard).mail},

	{pattern: "GET /endpoints", scope: pay.ScopeWebhooksRead, answer: (*dashboard).endpoints},
	{pattern: "GET /deliveries", scope: pay.ScopeWebhooksRead, answer: (*dashboard).deliveries},
	{pattern: "GET /deliveries/{id}", scope: pay.ScopeWebhooksRead, answer: (*dashboard).delivery},
	{pattern: "POST /deliveries/{id}/retry", scope: pay.ScopeWebhooksWrite, answer: (*dashboard).retryDelivery},
}

// section is an entry of the navigation.
type section struct {
	Path, Name string
	scope      pay.Scope
}

var sections = []section{
	{"/", "Home", ""},
	{"/payments", "Payments", pay.ScopePaymentsRead},
	{"/refunds", "Refunds", pay.ScopePaymentsRead},
	{"/accounts", "Partners", pay.ScopeAccountsRead},
	{"/transfers", "Transfers", pay.ScopeTransfersRead},
	{"/subscriptions", "Subscriptions", pay.ScopeSubscriptionsRead},
	{"/transactions", "Transactions", pay.ScopeLedgerRead},
	{"/ledger", "Ledger", pay.ScopeLedgerRead},
	{"/mails", "Mails", pay.ScopePaymentsRead},
	{"/endpoints", "Webhooks", pay.ScopeWebhooksRead},
	{"/deliveries", "Deliveries", pay.ScopeWebhooksRead},
}
