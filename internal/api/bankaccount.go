package api

import (
	"context"
	"net/http"

	"florin/internal/engine"
	"florin/internal/pay"
)

// BankAccount is where an account's payouts go, as Stripe shows it now.
type BankAccount struct {
	ProviderRef string `json:"provider_ref" doc:"Stripe's ba_… or card_…." example:"ba_1abc"`
	AccountID   string `json:"account_id" format:"uuid"`
	Kind        string `json:"kind" enum:"bank_account,card" doc:"card is a debit card that takes payouts."`
	Bank        string `json:"bank" example:"STRIPE TEST BANK"`
	Last4       string `json:"last4" example:"6789"`
	Routing     string `json:"routing_number"`
	Holder      string `json:"holder"`
	Country     string `json:"country" example:"US"`
	Currency    string `json:"currency" example:"USD"`
	Status      string `json:"status" doc:"errored takes no more payouts." example:"new"`
	IsDefault   bool   `json:"is_default" doc:"Where payouts of its currency go."`
}

func bankView(id pay.ID, b pay.BankAccount) BankAccount {
	return BankAccount{
		ProviderRef: b.Ref, AccountID: string(id), Kind: b.Kind, Bank: b.Bank, Last4: b.Last4, Routing: b.Routing, Holder: b.Holder,
		Country: b.Country, Currency: string(b.Currency), Status: b.Status, IsDefault: b.Default,
	}
}

// BankAccount is the reply to a write that added where payouts go.
func (Presenter) BankAccount(a pay.Account, b pay.BankAccount) engine.Reply {
	return reply(a.ID, bankView(a.ID, b), engine.StandingCreated, pay.Failure{})
}

// NewBankAccount is the body of POST /v1/accounts/{id}/external-accounts.
type NewBankAccount struct {
	ExternalAccount string `json:"external_account" minLength:"1" maxLength:"255" doc:"The token that Stripe.js made: btok_… of a bank account, tok_… of a debit card. Numbers are never sent here." example:"btok_us_verified"`
	IsDefault       bool   `json:"is_default,omitempty" doc:"Send payouts of its currency here from now on; the first of a currency gets them anyway."`
}

func addBankAccount(ctx context.Context, e *engine.Engine, ask engine.Ask, id pay.ID, body NewBankAccount) (engine.Reply, error) {
	return e.AddBankAccount(ctx, ask, id, pay.BankOrder{Token: body.ExternalAccount, Default: body.IsDefault})
}

func listBankAccounts(s *server, in *intake) error {
	id, err := in.id()
	if err != nil {
		return err
	}
	found, err := s.engine.BankAccounts(in.ctx(), in.key.Owner, id)
	if err != nil {
		return err
	}
	in.sendList(views(found, func(b pay.BankAccount) BankAccount { return bankView(id, b) }), "")
	return nil
}

// removeBankAccount names two things in its path, the second by Stripe's id.
func removeBankAccount(s *server, in *intake) (engine.Reply, error) {
	if err := in.body(&nothing{}); err != nil {
		return engine.Reply{}, err
	}
	id, err := in.id()
	if err != nil {
		return engine.Reply{}, err
	}
	return s.engine.RemoveBankAccount(in.ctx(), in.ask(), id, in.r.PathValue("ref"))
}

const bankPath = "/v1/accounts/{id}/external-accounts"

var bankAccountRoutes = []Route{
	changeWith(Route{
		Method: http.MethodPost, Path: bankPath, Scope: pay.ScopeAccountsWrite, Key: KeyHonoured,
		Tag: accountsTag, Name: "addExternalAccount", Status: http.StatusCreated, Gives: BankAccount{},
		Summary: "Add where an account's payouts go", Codes: append([]pay.Code{pay.CodeMissingField}, accountCodes...),
	}, addBankAccount),
	{
		Method: http.MethodGet, Path: bankPath, Scope: pay.ScopeAccountsRead, Key: KeyUnused,
		Tag: accountsTag, Name: "listExternalAccounts", Status: http.StatusOK, Gives: BankAccount{}, List: true,
		Summary: "List where an account's payouts may go", Detail: "Read from Stripe now; nothing of it is kept.",
		Codes: []pay.Code{pay.CodeNotFound, pay.CodeAccountDisabled, pay.CodeProviderUnreachable, pay.CodeProviderBusy}, handle: listBankAccounts,
	},
	Route{
		Method: http.MethodDelete, Path: bankPath + "/{ref}", Scope: pay.ScopeAccountsWrite, Key: KeyHonoured,
		Tag: accountsTag, Name: "removeExternalAccount", Status: http.StatusOK, Gives: Account{},
		Summary: "Remove where payouts went", Detail: "Stripe keeps the default one of the account's own currency until another is the default.",
		Codes: accountCodes,
	}.taking(nothing{}, removeBankAccount),
}
