package engine

import (
	"context"

	"florin/internal/pay"
	"florin/internal/store"
)

// CreateMerchant adds a merchant.
//
// Errors: invalid_name, already_exists.
func (e *Engine) CreateMerchant(ctx context.Context, name string) (pay.Merchant, error) {
	if err := pay.CheckMerchantName(name); err != nil {
		return pay.Merchant{}, err
	}
	var m pay.Merchant
	err := e.store.Write(ctx, func(tx *store.Tx) error {
		m = pay.Merchant{ID: newID(), Name: name, CreatedAt: tx.Now()}
		return tx.InsertMerchant(m)
	})
	return m, err
}

// EnsureDefaultMerchant makes the default merchant at the first start.
func (e *Engine) EnsureDefaultMerchant(ctx context.Context) (pay.Merchant, error) {
	m, err := e.MerchantNamed(ctx, pay.DefaultMerchant)
	if !pay.Is(err, pay.CodeNotFound) {
		return m, err
	}
	m, err = e.CreateMerchant(ctx, pay.DefaultMerchant)
	if pay.Is(err, pay.CodeExists) { // another process was faster
		return e.MerchantNamed(ctx, pay.DefaultMerchant)
	}
	return m, err
}

// MerchantNamed is the merchant of a name.
//
// Errors: not_found.
func (e *Engine) MerchantNamed(ctx context.Context, name string) (pay.Merchant, error) {
	return read(ctx, e, func(tx *store.Tx) (pay.Merchant, error) { return tx.MerchantByName(name) })
}

// Merchant is one merchant.
//
// Errors: not_found.
func (e *Engine) Merchant(ctx context.Context, id pay.ID) (pay.Merchant, error) {
	return read(ctx, e, func(tx *store.Tx) (pay.Merchant, error) { return tx.Merchant(id) })
}

// Merchants is a page of all merchants.
//
// Errors: invalid_cursor.
func (e *Engine) Merchants(ctx context.Context, page pay.Page) (pay.List[pay.Merchant], error) {
	return read(ctx, e, func(tx *store.Tx) (pay.List[pay.Merchant], error) { return tx.Merchants(page) })
}
