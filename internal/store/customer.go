package store

import "florin/internal/pay"

var customers = define(table[pay.Customer]{
	name:    "customers",
	what:    "customer",
	fixed:   "merchant mode id connection email name created_at",
	mutable: "provider_ref",
	fields: func(c *pay.Customer) []any {
		return []any{
			&c.Owner.Merchant, &c.Owner.Mode, &c.ID, &c.Connection, opt(&c.Email), &c.Name, moment{&c.CreatedAt},
			opt(&c.ProviderRef),
		}
	},
})

// InsertCustomer adds a customer.
//
// Errors: already_exists, when the connection has a customer of this e-mail.
func (tx *Tx) InsertCustomer(c pay.Customer) error { return customers.insert(tx, c) }

// Customer reads a customer.
//
// Errors: not_found.
func (tx *Tx) Customer(o pay.Owner, id pay.ID) (pay.Customer, error) { return customers.get(tx, o, id) }

// CustomerByEmail reads the customer whom a connection knows by this e-mail,
// compared letter by letter.
//
// Errors: not_found.
func (tx *Tx) CustomerByEmail(o pay.Owner, connection pay.ID, email string) (pay.Customer, error) {
	return customers.must(tx, email, "WHERE merchant = $1 AND mode = $2 AND connection = $3 AND email = $4",
		o.Merchant, o.Mode, connection, email)
}

var customersNewest = order[pay.Customer]{
	name: "customers", columns: []string{"created_at"}, descending: true,
	key: func(c pay.Customer) []int64 { return []int64{micros(c.CreatedAt)} },
	id:  func(c pay.Customer) string { return string(c.ID) },
}

// Customers lists customers, newest first, of one e-mail address unless that is
// empty.
//
// Errors: invalid_cursor.
func (tx *Tx) Customers(o pay.Owner, email string, page pay.Page) (pay.List[pay.Customer], error) {
	c := owned(o)
	if email != "" {
		c.and("email =", email)
	}
	return list(tx, customers, c, customersNewest, page)
}

// SetCustomerRef keeps what Stripe calls the customer.
//
// Errors: not_found.
func (tx *Tx) SetCustomerRef(o pay.Owner, id pay.ID, ref string) error {
	return customers.update(tx, pay.Customer{ID: id, Owner: o, ProviderRef: ref}, id)
}

// CustomerByRef reads the customer that Stripe calls ref (cus_…).
//
// Errors: not_found.
func (tx *Tx) CustomerByRef(o pay.Owner, ref string) (pay.Customer, error) {
	return customers.must(tx, ref, "WHERE merchant = $1 AND mode = $2 AND provider_ref = $3", o.Merchant, o.Mode, ref)
}
