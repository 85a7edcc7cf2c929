package engine_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/engine"
	"florin/internal/pay"
)

// That a card has expired is told once, and again only when the bank replaced
// it by another that expires.
func TestAnExpiredCardIsToldOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reply, err := w.engine.SaveCard(t.Context(), w.ask("card"), engine.CardRequest{PaymentMethod: "pm_card_visa", CustomerEmail: "ann@example.com"})
	require.NoError(t, err)
	read := func() pay.Card {
		card, err := w.engine.Card(t.Context(), w.owner, reply.Resource)
		require.NoError(t, err)
		return card
	}
	card := read()
	last := time.Date(card.ExpYear, time.Month(card.ExpMonth)+1, 1, 0, 0, 0, 0, time.UTC).Add(-time.Minute)
	w.clock.Advance(last.Sub(w.clock.Now()))
	expire := func() {
		_, err := w.engine.ExpireCards(t.Context())
		require.NoError(t, err)
	}
	expire()
	assert.Equal(t, []pay.EventType{pay.EventCardSaved}, w.toldOf(card.ID), "it is good to the last minute")
	assert.False(t, card.HasExpired(w.clock.Now()))
	w.clock.Advance(2 * time.Minute)
	expire()
	expire()
	assert.Equal(t, []pay.EventType{pay.EventCardSaved, pay.EventCardExpired}, w.toldOf(card.ID))
	assert.Equal(t, pay.CardActive, read().Status, "a bank may charge it all the same")
}

// A holder who goes to authenticate and never comes back leaves no card, and
// one whose event was lost is found.
func TestASetUpIsLookedUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	held := func(key string) pay.Card {
		reply, err := w.engine.SetUpCard(t.Context(), w.ask(key), engine.CardRequest{PaymentMethod: "pm_card_authenticationRequiredOnSetup"})
		require.NoError(t, err)
		card, err := w.engine.Card(t.Context(), w.owner, reply.Resource)
		require.NoError(t, err)
		assert.Equal(t, pay.CardPending, card.Status)
		assert.NotEmpty(t, card.RedirectURL)
		return card
	}
	gone, lost := held("gone"), held("lost")
	w.submits(lost.RedirectURL)
	w.after(10 * time.Minute)
	found, err := w.engine.Card(t.Context(), w.owner, lost.ID)
	require.NoError(t, err)
	assert.Equal(t, pay.CardActive, found.Status)
	assert.Empty(t, found.RedirectURL)
	assert.Equal(t, []pay.EventType{pay.EventCardActionRequired, pay.EventCardSaved}, w.toldOf(lost.ID))
	w.after(25 * time.Hour)
	assert.Equal(t, []pay.EventType{pay.EventCardActionRequired, pay.EventCardFailed}, w.toldOf(gone.ID))
}

// submits passes the bank's page.
func (w *world) submits(page string) {
	w.t.Helper()
	stay := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := stay.PostForm(page, url.Values{"outcome": {"complete"}})
	require.NoError(w.t, err)
	require.NoError(w.t, res.Body.Close())
	require.Equal(w.t, http.StatusSeeOther, res.StatusCode)
}
