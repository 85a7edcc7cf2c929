package stripe

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	stripego "github.com/stripe/stripe-go/v85"

	"florin/internal/pay"
)

// maxEndpointPages bounds the list of an account's webhook endpoints, of which
// Stripe allows 16.
const maxEndpointPages = 2

// right is one thing that a restricted key may be allowed, with a request that
// needs it and changes nothing: Stripe judges the key before it finds that there
// is no such object.
type right struct {
	area, level  string // as Stripe's dashboard names them
	method, path string
	needed       bool // by Florin's own payments
}

// rights are what a restricted key is tried for (docs.stripe.com/keys,
// "Restricted API keys"). Writes are tried only where Florin itself needs them.
var rights = []right{
	{"PaymentIntents", "read", http.MethodGet, "/v1/payment_intents?limit=1", true},
	{"PaymentIntents", "write", http.MethodPost, "/v1/payment_intents/pi_florin_probe/cancel", true},
	{"Charges and Refunds", "read", http.MethodGet, "/v1/refunds?limit=1", true},
	{"Charges and Refunds", "write", http.MethodPost, "/v1/refunds/re_florin_probe", true},
	{"Customers", "read", http.MethodGet, "/v1/customers?limit=1", true},
	{"Customers", "write", http.MethodPost, "/v1/customers/cus_florin_probe", true},
	{"PaymentMethods", "read", http.MethodGet, "/v1/payment_methods/pm_florin_probe", true},
	{"PaymentMethods", "write", http.MethodPost, "/v1/payment_methods/pm_florin_probe/detach", true},
	{"Balance transactions", "read", http.MethodGet, "/v1/balance_transactions?limit=1", true},
	{"Balance", "read", http.MethodGet, "/v1/balance", false},
	{"Coupons", "read", http.MethodGet, "/v1/coupons?limit=1", false},
	{"Disputes", "read", http.MethodGet, "/v1/disputes?limit=1", false},
	{"Events", "read", http.MethodGet, "/v1/events?limit=1", false},
	{"Invoices", "read", http.MethodGet, "/v1/invoices?limit=1", false},
	{"Payouts", "read", http.MethodGet, "/v1/payouts?limit=1", false},
	{"Prices", "read", http.MethodGet, "/v1/prices?limit=1", false},
	{"Products", "read", http.MethodGet, "/v1/products?limit=1", false},
	{"SetupIntents", "read", http.MethodGet, "/v1/setup_intents?limit=1", false},
	{"Subscriptions", "read", http.MethodGet, "/v1/subscriptions?limit=1", false},
	{"Transfers", "read", http.MethodGet, "/v1/transfers?limit=1", false},
}

// Check asks Stripe whose key it is and tries the rights that Florin needs. A
// secret key has them all; a restricted one is tried, and need not be allowed
// to see its account, whose ref is then unknown.
//
// Errors: provider_key_invalid, provider_key_lacks_rights (naming them),
// provider_unreachable, provider_busy, in_doubt, provider_refused.
func (g *Gateway) Check(ctx context.Context, access pay.Access) (pay.StripeAccount, error) {
	r := reader{g: g, access: access, name: "check"}
	account, err := r.account(ctx)
	if !isRestricted(access.Key) {
		return account, err
	}
	if err != nil && !pay.Is(err, pay.CodeProviderKeyRights) {
		return pay.StripeAccount{}, err
	}
	return account, r.tryRights(ctx)
}

func isRestricted(key pay.Secret) bool { return strings.HasPrefix(key.Reveal(), "rk_") }

func (r reader) account(ctx context.Context) (pay.StripeAccount, error) {
	body, err := r.get(ctx, "/v1/account")
	if err != nil {
		return pay.StripeAccount{}, err
	}
	var account stripego.Account
	if err := json.Unmarshal(body, &account); err != nil || account.ID == "" {
		return pay.StripeAccount{}, doubtful("its account cannot be read").Because(err)
	}
	return pay.StripeAccount{Ref: account.ID, Name: accountName(&account)}, nil
}

// accountName is what people call the account: new accounts have few of these.
func accountName(account *stripego.Account) string {
	if s := account.Settings; s != nil && s.Dashboard != nil && s.Dashboard.DisplayName != "" {
		return s.Dashboard.DisplayName
	}
	if p := account.BusinessProfile; p != nil && p.Name != "" {
		return p.Name
	}
	return account.Email
}

// Inspect asks Stripe whose key it is and, of a restricted one, which rights it
// has. Unlike Check it demands none: operations need what they need.
//
// Errors: provider_key_invalid, provider_unreachable, provider_busy, in_doubt,
// provider_refused.
func (g *Gateway) Inspect(ctx context.Context, access pay.Access) (pay.StripeAccount, error) {
	r := reader{g: g, access: access, name: "inspect"}
	account, err := r.account(ctx)
	if !isRestricted(access.Key) {
		return account, err
	}
	if err != nil && !pay.Is(err, pay.CodeProviderKeyRights) {
		return pay.StripeAccount{}, err
	}
	for _, one := range rights {
		has, err := r.has(ctx, one)
		if err != nil {
			return account, err
		}
		account.Rights = append(account.Rights, pay.Right{Area: one.area, Level: one.level, Has: has})
	}
	return account, nil
}

// tryRights names every right that is missing, so that they can be granted in
// one go.
func (r reader) tryRights(ctx context.Context) error {
	var missing []string
	for _, one := range rights {
		if !one.needed {
			continue
		}
		has, err := r.has(ctx, one)
		if err != nil {
			return err
		}
		if !has {
			missing = append(missing, one.area+" "+one.level)
		}
	}
	if len(missing) > 0 {
		return pay.Invalid(pay.CodeProviderKeyRights, "stripe.secret_key", "the restricted key lacks: %s", strings.Join(missing, ", "))
	}
	return nil
}

// has tries one right.
func (r reader) has(ctx context.Context, one right) (bool, error) {
	wire := pay.Wire{Method: one.method, Path: one.path, APIVersion: stripego.APIVersion}
	got, verdict := r.ask(ctx, request{access: r.access, wire: wire})
	switch {
	case verdict == pay.OutcomeRefused && got.status == http.StatusForbidden:
		return false, nil
	case verdict == pay.OutcomeRefused && got.status != http.StatusUnauthorized, verdict == pay.OutcomeDone:
		return true, nil // the key was let in
	default:
		return false, got.failure(verdict, "")
	}
}

// Subscribe makes Stripe send the events that Florin handles to url, those of
// the account itself and those of its connected accounts, and returns the
// secrets that sign them, which Stripe tells only once. Older endpoints with
// the same url are deleted afterwards, since their secrets are lost; doing it
// afterwards leaves no moment without an endpoint.
//
// Errors: those of Check.
func (g *Gateway) Subscribe(ctx context.Context, access pay.Access, url string) ([]pay.Secret, error) {
	r := reader{g: g, access: access, name: "subscribe"}
	stale, err := r.endpointsAt(ctx, url)
	if err != nil {
		return nil, err
	}
	var secrets []pay.Secret
	for _, connected := range []bool{false, true} {
		made, err := r.createEndpoint(ctx, url, connected)
		if err != nil {
			return nil, err
		}
		secrets = append(secrets, pay.NewSecret(made.Secret))
	}
	for _, ref := range stale {
		if err := r.deleteEndpoint(ctx, ref); err != nil {
			return nil, err
		}
	}
	return secrets, nil
}

func (r reader) endpointsAt(ctx context.Context, url string) ([]string, error) {
	var refs []string
	err := r.walk(ctx, "/v1/webhook_endpoints?", maxEndpointPages, func(item json.RawMessage) (bool, error) {
		var endpoint stripego.WebhookEndpoint
		if err := json.Unmarshal(item, &endpoint); err == nil && endpoint.URL == url {
			refs = append(refs, endpoint.ID)
		}
		return false, nil
	})
	return refs, err
}

// createEndpoint makes an endpoint for what happens in the account itself, or
// in its connected accounts: Stripe never sends both to one.
func (r reader) createEndpoint(ctx context.Context, url string, connected bool) (stripego.WebhookEndpoint, error) {
	wire := compose("/v1/webhook_endpoints", &stripego.WebhookEndpointCreateParams{
		URL:           stripego.String(url),
		APIVersion:    stripego.String(stripego.APIVersion),
		Description:   stripego.String("Florin"),
		EnabledEvents: stripego.StringSlice(handledTypes()),
		Connect:       whenTrue(connected),
	})
	var made stripego.WebhookEndpoint
	got, verdict := r.ask(ctx, request{access: r.access, wire: wire, key: stripego.NewIdempotencyKey()})
	if verdict != pay.OutcomeDone {
		return made, got.failure(verdict, "")
	}
	if err := json.Unmarshal(got.body, &made); err != nil || made.Secret == "" {
		return made, doubtful("its webhook endpoint has no secret").Because(err)
	}
	return made, nil
}

// deleteEndpoint takes an endpoint that is gone already for deleted.
func (r reader) deleteEndpoint(ctx context.Context, ref string) error {
	wire := pay.Wire{Method: http.MethodDelete, Path: stripego.FormatURLPath("/v1/webhook_endpoints/%s", ref), APIVersion: stripego.APIVersion}
	got, verdict := r.ask(ctx, request{access: r.access, wire: wire})
	if verdict == pay.OutcomeDone || verdict == pay.OutcomeRefused && got.status == http.StatusNotFound {
		return nil
	}
	return got.failure(verdict, "")
}

// whenTrue leaves a parameter out that is Stripe's default.
func whenTrue(yes bool) *bool {
	if !yes {
		return nil
	}
	return &yes
}
