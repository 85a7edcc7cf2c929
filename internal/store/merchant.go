package store

import "florin/internal/pay"

var merchants = define(table[pay.Merchant]{
	name:    "merchants",
	what:    "merchant",
	fixed:   "id name created_at",
	mutable: "",
	fields: func(m *pay.Merchant) []any {
		return []any{&m.ID, &m.Name, moment{&m.CreatedAt}}
	},
})

var merchantsNewest = order[pay.Merchant]{
	name: "merchants", columns: []string{"created_at"}, descending: true,
	key: func(m pay.Merchant) []int64 { return []int64{micros(m.CreatedAt)} },
	id:  func(m pay.Merchant) string { return string(m.ID) },
}

// InsertMerchant adds a merchant.
//
// Errors: already_exists, when the name is taken.
func (tx *Tx) InsertMerchant(m pay.Merchant) error { return merchants.insert(tx, m) }

// Merchant reads a merchant.
//
// Errors: not_found.
func (tx *Tx) Merchant(id pay.ID) (pay.Merchant, error) {
	return merchants.must(tx, id, "WHERE id = $1", id)
}

// MerchantByName reads a merchant by the name that people know it by.
//
// Errors: not_found.
func (tx *Tx) MerchantByName(name string) (pay.Merchant, error) {
	return merchants.must(tx, name, "WHERE name = $1", name)
}

// Merchants lists all merchants, newest first.
//
// Errors: invalid_cursor.
func (tx *Tx) Merchants(page pay.Page) (pay.List[pay.Merchant], error) {
	c := (&condition{}).raw("TRUE")
	return list(tx, merchants, c, merchantsNewest, page)
}
