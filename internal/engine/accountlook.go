package engine

import (
	"context"
	"errors"

	"florin/internal/pay"
	"florin/internal/store"
)

// accountBatch bounds one sweep over accounts that are due to be looked up.
const accountBatch = 50

// LookUpAccounts asks Stripe about accounts that nothing was heard of for too
// long: events may be lost.
func (e *Engine) LookUpAccounts(ctx context.Context) (int, error) {
	due, err := read(ctx, e, func(tx *store.Tx) ([]pay.Account, error) { return tx.DueAccounts(tx.Now(), accountBatch) })
	if err != nil {
		return 0, err
	}
	for _, a := range due {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		if _, err := e.lookAtAccount(ctx, a); err != nil {
			e.log.WarnContext(ctx, "an account could not be looked up", "account", a.ID, "error", err)
			if err := e.putOffAccount(ctx, a); err != nil {
				return 0, err
			}
		}
	}
	return len(due), nil
}

// putOffAccount lets a look-up that failed wait for its next turn.
func (e *Engine) putOffAccount(ctx context.Context, a pay.Account) error {
	return e.store.Write(ctx, func(tx *store.Tx) error {
		a, err := tx.LockAccount(a.Owner, a.ID)
		if err != nil {
			return err
		}
		a.LookAt = tx.Now().Add(maxLook)
		return tx.UpdateAccount(a)
	})
}

// applyAccount is what is done about a Stripe event of an account: read it
// again and take over what is new.
func (e *Engine) applyAccount(ctx context.Context, ev pay.ProviderEvent, hint pay.EventHint) (note string, err error) {
	ref := hint.Account
	if ref == "" {
		ref = hint.ObjectRef
	}
	a, err := read(ctx, e, func(tx *store.Tx) (pay.Account, error) { return tx.AccountByRef(ev.Owner, ref) })
	if pay.Is(err, pay.CodeNotFound) {
		return "", errNotOurs
	}
	if err != nil {
		return "", err
	}
	changed, err := e.lookAtAccount(ctx, a)
	if err == nil && !changed {
		return "nothing new", nil
	}
	return "read from Stripe and taken over", err
}

// lookAtAccount reads an account from Stripe and takes over what is new.
func (e *Engine) lookAtAccount(ctx context.Context, a pay.Account) (changed bool, err error) {
	todo, err := e.errandFor(ctx, pay.Call{Owner: a.Owner, Connection: a.Connection})
	if err != nil {
		return false, err
	}
	report, err := e.readAccount(ctx, todo.access, pay.AccountSought{Ref: a.ProviderRef})
	if err != nil {
		return false, err
	}
	if report.AccountID != "" && report.AccountID != a.ID {
		return false, errors.New("engine: Stripe's account carries the id of another account")
	}
	err = e.store.Write(ctx, func(tx *store.Tx) error {
		before, err := tx.LockAccount(a.Owner, a.ID)
		if err != nil {
			return err
		}
		after, err := e.takeOverAccount(tx, before, report)
		changed = after.Sequence != before.Sequence
		return err
	})
	return changed, err
}
