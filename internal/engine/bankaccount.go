package engine

import (
	"context"
	"slices"

	"florin/internal/pay"
	"florin/internal/store"
)

// AddBankAccount adds where an account's payouts go, by the token that
// Stripe.js made of its numbers.
//
// Errors: missing_field, invalid_field, and those of UpdateAccount.
func (e *Engine) AddBankAccount(ctx context.Context, ask Ask, id pay.ID, bank pay.BankOrder) (Reply, error) {
	if err := checkToken(bank.Token); err != nil {
		return Reply{}, err
	}
	return e.changeAccount(ctx, ask, id, pay.ActionAddBankAccount, func(_ *store.Tx, a pay.Account) (pay.Wire, error) {
		return e.stripe.AddBankAccount(a, bank)
	})
}

// RemoveBankAccount forgets where payouts went.
//
// Errors: invalid_field, and those of UpdateAccount.
func (e *Engine) RemoveBankAccount(ctx context.Context, ask Ask, id pay.ID, ref string) (Reply, error) {
	if err := checkBankRef(ref); err != nil {
		return Reply{}, err
	}
	return e.changeAccount(ctx, ask, id, pay.ActionRemoveBankAccount, func(_ *store.Tx, a pay.Account) (pay.Wire, error) {
		return e.stripe.RemoveBankAccount(a, ref)
	})
}

// BankAccounts is where an account's payouts may go, read from Stripe now.
//
// Errors: not_found, account_disabled, and those of Finder.
func (e *Engine) BankAccounts(ctx context.Context, o pay.Owner, id pay.ID) ([]pay.BankAccount, error) {
	a, err := e.Account(ctx, o, id)
	if err != nil {
		return nil, err
	}
	if err := a.CheckKnown(); err != nil {
		return nil, err
	}
	todo, err := e.errandFor(ctx, pay.Call{Owner: o, Connection: a.Connection})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, e.cfg.CallTimeout)
	defer cancel()
	return e.stripe.FindBankAccounts(ctx, todo.access, a.ProviderRef)
}

// bankDeeds are what is asked of Stripe for where payouts go.
func (e *Engine) bankDeeds() map[pay.Action]deed {
	return map[pay.Action]deed{
		pay.ActionAddBankAccount:    {e.settleBank, lookForNothing, e.openAccount},
		pay.ActionRemoveBankAccount: {e.settleBank, e.lookForNoBank, e.openAccount},
	}
}

// settleBank replies with what came of it; that the account may now be paid
// out, or not any more, follows as an event.
func (e *Engine) settleBank(tx *store.Tx, call pay.Call, answer pay.Answer) (settlement, error) {
	a, err := tx.Account(call.Owner, call.Subject)
	switch {
	case err != nil:
		return settlement{}, err
	case answer.Outcome != pay.OutcomeDone && answer.Err != nil:
		return settlement{reply: e.present.AccountRefusal(answer.Err, a)}, nil
	case answer.Bank != nil:
		return settlement{reply: e.present.BankAccount(a, *answer.Bank)}, nil
	}
	return settlement{reply: e.present.Account(a, StandingDone)}, nil
}

// lookForNoBank finds out whether a bank account was removed: the last part of
// the call's path is its ref.
func (e *Engine) lookForNoBank(ctx context.Context, todo errand) (pay.Answer, error) {
	banks, err := e.BankAccounts(ctx, todo.call.Owner, todo.call.Subject)
	if err != nil {
		return pay.Answer{}, err
	}
	if slices.ContainsFunc(banks, func(b pay.BankAccount) bool { return endsIn(todo.call.Wire.Path, b.Ref) }) {
		return pay.Answer{}, pay.Errorf(pay.CodeNotFound, "the bank account is still there")
	}
	return pay.Answer{}, nil
}
