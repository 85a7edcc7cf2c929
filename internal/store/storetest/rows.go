package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
	"florin/internal/store"
)

// kept checks that what is written is what is read, whole.
func kept[T any](t *testing.T, w *World, write func(tx *store.Tx) error, want T, read func(tx *store.Tx) (T, error)) {
	t.Helper()
	w.Write(t, write)
	var got T
	w.Read(t, func(tx *store.Tx) (err error) {
		got, err = read(tx)
		return err
	})
	assert.Equal(t, want, got)
}

// locked checks that a row can be locked in a write, and in no read.
func locked[T any](t *testing.T, w *World, want T, lock func(tx *store.Tx) (T, error)) {
	t.Helper()
	w.Write(t, func(tx *store.Tx) error {
		got, err := lock(tx)
		assert.Equal(t, want, got)
		return err
	})
	w.Read(t, func(tx *store.Tx) error {
		_, err := lock(tx)
		assert.ErrorContains(t, err, "locks nothing")
		return nil
	})
}

// testRows writes, changes and reads back every noun with every field set.
func testRows(t *testing.T, s *store.Store) {
	w := NewWorld(t, s)
	t.Run("connection", func(t *testing.T) { rowsConnection(t, w.Sibling(t)) })
	t.Run("key", func(t *testing.T) { rowsKey(t, w) })
	t.Run("lineage", func(t *testing.T) { rowsLineage(t, w) })
	t.Run("card", func(t *testing.T) { rowsCard(t, w.Sibling(t)) })
	t.Run("payment", func(t *testing.T) { rowsPayment(t, w) })
	t.Run("bare payment", func(t *testing.T) { rowsBarePayment(t, w) })
	t.Run("refund", func(t *testing.T) { rowsRefund(t, w) })
	t.Run("call", func(t *testing.T) { rowsCall(t, w) })
	t.Run("operation call", func(t *testing.T) { rowsOperationCall(t, w) })
	t.Run("approval", func(t *testing.T) { rowsApproval(t, w) })
	t.Run("flow", func(t *testing.T) { rowsFlow(t, w) })
	t.Run("run", func(t *testing.T) { rowsRun(t, w.Sibling(t)) })
	t.Run("step of a run", func(t *testing.T) { rowsRunStep(t, w) })
	t.Run("request", func(t *testing.T) { rowsRequest(t, w) })
	t.Run("endpoint", func(t *testing.T) { rowsEndpoint(t, w) })
	t.Run("delivery", func(t *testing.T) { rowsDelivery(t, w) })
	t.Run("account", func(t *testing.T) { rowsAccount(t, w.Sibling(t)) })
	t.Run("payout", func(t *testing.T) { rowsPayout(t, w.Sibling(t)) })
	t.Run("transfer", func(t *testing.T) { rowsTransfer(t, w.Sibling(t)) })
	t.Run("billing", func(t *testing.T) { rowsBilling(t, w.Sibling(t)) })
	t.Run("balance transaction", func(t *testing.T) { rowsBalance(t, w) })
	t.Run("difference", func(t *testing.T) { rowsDifference(t, w.Sibling(t)) })
	t.Run("reading", func(t *testing.T) { rowsReading(t, w) })
	t.Run("session", func(t *testing.T) { rowsSession(t, w.Sibling(t)) })
	t.Run("provider event", func(t *testing.T) { rowsProviderEvent(t, w) })
}

func rowsConnection(t *testing.T, w *World) {
	c := w.Connection
	read := func(tx *store.Tx) (pay.Connection, error) { return tx.Connection(w.Owner, c.ID) }
	kept(t, w, func(*store.Tx) error { return nil }, c, read)
	c.Name, c.AccountRef, c.AccountName, c.KeyHint = "second", "acct_2", "Other", "rk_test_…9"
	c.SecretKey, c.WebhookSecret, c.UpdatedAt = []byte("new"), nil, w.at(100)
	c.OwnerKey, c.Shared, c.Checked = "lineage", false, pay.ConnectionCheck{Problem: "gone", Code: pay.CodeProviderKeyInvalid}
	kept(t, w, func(tx *store.Tx) error { return tx.UpdateConnection(c) }, c, read)
	kept(t, w, func(*store.Tx) error { return nil }, c, func(tx *store.Tx) (pay.Connection, error) {
		return tx.NamedConnection(w.Owner, "second")
	})
	locked(t, w, c, func(tx *store.Tx) (pay.Connection, error) { return tx.LockConnection(w.Owner, c.ID) })
	c.Checked = pay.ConnectionCheck{OK: true}
	kept(t, w, func(tx *store.Tx) error { return tx.SetConnectionCheck(w.Owner, c.ID, c.Checked) }, c, read)
	kept(t, w, func(*store.Tx) error { return nil }, c, func(tx *store.Tx) (pay.Connection, error) {
		return tx.ConnectionByName(w.Owner, "second", pay.ConnectionStripe)
	})
	kept(t, w, func(*store.Tx) error { return nil }, c, func(tx *store.Tx) (pay.Connection, error) {
		return tx.DefaultConnection(w.Owner)
	})
}

func rowsKey(t *testing.T, w *World) {
	k := w.NewAPIKey()
	read := func(tx *store.Tx) (pay.APIKey, error) { return tx.APIKey(k.ID) }
	kept(t, w, func(tx *store.Tx) error { return tx.InsertAPIKey(k) }, k, read)
	k.ExpiresAt, k.RevokedAt, k.LastUsed = time.Time{}, w.at(101), w.at(102)
	kept(t, w, func(tx *store.Tx) error { return tx.UpdateAPIKey(k) }, k, read)
}

// Two writes of one key wait for each other, and no read does.
func rowsLineage(t *testing.T, w *World) {
	k := w.NewAPIKey()
	k.Lineage = k.ID
	w.Write(t, func(tx *store.Tx) error {
		require.NoError(t, tx.InsertAPIKey(k))
		return tx.LockAPIKey(w.Owner, k.Lineage)
	})
	w.Read(t, func(tx *store.Tx) error {
		assert.ErrorContains(t, tx.LockAPIKey(w.Owner, k.Lineage), "locks nothing")
		return nil
	})
}

func rowsCard(t *testing.T, w *World) {
	c := w.Card
	read := func(tx *store.Tx) (pay.Card, error) { return tx.Card(w.Owner, c.ID) }
	kept(t, w, func(*store.Tx) error { return nil }, c, read)
	c.ProviderRef, c.Brand, c.Last4, c.ExpMonth, c.ExpYear, c.Default = "pm_other", "amex", "0005", 1, 2040, false
	c.Status, c.Failure, c.Sequence, c.UpdatedAt = pay.CardRemoved, pay.Failure{}, 9, w.at(103)
	kept(t, w, func(tx *store.Tx) error { return tx.UpdateCard(c) }, c, read)
	kept(t, w, func(*store.Tx) error { return nil }, c, func(tx *store.Tx) (pay.Card, error) { return tx.CardByRef(w.Owner, "pm_other") })
	kept(t, w, func(*store.Tx) error { return nil }, c, func(tx *store.Tx) (pay.Card, error) { return tx.CardBySetup(w.Owner, c.SetupRef) })
	locked(t, w, c, func(tx *store.Tx) (pay.Card, error) { return tx.LockCard(w.Owner, c.ID) })
	sweptCards(t, w)

	customer := w.Customer
	customer.ProviderRef = "cus_other"
	kept(t, w, func(tx *store.Tx) error { return tx.SetCustomerRef(w.Owner, customer.ID, "cus_other") }, customer,
		func(tx *store.Tx) (pay.Customer, error) { return tx.Customer(w.Owner, customer.ID) })
	kept(t, w, func(*store.Tx) error { return nil }, customer, func(tx *store.Tx) (pay.Customer, error) {
		return tx.CustomerByEmail(w.Owner, w.Connection.ID, customer.Email)
	})
}

func rowsPayment(t *testing.T, w *World) {
	p := w.NewPayment()
	read := func(tx *store.Tx) (pay.Payment, error) { return tx.Payment(w.Owner, p.ID) }
	kept(t, w, func(tx *store.Tx) error { return tx.InsertPayment(p) }, p, read)
	p.Captured, p.Refunded, p.Fee = pay.Amount(5000, "USD"), pay.Amount(5000, "USD"), pay.Amount(0, "USD")
	p.Status, p.ProviderRef, p.ChargeRef, p.PaymentMethod = pay.PaymentRefunded, p.ProviderRef+"x", "ch_2", "pm_2"
	p.CardBrand, p.CardLast4, p.RedirectURL, p.Failure = "amex", "0005", "", pay.Failure{}
	p.Sequence, p.UpdatedAt, p.AuthorizedAt, p.CapturedAt, p.LookAt = 8, w.at(104), w.at(105), w.at(106), time.Time{}
	kept(t, w, func(tx *store.Tx) error { return tx.UpdatePayment(p) }, p, read)
	locked(t, w, p, func(tx *store.Tx) (pay.Payment, error) { return tx.LockPayment(w.Owner, p.ID) })
	kept(t, w, func(*store.Tx) error { return nil }, p, func(tx *store.Tx) (pay.Payment, error) {
		return tx.PaymentByRef(w.Owner, p.ProviderRef)
	})
	wrong := p
	wrong.Captured = pay.Amount(1, "EUR")
	err := w.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.UpdatePayment(wrong) })
	assert.Equal(t, pay.CodeInternal, pay.CodeOf(err), "captured in another currency has no column")
}

// rowsBarePayment has nothing that may be empty.
func rowsBarePayment(t *testing.T, w *World) {
	p := pay.Payment{ID: NewID(), Owner: w.Owner, Amount: pay.Amount(1000, "KWD"), Status: pay.PaymentPending}
	want := p
	want.Captured, want.Refunded = pay.Amount(0, "KWD"), pay.Amount(0, "KWD")
	kept(t, w, func(tx *store.Tx) error { return tx.InsertPayment(p) }, want, func(tx *store.Tx) (pay.Payment, error) {
		return tx.Payment(w.Owner, p.ID)
	})
}

func rowsRefund(t *testing.T, w *World) {
	p := w.NewPayment()
	r := w.NewRefund(p)
	read := func(tx *store.Tx) (pay.Refund, error) { return tx.Refund(w.Owner, r.ID) }
	kept(t, w, func(tx *store.Tx) error {
		require.NoError(t, tx.InsertPayment(p))
		return tx.InsertRefund(r)
	}, r, read)
	r.Status, r.ProviderRef, r.Failure, r.Sequence = pay.RefundFailed, r.ProviderRef+"x", pay.Failure{}, 3
	r.UpdatedAt, r.LookAt = w.at(107), time.Time{}
	kept(t, w, func(tx *store.Tx) error { return tx.UpdateRefund(r) }, r, read)
	kept(t, w, func(*store.Tx) error { return nil }, r, func(tx *store.Tx) (pay.Refund, error) { return tx.RefundByRef(w.Owner, r.ProviderRef) })
	locked(t, w, r, func(tx *store.Tx) (pay.Refund, error) { return tx.LockRefund(w.Owner, r.ID) })
	kept(t, w, func(*store.Tx) error { return nil }, []pay.Refund{r}, func(tx *store.Tx) ([]pay.Refund, error) {
		return tx.RefundsOf(w.Owner, p.ID)
	})
}

func rowsCall(t *testing.T, w *World) {
	p := w.NewPayment()
	c := w.NewCall(p)
	read := func(tx *store.Tx) (pay.Call, error) { return tx.Call(w.Owner, c.ID) }
	kept(t, w, func(tx *store.Tx) error {
		require.NoError(t, tx.InsertPayment(p))
		return tx.InsertCall(c)
	}, c, read)
	w.Read(t, func(tx *store.Tx) error {
		got, open, err := tx.OpenCall(w.Owner, p.ID)
		assert.True(t, open)
		assert.Equal(t, c, got)
		require.NoError(t, err)
		got, open, err = tx.OpenCallOf(w.Owner, c.Subject)
		assert.True(t, open)
		assert.Equal(t, c, got)
		return err
	})
	c.DueAt, c.Note = w.at(200), "busy"
	kept(t, w, func(tx *store.Tx) error { return tx.DeferCall(c) }, c, read)
	c.State, c.Outcome, c.RequestRef, c.Note, c.AnsweredAt = pay.CallAnswered, pay.OutcomeDone, "req_2", "", w.at(108)
	kept(t, w, func(tx *store.Tx) error { return tx.SettleCall(c) }, c, read)
	kept(t, w, func(*store.Tx) error { return nil }, []pay.Call{c}, func(tx *store.Tx) ([]pay.Call, error) { return tx.CallsOf(w.Owner, p.ID) })
	w.Read(t, func(tx *store.Tx) error {
		_, open, err := tx.OpenCall(w.Owner, p.ID)
		assert.False(t, open)
		require.NoError(t, err)
		_, open, err = tx.OpenCallOf(w.Owner, c.Subject)
		assert.False(t, open)
		return err
	})
}

func rowsRequest(t *testing.T, w *World) {
	r := w.NewRequest()
	read := func(tx *store.Tx) (pay.Request, error) { return tx.Request(w.Owner, r.Key) }
	kept(t, w, func(tx *store.Tx) error {
		held, err := tx.ClaimRequest(r)
		assert.Nil(t, held)
		return err
	}, r, read)
	r.State, r.Status, r.Reply, r.Resource, r.FinishedAt = pay.RequestFinished, 402, []byte("other"), NewID(), w.at(109)
	kept(t, w, func(tx *store.Tx) error { return tx.FinishRequest(r) }, r, read)
}

func rowsEndpoint(t *testing.T, w *World) {
	e := w.NewEndpoint()
	read := func(tx *store.Tx) (pay.Endpoint, error) { return tx.Endpoint(w.Owner, e.ID) }
	kept(t, w, func(tx *store.Tx) error { return tx.InsertEndpoint(e) }, e, read)
	e.URL, e.Events, e.Description, e.Default = "https://example.org", nil, "", true
	e.Status, e.DisabledReason, e.Secret, e.PreviousSecret = pay.EndpointDisabled, "gone", []byte("third"), nil
	e.PreviousUntil, e.FailingSince, e.UpdatedAt = time.Time{}, time.Time{}, w.at(110)
	kept(t, w, func(tx *store.Tx) error { return tx.UpdateEndpoint(e) }, e, read)
	locked(t, w, e, func(tx *store.Tx) (pay.Endpoint, error) { return tx.LockEndpoint(w.Owner, e.ID) })
	kept(t, w, func(*store.Tx) error { return nil }, e, func(tx *store.Tx) (pay.Endpoint, error) { return tx.DefaultEndpoint(w.Owner) })
	kept(t, w, func(*store.Tx) error { return nil }, []pay.Endpoint{e}, func(tx *store.Tx) ([]pay.Endpoint, error) { return tx.Endpoints(w.Owner) })
}

func rowsDelivery(t *testing.T, w *World) {
	w = w.Sibling(t)
	p, to := w.NewPayment(), w.NewEndpoint()
	e := w.NewEvent(p)
	d := w.NewDelivery(e, to)
	first, second := w.NewAttempt(d, 1), w.NewAttempt(d, 2)
	second.Response, second.RetryAfter, second.StatusCode, second.Fault = nil, 0, 0, pay.FaultTimeout
	read := func(tx *store.Tx) (pay.Delivery, error) { return tx.Delivery(w.Owner, d.ID) }
	kept(t, w, func(tx *store.Tx) error {
		require.NoError(t, tx.InsertPayment(p))
		require.NoError(t, tx.InsertEndpoint(to))
		require.NoError(t, tx.InsertEvent(e))
		require.NoError(t, tx.InsertDelivery(d))
		require.NoError(t, tx.InsertAttempt(w.Owner, second))
		return tx.InsertAttempt(w.Owner, first)
	}, d, read)
	kept(t, w, func(*store.Tx) error { return nil }, []pay.Attempt{first, second}, func(tx *store.Tx) ([]pay.Attempt, error) {
		return tx.Attempts(w.Owner, d.ID)
	})
	d.Status, d.Attempts, d.Round, d.NextAt = pay.DeliveryFailed, 10, 2, time.Time{}
	d.LastStatus, d.LastError, d.UpdatedAt = 0, "timeout", w.at(111)
	kept(t, w, func(tx *store.Tx) error { return tx.UpdateDelivery(d) }, d, read)
	locked(t, w, d, func(tx *store.Tx) (pay.Delivery, error) { return tx.LockDelivery(w.Owner, d.ID) })
	for _, read := range []func(tx *store.Tx) ([]pay.Delivery, error){
		func(tx *store.Tx) ([]pay.Delivery, error) { return tx.DeliveriesOf(w.Owner, p.ID) },
		func(tx *store.Tx) ([]pay.Delivery, error) { return tx.FailedDeliveries(w.Owner, to.ID, d.CreatedAt, 5) },
	} {
		kept(t, w, func(*store.Tx) error { return nil }, []pay.Delivery{d}, read)
	}
	kept(t, w, func(*store.Tx) error { return nil }, nil, func(tx *store.Tx) ([]pay.Delivery, error) {
		return tx.FailedDeliveries(w.Owner, to.ID, d.CreatedAt.Add(time.Microsecond), 5)
	})
}

func rowsProviderEvent(t *testing.T, w *World) {
	e := w.NewProviderEvent()
	read := func(tx *store.Tx) (pay.ProviderEvent, error) { return tx.ProviderEvent(w.Owner, e.ID) }
	kept(t, w, func(tx *store.Tx) error {
		fresh, err := tx.InsertProviderEvent(e)
		assert.True(t, fresh)
		return err
	}, e, read)
	e.State, e.Note, e.DoneAt = pay.ProviderEventApplied, "", w.at(112)
	kept(t, w, func(tx *store.Tx) error { return tx.FinishProviderEvent(e) }, e, read)
	kept(t, w, func(*store.Tx) error { return nil }, []pay.ProviderEvent{e}, func(tx *store.Tx) ([]pay.ProviderEvent, error) {
		return tx.ProviderEventsOf(w.Owner, e.PaymentRef)
	})
}

// sweptCards is what the sweeps over cards find of the world's own.
func sweptCards(t *testing.T, w *World) {
	waiting, old, good := w.NewCard(), w.NewCard(), w.NewCard()
	waiting.Status, waiting.Default, waiting.UpdatedAt = pay.CardPending, false, w.at(20)
	old.Default, old.ExpYear, old.ExpMonth, old.ToldExpired = true, 2030, 5, time.Time{}
	good.Default, good.ExpYear, good.ExpMonth, good.ToldExpired = false, 2030, 6, time.Time{}
	w.Write(t, func(tx *store.Tx) error {
		return errors.Join(tx.InsertCard(waiting), tx.InsertCard(old), tx.InsertCard(good))
	})
	own := func(found []pay.Card, err error) []pay.ID {
		require.NoError(t, err)
		var ids []pay.ID
		for _, card := range found {
			if card.Owner == w.Owner {
				ids = append(ids, card.ID)
			}
		}
		return ids
	}
	w.Read(t, func(tx *store.Tx) error {
		assert.Equal(t, []pay.ID{waiting.ID}, own(tx.UnfinishedCards(w.at(21), 1000)))
		assert.Empty(t, own(tx.UnfinishedCards(w.at(20), 1000)))
		assert.Equal(t, []pay.ID{old.ID}, own(tx.ExpiredCards(2030, 6, 1000)))
		assert.Equal(t, []pay.ID{old.ID, good.ID}, own(tx.ExpiredCards(2031, 1, 1000)))
		defaults, err := tx.DefaultCards(w.Owner, []pay.ID{w.Customer.ID, NewID()})
		assert.Equal(t, map[pay.ID]pay.ID{w.Customer.ID: old.ID}, defaults)
		return err
	})
}
