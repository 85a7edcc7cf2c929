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

// newPayout is a payout with every field set, and the account that it is of.
func (w *World) newPayout() (pay.Account, pay.Payout) {
	a := w.NewAccount()
	return a, pay.Payout{
		ID: NewID(), Owner: w.Owner, Connection: w.Connection.ID, Account: a.ID, AccountRef: a.ProviderRef, From: pay.PayoutFromBalance,
		Amount: pay.Amount(1600, "USD"), RetryOf: NewID(), Description: "week 12", Metadata: map[string]string{"week": "12"}, External: true,
		Status: pay.PayoutSubmitted, ProviderRef: "po_" + string(NewID()), ArrivesAt: w.at(141), Failure: pay.Failure{Code: pay.CodeProviderRefused, Message: "no", DeclineCode: "account_closed"},
		IdempotencyKey: "key", Sequence: 3, CreatedAt: w.at(140), UpdatedAt: w.at(142), LookAt: w.at(143),
	}
}

func rowsPayout(t *testing.T, w *World) {
	a, p := w.newPayout()
	o := w.Owner
	nothing := func(*store.Tx) error { return nil }
	w.Write(t, func(tx *store.Tx) error { return tx.InsertAccount(a) })
	kept(t, w, func(tx *store.Tx) error { return tx.InsertPayout(p) }, p, func(tx *store.Tx) (pay.Payout, error) { return tx.Payout(o, p.ID) })
	locked(t, w, p, func(tx *store.Tx) (pay.Payout, error) { return tx.LockPayout(o, p.ID) })
	due := func(at time.Time, want bool) {
		w.Read(t, func(tx *store.Tx) error {
			list, err := tx.DuePayouts(at, 100)
			found := false
			for _, one := range list {
				found = found || one.ID == p.ID
			}
			assert.Equal(t, want, found)
			return err
		})
	}
	due(w.at(142), false)
	due(w.at(143), true)
	p.Status, p.ArrivesAt, p.Failure, p.Sequence, p.UpdatedAt, p.LookAt = pay.PayoutPaid, w.at(145), pay.Failure{}, 4, w.at(144), time.Time{}
	kept(t, w, func(tx *store.Tx) error { return tx.UpdatePayout(p) }, p, func(tx *store.Tx) (pay.Payout, error) { return tx.PayoutByRef(o, p.ProviderRef) })
	due(w.at(500), false)
	for _, c := range []struct {
		filter pay.PayoutFilter
		want   []pay.Payout
	}{
		{pay.PayoutFilter{Account: a.ID, Statuses: []pay.PayoutStatus{pay.PayoutPaid}, Since: p.CreatedAt, Until: w.at(141)}, []pay.Payout{p}},
		{pay.PayoutFilter{Until: p.CreatedAt}, nil},
		{pay.PayoutFilter{Account: NewID()}, nil},
	} {
		kept(t, w, nothing, c.want, func(tx *store.Tx) ([]pay.Payout, error) {
			list, err := tx.Payouts(o, c.filter, pay.Page{Limit: 10})
			return list.Items, err
		})
	}
	again := p
	again.ID, again.ProviderRef = NewID(), ""
	assert.Equal(t, pay.CodeExists, pay.CodeOf(w.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertPayout(again) })), "it is tried again once")
}

// strangerPayouts asks for the payouts of w, and changes them, as somebody
// else.
func strangerPayouts(t *testing.T, stranger, w *World, tried map[string]bool) {
	a, p := w.newPayout()
	o := stranger.Owner
	w.Write(t, func(tx *store.Tx) error {
		require.NoError(t, tx.InsertAccount(a))
		return tx.InsertPayout(p)
	})
	theirs := p
	theirs.Owner = o
	for name, try := range map[string]func(tx *store.Tx) error{
		"Payout":       func(tx *store.Tx) error { _, err := tx.Payout(o, p.ID); return err },
		"LockPayout":   func(tx *store.Tx) error { _, err := tx.LockPayout(o, p.ID); return err },
		"PayoutByRef":  func(tx *store.Tx) error { _, err := tx.PayoutByRef(o, p.ProviderRef); return err },
		"UpdatePayout": func(tx *store.Tx) error { return tx.UpdatePayout(theirs) },
	} {
		tried[name] = true
		assert.Equal(t, pay.CodeNotFound, pay.CodeOf(stranger.Store.Write(t.Context(), try)), name)
	}
	tried["InsertPayout"], tried["Payouts"] = true, true
	if err := stranger.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertPayout(theirs) }); assert.Error(t, err) {
		assert.Contains(t, strings.ToLower(err.Error()), "foreign key")
	}
	stranger.Read(t, func(tx *store.Tx) error {
		list, err := tx.Payouts(o, pay.PayoutFilter{}, pay.Page{})
		assert.Empty(t, list.Items)
		return err
	})
}
