package store

import (
	"strconv"

	"florin/internal/pay"
)

var connections = define(table[pay.Connection]{
	name:  "connections",
	what:  "connection",
	fixed: "merchant mode id kind created_at",
	mutable: "name account_ref account_name secret_key key_hint webhook_secret is_default owner_key " +
		"is_shared checked updated_at",
	fields: func(c *pay.Connection) []any {
		return []any{
			&c.Owner.Merchant, &c.Owner.Mode, &c.ID, &c.Kind, moment{&c.CreatedAt},
			&c.Name, &c.AccountRef, &c.AccountName, blob{&c.SecretKey}, &c.KeyHint, blob{&c.WebhookSecret}, &c.Default, &c.OwnerKey,
			&c.Shared, document[pay.ConnectionCheck]{&c.Checked}, moment{&c.UpdatedAt},
		}
	},
})

// InsertConnection adds a connection; a default one takes the place of the
// owner's other.
//
// Errors: already_exists, when the owner has one of this kind and name.
func (tx *Tx) InsertConnection(c pay.Connection) error {
	if err := tx.soleDefault(c); err != nil {
		return err
	}
	return connections.insert(tx, c)
}

// UpdateConnection writes all that may change of a connection; a default one
// takes the place of the owner's other.
//
// Errors: not_found; already_exists, when the owner has one of this name.
func (tx *Tx) UpdateConnection(c pay.Connection) error {
	if err := tx.soleDefault(c); err != nil {
		return err
	}
	return connections.update(tx, c, c.ID)
}

func (tx *Tx) soleDefault(c pay.Connection) error {
	if !c.Default {
		return nil
	}
	_, err := tx.exec("UPDATE connections SET is_default = FALSE WHERE merchant = $1 AND mode = $2 AND id <> $3 AND is_default",
		c.Owner.Merchant, c.Owner.Mode, c.ID)
	return err
}

// Connection reads a connection.
//
// Errors: not_found.
func (tx *Tx) Connection(o pay.Owner, id pay.ID) (pay.Connection, error) {
	return connections.get(tx, o, id)
}

// DefaultConnection reads the connection that new payments use.
//
// Errors: not_found.
func (tx *Tx) DefaultConnection(o pay.Owner) (pay.Connection, error) {
	return connections.must(tx, pay.DefaultConnection, "WHERE merchant = $1 AND mode = $2 AND is_default", o.Merchant, o.Mode)
}

// ConnectionByName reads a connection by its name, unique within its kind.
//
// Errors: not_found.
func (tx *Tx) ConnectionByName(o pay.Owner, name string, kind pay.ConnectionKind) (pay.Connection, error) {
	return connections.must(tx, name, "WHERE merchant = $1 AND mode = $2 AND kind = $3 AND name = $4", o.Merchant, o.Mode, kind, name)
}

// NamedConnection reads the connection that a key made under a name.
//
// Errors: not_found.
func (tx *Tx) NamedConnection(o pay.Owner, name string) (pay.Connection, error) {
	return connections.must(tx, name, "WHERE merchant = $1 AND mode = $2 AND name = $3 AND owner_key <> ''", o.Merchant, o.Mode, name)
}

// WebhookConnections reads up to limit connections that have a webhook secret,
// of one merchant or, when that is empty, of all: the one with which a Stripe
// event was signed tells whose it is. Default ones come first, then newer ones.
func (tx *Tx) WebhookConnections(merchant pay.ID, limit int) ([]pay.Connection, error) {
	c := (&condition{}).raw("webhook_secret IS NOT NULL")
	if merchant != "" {
		c.and("merchant =", merchant)
	}
	c.args = append(c.args, limit)
	return connections.all(tx, "WHERE "+c.sql.String()+" ORDER BY is_default DESC, created_at DESC, id DESC LIMIT $"+
		strconv.Itoa(len(c.args)), c.args...)
}
