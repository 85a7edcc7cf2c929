package engine

import (
	"strings"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// holdToLimits refuses a write that would go over what its key may move. It
// runs in the transaction that writes the call down, with the key's row locked,
// so that calls at the same time count each other.
//
// Errors: amount_over_limit.
func (e *Engine) holdToLimits(tx *store.Tx, todo operationErrand, m pay.Movement) error {
	key, o := todo.request.Key, todo.request.Owner
	if key.ID == "" || !key.Limits.BoundsMoney() || !m.Stated {
		return nil
	}
	if _, stated := todo.operation.Parameter(strings.Split(todo.operation.Amount, ".")[0]); !m.Known && !stated {
		return pay.Errorf(pay.CodeAmountOverLimit, "the API key has limits on amounts, and %s does not say how much it moves", todo.operation.Name)
	}
	if err := tx.LockAPIKey(o, key.Lineage); err != nil {
		return err
	}
	today := tx.Now().UTC().Truncate(24 * time.Hour)
	return key.Limits.Check(m, todo.operation.Amount, func(c pay.Currency) (int64, error) {
		return tx.OperationSpending(o, key.Lineage, c, today)
	})
}
