package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// maxConnections is how many connections a merchant may have in a mode: more
// than there are systems to connect, and few enough to be shown on one page.
const maxConnections = 100

// Prober tries a connection of a kind that is not Stripe.
type Prober interface {
	// Probe connects and does nothing.
	//
	// Errors: what is wrong, in words for the merchant and without secrets.
	Probe(ctx context.Context, secret pay.ConnectionSecret) error
}

// ConnectionUses names what would stop working without a connection.
type ConnectionUses func(ctx context.Context, o pay.Owner, name string) ([]string, error)

// AskBeforeDeleting has the engine ask whether a connection is in use before it
// is deleted. It is called while the program is put together.
func (e *Engine) AskBeforeDeleting(uses ConnectionUses) { e.connectionUses = uses }

// UsableConnection is the connection of a name that a key may use; the default
// one, which may be the sandbox standing in, when the name is empty. Without a
// key, for the program itself, every connection of the owner is.
//
// Errors: not_found, provider_not_configured.
func (e *Engine) UsableConnection(ctx context.Context, o pay.Owner, key pay.APIKey, name string) (pay.Connection, error) {
	if name == "" || name == pay.DefaultConnection {
		c, err := e.Provider(ctx, o)
		c.Name = pay.DefaultConnection
		return c, err
	}
	c, err := read(ctx, e, func(tx *store.Tx) (pay.Connection, error) { return tx.NamedConnection(o, name) })
	if err == nil && !c.UsableBy(key.Lineage) {
		err = pay.NotFound("connection", name)
	}
	return c, atField(err, "connection")
}

// ConnectionSecret unseals a connection of a kind for the length of one use.
//
// Errors: those of UsableConnection, connection_wrong_kind.
func (e *Engine) ConnectionSecret(ctx context.Context, o pay.Owner, key pay.APIKey, name string, kind pay.ConnectionKind) (pay.ConnectionSecret, error) {
	c, err := e.UsableConnection(ctx, o, key, name)
	if err != nil {
		return pay.ConnectionSecret{}, err
	}
	if c.Kind != kind {
		return pay.ConnectionSecret{}, pay.Invalid(pay.CodeConnectionKind, "connection", "%s is a connection of kind %s; one of kind %s is needed", c.Name, c.Kind, kind)
	}
	return e.openSecret(c)
}

func (e *Engine) openSecret(c pay.Connection) (pay.ConnectionSecret, error) {
	plain, err := e.sealer.Open(c.SecretKey, connectionContext(c.ID))
	if err != nil {
		return pay.ConnectionSecret{}, err
	}
	return pay.ParseConnectionSecret(c.Kind, plain)
}

// Connection is one connection that a key may use, by its name or id.
//
// Errors: not_found, provider_not_configured for the default one.
func (e *Engine) Connection(ctx context.Context, key pay.APIKey, ref string) (pay.Connection, error) {
	if ref == pay.DefaultConnection {
		return e.UsableConnection(ctx, key.Owner, key, ref)
	}
	return read(ctx, e, func(tx *store.Tx) (pay.Connection, error) { return visible(tx, key, ref) })
}

// visible finds a connection that a key may use, by name or id.
func visible(tx *store.Tx, key pay.APIKey, ref string) (pay.Connection, error) {
	id, err := pay.ParseID(ref)
	var c pay.Connection
	if err != nil {
		c, err = tx.NamedConnection(key.Owner, ref)
	} else {
		c, err = tx.Connection(key.Owner, id)
	}
	if err == nil && (!c.UsableBy(key.Lineage) || c.IsRetired()) {
		err = pay.NotFound("connection", ref)
	}
	return c, err
}

// Connections is a page of the connections that a key may use, newest first.
//
// Errors: invalid_cursor.
func (e *Engine) Connections(ctx context.Context, key pay.APIKey, page pay.Page) (pay.List[pay.Connection], error) {
	return read(ctx, e, func(tx *store.Tx) (pay.List[pay.Connection], error) {
		return tx.Connections(key.Owner, key.Lineage, page)
	})
}

// NewConnection is a connection that a key asks for.
type NewConnection struct {
	Name   string
	Kind   pay.ConnectionKind
	Shared bool // every key of the merchant may use it
	Secret pay.ConnectionSecret
}

// CreateConnection keeps a connection after trying it. It belongs to the key
// that asks, and to those that the key is rotated to.
//
// Errors: invalid_name, invalid_field, already_exists, limit_reached; those of
// pay.ConnectionSecret.Check and of Accounts.Inspect; those of the idempotency
// gate.
func (e *Engine) CreateConnection(ctx context.Context, ask Ask, key pay.APIKey, n NewConnection) (Reply, error) {
	if replay, err := e.replayed(ctx, ask); err != nil || replay != nil {
		return orEmpty(replay), err
	}
	n, err := e.completeConnection(n, ask.Owner.Mode)
	if err != nil {
		return Reply{}, err
	}
	now := e.clock.Now()
	c := pay.Connection{
		ID: newID(), Owner: ask.Owner, Name: n.Name, Kind: n.Kind, KeyHint: n.Secret.Hint(n.Kind), OwnerKey: key.Lineage, Shared: n.Shared,
		CreatedAt: now, UpdatedAt: now,
	}
	if c, err = e.tried(ctx, c, n.Secret); err != nil {
		return Reply{}, err
	}
	if c, err = e.sealSecret(c, n.Secret); err != nil {
		return Reply{}, err
	}
	return e.record(ctx, ask, func(tx *store.Tx) (Reply, error) {
		if count, err := tx.CountConnections(ask.Owner); err != nil || count >= maxConnections {
			return Reply{}, cmpErr(err, pay.Errorf(pay.CodeLimitReached, "a merchant has at most %d connections in a mode", maxConnections))
		}
		if err := tx.InsertConnection(c); err != nil {
			return Reply{}, nameTaken(err, c.Name)
		}
		return e.present.NamedConnection(c, key, StandingCreated), nil
	})
}

// cmpErr is err, or otherwise when there is none.
func cmpErr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

func nameTaken(err error, name string) error {
	if pay.Is(err, pay.CodeExists) {
		return pay.Invalid(pay.CodeExists, "name", "there is a connection %s already", name)
	}
	return err
}

// completeConnection checks what was asked for, and decides which Stripe a key
// of Stripe's belongs to.
func (e *Engine) completeConnection(n NewConnection, mode pay.Mode) (NewConnection, error) {
	if err := pay.CheckConnectionName(n.Name); err != nil {
		return n, err
	}
	if n.Kind == pay.ConnectionSandbox {
		if !e.cfg.Sandbox.Served || mode != pay.Test {
			return n, pay.Invalid(pay.CodeInvalidField, "kind", "no sandbox is served here in %s mode", mode)
		}
		if n.Secret.StripeKey.IsZero() {
			n.Secret.StripeKey = pay.NewSecret("sk_test_" + rand.Text())
		}
	}
	if err := n.Secret.Check(n.Kind, mode); err != nil {
		return n, err
	}
	if n.Kind == pay.ConnectionStripe {
		n.Kind = e.kindFor(mode)
	}
	return n, nil
}

func (e *Engine) sealSecret(c pay.Connection, secret pay.ConnectionSecret) (pay.Connection, error) {
	plain, err := secret.Plain()
	if err != nil {
		return c, err
	}
	c.SecretKey, err = e.sealer.Seal(plain, connectionContext(c.ID))
	return c, err
}

// tried is a connection with what trying it has found.
//
// Errors: it cannot be used; the connection then says why as well.
func (e *Engine) tried(ctx context.Context, c pay.Connection, secret pay.ConnectionSecret) (pay.Connection, error) {
	ctx, cancel := context.WithTimeout(ctx, e.cfg.CallTimeout)
	defer cancel()
	c.Checked = pay.ConnectionCheck{At: e.clock.Now().UTC(), OK: true, Livemode: c.Owner.Mode == pay.Live}
	var err error
	if c.IsStripe() {
		var account pay.StripeAccount
		account, err = e.stripe.Inspect(ctx, pay.Access{Kind: c.Kind, Key: secret.StripeKey})
		err = atField(err, "stripe.secret_key")
		if err == nil {
			c.AccountRef, c.AccountName, c.Checked.Rights = account.Ref, account.Name, account.Rights
		}
	} else if prober := e.cfg.Probers[c.Kind]; prober != nil {
		if probed := prober.Probe(ctx, secret); probed != nil {
			err = pay.Invalid(pay.CodeInvalidField, string(c.Kind), "the connection cannot be used: %s", plainly(probed))
		}
	} else {
		c.Checked.At = time.Time{} // nothing here can try it
	}
	if err != nil {
		c.Checked.OK, c.Checked.Code, c.Checked.Problem = false, pay.CodeOf(err), messageOf(err)
	}
	return c, err
}

// plainly is an error in words, without its code and its cause, which the words
// name already.
func plainly(err error) string {
	var known *pay.Error
	if errors.As(err, &known) {
		return known.Message
	}
	return err.Error()
}

func messageOf(err error) string {
	var known *pay.Error
	if errors.As(err, &known) {
		return known.Message
	}
	return "it could not be tried"
}

// TestConnection tries a connection again and keeps what was found; that it
// cannot be used is no error.
//
// Errors: not_found.
func (e *Engine) TestConnection(ctx context.Context, key pay.APIKey, ref string) (pay.Connection, error) {
	c, err := e.Connection(ctx, key, ref)
	if err != nil {
		return c, err
	}
	secret, err := e.openSecret(c)
	if err != nil {
		return c, err
	}
	before := c
	if c, err = e.tried(ctx, c, secret); err != nil && !isPublic(err) {
		return c, err
	}
	c.AccountRef, c.AccountName = before.AccountRef, before.AccountName // a test changes nothing that others rest on
	return c, e.store.Write(ctx, func(tx *store.Tx) error { return tx.SetConnectionCheck(c.Owner, c.ID, c.Checked) })
}

func isPublic(err error) bool { return pay.CodeOf(err) != pay.CodeInternal }

// ConnectionChange is what may be changed of a connection; nil leaves it.
type ConnectionChange struct {
	Name   *string
	Shared *bool
}

// ChangeConnection renames or shares a connection.
//
// Errors: not_found, connection_not_yours, invalid_name, already_exists, and
// those of the idempotency gate.
func (e *Engine) ChangeConnection(ctx context.Context, ask Ask, key pay.APIKey, ref string, change ConnectionChange) (Reply, error) {
	if change.Name != nil {
		if err := pay.CheckConnectionName(*change.Name); err != nil {
			return Reply{}, err
		}
	}
	return e.record(ctx, ask, func(tx *store.Tx) (Reply, error) {
		c, err := lockOwn(tx, key, ref)
		if err != nil {
			return Reply{}, err
		}
		if change.Name != nil && *change.Name != c.Name {
			if _, err := tx.NamedConnection(c.Owner, *change.Name); !pay.Is(err, pay.CodeNotFound) {
				return Reply{}, cmpErr(err, pay.Invalid(pay.CodeExists, "name", "there is a connection %s already", *change.Name))
			}
			c.Name = *change.Name
		}
		if change.Shared != nil {
			c.Shared = *change.Shared
		}
		c.UpdatedAt = tx.Now()
		return e.present.NamedConnection(c, key, StandingDone), nameTaken(tx.UpdateConnection(c), c.Name)
	})
}

// ownConnection is a connection that a key may change.
//
// Errors: not_found, connection_not_yours.
func ownConnection(tx *store.Tx, key pay.APIKey, ref string) (pay.Connection, error) {
	if ref == pay.DefaultConnection {
		return pay.Connection{}, pay.Errorf(pay.CodeConnectionOwner, "the default connection is set with PUT /v1/merchant/providers")
	}
	c, err := visible(tx, key, ref)
	switch {
	case err != nil:
		return c, err
	case c.Default && c.OwnerKey == "":
		return c, pay.Errorf(pay.CodeConnectionOwner, "the default connection is set with PUT /v1/merchant/providers")
	case !c.OwnedBy(key.Lineage):
		return c, pay.Errorf(pay.CodeConnectionOwner, "the connection %s is shared with you and belongs to another API key", c.Name)
	}
	return c, nil
}

// lockOwn is ownConnection, kept from others until the commit.
func lockOwn(tx *store.Tx, key pay.APIKey, ref string) (pay.Connection, error) {
	c, err := ownConnection(tx, key, ref)
	if err != nil {
		return c, err
	}
	return tx.LockConnection(c.Owner, c.ID)
}

// RotateConnection replaces a connection's credentials after trying the new
// ones. Those of another account are refused unless they are meant.
//
// Errors: those of CreateConnection, connection_not_yours,
// connection_other_account.
func (e *Engine) RotateConnection(ctx context.Context, ask Ask, key pay.APIKey, r Rotation) (Reply, error) {
	if replay, err := e.replayed(ctx, ask); err != nil || replay != nil {
		return orEmpty(replay), err
	}
	old, err := read(ctx, e, func(tx *store.Tx) (pay.Connection, error) { return ownConnection(tx, key, r.Connection) })
	if err != nil {
		return Reply{}, err
	}
	kind := old.Kind
	if old.IsStripe() && !(kind == pay.ConnectionSandbox && r.Secret.StripeKey.IsZero()) {
		kind = pay.ConnectionStripe // its key is checked like any other of Stripe's
	}
	if err := r.Secret.Check(kind, old.Owner.Mode); err != nil {
		return Reply{}, err
	}
	fresh, err := e.tried(ctx, old, r.Secret)
	if err != nil {
		return Reply{}, err
	}
	if old.IsStripe() && !r.OtherAccount && (fresh.AccountRef == "" || fresh.AccountRef != old.AccountRef) {
		return Reply{}, pay.Invalid(pay.CodeConnectionAccount, "stripe.secret_key", "the key belongs to %s, the connection to %s; send allow_other_account: true when that is meant",
			orUnknown(fresh.AccountRef), orUnknown(old.AccountRef))
	}
	if fresh, err = e.sealSecret(fresh, r.Secret); err != nil {
		return Reply{}, err
	}
	return e.record(ctx, ask, func(tx *store.Tx) (Reply, error) {
		c, err := lockOwn(tx, key, string(old.ID))
		if err != nil {
			return Reply{}, err
		}
		c.SecretKey, c.KeyHint, c.AccountRef, c.AccountName = fresh.SecretKey, r.Secret.Hint(c.Kind), fresh.AccountRef, fresh.AccountName
		c.Checked, c.UpdatedAt = fresh.Checked, tx.Now()
		return e.present.NamedConnection(c, key, StandingDone), tx.UpdateConnection(c)
	})
}

// Rotation is new credentials for a connection.
type Rotation struct {
	Connection   string // name or id
	Secret       pay.ConnectionSecret
	OtherAccount bool // they may belong to another account
}

func orUnknown(account string) string {
	if account == "" {
		return "an account that it may not show"
	}
	return account
}

// DeleteConnection forgets a connection's credentials. While something uses it
// that is refused, unless it is forced.
//
// Errors: not_found, connection_not_yours, connection_in_use.
func (e *Engine) DeleteConnection(ctx context.Context, ask Ask, key pay.APIKey, ref string, force bool) (Reply, error) {
	if replay, err := e.replayed(ctx, ask); err != nil || replay != nil {
		return orEmpty(replay), err
	}
	c, err := read(ctx, e, func(tx *store.Tx) (pay.Connection, error) { return ownConnection(tx, key, ref) })
	if err != nil {
		return Reply{}, err
	}
	if e.connectionUses != nil && !force {
		uses, err := e.connectionUses(ctx, c.Owner, c.Name)
		if err != nil {
			return Reply{}, err
		}
		if len(uses) > 0 {
			return Reply{}, pay.Errorf(pay.CodeConnectionInUse, "the connection %s is used by %s; change that first, or delete it with force=true", c.Name, strings.Join(uses, ", "))
		}
	}
	return e.record(ctx, ask, func(tx *store.Tx) (Reply, error) {
		c, err := lockOwn(tx, key, string(c.ID))
		if err != nil {
			return Reply{}, err
		}
		c.SecretKey, c.WebhookSecret, c.KeyHint, c.OwnerKey = nil, nil, "", "" // the row stays for the calls made through it
		c.Name, c.UpdatedAt = c.Name+" until "+tx.Now().Format(time.RFC3339Nano), tx.Now()
		return e.present.ConnectionDeleted(c.ID), tx.UpdateConnection(c)
	})
}

// noteKey keeps that Stripe did not let a connection's key in, for those who
// look at the connection.
func (e *Engine) noteKey(ctx context.Context, c pay.Connection, answer pay.OperationAnswer) {
	code := pay.CodeOf(asError(answer.Err))
	if !c.Checked.OK || code != pay.CodeProviderKeyInvalid && code != pay.CodeProviderKeyRights {
		return
	}
	c.Checked = pay.ConnectionCheck{At: e.clock.Now().UTC(), Code: code, Problem: answer.Err.Message, Livemode: c.Owner.Mode == pay.Live, Rights: c.Checked.Rights}
	err := e.store.Write(ctx, func(tx *store.Tx) error { return tx.SetConnectionCheck(c.Owner, c.ID, c.Checked) })
	if err != nil {
		e.log.WarnContext(ctx, "that a connection's key is refused could not be kept", "connection", c.ID, "error", err)
	}
}
