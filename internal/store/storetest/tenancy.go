package storetest

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
	"florin/internal/store"
)

// everything is one row of each noun of one owner.
type everything struct {
	payment  pay.Payment
	refund   pay.Refund
	call     pay.Call
	request  pay.Request
	event    pay.Event
	endpoint pay.Endpoint
	delivery pay.Delivery
	news     pay.ProviderEvent
	key      pay.APIKey

	operation pay.OperationCall
	approval  pay.Approval
	named     pay.Connection

	watched watched
	flow    pay.Flow
	run     pay.Run
	step    pay.RunStep
}

// fill keeps one row of each noun.
func (w *World) fill(t testing.TB) everything {
	t.Helper()
	p := w.NewPayment()
	p.LookAt = time.Time{}
	x := everything{
		payment: p, refund: w.NewRefund(p), call: w.NewCall(p), request: w.NewRequest(), event: w.NewEvent(p),
		endpoint: w.NewEndpoint(), news: w.NewProviderEvent(), key: w.NewAPIKey(),
		operation: w.NewOperationCall(), approval: w.NewApproval(), named: w.NewConnection(),
	}
	x.flow = w.NewFlow()
	caller := w.NewRun(x.flow)
	x.run = w.NewRun(x.flow)
	x.run.Parent, x.run.Origin = caller.ID, caller.ID
	x.step = w.NewRunStep(x.run)
	x.named.Name, x.named.Default, x.named.OwnerKey = "named", false, "lineage"
	x.watched = w.fillWatched(t)
	x.endpoint.Default = true
	x.delivery = w.NewDelivery(x.event, x.endpoint)
	x.news.PaymentRef = p.ProviderRef
	hold := pay.LedgerTransaction{ID: NewID(), Owner: w.Owner, Kind: pay.LedgerHold, Source: p.ID, Payment: p.ID, At: w.Now, Entries: []pay.Entry{
		{Account: pay.LedgerHeld, Amount: pay.Amount(1, "USD")}, {Account: pay.LedgerAuthorizations, Amount: pay.Amount(-1, "USD")},
	}}
	w.Write(t, func(tx *store.Tx) error {
		_, claimed := tx.ClaimRequest(x.request)
		_, kept := tx.InsertProviderEvent(x.news)
		for _, err := range []error{
			claimed, kept, tx.InsertPayment(p), tx.InsertRefund(x.refund), tx.InsertCall(x.call), tx.InsertEvent(x.event),
			tx.InsertEndpoint(x.endpoint), tx.InsertDelivery(x.delivery), tx.InsertAttempt(w.Owner, w.NewAttempt(x.delivery, 1)),
			tx.InsertAPIKey(x.key), tx.InsertLedger(hold),
			tx.InsertOperationCall(x.operation), tx.InsertApproval(x.approval), tx.InsertConnection(x.named),
			tx.InsertFlow(x.flow), tx.InsertRun(caller), tx.InsertRun(x.run), tx.InsertRunStep(x.step),
		} {
			require.NoError(t, err)
		}
		return nil
	})
	return x
}

// unowned are the methods of a Tx that take no owner, and why that is right.
var unowned = map[string]string{
	"Now": "the clock", "Context": "the transaction", "Merchant": "the owner itself", "MerchantByName": "the owner itself",
	"SessionByHash": "tells who the owner is", "ReapSessions": "a sweep for all",
	"Merchants": "for the operator", "InsertMerchant": "the owner itself", "APIKey": "tells who the owner is",
	"MerchantAPIKeys": "for the operator, both modes", "TouchAPIKeys": "by keys that let their owners in",
	"WebhookConnections": "finds out whose a Stripe event is", "DuePayments": "a sweep for all", "DueAccounts": "a sweep for all", "DuePayouts": "a sweep for all", "UnfinishedCards": "a sweep for all", "ExpiredCards": "a sweep for all", "DueShares": "a sweep for all, or for one", "DueRefunds": "a sweep for all",
	"LeaseCalls": "a sweep for all", "ReleaseCalls": "at the start, for all", "ReapRequests": "a sweep for all",
	"LeaseOperationCalls": "a sweep for all", "ReleaseOperationCalls": "at the start, for all", "ReapOperationCalls": "a sweep for all",
	"DueApprovals": "a sweep for all", "UnsealedOwners": "a sweep for all", "LedgerSettled": "about all transactions", "UnreadConnections": "a sweep for all", "UnreadAccounts": "a sweep for all",
	"LeaseReadings": "a sweep for all", "ReleaseReadings": "at the start, for all", "ReadOwners": "tells who the owners are",
	"LivePolls": "a sweep for all", "LeasePolls": "a sweep for all", "ReapPolls": "a sweep for all", "DueWatches": "a sweep for all",
	"DueSubscriptions": "a sweep for all", "DueInvoices": "a sweep for all",
	"RetryInvoices": "a sweep for all", "UrgentInvoices": "a sweep for all", "SandboxInvoices": "a sweep for all", "StaleMails": "a sweep for all",
	"WatchByToken": "finds out whose flow an address is",
	"DueRuns":      "a sweep for all", "ReapRuns": "a sweep for all", "ReleaseRuns": "at the start, for all",
	"StaleDeliveries": "a sweep for all", "StaleProviderEvents": "a sweep for all", "Enqueue": "a job only carries the owner",
}

// testTenancy calls every method of a Tx that takes an owner with the ids of
// somebody else's rows: another merchant's, and the same merchant's of the
// other mode. Nothing may be seen or changed. A method that is in no list fails
// the test, so that a new one cannot be forgotten.
func testTenancy(t *testing.T, s *store.Store) {
	w := NewWorld(t, s)
	x := w.fill(t)
	for name, stranger := range map[string]*World{"merchant": w.Sibling(t), "mode": w.OtherMode(t)} {
		t.Run(name, func(t *testing.T) {
			before := snapshot(t, w, x)
			tried := map[string]bool{}
			strangerTallies(t, stranger, tried)
			strangerReads(t, stranger, w, x, tried)
			strangerLists(t, stranger, w, x, tried)
			strangerWrites(t, stranger, w, x, tried)
			strangerOperations(t, stranger, w, x, tried)
			strangerFlows(t, stranger, x, tried)
			strangerPlaces(t, stranger, w, x, tried)
			strangerInserts(t, stranger, w, x, tried)
			strangerWatches(t, stranger, x.watched, tried)
			strangerAccounts(t, stranger, w, tried)
			strangerBooks(t, stranger, w, x.payment, tried)
			strangerDifferences(t, stranger, w, x.payment, tried)
			strangerSessions(t, stranger, w, x.key, tried)
			strangerBilling(t, stranger, w, tried)
			strangerTransfers(t, stranger, w, tried)
			strangerPayouts(t, stranger, w, tried)
			assert.Equal(t, before, snapshot(t, w, x), "a stranger changed something")
			kind := reflect.TypeFor[*store.Tx]()
			for i := range kind.NumMethod() {
				method := kind.Method(i).Name
				assert.True(t, tried[method] || unowned[method] != "", "%s is not tried by a stranger", method)
			}
		})
	}
}

// snapshot is all of x as its owner reads it.
func snapshot(t *testing.T, w *World, x everything) []any {
	t.Helper()
	var all []any
	w.Read(t, func(tx *store.Tx) error {
		keep := func(row any, err error) {
			require.NoError(t, err)
			all = append(all, row)
		}
		keep(tx.Payment(w.Owner, x.payment.ID))
		keep(tx.Refund(w.Owner, x.refund.ID))
		keep(tx.Call(w.Owner, x.call.ID))
		keep(tx.Request(w.Owner, x.request.Key))
		keep(tx.Event(w.Owner, x.event.ID))
		keep(tx.Endpoint(w.Owner, x.endpoint.ID))
		keep(tx.Delivery(w.Owner, x.delivery.ID))
		keep(tx.ProviderEvent(w.Owner, x.news.ID))
		keep(tx.Attempts(w.Owner, x.delivery.ID))
		keep(tx.LedgerOf(w.Owner, x.payment.ID))
		keep(tx.LedgerBalances(w.Owner))
		keep(tx.Card(w.Owner, w.Card.ID))
		keep(tx.Customer(w.Owner, w.Customer.ID))
		keep(tx.Connection(w.Owner, w.Connection.ID))
		keep(tx.APIKey(x.key.ID))
		keep(tx.OperationCall(w.Owner, x.operation.ID))
		keep(tx.Approval(w.Owner, x.approval.ID))
		keep(tx.Connection(w.Owner, x.named.ID))
		keep(tx.Flow(w.Owner, x.flow.ID))
		keep(tx.Run(w.Owner, x.run.ID))
		keep(tx.RunSteps(w.Owner, x.run.ID))
		return nil
	})
	return append(all, snapshotWatched(t, w, x.watched)...)
}

// strangerReads asks for single rows, which must not be found.
func strangerReads(t *testing.T, stranger, w *World, x everything, tried map[string]bool) {
	o := stranger.Owner
	stranger.Write(t, func(tx *store.Tx) error {
		absent := func(name string, _ any, err error) {
			tried[name] = true
			assert.Equal(t, pay.CodeNotFound, pay.CodeOf(err), name)
		}
		one := func(name string) func(row any, err error) {
			return func(row any, err error) { absent(name, row, err) }
		}
		one("Connection")(tx.Connection(o, w.Connection.ID))
		one("ConnectionByName")(tx.ConnectionByName(o, w.Connection.Name, pay.ConnectionSandbox))
		one("Customer")(tx.Customer(o, w.Customer.ID))
		one("CustomerByEmail")(tx.CustomerByEmail(o, w.Connection.ID, w.Customer.Email))
		one("Card")(tx.Card(o, w.Card.ID))
		one("LockCard")(tx.LockCard(o, w.Card.ID))
		one("CardByRef")(tx.CardByRef(o, w.Card.ProviderRef))
		one("CardBySetup")(tx.CardBySetup(o, w.Card.SetupRef))
		one("Payment")(tx.Payment(o, x.payment.ID))
		one("LockPayment")(tx.LockPayment(o, x.payment.ID))
		one("PaymentByRef")(tx.PaymentByRef(o, x.payment.ProviderRef))
		one("Refund")(tx.Refund(o, x.refund.ID))
		one("LockRefund")(tx.LockRefund(o, x.refund.ID))
		one("RefundByRef")(tx.RefundByRef(o, x.refund.ProviderRef))
		one("Call")(tx.Call(o, x.call.ID))
		one("Request")(tx.Request(o, x.request.Key))
		one("Event")(tx.Event(o, x.event.ID))
		one("Endpoint")(tx.Endpoint(o, x.endpoint.ID))
		one("LockEndpoint")(tx.LockEndpoint(o, x.endpoint.ID))
		one("DefaultEndpoint")(tx.DefaultEndpoint(o))
		one("MissingEvents")(tx.MissingEvents(o, x.endpoint.ID, time.Time{}, 10))
		one("Delivery")(tx.Delivery(o, x.delivery.ID))
		one("LockDelivery")(tx.LockDelivery(o, x.delivery.ID))
		tx.ForeseeDefaultConnection(o)
		tried["ForeseeDefaultConnection"] = true
		one("ProviderEvent")(tx.ProviderEvent(o, x.news.ID)) // brings what was foreseen
		own, err := tx.DefaultConnection(o)
		tried["DefaultConnection"] = true
		assert.Equal(t, stranger.Connection.ID, own.ID)
		return err
	})
}

// strangerLists asks for lists, which must be empty or hold their own rows.
func strangerLists(t *testing.T, stranger, w *World, x everything, tried map[string]bool) {
	o, p := stranger.Owner, x.payment.ID
	stranger.Read(t, func(tx *store.Tx) error {
		empty := func(name string) func(list any, err error) {
			return func(list any, err error) {
				tried[name] = true
				require.NoError(t, err, name)
				assert.Empty(t, list, name)
			}
		}
		none := func(name string) func(_ any, found bool, err error) {
			return func(_ any, found bool, err error) {
				tried[name] = true
				require.NoError(t, err, name)
				assert.False(t, found, name)
			}
		}
		empty("APIKeys")(tx.APIKeys(o, pay.Page{}))
		empty("Payments")(tx.Payments(o, pay.PaymentFilter{ProviderRef: x.payment.ProviderRef}, pay.Page{}))
		empty("Refunds")(tx.Refunds(o, pay.RefundFilter{Payment: p}, pay.Page{}))
		empty("RefundsOf")(tx.RefundsOf(o, p))
		empty("CallsOf")(tx.CallsOf(o, p))
		none("OpenCall")(tx.OpenCall(o, p))
		none("OpenCallOf")(tx.OpenCallOf(o, x.call.Subject))
		empty("Events")(tx.Events(o, "", nil, 10))
		tx.ForeseeEndpoints(o)
		tried["ForeseeEndpoints"] = true
		empty("EventsOf")(tx.EventsOf(o, p)) // brings what was foreseen
		empty("Endpoints")(tx.Endpoints(o))
		empty("Attempts")(tx.Attempts(o, x.delivery.ID))
		empty("Deliveries")(tx.Deliveries(o, pay.DeliveryFilter{Endpoint: x.endpoint.ID}, pay.Page{}))
		empty("DeliveriesOf")(tx.DeliveriesOf(o, p))
		empty("FailedDeliveries")(tx.FailedDeliveries(o, x.endpoint.ID, time.Time{}, 10))
		empty("ProviderEventsOf")(tx.ProviderEventsOf(o, x.payment.ProviderRef))
		empty("LedgerOf")(tx.LedgerOf(o, p))
		empty("LedgerBalances")(tx.LedgerBalances(o))
		empty("PartnerBalances")(tx.PartnerBalances(o, p))
		empty("LedgerLines")(tx.LedgerLines(o, pay.LedgerFilter{Payment: p}, pay.Page{}))
		empty("LedgerSums")(tx.LedgerSums(o, pay.LedgerFilter{}))
		empty("GuardedBalance")(tx.GuardedBalance(o, pay.PartnerAvailable(p), ""))
		empty("Cards")(tx.Cards(o, w.Customer.ID, pay.Page{}))
		empty("Customers")(tx.Customers(o, w.Customer.Email, pay.Page{}))
		empty("DefaultCards")(tx.DefaultCards(o, []pay.ID{w.Customer.ID}))
		completed, pending, err := tx.RefundTotals(o, p)
		tried["RefundTotals"] = true
		require.NoError(t, err)
		assert.Zero(t, completed+pending)
		_, err2 := tx.Events(o, x.event.ID, nil, 10)
		assert.Equal(t, pay.CodeInvalidCursor, pay.CodeOf(err2), "another's event is no place in the feed")
		return err
	})
}

// strangerWrites changes rows by another's ids, which must change nothing.
func strangerWrites(t *testing.T, stranger, w *World, x everything, tried map[string]bool) {
	o := stranger.Owner
	connection, card, payment, refund, call, request := w.Connection, w.Card, x.payment, x.refund, x.call, x.request
	endpoint, delivery, news, key := x.endpoint, x.delivery, x.news, x.key
	connection.Owner, card.Owner, payment.Owner, refund.Owner, call.Owner, request.Owner = o, o, o, o, o, o
	endpoint.Owner, delivery.Owner, news.Owner, key.Owner = o, o, o, o
	connection.Default, card.Default, payment.ProviderRef, refund.ProviderRef = false, false, "pi_theirs", "re_theirs"
	key.RevokedAt = w.at(500)
	tries := map[string]func(tx *store.Tx) error{
		"UpdateConnection":    func(tx *store.Tx) error { return tx.UpdateConnection(connection) },
		"SetCustomerRef":      func(tx *store.Tx) error { return tx.SetCustomerRef(o, w.Customer.ID, "cus_theirs") },
		"UpdateCard":          func(tx *store.Tx) error { return tx.UpdateCard(card) },
		"UpdatePayment":       func(tx *store.Tx) error { return tx.UpdatePayment(payment) },
		"UpdateRefund":        func(tx *store.Tx) error { return tx.UpdateRefund(refund) },
		"UpdateEndpoint":      func(tx *store.Tx) error { return tx.UpdateEndpoint(endpoint) },
		"DeleteEndpoint":      func(tx *store.Tx) error { return tx.DeleteEndpoint(o, x.endpoint.ID) },
		"UpdateDelivery":      func(tx *store.Tx) error { return tx.UpdateDelivery(delivery) },
		"FinishProviderEvent": func(tx *store.Tx) error { return tx.FinishProviderEvent(news) },
		"UpdateAPIKey":        func(tx *store.Tx) error { return tx.UpdateAPIKey(key) },
	}
	for name, try := range tries {
		tried[name] = true
		assert.Equal(t, pay.CodeNotFound, pay.CodeOf(stranger.Store.Write(t.Context(), try)), name)
	}
	tried["FinishRequest"] = true // finds nothing, which is no error; that nothing was changed is seen below
	require.NoError(t, stranger.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.FinishRequest(request) }))
	fenced := map[string]func(tx *store.Tx) error{
		"SettleCall": func(tx *store.Tx) error { return tx.SettleCall(call) },
		"DeferCall":  func(tx *store.Tx) error { return tx.DeferCall(call) },
	}
	for name, try := range fenced {
		tried[name] = true
		assert.ErrorIs(t, stranger.Store.Write(t.Context(), try), store.ErrFenced, name)
	}
}

// strangerInserts adds rows of their own that point to another's, which the
// composite foreign keys refuse; where nothing is pointed to, the same key is
// simply theirs.
func strangerInserts(t *testing.T, stranger, w *World, x everything, tried map[string]bool) {
	o := stranger.Owner
	customer, card, payment, refund := stranger.NewCustomer(), stranger.NewCard(), stranger.NewPayment(), stranger.NewRefund(x.payment)
	customer.Connection, card.Customer, payment.Customer = w.Connection.ID, w.Customer.ID, w.Customer.ID
	card.Default = false
	call := stranger.NewCall(x.payment)
	endpoint, event := stranger.NewEndpoint(), stranger.NewEvent(payment)
	toTheirs, ofTheirs := stranger.NewDelivery(event, x.endpoint), stranger.NewDelivery(x.event, endpoint)
	news := stranger.NewProviderEvent()
	news.Connection = w.Connection.ID
	booked := pay.LedgerTransaction{ID: NewID(), Owner: o, Kind: pay.LedgerHold, Source: x.payment.ID, Payment: x.payment.ID, Entries: []pay.Entry{
		{Account: pay.LedgerHeld, Amount: pay.Amount(1, "USD")}, {Account: pay.LedgerAuthorizations, Amount: pay.Amount(-1, "USD")},
	}}
	stranger.Write(t, func(tx *store.Tx) error {
		require.NoError(t, tx.InsertEvent(event))
		return tx.InsertEndpoint(endpoint)
	})
	tries := map[string]func(tx *store.Tx) error{
		"InsertCustomer":      func(tx *store.Tx) error { return tx.InsertCustomer(customer) },
		"InsertCard":          func(tx *store.Tx) error { return tx.InsertCard(card) },
		"InsertPayment":       func(tx *store.Tx) error { return tx.InsertPayment(payment) },
		"InsertRefund":        func(tx *store.Tx) error { return tx.InsertRefund(refund) },
		"InsertCall":          func(tx *store.Tx) error { return tx.InsertCall(call) },
		"InsertDelivery":      func(tx *store.Tx) error { return tx.InsertDelivery(toTheirs) },
		"InsertDelivery of":   func(tx *store.Tx) error { return tx.InsertDelivery(ofTheirs) },
		"InsertAttempt":       func(tx *store.Tx) error { return tx.InsertAttempt(o, stranger.NewAttempt(x.delivery, 2)) },
		"InsertProviderEvent": func(tx *store.Tx) error { _, err := tx.InsertProviderEvent(news); return err },
		"FileProviderEvent":   func(tx *store.Tx) error { return tx.FileProviderEvent(news) },
		"InsertLedger":        func(tx *store.Tx) error { return tx.InsertLedger(booked) },
	}
	for name, try := range tries {
		tried[name] = true
		err := stranger.Store.Write(t.Context(), try)
		if assert.Error(t, err, name) {
			assert.Contains(t, strings.ToLower(err.Error()), "foreign key", name)
		}
	}
	theirs := w.newPartner(t, 100)
	taken := &store.Posting{Transaction: stranger.booking(pay.LedgerDebit, 1, pay.LedgerPartnerFees, pay.PartnerAvailable(theirs.ID)), Account: pay.PartnerAvailable(theirs.ID)}
	tried["SealLedger"], tried["Post"] = true, true
	stranger.Write(t, func(tx *store.Tx) error { return tx.Post([]*store.Posting{taken}) })
	assert.Equal(t, pay.CodeNotFound, pay.CodeOf(taken.Err), "another's partner")
	stranger.Write(t, func(tx *store.Tx) error {
		n, err := tx.SealLedger(o, NewID())
		assert.Zero(t, n, "they have booked nothing")
		return err
	})
	request, connection, key := x.request, w.Connection, stranger.NewAPIKey()
	request.Owner, connection.Owner, connection.Name, connection.Default = o, o, "same id", false
	stranger.Write(t, func(tx *store.Tx) error {
		held, err := tx.ClaimRequest(request)
		assert.Nil(t, held, "the same idempotency key of another owner is free")
		require.NoError(t, err)
		require.NoError(t, tx.InsertConnection(connection))
		return tx.InsertAPIKey(key)
	})
	for _, name := range []string{"ClaimRequest", "InsertConnection", "InsertAPIKey", "InsertEvent", "InsertEndpoint"} {
		tried[name] = true
	}
}
