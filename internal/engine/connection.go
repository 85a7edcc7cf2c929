package engine

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"slices"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// Credentials are a merchant's own way into Stripe.
type Credentials struct {
	SecretKey     pay.Secret
	WebhookSecret pay.Secret // whsec_…; may be empty
	ConnectSecret pay.Secret // whsec_… of the endpoint for connected accounts; may be empty
}

// maxWebhookSecrets is how many signing secrets a connection keeps: of the
// endpoint for the account itself and of that for its connected accounts the
// newest given, the one before it while Stripe still signs with both, and the
// sandbox's.
const maxWebhookSecrets = 6

// maxSandboxConnections is how many merchants a start subscribes to sandbox
// events for; it is a development tool.
const maxSandboxConnections = 1000

// SetProvider keeps a merchant's Stripe credentials after trying them. A key
// of the same account replaces the one before; one of another account leaves
// the old connection in place for the payments made through it.
//
// Errors: those of pay.CheckProviderKey and Accounts.Check, invalid_field (the
// webhook secret), and those of the idempotency gate.
func (e *Engine) SetProvider(ctx context.Context, ask Ask, given Credentials) (Reply, error) {
	if err := given.check(ask.Owner.Mode); err != nil {
		return Reply{}, err
	}
	if replay, err := e.replayed(ctx, ask); err != nil || replay != nil {
		return orEmpty(replay), err
	}
	access := pay.Access{Kind: e.kindFor(ask.Owner.Mode), Key: given.SecretKey}
	account, err := e.stripe.Check(ctx, access)
	if err != nil {
		return Reply{}, atField(err, "stripe.secret_key")
	}
	var kept pay.Connection
	reply, err := e.record(ctx, ask, func(tx *store.Tx) (Reply, error) {
		var err error
		if kept, err = e.keepConnection(tx, ask.Owner, access, account); err != nil {
			return Reply{}, err
		}
		if !given.WebhookSecret.IsZero() || !given.ConnectSecret.IsZero() {
			kept, err = e.addWebhookSecrets(tx, kept, given.ConnectSecret, given.WebhookSecret)
		}
		return e.present.Connection(kept), err
	})
	if err == nil && kept.Kind == pay.ConnectionSandbox {
		e.subscribeOrLog(ctx, kept)
	}
	return reply, err
}

func orEmpty(r *Reply) Reply {
	if r == nil {
		return Reply{}
	}
	return *r
}

// kindFor is which Stripe a merchant's own key belongs to.
func (e *Engine) kindFor(m pay.Mode) pay.ConnectionKind {
	if m == pay.Test && e.cfg.Sandbox.TakesTestKey {
		return pay.ConnectionSandbox
	}
	return pay.ConnectionStripe
}

// keepConnection makes access to an account the default connection: the one
// there is when it leads to the same account, else a new one.
func (e *Engine) keepConnection(tx *store.Tx, o pay.Owner, access pay.Access, account pay.StripeAccount) (pay.Connection, error) {
	c, err := tx.DefaultConnection(o)
	known := err == nil && c.AccountRef == account.Ref && c.Kind == access.Kind
	switch {
	case err != nil && !pay.Is(err, pay.CodeNotFound):
		return c, err
	case !known:
		if err := freeName(tx, o, access.Kind); err != nil {
			return c, err
		}
		c = pay.Connection{ID: newID(), Owner: o, Kind: access.Kind, AccountRef: account.Ref, CreatedAt: tx.Now()}
	}
	c.Name, c.AccountName, c.KeyHint, c.Default, c.UpdatedAt = pay.DefaultConnection, account.Name, access.Key.Hint(), true, tx.Now()
	c.Checked = pay.ConnectionCheck{At: tx.Now().UTC(), OK: true, Livemode: o.Mode == pay.Live} // its rights were tried, and suffice
	if c.SecretKey, err = e.sealer.Seal([]byte(access.Key.Reveal()), connectionContext(c.ID)); err != nil {
		return c, err
	}
	if known {
		return c, tx.UpdateConnection(c)
	}
	return c, tx.InsertConnection(c)
}

// freeName names the connection that was the default until now after its
// account: payments made through it still need it.
func freeName(tx *store.Tx, o pay.Owner, kind pay.ConnectionKind) error {
	c, err := tx.ConnectionByName(o, pay.DefaultConnection, kind)
	if pay.Is(err, pay.CodeNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	c.Name, c.UpdatedAt = c.AccountRef+" until "+tx.Now().Format(time.RFC3339Nano), tx.Now()
	return tx.UpdateConnection(c)
}

// addWebhookSecrets puts signing secrets in front of those that a connection
// has, and keeps them.
func (e *Engine) addWebhookSecrets(tx *store.Tx, c pay.Connection, fresh ...pay.Secret) (pay.Connection, error) {
	for _, secret := range fresh {
		if secret.IsZero() {
			continue
		}
		var err error
		if c, err = e.withWebhookSecret(c, secret); err != nil {
			return c, err
		}
	}
	c.UpdatedAt = tx.Now()
	return c, tx.UpdateConnection(c)
}

func connectionContext(id pay.ID) string { return "connection|secret_key|" + string(id) }

func webhookContext(id pay.ID) string { return "connection|webhook_secret|" + string(id) }

// withWebhookSecret puts a signing secret in front of those that a connection
// has.
func (e *Engine) withWebhookSecret(c pay.Connection, fresh pay.Secret) (pay.Connection, error) {
	secrets, err := e.webhookSecrets(c)
	if err != nil {
		return c, err
	}
	texts := []string{fresh.Reveal()}
	for _, s := range secrets {
		if !slices.Contains(texts, s.Reveal()) && len(texts) < maxWebhookSecrets {
			texts = append(texts, s.Reveal())
		}
	}
	plain, err := json.Marshal(texts)
	if err != nil {
		return c, err
	}
	c.WebhookSecret, err = e.sealer.Seal(plain, webhookContext(c.ID))
	return c, err
}

// webhookSecrets unseals the secrets that sign Stripe's events, newest first.
func (e *Engine) webhookSecrets(c pay.Connection) ([]pay.Secret, error) {
	if len(c.WebhookSecret) == 0 {
		return nil, nil
	}
	plain, err := e.sealer.Open(c.WebhookSecret, webhookContext(c.ID))
	if err != nil {
		return nil, err
	}
	var texts []string
	if err := json.Unmarshal(plain, &texts); err != nil {
		return nil, err
	}
	secrets := make([]pay.Secret, len(texts))
	for i, text := range texts {
		secrets[i] = pay.NewSecret(text)
	}
	return secrets, nil
}

// Provider is the connection that new payments use. A test-mode merchant
// without credentials gets an account in the sandbox, if one is served.
//
// Errors: provider_not_configured.
func (e *Engine) Provider(ctx context.Context, o pay.Owner) (pay.Connection, error) {
	find := func(tx *store.Tx) (pay.Connection, error) { return defaultConnection(tx, o) }
	c, err := read(ctx, e, find)
	if !pay.Is(err, pay.CodeProviderMissing) || o.Mode != pay.Test || !e.cfg.Sandbox.Served {
		return c, err
	}
	e.sandboxMu.Lock()
	defer e.sandboxMu.Unlock()
	if c, err = read(ctx, e, find); !pay.Is(err, pay.CodeProviderMissing) {
		return c, err
	}
	if c, err = e.makeSandboxConnection(ctx, o); err != nil {
		return c, err
	}
	e.subscribeOrLog(ctx, c)
	return read(ctx, e, find)
}

// defaultConnection is what new payments go through.
//
// Errors: provider_not_configured.
func defaultConnection(tx *store.Tx, o pay.Owner) (pay.Connection, error) {
	c, err := tx.DefaultConnection(o)
	if pay.Is(err, pay.CodeNotFound) {
		err = pay.Errorf(pay.CodeProviderMissing, "there are no Stripe credentials for %s mode; send them with PUT /v1/merchant/providers", o.Mode)
	}
	return c, err
}

// connected tries something that needs a connection, and once more after the
// sandbox has stood in for a merchant that has none.
func (e *Engine) connected(ctx context.Context, o pay.Owner, try func() (Reply, error)) (Reply, error) {
	reply, err := try()
	if !pay.Is(err, pay.CodeProviderMissing) {
		return reply, err
	}
	if _, err := e.Provider(ctx, o); err != nil {
		return Reply{}, err
	}
	return try()
}

// makeSandboxConnection gives a merchant a sandbox account of its own: a
// secret key is all that the sandbox needs to keep accounts apart.
func (e *Engine) makeSandboxConnection(ctx context.Context, o pay.Owner) (pay.Connection, error) {
	access := pay.Access{Kind: pay.ConnectionSandbox, Key: pay.NewSecret("sk_test_" + rand.Text())}
	account, err := e.stripe.Check(ctx, access)
	if err != nil {
		return pay.Connection{}, err
	}
	account.Name = "Florin sandbox"
	var c pay.Connection
	err = e.store.Write(ctx, func(tx *store.Tx) error {
		if c, err = tx.DefaultConnection(o); !pay.Is(err, pay.CodeNotFound) {
			return err // another process was faster
		}
		c, err = e.keepConnection(tx, o, access, account)
		return err
	})
	return c, err
}

// RefreshSandbox makes the sandbox send its events to where we listen now: the
// address may have changed since the last start, and the sandbox may have
// forgotten us.
func (e *Engine) RefreshSandbox(ctx context.Context) error {
	if !e.cfg.Sandbox.Served {
		return nil
	}
	all, err := read(ctx, e, func(tx *store.Tx) ([]pay.Connection, error) { return tx.WebhookConnections("", maxSandboxConnections) })
	if err != nil {
		return err
	}
	for _, c := range all {
		if c.Kind == pay.ConnectionSandbox {
			e.subscribeOrLog(ctx, c)
		}
	}
	return nil
}

// subscribeOrLog makes the sandbox send events of a connection to us. Should
// it fail, payments still settle by look-up, so it is no error of the caller.
func (e *Engine) subscribeOrLog(ctx context.Context, c pay.Connection) {
	if err := e.subscribe(ctx, c); err != nil {
		e.log.WarnContext(ctx, "the sandbox does not send us its events", "merchant", c.Owner.Merchant, "error", err)
	}
}

func (e *Engine) subscribe(ctx context.Context, c pay.Connection) error {
	access, err := e.accessTo(c)
	if err != nil {
		return err
	}
	url := e.cfg.PublicURL + "/v1/webhooks/stripe/" + string(c.Owner.Merchant)
	secrets, err := e.stripe.Subscribe(ctx, access, url)
	if err != nil {
		return err
	}
	return e.store.Write(ctx, func(tx *store.Tx) error {
		c, err := tx.Connection(c.Owner, c.ID)
		if err != nil {
			return err
		}
		_, err = e.addWebhookSecrets(tx, c, secrets...)
		return err
	})
}
