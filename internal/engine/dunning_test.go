package engine_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/engine"
	"florin/internal/pay"
)

const day = 24 * time.Hour

// subscribed is a customer of a world who is charged ten dollars a month.
type subscribed struct {
	*world
	customer, subscription pay.ID
	asked                  int
}

// subscribes makes a plan, a customer with a good card, and a subscription.
func (w *world) subscribes() *subscribed {
	w.t.Helper()
	s := &subscribed{world: w}
	card := s.card("pm_card_visa")
	plan := s.made(w.engine.CreatePlan(w.t.Context(), s.next(), engine.PlanRequest{
		Name: "Reader", Amount: pay.Amount(1000, "USD"), Interval: pay.IntervalMonth, IntervalCount: 1,
	}))
	s.subscription = s.made(w.engine.CreateSubscription(w.t.Context(), s.next(), engine.SubscriptionRequest{Customer: s.customer, Plan: plan, Card: card}))
	require.Equal(w.t, pay.SubscriptionActive, s.stands().Status)
	return s
}

// next is a write under a key that was not used.
func (s *subscribed) next() engine.Ask {
	s.asked++
	return s.ask(fmt.Sprint("ask-", s.asked))
}

// made is the id of what a reply is about.
func (s *subscribed) made(reply engine.Reply, err error) pay.ID {
	s.t.Helper()
	require.NoError(s.t, err)
	require.Less(s.t, reply.Status, 300, "%s", reply.Body)
	return reply.Resource
}

// card saves a card for the customer.
func (s *subscribed) card(method string) pay.ID {
	s.t.Helper()
	reply, err := s.engine.SaveCard(s.t.Context(), s.next(), engine.CardRequest{PaymentMethod: method, Customer: s.customer})
	id := s.made(reply, err)
	var body struct {
		Data struct {
			Customer pay.ID `json:"customer_id"`
		}
	}
	require.NoError(s.t, json.Unmarshal(reply.Body, &body))
	s.customer = body.Data.Customer
	return id
}

// charges makes the subscription charge another card.
func (s *subscribed) charges(method string) {
	s.t.Helper()
	s.made(s.engine.ChangeSubscription(s.t.Context(), s.next(), s.subscription, engine.SubscriptionChange{Card: s.card(method)}))
}

func (s *subscribed) stands() pay.Subscription {
	s.t.Helper()
	found, err := s.engine.Subscription(s.t.Context(), s.owner, s.subscription)
	require.NoError(s.t, err)
	return found
}

// renewal is the newest invoice.
func (s *subscribed) renewal() pay.Invoice {
	s.t.Helper()
	found, err := s.engine.Invoices(s.t.Context(), s.owner, pay.InvoiceFilter{Subscription: s.subscription}, pay.Page{Limit: 1})
	require.NoError(s.t, err)
	require.NotEmpty(s.t, found.Items)
	return found.Items[0]
}

// days lets time pass a day at a time, as it does.
func (s *subscribed) days(n int) {
	s.t.Helper()
	for range n {
		s.after(day)
		s.chores() // what the first round wrote down is sent in the second
	}
}

// A renewal that is declined is tried again after three, five and seven days,
// and then the subscription ends; Stripe itself tries nothing.
func TestFailedRenewalIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := newWorld(t).subscribes()
	s.charges("pm_card_chargeCustomerFail")
	s.days(32)
	require.Equal(t, pay.SubscriptionPastDue, s.stands().Status)
	failed := s.renewal()
	assert.Equal(t, pay.InvoiceOpen, failed.Status)
	assert.Equal(t, "generic_decline", failed.Failure.DeclineCode)
	assert.Equal(t, pay.DunningState{Since: failed.FinalizedAt, NextAt: failed.FinalizedAt.Add(3 * day)}, failed.Dunning)
	assert.Zero(t, s.atStripe("GET", "/v1/invoices/"+failed.ProviderRef, "")["next_payment_attempt"], "Stripe leaves it to Florin")
	pays := "/v1/invoices/" + failed.ProviderRef + "/pay"
	for tried, after := range []time.Duration{3 * day, 8 * day, 15 * day} {
		for s.clock.Now().Add(day).Before(failed.Dunning.Since.Add(after)) {
			s.days(1)
			require.Equal(t, tried, s.posts(pays))
			require.Equal(t, pay.SubscriptionPastDue, s.stands().Status)
		}
		s.days(1)
		require.Equal(t, []int{tried + 1, tried + 1}, []int{s.posts(pays), s.renewal().Dunning.Tries})
	}
	s.days(1)
	assert.Equal(t, 3, s.posts(pays))
	assert.Equal(t, pay.DunningExhausted, s.renewal().Dunning.Stopped)
	assert.Equal(t, pay.SubscriptionCanceled, s.stands().Status)
}

// After a final no of the bank nothing is tried, until there is another card:
// that is charged at once.
func TestFinalDeclineWaitsForAnotherCard(t *testing.T) {
	t.Parallel()
	s := newWorld(t).subscribes()
	s.charges("pm_card_visa_chargeCustomerFailLostCard")
	s.days(36)
	failed := s.renewal()
	assert.Equal(t, "lost_card", failed.Dunning.Stopped)
	assert.Zero(t, s.posts("/v1/invoices/"+failed.ProviderRef+"/pay"))
	assert.Equal(t, pay.SubscriptionPastDue, s.stands().Status)

	s.charges("pm_card_mastercard")
	s.chores()
	s.chores()
	paid := s.renewal()
	assert.Equal(t, pay.InvoicePaid, paid.Status)
	require.NotEmpty(t, paid.Payment)
	p, err := s.engine.Payment(t.Context(), s.owner, paid.Payment)
	require.NoError(t, err)
	assert.Equal(t, pay.PaymentCompleted, p.Status)
	s.days(1)
	assert.Equal(t, pay.SubscriptionActive, s.stands().Status)
}
