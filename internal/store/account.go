package store

import (
	"time"

	"florin/internal/pay"
)

var accounts = define(table[pay.Account]{
	name:  "accounts",
	what:  "account",
	fixed: "merchant mode id connection type created_at",
	mutable: "country email name currency status provider_ref charges_enabled payouts_enabled transfers_enabled details_submitted requirements " +
		"debt_limit metadata failure_code failure_message sequence updated_at read_at look_at",
	fields: func(a *pay.Account) []any {
		return []any{
			&a.Owner.Merchant, &a.Owner.Mode, &a.ID, &a.Connection, &a.Type, moment{&a.CreatedAt},
			&a.Country, &a.Email, &a.Name, &a.Currency, &a.Status, opt(&a.ProviderRef),
			&a.ChargesEnabled, &a.PayoutsEnabled, &a.TransfersEnabled, &a.DetailsSubmitted, document[pay.Requirements]{&a.Requirements},
			&a.DebtLimit, dict{&a.Metadata}, &a.Failure.Code, &a.Failure.Message, &a.Sequence, moment{&a.UpdatedAt}, moment{&a.ReadAt}, moment{&a.LookAt},
		}
	},
})

var accountsNewest = order[pay.Account]{
	name: "accounts", columns: []string{"created_at"}, descending: true,
	key: func(a pay.Account) []int64 { return []int64{micros(a.CreatedAt)} },
	id:  func(a pay.Account) string { return string(a.ID) },
}

// InsertAccount adds a partner's account.
//
// Errors: already_exists, when the id or Stripe's reference is taken.
func (tx *Tx) InsertAccount(a pay.Account) error { return accounts.insert(tx, a) }

// Account reads a partner's account.
//
// Errors: not_found.
func (tx *Tx) Account(o pay.Owner, id pay.ID) (pay.Account, error) { return accounts.get(tx, o, id) }

// LockAccount reads an account and keeps others from changing it until the
// commit.
//
// Errors: not_found.
func (tx *Tx) LockAccount(o pay.Owner, id pay.ID) (pay.Account, error) {
	return accounts.lock(tx, o, id)
}

// AccountByRef reads the account that Stripe calls ref (acct_…).
//
// Errors: not_found.
func (tx *Tx) AccountByRef(o pay.Owner, ref string) (pay.Account, error) {
	return accounts.must(tx, ref, "WHERE merchant = $1 AND mode = $2 AND provider_ref = $3", o.Merchant, o.Mode, ref)
}

// UpdateAccount writes all that may change of an account.
//
// Errors: not_found; already_exists, when another has the reference.
func (tx *Tx) UpdateAccount(a pay.Account) error { return accounts.update(tx, a, a.ID) }

// Accounts lists the accounts that match a filter, newest first.
//
// Errors: invalid_cursor.
func (tx *Tx) Accounts(o pay.Owner, f pay.AccountFilter, page pay.Page) (pay.List[pay.Account], error) {
	return listAny(tx, accounts, oneOf(owned(o), "status =", f.Statuses), accountsNewest, page)
}

// DueAccounts reads up to limit accounts of every owner that Stripe should be
// asked about by now, those that waited longest first.
func (tx *Tx) DueAccounts(now time.Time, limit int) ([]pay.Account, error) {
	return accounts.all(tx, "WHERE look_at > 0 AND look_at <= $1 ORDER BY look_at, id LIMIT $2", micros(now), limit)
}
