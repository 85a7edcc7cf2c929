package api

import (
	"context"
	"net/http"

	"florin/internal/engine"
	"florin/internal/pay"
)

// Balance is what stands for a partner in one currency.
type Balance struct {
	Currency  string `json:"currency" example:"USD"`
	Available string `json:"available" doc:"Can be transferred, paid out or debited; below zero the partner owes it." example:"40.00"`
	Pending   string `json:"pending" doc:"Earned, until Stripe lets go of the funds." example:"12.00"`
	Held      string `json:"held" doc:"Set aside for payouts under way." example:"0.00"`
	AtStripe  string `json:"at_stripe" doc:"In the partner's own account at Stripe, by our books." example:"0.00"`
}

// AccountBalance is what stands for a partner.
type AccountBalance struct {
	AccountID string    `json:"account_id" format:"uuid"`
	DebtLimit int64     `json:"debt_limit" doc:"How far available may be below zero, in minor units of each currency."`
	Balances  []Balance `json:"balances" doc:"One for each currency that anything was ever booked in."`
}

func accountBalanceView(b pay.AccountBalance) AccountBalance {
	view := AccountBalance{AccountID: string(b.Account.ID), DebtLimit: b.Account.DebtLimit, Balances: []Balance{}}
	for _, one := range b.Balances {
		decimal := func(minor int64) string { return pay.Amount(minor, one.Currency).Decimal() }
		view.Balances = append(view.Balances, Balance{
			Currency: string(one.Currency), Available: decimal(one.Available), Pending: decimal(one.Pending),
			Held: decimal(one.Held), AtStripe: decimal(one.Stripe),
		})
	}
	return view
}

// BalanceChange is a debit or credit of a partner.
type BalanceChange struct {
	ID        string  `json:"id" format:"uuid" doc:"Of the ledger transaction."`
	AccountID string  `json:"account_id" format:"uuid"`
	Kind      string  `json:"kind" enum:"debit,credit"`
	Amount    string  `json:"amount" example:"5.00"`
	Currency  string  `json:"currency" example:"USD"`
	Reason    string  `json:"reason" example:"priority, week 12"`
	PaymentID *string `json:"payment_id"`
	Available string  `json:"available" doc:"What is available to the partner after it." example:"35.00"`
	CreatedAt string  `json:"created_at" format:"date-time"`
}

// BalanceChange is the reply to a debit or credit.
func (Presenter) BalanceChange(t pay.LedgerTransaction, account pay.ID, available pay.Money) engine.Reply {
	amount := t.Entries[0].Amount // what comes to an account is written first
	return reply(t.ID, BalanceChange{
		ID: string(t.ID), AccountID: string(account), Kind: string(t.Kind), Amount: amount.Decimal(), Currency: string(amount.Currency),
		Reason: t.Note, PaymentID: orNull(string(t.Payment)), Available: available.Decimal(), CreatedAt: stamp(t.At),
	}, engine.StandingCreated, pay.Failure{})
}

// NewBalanceChange is the body of POST /v1/accounts/{id}/debits and credits.
type NewBalanceChange struct {
	Amount    Amount `json:"amount" doc:"In whole units of the currency."`
	Currency  string `json:"currency" maxLength:"8" example:"USD"`
	Reason    string `json:"reason" maxLength:"200" doc:"The partner reads it on statements." example:"priority, week 12"`
	Against   string `json:"against,omitempty" enum:"partner_fees,adjustments" default:"partner_fees" doc:"Where it is booked on the merchant's side: what partners pay for, or what is put right by hand."`
	PaymentID string `json:"payment_id,omitempty" maxLength:"64" doc:"The payment that it belongs to."`
}

func (b NewBalanceChange) change(account pay.ID) (engine.BalanceChange, error) {
	currency, err := pay.ParseCurrency(b.Currency)
	if err != nil {
		return engine.BalanceChange{}, err
	}
	if b.Amount == "" {
		return engine.BalanceChange{}, pay.Invalid(pay.CodeMissingField, "amount", "amount is required")
	}
	amount, err := b.Amount.money(currency)
	if err != nil {
		return engine.BalanceChange{}, err
	}
	payment, err := parseID(b.PaymentID, "payment_id")
	return engine.BalanceChange{Account: account, Amount: amount, Reason: b.Reason, Against: pay.LedgerAccount(b.Against), Payment: payment}, err
}

func debitAccount(ctx context.Context, e *engine.Engine, ask engine.Ask, id pay.ID, body NewBalanceChange) (engine.Reply, error) {
	change, err := body.change(id)
	if err != nil {
		return engine.Reply{}, err
	}
	return e.DebitAccount(ctx, ask, change)
}

func creditAccount(ctx context.Context, e *engine.Engine, ask engine.Ask, id pay.ID, body NewBalanceChange) (engine.Reply, error) {
	change, err := body.change(id)
	if err != nil {
		return engine.Reply{}, err
	}
	return e.CreditAccount(ctx, ask, change)
}

// LedgerBalance is what stands on one ledger account.
type LedgerBalance struct {
	LedgerAccount string `json:"ledger_account" doc:"stripe, sales, refunds… or a partner's: partner:<id>:available." example:"stripe"`
	Balance       string `json:"balance" doc:"Signed: what you have is positive, what you earned or owe is negative." example:"691.00"`
	Currency      string `json:"currency" example:"USD"`
}

func ledgerBalanceView(e pay.Entry) LedgerBalance {
	return LedgerBalance{LedgerAccount: string(e.Account), Balance: e.Amount.Decimal(), Currency: string(e.Amount.Currency)}
}

// ledgerBalances answers what stands on each account; all on one page, since
// whoever adds them up wants one moment.
func ledgerBalances(s *server, in *intake) error {
	balances, err := s.engine.LedgerBalances(in.ctx(), in.key.Owner)
	if err != nil {
		return err
	}
	in.sendList(views(balances, ledgerBalanceView), "")
	return nil
}

const ledgerTag = "Ledger"

// balanceChangeCodes are those that a debit or credit may end with.
var balanceChangeCodes = []pay.Code{pay.CodeNotFound, pay.CodeInvalidAmount, pay.CodeAmountTooLarge, pay.CodeInvalidCurrency, pay.CodeMissingField, pay.CodeInvalidField}

var ledgerRoutes = []Route{
	one(Route{
		Method: http.MethodGet, Path: "/v1/accounts/{id}/balance", Scope: pay.ScopeLedgerRead, Key: KeyUnused,
		Tag: ledgerTag, Name: "getAccountBalance", Status: http.StatusOK, Gives: AccountBalance{},
		Summary: "Read a partner's balance", Detail: "What you owe the partner in-app, and what is in the partner's own account at Stripe.",
		Codes: []pay.Code{pay.CodeNotFound},
	}, (*engine.Engine).AccountBalance, accountBalanceView),
	changeWith(Route{
		Method: http.MethodPost, Path: "/v1/accounts/{id}/debits", Scope: pay.ScopeLedgerWrite, Key: KeyRequired,
		Tag: ledgerTag, Name: "debitAccount", Status: http.StatusCreated, Gives: BalanceChange{},
		Summary: "Let a partner pay in-app",
		Detail:  "Takes from what is available to the partner, without asking Stripe. More than that is refused, unless the account's debt_limit allows it.",
		Codes:   append([]pay.Code{pay.CodeBalanceTooLow}, balanceChangeCodes...),
	}, debitAccount),
	changeWith(Route{
		Method: http.MethodPost, Path: "/v1/accounts/{id}/credits", Scope: pay.ScopeLedgerWrite, Key: KeyRequired,
		Tag: ledgerTag, Name: "creditAccount", Status: http.StatusCreated, Gives: BalanceChange{},
		Summary: "Give to a partner in-app", Detail: "Available at once; it is paid out like all else. Nothing is asked of Stripe.",
		Codes: balanceChangeCodes,
	}, creditAccount),
	{
		Method: http.MethodGet, Path: "/v1/ledger/balances", Scope: pay.ScopeLedgerRead, Key: KeyUnused,
		Tag: ledgerTag, Name: "listLedgerBalances", Status: http.StatusOK, Gives: LedgerBalance{}, List: true,
		Summary: "Read what stands on each ledger account", Detail: "All accounts of a currency sum to zero.",
		handle: ledgerBalances,
	},
	{
		Method: http.MethodGet, Path: "/v1/ledger/entries", Scope: pay.ScopeLedgerRead, Key: KeyUnused,
		Tag: ledgerTag, Name: "listLedgerEntries", Status: http.StatusOK, Gives: LedgerEntry{}, List: true, CSV: true,
		Summary: "List and filter ledger entries",
		Detail: "Newest first unless sort says otherwise. Entries with the same transaction_id sum to zero in each currency; none is ever changed. " +
			"With Accept: text/csv the answer has every page, up to 100,000 rows.",
		Codes: []pay.Code{pay.CodeInvalidCursor, pay.CodeInvalidCurrency, pay.CodeInvalidID, pay.CodeInvalidField},
		asks:  typeOf[LedgerQuery](), handle: listLedgerEntries,
	},
	{
		Method: http.MethodGet, Path: "/v1/ledger/statement", Scope: pay.ScopeLedgerRead, Key: KeyUnused,
		Tag: ledgerTag, Name: "getStatement", Status: http.StatusOK, Gives: StatementLine{}, List: true, CSV: true,
		Summary: "Read a statement",
		Detail: "Of a partner, of one ledger account, or of all your own when neither is named: what stood there at since, what came and went, and what stood " +
			"there at until. With Accept: text/csv every entry is a line between opening and closing balance, up to 100,000.",
		Codes: []pay.Code{pay.CodeInvalidCurrency, pay.CodeInvalidID, pay.CodeInvalidField, pay.CodeNotFound, pay.CodeLimitReached},
		asks:  typeOf[StatementQuery](), handle: statement,
	},
}
