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

// NewOperationCall is an open call of an operation with every field set.
func (w *World) NewOperationCall() pay.OperationCall {
	key := NewID()
	return pay.OperationCall{
		ID: key, Owner: w.Owner, Call: "run/1/" + string(key), Operation: "create-charge", Connection: w.Connection.ID, ConnectionName: "books",
		Key: "lineage " + string(key), Approval: NewID(), Fields: map[string]string{"amount": "aa"}, Amount: 500, Currency: "USD", Wire: []byte("sealed"),
		ProviderKey: "florin-operation-1", CreatedAt: w.at(40), State: pay.OperationOpen, Attempts: 2, FirstSentAt: w.at(41),
		LeaseUntil: w.at(42), RetryAt: w.at(43), Fence: 2, Outcome: pay.OutcomeInDoubt, RequestRef: "req_2", Result: []byte("sealed too"),
		Note: "torn", AnsweredAt: w.at(44),
	}
}

// NewApproval is an approval with every field set.
func (w *World) NewApproval() pay.Approval {
	return pay.Approval{
		ID: NewID(), Owner: w.Owner, Operation: "create-charge", Connection: "books", Call: "call", Key: "key", Lineage: "lineage",
		Amount: 500, Currency: "USD", Input: []byte("sealed"), CreatedAt: w.at(45), ExpiresAt: w.at(46),
		Status: pay.ApprovalPending, Note: "fine", DecidedBy: "other", DecidedAt: w.at(47), Sequence: 1,
	}
}

func rowsOperationCall(t *testing.T, w *World) {
	c := w.NewOperationCall()
	read := func(tx *store.Tx) (pay.OperationCall, error) { return tx.OperationCall(w.Owner, c.ID) }
	kept(t, w, func(tx *store.Tx) error { return tx.InsertOperationCall(c) }, c, read)
	twin := c
	twin.ID = NewID()
	err := w.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertOperationCall(twin) })
	assert.Equal(t, pay.CodeExists, pay.CodeOf(err), "one call has one identity")
	locked(t, w, c, func(tx *store.Tx) (pay.OperationCall, error) {
		found, _, err := tx.LockOperationCall(w.Owner, c.Call)
		return found, err
	})
	c.LeaseUntil, c.RetryAt, c.Fence, c.Attempts = w.at(60), w.at(61), 3, 3
	kept(t, w, func(tx *store.Tx) error { return tx.TakeOperationCall(c) }, c, read)
	old := c
	old.Fence = 2
	settle := func(c pay.OperationCall) error {
		return w.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.SettleOperationCall(c) })
	}
	assert.ErrorIs(t, settle(old), store.ErrFenced)
	c.State, c.FirstSentAt, c.LeaseUntil, c.RetryAt, c.Outcome = pay.OperationAnswered, w.at(62), time.Time{}, time.Time{}, pay.OutcomeDone
	c.RequestRef, c.Result, c.Note, c.AnsweredAt = "req_3", []byte("other"), "", w.at(63)
	kept(t, w, func(tx *store.Tx) error { return tx.SettleOperationCall(c) }, c, read)
	assert.ErrorIs(t, settle(c), store.ErrFenced, "what is answered stays so")
}

func rowsApproval(t *testing.T, w *World) {
	a := w.NewApproval()
	read := func(tx *store.Tx) (pay.Approval, error) { return tx.Approval(w.Owner, a.ID) }
	kept(t, w, func(tx *store.Tx) error { return tx.InsertApproval(a) }, a, read)
	a.Status, a.Note, a.DecidedBy, a.DecidedAt, a.Sequence = pay.ApprovalDenied, "no", "third", w.at(64), 2
	kept(t, w, func(tx *store.Tx) error { return tx.UpdateApproval(a) }, a, read)
	locked(t, w, a, func(tx *store.Tx) (pay.Approval, error) { return tx.LockApproval(w.Owner, a.ID) })
	lists := map[pay.ApprovalStatus]int{pay.ApprovalDenied: 1, pay.ApprovalPending: 0}
	for status, want := range lists {
		w.Read(t, func(tx *store.Tx) error {
			found, err := tx.Approvals(w.Owner, []pay.ApprovalStatus{status}, pay.Page{})
			assert.Len(t, found.Items, want, status)
			return err
		})
	}
}

// testSpending adds up what one key may have moved: what was refused, never
// sent, too old or another key's does not count.
func testSpending(t *testing.T, s *store.Store) {
	w := NewWorld(t, s)
	add := func(change func(c *pay.OperationCall)) {
		c := w.NewOperationCall()
		c.Key, c.Amount, c.Outcome, c.AnsweredAt = "mine", 100, "", time.Time{}
		change(&c)
		w.Write(t, func(tx *store.Tx) error { return tx.InsertOperationCall(c) })
	}
	add(func(c *pay.OperationCall) {})
	add(func(c *pay.OperationCall) { c.State, c.Amount = pay.OperationAwaiting, 20 })
	add(func(c *pay.OperationCall) { c.Currency, c.Amount = "", 3 }) // of any currency
	answered := func(at time.Time, outcome pay.Outcome) func(c *pay.OperationCall) {
		return func(c *pay.OperationCall) {
			c.State, c.Outcome, c.AnsweredAt, c.RetryAt, c.LeaseUntil = pay.OperationAnswered, outcome, at, time.Time{}, time.Time{}
		}
	}
	add(answered(w.at(45), pay.OutcomeRefused))
	add(answered(w.at(39), pay.OutcomeDone)) // on the day before
	add(func(c *pay.OperationCall) {
		answered(w.at(45), pay.OutcomeDone)(c)
		c.CreatedAt, c.Amount = w.at(1), 1000
	})
	add(func(c *pay.OperationCall) { c.CreatedAt, c.FirstSentAt, c.Amount = w.at(1), w.at(2), 5000 }) // may yet be sent again
	add(func(c *pay.OperationCall) { c.FirstSentAt, c.RetryAt = w.at(2), time.Time{} })               // never again
	add(func(c *pay.OperationCall) {
		c.State, c.FirstSentAt, c.RetryAt, c.LeaseUntil = pay.OperationUnsent, time.Time{}, time.Time{}, time.Time{}
	})
	add(func(c *pay.OperationCall) { c.Key = "another's" })
	add(func(c *pay.OperationCall) { c.Currency, c.Amount = "EUR", 7 })
	for currency, want := range map[pay.Currency]int64{"USD": 6123, "EUR": 10, "GBP": 3} {
		w.Read(t, func(tx *store.Tx) error {
			got, err := tx.OperationSpending(w.Owner, "mine", currency, w.at(40))
			assert.Equal(t, want, got, currency)
			return err
		})
	}
}

// testVisibleConnections lists what each key may use: its own, what is shared,
// and the default one, but nothing that is retired.
func testVisibleConnections(t *testing.T, s *store.Store) {
	w := NewWorld(t, s)
	add := func(name, owner string, shared bool) {
		c := w.NewConnection()
		c.Name, c.OwnerKey, c.Shared, c.Default, c.CreatedAt = name, owner, shared, false, w.at(100)
		w.Write(t, func(tx *store.Tx) error { return tx.InsertConnection(c) })
	}
	add("mine", "me", false)
	add("ours", "another", true)
	add("theirs", "another", false)
	add("retired", "", true)
	for lineage, want := range map[string][]string{
		"me": {"default", "mine", "ours"}, "nobody": {"default", "ours"}, "": {"default", "mine", "ours", "theirs"},
	} {
		var names []string
		w.Read(t, func(tx *store.Tx) error {
			page, err := tx.Connections(w.Owner, lineage, pay.Page{})
			for _, c := range page.Items {
				names = append(names, c.Name)
			}
			require.NoError(t, err)
			count, err := tx.CountConnections(w.Owner)
			assert.Equal(t, 4, count)
			return err
		})
		assert.ElementsMatch(t, want, names, lineage)
	}
}

// testOperationSweeps takes up what is due, once, ends what nobody decided, and
// forgets what was answered long ago.
func testOperationSweeps(t *testing.T, s *store.Store) {
	w := NewWorld(t, s)
	due, later, answered, approval := w.NewOperationCall(), w.NewOperationCall(), w.NewOperationCall(), w.NewApproval()
	later.RetryAt, answered.State, answered.RetryAt = w.at(500), pay.OperationAnswered, time.Time{}
	w.Write(t, func(tx *store.Tx) error {
		require.NoError(t, tx.InsertOperationCall(due))
		require.NoError(t, tx.InsertOperationCall(later))
		require.NoError(t, tx.InsertOperationCall(answered))
		return tx.InsertApproval(approval)
	})
	take := func(now int) (taken []pay.OperationCall) {
		w.Write(t, func(tx *store.Tx) (err error) {
			taken, err = tx.LeaseOperationCalls(w.at(now), w.at(900), 10)
			return err
		})
		return taken
	}
	want := due
	want.LeaseUntil, want.RetryAt, want.Fence, want.Attempts = w.at(900), w.at(900), 3, 3
	assert.Equal(t, []pay.OperationCall{want}, take(100))
	assert.Empty(t, take(100), "it is held")
	w.Write(t, func(tx *store.Tx) error {
		released, err := tx.ReleaseOperationCalls(w.at(101))
		assert.Equal(t, 1, released)
		return err
	})
	assert.Len(t, take(101), 1)
	w.Write(t, func(tx *store.Tx) error {
		list, err := tx.DueApprovals(w.at(45), 10)
		require.NoError(t, err)
		assert.Empty(t, list)
		list, err = tx.DueApprovals(w.at(46), 10)
		require.NoError(t, err)
		assert.Equal(t, []pay.Approval{approval}, list)
		dropped, err := tx.ReapOperationCalls(w.at(1000), 10)
		assert.Equal(t, 1, dropped, "what is open stays")
		return err
	})
}

// strangerOperations tries another's calls, approvals and named connections.
func strangerOperations(t *testing.T, stranger, w *World, x everything, tried map[string]bool) {
	o := stranger.Owner
	call, approval, theirs := x.operation, x.approval, stranger.NewOperationCall()
	call.Owner, approval.Owner, theirs.Connection = o, o, w.Connection.ID
	absent := func(name string, try func(tx *store.Tx) error) {
		tried[name] = true
		assert.Equal(t, pay.CodeNotFound, pay.CodeOf(stranger.Store.Write(t.Context(), try)), name)
	}
	absent("OperationCall", func(tx *store.Tx) error { _, err := tx.OperationCall(o, call.ID); return err })
	absent("TakeOperationCall", func(tx *store.Tx) error { return tx.TakeOperationCall(call) })
	absent("Approval", func(tx *store.Tx) error { _, err := tx.Approval(o, approval.ID); return err })
	absent("LockApproval", func(tx *store.Tx) error { _, err := tx.LockApproval(o, approval.ID); return err })
	absent("UpdateApproval", func(tx *store.Tx) error { return tx.UpdateApproval(approval) })
	absent("LockAPIKey", func(tx *store.Tx) error { return tx.LockAPIKey(o, x.key.ID) })
	absent("LockConnection", func(tx *store.Tx) error { _, err := tx.LockConnection(o, x.named.ID); return err })
	absent("NamedConnection", func(tx *store.Tx) error { _, err := tx.NamedConnection(o, x.named.Name); return err })
	tried["SettleOperationCall"], tried["InsertOperationCall"], tried["InsertApproval"] = true, true, true
	settle := func(tx *store.Tx) error { return tx.SettleOperationCall(call) }
	assert.ErrorIs(t, stranger.Store.Write(t.Context(), settle), store.ErrFenced)
	insert := func(tx *store.Tx) error { return tx.InsertOperationCall(theirs) }
	foreign := stranger.Store.Write(t.Context(), insert)
	require.Error(t, foreign)
	assert.Contains(t, strings.ToLower(foreign.Error()), "foreign key")
	own := stranger.NewApproval()
	stranger.Write(t, func(tx *store.Tx) error {
		_, found, err := tx.LockOperationCall(o, call.Call)
		assert.False(t, found)
		require.NoError(t, err)
		spent, err := tx.OperationSpending(o, call.Key, call.Currency, time.Time{})
		assert.Zero(t, spent)
		require.NoError(t, err)
		require.NoError(t, tx.SetConnectionCheck(o, x.named.ID, pay.ConnectionCheck{Problem: "theirs"})) // changes nothing, as is seen below
		seen, err := tx.Connections(o, x.named.OwnerKey, pay.Page{})
		assert.Equal(t, []pay.Connection{stranger.Connection}, seen.Items)
		require.NoError(t, err)
		count, err := tx.CountConnections(o)
		assert.Equal(t, 1, count)
		require.NoError(t, err)
		require.NoError(t, tx.InsertApproval(own))
		list, err := tx.Approvals(o, nil, pay.Page{})
		assert.Equal(t, []pay.Approval{own}, list.Items)
		return err
	})
	tried["LockOperationCall"], tried["OperationSpending"], tried["Approvals"] = true, true, true
	tried["SetConnectionCheck"], tried["Connections"], tried["CountConnections"] = true, true, true
}
