package storetest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
	"florin/internal/store"
)

// moved is one row of each noun of moved money, with what they need.
type moved struct {
	account  pay.Account
	payment  pay.Payment
	transfer pay.Transfer
	reversal pay.Reversal
}

// newMoved is money on its way, with every field set.
func (w *World) newMoved() moved {
	x := moved{account: w.NewAccount(), payment: w.NewPayment()}
	x.payment.Share = pay.Share{}
	x.transfer = pay.Transfer{
		ID: NewID(), Owner: w.Owner, Connection: w.Connection.ID, Account: x.account.ID, AccountRef: x.account.ProviderRef, Payment: x.payment.ID,
		Payout: NewID(), Funding: pay.FundingBalance, Amount: pay.Amount(1600, "USD"), Reversed: pay.Amount(100, "USD"), Description: "week 12",
		Metadata: map[string]string{"week": "12"}, External: true, Status: pay.TransferPartiallyReversed, ProviderRef: "tr_" + string(NewID()),
		Failure: pay.Failure{Code: pay.CodeProviderRefused, Message: "no"}, IdempotencyKey: "key", Sequence: 3, CreatedAt: w.at(130), UpdatedAt: w.at(131),
	}
	x.reversal = pay.Reversal{
		ID: NewID(), Owner: w.Owner, Transfer: x.transfer.ID, Refund: NewID(), Amount: pay.Amount(100, "USD"), Description: "wrong", External: true,
		Metadata: map[string]string{"a": "b"}, Status: pay.ReversalPending, ProviderRef: "trr_" + string(NewID()),
		Failure: pay.Failure{Code: pay.CodeProviderRefused, Message: "no"}, IdempotencyKey: "key", Sequence: 2, CreatedAt: w.at(132), UpdatedAt: w.at(133),
	}
	return x
}

// insert keeps it all.
func (x moved) insert(tx *store.Tx) error {
	for _, err := range []error{tx.InsertAccount(x.account), tx.InsertPayment(x.payment), tx.InsertTransfer(x.transfer), tx.InsertReversal(x.reversal)} {
		if err != nil {
			return err
		}
	}
	return nil
}

func rowsTransfer(t *testing.T, w *World) {
	x := w.newMoved()
	w.Write(t, x.insert)
	tr, o := x.transfer, w.Owner
	nothing := func(*store.Tx) error { return nil }
	kept(t, w, nothing, tr, func(tx *store.Tx) (pay.Transfer, error) { return tx.Transfer(o, tr.ID) })
	locked(t, w, tr, func(tx *store.Tx) (pay.Transfer, error) { return tx.LockTransfer(o, tr.ID) })
	tr.Status, tr.Reversed, tr.Failure, tr.Sequence, tr.UpdatedAt = pay.TransferReversed, tr.Amount, pay.Failure{}, 4, w.at(134)
	kept(t, w, func(tx *store.Tx) error { return tx.UpdateTransfer(tr) }, tr, func(tx *store.Tx) (pay.Transfer, error) {
		return tx.TransferByRef(o, tr.ProviderRef)
	})
	for _, c := range []struct {
		filter pay.TransferFilter
		want   []pay.Transfer
	}{
		{pay.TransferFilter{Account: tr.Account, Payment: tr.Payment, Payout: tr.Payout, Statuses: []pay.TransferStatus{pay.TransferReversed}}, []pay.Transfer{tr}},
		{pay.TransferFilter{Since: tr.CreatedAt, Until: w.at(131)}, []pay.Transfer{tr}},
		{pay.TransferFilter{Until: tr.CreatedAt}, nil},
		{pay.TransferFilter{Account: NewID()}, nil},
	} {
		kept(t, w, nothing, c.want, func(tx *store.Tx) ([]pay.Transfer, error) {
			list, err := tx.Transfers(o, c.filter, pay.Page{Limit: 10})
			return list.Items, err
		})
	}
	kept(t, w, nothing, []pay.Transfer{tr}, func(tx *store.Tx) ([]pay.Transfer, error) { return tx.TransfersOf(o, tr.Payment) })
	twin := x.transfer
	twin.ID = NewID()
	assert.Equal(t, pay.CodeExists, pay.CodeOf(w.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertTransfer(twin) })))

	r := x.reversal
	kept(t, w, nothing, r, func(tx *store.Tx) (pay.Reversal, error) { return tx.Reversal(o, r.ID) })
	locked(t, w, r, func(tx *store.Tx) (pay.Reversal, error) { return tx.LockReversal(o, r.ID) })
	r.Status, r.Failure, r.Sequence, r.UpdatedAt = pay.ReversalCompleted, pay.Failure{}, 3, w.at(135)
	kept(t, w, func(tx *store.Tx) error { return tx.UpdateReversal(r) }, r, func(tx *store.Tx) (pay.Reversal, error) {
		return tx.ReversalByRef(o, r.ProviderRef)
	})
	kept(t, w, nothing, []pay.Reversal{r}, func(tx *store.Tx) ([]pay.Reversal, error) { return tx.ReversalsOf(o, tr.ID) })
}

// strangerTransfers asks for the money that w moves, and changes it, as
// somebody else.
func strangerTransfers(t *testing.T, stranger, w *World, tried map[string]bool) {
	x, o := w.newMoved(), stranger.Owner
	w.Write(t, x.insert)
	theirs := x
	theirs.transfer.Owner, theirs.reversal.Owner = o, o
	for name, try := range map[string]func(tx *store.Tx) error{
		"Transfer":       func(tx *store.Tx) error { _, err := tx.Transfer(o, x.transfer.ID); return err },
		"LockTransfer":   func(tx *store.Tx) error { _, err := tx.LockTransfer(o, x.transfer.ID); return err },
		"TransferByRef":  func(tx *store.Tx) error { _, err := tx.TransferByRef(o, x.transfer.ProviderRef); return err },
		"UpdateTransfer": func(tx *store.Tx) error { return tx.UpdateTransfer(theirs.transfer) },
		"Reversal":       func(tx *store.Tx) error { _, err := tx.Reversal(o, x.reversal.ID); return err },
		"LockReversal":   func(tx *store.Tx) error { _, err := tx.LockReversal(o, x.reversal.ID); return err },
		"ReversalByRef":  func(tx *store.Tx) error { _, err := tx.ReversalByRef(o, x.reversal.ProviderRef); return err },
		"UpdateReversal": func(tx *store.Tx) error { return tx.UpdateReversal(theirs.reversal) },
	} {
		tried[name] = true
		assert.Equal(t, pay.CodeNotFound, pay.CodeOf(stranger.Store.Write(t.Context(), try)), name)
	}
	for name, try := range map[string]func(tx *store.Tx) error{
		"InsertTransfer": func(tx *store.Tx) error { return tx.InsertTransfer(theirs.transfer) },
		"InsertReversal": func(tx *store.Tx) error { return tx.InsertReversal(theirs.reversal) },
	} {
		tried[name] = true
		if err := stranger.Store.Write(t.Context(), try); assert.Error(t, err, name) {
			assert.Contains(t, strings.ToLower(err.Error()), "foreign key", name)
		}
	}
	stranger.Read(t, func(tx *store.Tx) error {
		list, err := tx.Transfers(o, pay.TransferFilter{}, pay.Page{})
		require.NoError(t, err)
		of, err := tx.TransfersOf(o, x.payment.ID)
		require.NoError(t, err)
		back, err := tx.ReversalsOf(o, x.transfer.ID)
		assert.Zero(t, len(list.Items)+len(of)+len(back))
		tried["Transfers"], tried["TransfersOf"], tried["ReversalsOf"] = true, true, true
		return err
	})
}
