package engine_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/engine"
	"florin/internal/pay"
	"florin/internal/pgtest"
)

// Many debit one account at once, some of them twice under one key: each is
// booked once, nobody takes what is not there, and who is refused may ask again
// with the same key.
func TestDebitsThatComeAtOnce(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{"sqlite": "sqlite:" + filepath.Join(t.TempDir(), "florin.db"), "postgres": pgtest.Start(t)} {
		t.Run(name, func(t *testing.T) {
			w := newWorldOn(t, url)
			partner := w.partners(1, 1000)[0]
			debit := func(key string, minor int64) (engine.Reply, error) {
				return w.engine.DebitAccount(t.Context(), w.ask(key), engine.BalanceChange{Account: partner, Amount: pay.Amount(minor, "USD"), Reason: "x"})
			}
			const callers, rounds = 24, 4
			var booked, refused atomic.Int64
			var group sync.WaitGroup
			for n := range callers {
				group.Go(func() {
					for round := range rounds {
						key := fmt.Sprint("d-", n/2, "-", round) // each key by two callers
						reply, err := debit(key, 30)
						switch {
						case pay.Is(err, pay.CodeBalanceTooLow):
							refused.Add(1)
						case pay.Is(err, pay.CodeIdempotencyInFlight):
						case assert.NoError(t, err) && !reply.Replayed:
							assert.Equal(t, http.StatusCreated, reply.Status)
							booked.Add(1)
						}
					}
				})
			}
			group.Wait()
			assert.Equal(t, int64(1000/30), booked.Load(), "as many as the debt limit allows")
			assert.Positive(t, refused.Load())
			balance, err := w.engine.AccountBalance(t.Context(), w.owner, partner)
			require.NoError(t, err)
			assert.Equal(t, []pay.Balance{{Currency: "USD", Available: -990}}, balance.Balances)
			_, err = debit("later", 30)
			require.Equal(t, pay.CodeBalanceTooLow, pay.CodeOf(err))
			_, err = w.engine.CreditAccount(t.Context(), w.ask("gift"), engine.BalanceChange{Account: partner, Amount: pay.Amount(20, "USD"), Reason: "x"})
			require.NoError(t, err)
			first, err := debit("later", 30)
			require.NoError(t, err, "a refusal does not use a key up")
			again, err := debit("later", 30)
			require.NoError(t, err)
			assert.True(t, again.Replayed)
			assert.Equal(t, first.Body, again.Body)
			w.ledgerIsRight()
		})
	}
}
