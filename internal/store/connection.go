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
	return connections.must(tx, pay.DefaultConnection, whereDefault, o.Merchant, o.Mode)
}

// ForeseeDefaultConnection says that DefaultConnection will be asked for.
func (tx *Tx) ForeseeDefaultConnection(o pay.Owner) {
	connections.foresee(tx, whereDefault, o.Merchant, o.Mode)
}

const whereDefault = "WHERE merchant = $1 AND mode = $2 AND is_default"

// ConnectionByName reads a connection by its name, unique within its kind.
//
// Errors: not_found.
func (tx *Tx) ConnectionByName(o pay.Owner, name string, kind pay.ConnectionKind) (pay.Connection, error) {
	return connections.must(tx, name, "WHERE merchant = $1 AND mode = $2 AND kind = $3 AND name = $4", o.Merchant, o.Mode, kind, name)
}

var connectionsNewest = order[pay.Connection]{
	name: "connections", columns: []string{"created_at"}, descending: true,
	key: func(c pay.Connection) []int64 { return []int64{micros(c.CreatedAt)} },
	id:  func(c pay.Connection) string { return string(c.ID) },
}

// Connections is a page of the connections that a key of a lineage may use,
// newest first: the default one, those that are shared, and the key's own; all
// but retired ones without a lineage.
//
// Errors: invalid_cursor.
func (tx *Tx) Connections(o pay.Owner, lineage string, page pay.Page) (pay.List[pay.Connection], error) {
	c := owned(o)
	if lineage == "" {
		c.raw("(is_default OR owner_key <> '')")
	} else {
		c.raw("(is_default OR owner_key <> '' AND (is_shared OR owner_key = " + c.place(lineage) + "))")
	}
	return list(tx, connections, c, connectionsNewest, page)
}

// CountConnections is how many connections an owner has, retired ones left out.
func (tx *Tx) CountConnections(o pay.Owner) (int, error) {
	var count int
	_, err := tx.row("SELECT COUNT(*) FROM connections WHERE merchant = $1 AND mode = $2 AND (is_default OR owner_key <> '')",
		[]any{o.Merchant, o.Mode}, &count)
	return count, err
}

// LockConnection reads a connection and keeps others from changing it until the
// commit.
//
// Errors: not_found.
func (tx *Tx) LockConnection(o pay.Owner, id pay.ID) (pay.Connection, error) {
	return connections.lock(tx, o, id)
}

// SetConnectionCheck writes what a test of a connection found, and nothing else
// of it.
func (tx *Tx) SetConnectionCheck(o pay.Owner, id pay.ID, check pay.ConnectionCheck) error {
	_, err := tx.exec("UPDATE connections SET checked = $4 WHERE merchant = $1 AND mode = $2 AND id = $3",
		o.Merchant, o.Mode, id, document[pay.ConnectionCheck]{&check})
	return err
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
