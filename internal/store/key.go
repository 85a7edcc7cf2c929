package store

import (
	"maps"
	"slices"
	"time"

	"florin/internal/pay"
)

var apiKeys = define(table[pay.APIKey]{
	name:    "api_keys",
	what:    "API key",
	fixed:   "merchant mode id scopes hash hint created_at replaces lineage limits",
	mutable: "expires_at revoked_at last_used",
	fields: func(k *pay.APIKey) []any {
		return []any{
			&k.Owner.Merchant, &k.Owner.Mode, &k.ID, words[pay.Scope]{&k.Scopes}, blob{&k.Hash}, &k.Hint,
			moment{&k.CreatedAt}, opt(&k.Replaces), &k.Lineage, document[pay.KeyLimits]{&k.Limits},
			moment{&k.ExpiresAt}, moment{&k.RevokedAt}, moment{&k.LastUsed},
		}
	},
	loaded: func(k *pay.APIKey) {
		if k.Lineage == "" {
			k.Lineage = k.ID
		}
	},
})

var apiKeysNewest = order[pay.APIKey]{
	name: "api_keys", columns: []string{"created_at"}, descending: true,
	key: func(k pay.APIKey) []int64 { return []int64{micros(k.CreatedAt)} },
	id:  func(k pay.APIKey) string { return k.ID },
}

// InsertAPIKey adds a key.
//
// Errors: already_exists, when another key has its public id.
func (tx *Tx) InsertAPIKey(k pay.APIKey) error { return apiKeys.insert(tx, k) }

// APIKey reads a key by its public id. It takes no owner: the key is what tells
// whose request it is.
//
// Errors: not_found.
func (tx *Tx) APIKey(id string) (pay.APIKey, error) {
	return apiKeys.must(tx, id, "WHERE id = $1", id)
}

// APIKeys lists an owner's keys, revoked ones too, newest first.
//
// Errors: invalid_cursor.
func (tx *Tx) APIKeys(o pay.Owner, page pay.Page) (pay.List[pay.APIKey], error) {
	return list(tx, apiKeys, owned(o), apiKeysNewest, page)
}

// MerchantAPIKeys lists a merchant's keys of both modes, newest first.
//
// Errors: invalid_cursor.
func (tx *Tx) MerchantAPIKeys(merchant pay.ID, page pay.Page) (pay.List[pay.APIKey], error) {
	c := (&condition{}).and("merchant =", merchant)
	return list(tx, apiKeys, c, apiKeysNewest, page)
}

// LockAPIKey keeps other writes of a key's lineage waiting until the commit, so
// that what they spend together is counted one after the other.
//
// Errors: not_found.
func (tx *Tx) LockAPIKey(o pay.Owner, lineage string) error {
	if tx.reads {
		return errReads
	}
	_, err := apiKeys.must(tx, lineage, "WHERE merchant = $1 AND mode = $2 AND id = $3"+tx.store.dialect.forUpdate, o.Merchant, o.Mode, lineage)
	return err
}

// UpdateAPIKey writes when the key expires, was revoked and last used; all else
// of a key is for ever.
//
// Errors: not_found.
func (tx *Tx) UpdateAPIKey(k pay.APIKey) error { return apiKeys.update(tx, k, pay.ID(k.ID)) }

// TouchAPIKeys writes when keys were last used, by public id, all at once;
// times that are older than what is known change nothing. Sorted, so that two
// instances that do so at once do not wait for each other in a circle.
func (tx *Tx) TouchAPIKeys(used map[string]time.Time) error {
	for _, id := range slices.Sorted(maps.Keys(used)) {
		_, err := tx.exec("UPDATE api_keys SET last_used = $2 WHERE id = $1 AND last_used < $2", id, micros(used[id]))
		if err != nil {
			return err
		}
	}
	return nil
}
