package engine

import (
	"context"

	"florin/internal/pay"
	"florin/internal/store"
)

// Customer is one customer, with the default card.
//
// Errors: not_found.
func (e *Engine) Customer(ctx context.Context, o pay.Owner, id pay.ID) (pay.Customer, error) {
	return read(ctx, e, func(tx *store.Tx) (pay.Customer, error) {
		customer, err := tx.Customer(o, id)
		if err != nil {
			return customer, err
		}
		list := []pay.Customer{customer}
		err = addDefaultCards(tx, o, list)
		return list[0], err
	})
}

// Customers is a page of customers with their default cards, newest first, of
// one e-mail address unless that is empty.
//
// Errors: invalid_cursor.
func (e *Engine) Customers(ctx context.Context, o pay.Owner, email string, page pay.Page) (pay.List[pay.Customer], error) {
	return read(ctx, e, func(tx *store.Tx) (pay.List[pay.Customer], error) {
		list, err := tx.Customers(o, email, page)
		if err != nil {
			return list, err
		}
		return list, addDefaultCards(tx, o, list.Items)
	})
}

// addDefaultCards fills in which card each customer's is charged by default.
func addDefaultCards(tx *store.Tx, o pay.Owner, customers []pay.Customer) error {
	ids := make([]pay.ID, len(customers))
	for i, customer := range customers {
		ids[i] = customer.ID
	}
	defaults, err := tx.DefaultCards(o, ids)
	for i := range customers {
		customers[i].DefaultCard = defaults[customers[i].ID]
	}
	return err
}
