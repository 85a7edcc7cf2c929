// Package storetest is the suite that a store must pass, whatever database is
// behind it: package store runs it on SQLite and on Postgres. It goes through
// the store's own methods only, so that what it proves is what engine can rely
// on.
package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"florin/internal/clock"
	"florin/internal/pay"
	"florin/internal/store"
)

// World is a store with a merchant in it, ready for payments, and the means to
// make rows that have every field set: a column that is forgotten then shows.
type World struct {
	Store      *store.Store
	Owner      pay.Owner      // the merchant in test mode
	Now        time.Time      // when the world was made
	Connection pay.Connection // the owner's default one
	Customer   pay.Customer
	Card       pay.Card
}

// NewWorld adds a merchant of a new name with a connection, a customer and a
// card.
func NewWorld(t testing.TB, s *store.Store) *World {
	t.Helper()
	w := &World{Store: s, Now: clock.Real{}.Now()}
	merchant := pay.Merchant{ID: NewID(), Name: "merchant " + string(NewID()), CreatedAt: w.Now}
	w.Owner = pay.Owner{Merchant: merchant.ID, Mode: pay.Test}
	w.Connection = w.NewConnection()
	w.Customer = w.NewCustomer()
	w.Card = w.NewCard()
	w.Write(t, func(tx *store.Tx) error {
		require.NoError(t, tx.InsertMerchant(merchant))
		require.NoError(t, tx.InsertConnection(w.Connection))
		require.NoError(t, tx.InsertCustomer(w.Customer))
		return tx.InsertCard(w.Card)
	})
	return w
}

// Sibling is a world of another merchant in the same store.
func (w *World) Sibling(t testing.TB) *World {
	t.Helper()
	return NewWorld(t, w.Store)
}

// OtherMode is the same merchant in live mode, with a world of its own.
func (w *World) OtherMode(t testing.TB) *World {
	t.Helper()
	live := &World{Store: w.Store, Now: w.Now, Owner: pay.Owner{Merchant: w.Owner.Merchant, Mode: pay.Live}}
	live.Connection = live.NewConnection()
	live.Customer = live.NewCustomer()
	live.Card = live.NewCard()
	live.Write(t, func(tx *store.Tx) error {
		require.NoError(t, tx.InsertConnection(live.Connection))
		require.NoError(t, tx.InsertCustomer(live.Customer))
		return tx.InsertCard(live.Card)
	})
	return live
}

// Write runs fn in a transaction that must commit.
func (w *World) Write(t testing.TB, fn func(tx *store.Tx) error) {
	t.Helper()
	require.NoError(t, w.Store.Write(context.Background(), fn))
}

// Read runs fn on a snapshot and must succeed.
func (w *World) Read(t testing.TB, fn func(tx *store.Tx) error) {
	t.Helper()
	require.NoError(t, w.Store.Read(context.Background(), fn))
}

// NewID is an id as engine makes them: a UUID that sorts by time.
func NewID() pay.ID { return pay.ID(uuid.Must(uuid.NewV7()).String()) }

// at is a time some seconds after the world was made.
func (w *World) at(seconds int) time.Time { return w.Now.Add(time.Duration(seconds) * time.Second) }

// NewConnection is a default connection with every field set.
func (w *World) NewConnection() pay.Connection {
	return pay.Connection{
		ID: NewID(), Owner: w.Owner, Name: pay.DefaultConnection, Kind: pay.ConnectionStripe,
		AccountRef: "acct_1", AccountName: "Ünïcode & Co", SecretKey: []byte{0, 1, 0xff}, KeyHint: "sk_test_…1234",
		WebhookSecret: []byte("sealed"), Default: true, Shared: true, CreatedAt: w.at(1), UpdatedAt: w.at(2),
		Checked: pay.ConnectionCheck{At: w.at(2).UTC(), OK: true, Livemode: true, Rights: []pay.Right{{Area: "Customers", Level: "read", Has: true}}},
	}
}

// NewCustomer is a customer with every field set.
func (w *World) NewCustomer() pay.Customer {
	key := NewID()
	return pay.Customer{
		ID: key, Owner: w.Owner, Connection: w.Connection.ID, Email: string(key) + "@example.com", Name: "Jane Doe",
		ProviderRef: "cus_" + string(key), CreatedAt: w.at(3),
	}
}

// NewCard is a default card of the world's customer with every field set.
func (w *World) NewCard() pay.Card {
	key := NewID()
	return pay.Card{
		ID: key, Owner: w.Owner, Customer: w.Customer.ID, Connection: w.Connection.ID, Provider: pay.ProviderStripe,
		ProviderRef: "pm_" + string(key), Brand: "visa", Last4: "4242", ExpMonth: 12, ExpYear: 2031, Default: true,
		Status: pay.CardActive, Failure: failure(), Sequence: 3, CreatedAt: w.at(4), UpdatedAt: w.at(5),
		SetupRef: "seti_" + string(key), ReturnURL: "https://example.com/back", RedirectURL: "https://example.com/3ds", ToldExpired: w.at(6),
	}
}

func failure() pay.Failure {
	return pay.Failure{Code: pay.CodeCardDeclined, Message: "no", DeclineCode: "insufficient_funds"}
}

// NewPayment is a payment with every field set.
func (w *World) NewPayment() pay.Payment {
	key := NewID()
	return pay.Payment{
		ID: key, Owner: w.Owner,
		Amount: pay.Amount(5000, "USD"), Captured: pay.Amount(4000, "USD"), Refunded: pay.Amount(1000, "USD"), Fee: pay.Amount(175, "EUR"),
		Status: pay.PaymentPartiallyRefunded, Capture: pay.CaptureManual,
		Provider: pay.ProviderStripe, ProviderRef: "pi_" + string(key), ChargeRef: "ch_" + string(key), Connection: w.Connection.ID,
		Customer: w.Customer.ID, Card: w.Card.ID, PaymentMethod: "pm_card_visa", CardBrand: "visa", CardLast4: "4242",
		Description: "Order 100% größe", StatementDescriptor: "FLORIN", ReceiptEmail: "Jane@Example.com", ReturnURL: "https://example.com/back",
		Metadata: map[string]string{"order": string(key), "channel": "web"}, RedirectURL: "https://example.com/3ds", Failure: failure(),
		IdempotencyKey: "key-" + string(key), Sequence: 7, CreatedAt: w.at(6), UpdatedAt: w.at(7), AuthorizedAt: w.at(8), CapturedAt: w.at(9),
		Share: pay.Share{
			Account: NewID(), AccountRef: "acct_1", Type: pay.ChargeDirect, Percent: 1750, Fee: pay.Amount(700, "USD"), OnBehalfOf: true,
			Net: pay.Amount(3000, "EUR"),
		},
		ExpiresAt: w.at(14), ExpiryToldAt: w.at(15), AvailableOn: w.at(16), ShareDueAt: w.at(17), LookAt: w.at(10),
	}
}

// PendingPayment is a payment as engine first keeps it.
func (w *World) PendingPayment() pay.Payment {
	key := NewID()
	return pay.Payment{
		ID: key, Owner: w.Owner, Amount: pay.Amount(5000, "USD"), Captured: pay.Amount(0, "USD"), Refunded: pay.Amount(0, "USD"),
		Status: pay.PaymentPending, Capture: pay.CaptureAutomatic, Provider: pay.ProviderStripe, Connection: w.Connection.ID,
		PaymentMethod: "pm_card_visa", IdempotencyKey: "key-" + string(key), CreatedAt: w.Now, UpdatedAt: w.Now, LookAt: w.at(60),
	}
}

// NewRefund is a refund of a payment with every field set.
func (w *World) NewRefund(p pay.Payment) pay.Refund {
	key := NewID()
	return pay.Refund{
		ID: key, Owner: w.Owner, Payment: p.ID, Amount: pay.Amount(100, p.Amount.Currency), Reason: pay.RefundRequested,
		Status: pay.RefundCompleted, ProviderRef: "re_" + string(key), Failure: failure(), Metadata: map[string]string{"why": "broken"},
		External: true, IdempotencyKey: "refund-" + string(key), Sequence: 2, CreatedAt: w.at(11), UpdatedAt: w.at(12), LookAt: w.at(13),
	}
}

// NewCall is an open call of a payment with every field set.
func (w *World) NewCall(p pay.Payment) pay.Call {
	key := NewID()
	return pay.Call{
		ID: key, Owner: w.Owner, Action: pay.ActionCharge, Connection: w.Connection.ID, Payment: p.ID, Subject: p.ID,
		Wire:        pay.Wire{Method: "POST", Path: "/v1/payment_intents", Body: "amount=5000&currency=usd&confirm=true", APIVersion: "2026-03-25", Account: "acct_1"},
		ProviderKey: "florin-" + string(key), RequestKey: p.IdempotencyKey, State: pay.CallOpen, Attempts: 1,
		FirstSentAt: w.at(14), DueAt: w.at(15), Fence: 1, Outcome: pay.OutcomeInDoubt, RequestRef: "req_1", Note: "torn",
		CreatedAt: w.at(16), AnsweredAt: w.at(17),
	}
}

// NewRequest is a running request with every field set.
func (w *World) NewRequest() pay.Request {
	key := NewID()
	return pay.Request{
		Owner: w.Owner, Key: "key-" + string(key), Fingerprint: []byte("0123456789abcdef"), Fields: map[string]string{"amount": "aa", "currency": "bb"},
		State: pay.RequestRunning, Status: 201, Reply: []byte("sealed"), Resource: key, CreatedAt: w.at(18), FinishedAt: w.at(19),
	}
}

// NewEvent is an event of a payment with every field set but the position.
func (w *World) NewEvent(p pay.Payment) pay.Event {
	return pay.Event{
		ID: NewID(), Owner: w.Owner, Type: pay.EventPaymentCompleted, Object: p.ID, Payment: p.ID, Sequence: 2,
		Body: []byte(`{"type":"payment.completed"}`), At: w.at(20),
	}
}

// NewEndpoint is an endpoint with every field set.
func (w *World) NewEndpoint() pay.Endpoint {
	return pay.Endpoint{
		ID: NewID(), Owner: w.Owner, URL: "https://example.com/hook", Events: []pay.EventType{pay.EventPaymentCompleted, pay.EventPaymentFailed},
		Description: "books", Status: pay.EndpointEnabled, DisabledReason: "none", Secret: []byte("sealed"), PreviousSecret: []byte("older"),
		PreviousUntil: w.at(21), FailingSince: w.at(22), CreatedAt: w.at(23), UpdatedAt: w.at(24),
	}
}

// NewDelivery is a delivery with every field set.
func (w *World) NewDelivery(e pay.Event, to pay.Endpoint) pay.Delivery {
	return pay.Delivery{
		ID: NewID(), Owner: w.Owner, Event: e.ID, EventType: e.Type, Endpoint: to.ID, Status: pay.DeliveryPending, Attempts: 2, Round: 1,
		NextAt: w.at(25), LastStatus: 503, LastError: "unavailable", CreatedAt: w.at(26), UpdatedAt: w.at(27),
	}
}

// NewAttempt is a try of a delivery with every field set.
func (w *World) NewAttempt(d pay.Delivery, number int) pay.Attempt {
	return pay.Attempt{
		Delivery: d.ID, Number: number, At: w.at(28), Duration: 1500 * time.Microsecond, StatusCode: 503, Fault: pay.FaultResponse,
		Error: "answered 503", Response: []byte("try later"), RetryAfter: 90 * time.Second,
	}
}

// NewProviderEvent is a Stripe event with every field set.
func (w *World) NewProviderEvent() pay.ProviderEvent {
	key := NewID()
	return pay.ProviderEvent{
		ID: key, Owner: w.Owner, Connection: w.Connection.ID, Ref: "evt_" + string(key), Type: "payment_intent.succeeded",
		APIVersion: "2026-03-25", ObjectRef: "pi_1" + string(key), Account: "acct_" + string(key), PaymentRef: "pi_" + string(key), Payload: []byte(`{"object":"event"}`),
		State: pay.ProviderEventNew, Note: "new", CreatedAt: w.at(29), ReceivedAt: w.at(30), DoneAt: w.at(31),
	}
}

// NewAPIKey is an API key with every field set.
func (w *World) NewAPIKey() pay.APIKey {
	key := NewID()
	return pay.APIKey{
		ID: string(key), Owner: w.Owner, Scopes: []pay.Scope{pay.ScopePaymentsRead, pay.ScopeWebhooksWrite}, Hash: []byte("hmac"),
		Hint: "sk_test_flr_ab12…9xyz", CreatedAt: w.at(32), ExpiresAt: w.at(33), RevokedAt: w.at(34), LastUsed: w.at(35), Replaces: "older", Lineage: "oldest",
		Limits: pay.KeyLimits{Operations: []string{"get-*"}, MaxAmount: map[pay.Currency]int64{"USD": 5}, Approval: pay.ApprovalRule{Need: pay.ApprovalAbove, Above: 3}},
	}
}

// Walk is a payment on its way through the two transactions of its creation.
type Walk struct {
	w       *World
	request pay.Request
	payment pay.Payment
	call    pay.Call
}

// NewWalk is a payment that nothing is kept of yet.
func (w *World) NewWalk() *Walk {
	p := w.PendingPayment()
	r := w.NewRequest()
	r.Key, r.Reply = p.IdempotencyKey, nil
	return &Walk{w: w, request: r, payment: p, call: w.NewCall(p)}
}

// Claim is the first transaction: what is meant.
func (k *Walk) Claim(tx *store.Tx) error {
	held, err := tx.ClaimRequest(k.request)
	if err != nil {
		return err
	}
	if held != nil {
		return fmt.Errorf("the key %s is taken", k.request.Key)
	}
	if err := tx.InsertPayment(k.payment); err != nil {
		return err
	}
	return tx.InsertCall(k.call)
}

// Settle is the second transaction: what came of it.
func (k *Walk) Settle(tx *store.Tx) error {
	before, err := tx.LockPayment(k.w.Owner, k.payment.ID)
	if err != nil {
		return err
	}
	k.call.State, k.call.Outcome = pay.CallAnswered, pay.OutcomeDone
	if err := tx.SettleCall(k.call); err != nil {
		return err
	}
	report := pay.Report{
		Status: pay.PaymentCompleted, ProviderRef: "pi_" + string(before.ID), ChargeRef: "ch_" + string(before.ID),
		Captured: before.Amount, Fee: pay.Amount(175, "USD"), CardBrand: "visa", CardLast4: "4242",
	}
	change := before.Apply(report, tx.Now())
	if err := tx.UpdatePayment(change.Payment); err != nil {
		return err
	}
	for _, booked := range pay.Booking(before, change.Payment) {
		booked.ID, booked.Owner, booked.At = NewID(), k.w.Owner, tx.Now()
		if err := tx.InsertLedger(booked); err != nil {
			return err
		}
	}
	if err := tx.InsertEvent(k.w.NewEvent(change.Payment)); err != nil {
		return err
	}
	k.request.State, k.request.Reply = pay.RequestFinished, []byte(`{"success":true}`)
	return tx.FinishRequest(k.request)
}
