package storetest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
	"florin/internal/store"
)

// NewSession is a session of a key with every field set.
func (w *World) NewSession(key pay.APIKey) pay.Session {
	id := NewID()
	return pay.Session{
		ID: id, Owner: w.Owner, Key: key.ID, Hash: []byte("hash of " + id), Link: true,
		CreatedAt: w.at(130), SeenAt: w.at(131), ProvedAt: w.at(132),
	}
}

func rowsSession(t *testing.T, w *World) {
	key := w.NewAPIKey()
	s := w.NewSession(key)
	read := func(tx *store.Tx) (pay.Session, error) { return tx.SessionByHash(s.Hash) }
	kept(t, w, func(tx *store.Tx) error {
		require.NoError(t, tx.InsertAPIKey(key))
		return tx.InsertSession(s)
	}, s, read)
	s.SeenAt, s.ProvedAt = w.at(133), w.at(134)
	kept(t, w, func(tx *store.Tx) error { return tx.UpdateSession(s) }, s, read)
	w.Write(t, func(tx *store.Tx) error {
		_, err := tx.ReapSessions(s.CreatedAt, 10)
		require.NoError(t, err)
		still, err := read(tx)
		require.NoError(t, err)
		assert.Equal(t, s, still, "it is not older than itself")
		gone, err := tx.DeleteSession(w.Owner, s.ID)
		require.NoError(t, err)
		assert.True(t, gone)
		gone, err = tx.DeleteSession(w.Owner, s.ID)
		assert.False(t, gone, "a link is used once")
		return err
	})
	err := w.Store.Read(t.Context(), func(tx *store.Tx) error { _, err := read(tx); return err })
	assert.Equal(t, pay.CodeNotFound, pay.CodeOf(err))
}

// strangerSessions ends and changes w's session as somebody else.
func strangerSessions(t *testing.T, stranger, w *World, key pay.APIKey, tried map[string]bool) {
	s := w.NewSession(key)
	w.Write(t, func(tx *store.Tx) error { return tx.InsertSession(s) })
	stolen := s
	stolen.Owner, stolen.SeenAt = stranger.Owner, w.at(140)
	for _, name := range []string{"InsertSession", "UpdateSession", "DeleteSession"} {
		tried[name] = true
	}
	err := stranger.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.UpdateSession(stolen) })
	assert.Equal(t, pay.CodeNotFound, pay.CodeOf(err))
	stolen.ID, stolen.Hash = NewID(), []byte("another")
	assert.Error(t, stranger.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertSession(stolen) }), "in the name of another's key")
	stranger.Write(t, func(tx *store.Tx) error {
		gone, err := tx.DeleteSession(stranger.Owner, s.ID)
		assert.False(t, gone)
		return err
	})
	w.Read(t, func(tx *store.Tx) error {
		kept, err := tx.SessionByHash(s.Hash)
		assert.Equal(t, s, kept, "a stranger changed it")
		return err
	})
}
