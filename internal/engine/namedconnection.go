package engine

import (
	"context"

	"florin/internal/pay"
	"florin/internal/store"
)

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
