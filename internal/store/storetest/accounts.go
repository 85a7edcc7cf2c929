package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
	"florin/internal/store"
)

// NewAccount is a partner's account with every field set.
func (w *World) NewAccount() pay.Account {
	key := NewID()
	return pay.Account{
		ID: key, Owner: w.Owner, Connection: w.Connection.ID, Type: pay.AccountExpress, Country: "US", Email: "driver@example.com",
		Name: "Ünal, driver", Currency: "USD", CreatedAt: w.at(120), Status: pay.AccountEnabled, ProviderRef: "acct_" + string(key),
		ChargesEnabled: true, PayoutsEnabled: true, TransfersEnabled: true, DetailsSubmitted: true,
		Requirements: pay.Requirements{CurrentlyDue: []string{"external_account"}, DisabledReason: "requirements.past_due", Deadline: w.at(121).UTC()},
		DebtLimit:    500, Metadata: map[string]string{"car": "blue"}, Failure: pay.Failure{Code: pay.CodeProviderRefused, Message: "no"},
		Sequence: 3, UpdatedAt: w.at(122),
	}
}

func rowsAccount(t *testing.T, w *World) {
	a := w.NewAccount()
	read := func(tx *store.Tx) (pay.Account, error) { return tx.Account(w.Owner, a.ID) }
	kept(t, w, func(tx *store.Tx) error { return tx.InsertAccount(a) }, a, read)
	locked(t, w, a, func(tx *store.Tx) (pay.Account, error) { return tx.LockAccount(w.Owner, a.ID) })
	a.Email, a.Name, a.Currency, a.Status = "", "", "EUR", pay.AccountRestricted
	a.ChargesEnabled, a.PayoutsEnabled, a.TransfersEnabled, a.DetailsSubmitted = false, false, false, false
	a.Requirements, a.DebtLimit, a.Metadata, a.Failure = pay.Requirements{}, 0, nil, pay.Failure{}
	a.Sequence, a.UpdatedAt = 4, w.at(123)
	kept(t, w, func(tx *store.Tx) error { return tx.UpdateAccount(a) }, a, func(tx *store.Tx) (pay.Account, error) {
		return tx.AccountByRef(w.Owner, a.ProviderRef)
	})
	for status, want := range map[pay.AccountStatus][]pay.Account{pay.AccountRestricted: {a}, pay.AccountEnabled: nil} {
		kept(t, w, func(*store.Tx) error { return nil }, want, func(tx *store.Tx) ([]pay.Account, error) {
			list, err := tx.Accounts(w.Owner, pay.AccountFilter{Statuses: []pay.AccountStatus{status}}, pay.Page{Limit: 10})
			return list.Items, err
		})
	}
	twin := w.NewAccount()
	twin.ProviderRef = a.ProviderRef
	err := w.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertAccount(twin) })
	assert.Equal(t, pay.CodeExists, pay.CodeOf(err))
}

// strangerAccounts asks for the accounts of w, and changes them, as somebody
// else.
func strangerAccounts(t *testing.T, stranger, w *World, tried map[string]bool) {
	platform := w.NewConnection()
	platform.Name, platform.Default = "platform of "+string(platform.ID), false
	a := w.NewAccount()
	a.Connection = platform.ID
	w.Write(t, func(tx *store.Tx) error {
		require.NoError(t, tx.InsertConnection(platform))
		return tx.InsertAccount(a)
	})
	stolen := a
	stolen.Owner, stolen.Name, stolen.UpdatedAt = stranger.Owner, "stolen", time.Time{}
	missing := map[string]func(tx *store.Tx) error{
		"Account":       func(tx *store.Tx) error { _, err := tx.Account(stranger.Owner, a.ID); return err },
		"LockAccount":   func(tx *store.Tx) error { _, err := tx.LockAccount(stranger.Owner, a.ID); return err },
		"AccountByRef":  func(tx *store.Tx) error { _, err := tx.AccountByRef(stranger.Owner, a.ProviderRef); return err },
		"UpdateAccount": func(tx *store.Tx) error { return tx.UpdateAccount(stolen) },
	}
	for name, try := range missing {
		tried[name] = true
		assert.Equal(t, pay.CodeNotFound, pay.CodeOf(stranger.Store.Write(t.Context(), try)), name)
	}
	tried["InsertAccount"], tried["Accounts"] = true, true
	err := stranger.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertAccount(stolen) })
	if assert.Error(t, err, "an account at another's connection") {
		assert.Contains(t, strings.ToLower(err.Error()), "foreign key")
	}
	stranger.Read(t, func(tx *store.Tx) error {
		list, err := tx.Accounts(stranger.Owner, pay.AccountFilter{}, pay.Page{})
		require.NoError(t, err)
		assert.Empty(t, list.Items)
		return nil
	})
	w.Read(t, func(tx *store.Tx) error {
		kept, err := tx.Account(w.Owner, a.ID)
		assert.Equal(t, a, kept, "a stranger changed it")
		return err
	})
}
