package api

import (
	"context"
	"net/http"

	"florin/internal/engine"
	"florin/internal/pay"
)

// Account is a partner's connected account as callers and merchants' endpoints
// read it.
type Account struct {
	ID               string            `json:"id" format:"uuid"`
	MerchantID       string            `json:"merchant_id" format:"uuid"`
	Mode             string            `json:"mode" enum:"test,live"`
	Type             string            `json:"type" enum:"standard,express,custom,none" doc:"Who deals with the partner: Stripe with its own dashboard, Stripe's pages, or you alone; none for other arrangements of Stripe's."`
	Status           string            `json:"status" enum:"pending,enabled,restricted,rejected,failed,removed" doc:"enabled takes money; pending and restricted wait for what requirements says."`
	ProviderRef      string            `json:"provider_ref" doc:"Stripe's acct_…; empty until Stripe answered." example:"acct_1abc"`
	Country          string            `json:"country" example:"US"`
	Currency         string            `json:"currency" doc:"Its default; empty until Stripe answered." example:"USD"`
	Email            string            `json:"email"`
	Name             string            `json:"name" doc:"What you call the partner."`
	ChargesEnabled   bool              `json:"charges_enabled" doc:"Takes direct charges."`
	TransfersEnabled bool              `json:"transfers_enabled" doc:"Takes transfers: destination and separate charges."`
	PayoutsEnabled   bool              `json:"payouts_enabled" doc:"Its money can be paid out to its bank."`
	DetailsSubmitted bool              `json:"details_submitted"`
	Requirements     Requirements      `json:"requirements"`
	DebtLimit        int64             `json:"debt_limit" doc:"How far its in-app balance may be below zero, in minor units of each currency."`
	Metadata         map[string]string `json:"metadata"`
	Error            *Failure          `json:"error" doc:"Why Stripe refused to make the account; null otherwise."`
	Sequence         int64             `json:"sequence" doc:"Grows with every change."`
	CreatedAt        string            `json:"created_at" format:"date-time"`
	UpdatedAt        string            `json:"updated_at" format:"date-time"`
}

// Requirements is what Stripe still wants to know of a partner.
type Requirements struct {
	CurrentlyDue        []string `json:"currently_due" doc:"In Stripe's names." example:"external_account"`
	PastDue             []string `json:"past_due" doc:"Missing so long that something was disabled."`
	EventuallyDue       []string `json:"eventually_due"`
	PendingVerification []string `json:"pending_verification" doc:"Being checked by Stripe."`
	DisabledReason      *string  `json:"disabled_reason" doc:"Why something is disabled; null when nothing is."`
	Deadline            *string  `json:"deadline" format:"date-time" doc:"When what is currently due must be there."`
}

func accountView(a pay.Account) Account {
	needs := a.Requirements
	return Account{
		ID: string(a.ID), MerchantID: string(a.Owner.Merchant), Mode: string(a.Owner.Mode), Type: string(a.Type), Status: string(a.Status),
		ProviderRef: a.ProviderRef, Country: a.Country, Currency: string(a.Currency), Email: a.Email, Name: a.Name,
		ChargesEnabled: a.ChargesEnabled, TransfersEnabled: a.TransfersEnabled, PayoutsEnabled: a.PayoutsEnabled, DetailsSubmitted: a.DetailsSubmitted,
		Requirements: Requirements{
			CurrentlyDue: texts(needs.CurrentlyDue), PastDue: texts(needs.PastDue), EventuallyDue: texts(needs.EventuallyDue),
			PendingVerification: texts(needs.PendingVerification), DisabledReason: orNull(needs.DisabledReason), Deadline: stampOrNull(needs.Deadline),
		},
		DebtLimit: a.DebtLimit, Metadata: orEmpty(a.Metadata), Error: failureView(a.Failure), Sequence: a.Sequence,
		CreatedAt: stamp(a.CreatedAt), UpdatedAt: stamp(a.UpdatedAt),
	}
}

// Account is the reply to a write that made or changed a partner's account.
func (Presenter) Account(a pay.Account, standing engine.Standing) engine.Reply {
	return reply(a.ID, accountView(a), standing, a.Failure)
}

// AccountRefusal is the reply to a change of an account that Stripe refused:
// why, and the account as it still is.
func (Presenter) AccountRefusal(err *pay.Error, a pay.Account) engine.Reply {
	return refusal(a.ID, accountView(a), err.Code, Problem{Message: err.Message, Field: err.Field, Fields: err.Fields})
}

// AccountEvent is the body of an event about a partner's account.
func (Presenter) AccountEvent(e pay.Event, a pay.Account) []byte { return eventBody(e, accountView(a)) }

// NewAccount is the body of POST /v1/accounts.
type NewAccount struct {
	Type         string            `json:"type,omitempty" enum:"standard,express,custom" doc:"This or provider_ref."`
	ProviderRef  string            `json:"provider_ref,omitempty" maxLength:"255" doc:"An account that is connected to the platform already." example:"acct_1abc"`
	Country      string            `json:"country,omitempty" maxLength:"2" doc:"ISO 3166; the platform's own when absent." example:"US"`
	Email        string            `json:"email,omitempty" maxLength:"254" example:"driver@example.com"`
	Name         string            `json:"name,omitempty" maxLength:"256" example:"Jenny Rosen"`
	BusinessType string            `json:"business_type,omitempty" enum:"individual,company,non_profit,government_entity"`
	Capabilities []string          `json:"capabilities,omitempty" maxItems:"20" doc:"What to ask Stripe for; card_payments and transfers when absent. transfers alone needs fewer details."`
	Details      pay.Details       `json:"details,omitempty" doc:"What Stripe must know, in its own names: business_profile, company, individual, settings, tos_acceptance, account_token. In live mode without identity numbers, which belong on the onboarding page."`
	DebtLimit    int64             `json:"debt_limit,omitempty" minimum:"0" doc:"How far its in-app balance may be below zero, in minor units."`
	Metadata     map[string]string `json:"metadata,omitempty" doc:"At most 45 keys of 40 characters, values of 500."`
}

func createAccount(ctx context.Context, e *engine.Engine, ask engine.Ask, body NewAccount) (engine.Reply, error) {
	return e.CreateAccount(ctx, ask, engine.AccountRequest{
		Type: pay.AccountType(body.Type), ProviderRef: body.ProviderRef, Country: body.Country, Email: body.Email, Name: body.Name,
		BusinessType: body.BusinessType, Capabilities: body.Capabilities, Details: body.Details, DebtLimit: body.DebtLimit, Metadata: body.Metadata,
	})
}

// AccountChange is the body of PATCH /v1/accounts/{id}.
type AccountChange struct {
	Name         *string           `json:"name,omitempty" maxLength:"256"`
	Email        *string           `json:"email,omitempty" maxLength:"254"`
	BusinessType string            `json:"business_type,omitempty" enum:"individual,company,non_profit,government_entity"`
	Capabilities []string          `json:"capabilities,omitempty" maxItems:"20" doc:"More to ask Stripe for."`
	Details      pay.Details       `json:"details,omitempty" doc:"As for a new account."`
	DebtLimit    *int64            `json:"debt_limit,omitempty" minimum:"0"`
	Metadata     map[string]string `json:"metadata,omitempty" doc:"Takes the place of all there is."`
}

func updateAccount(ctx context.Context, e *engine.Engine, ask engine.Ask, id pay.ID, body AccountChange) (engine.Reply, error) {
	return e.UpdateAccount(ctx, ask, engine.AccountChange{
		Account: id, Name: body.Name, Email: body.Email, BusinessType: body.BusinessType, Capabilities: body.Capabilities,
		Details: body.Details, DebtLimit: body.DebtLimit, Metadata: body.Metadata,
	})
}

// AccountQuery is the query of GET /v1/accounts.
type AccountQuery struct {
	Page
	Status []string `json:"status,omitempty" enum:"pending,enabled,restricted,rejected,failed,removed" doc:"One or several, repeated or with commas."`
}

func accounts(ctx context.Context, e *engine.Engine, o pay.Owner, q AccountQuery) (pay.List[pay.Account], error) {
	return e.Accounts(ctx, o, pay.AccountFilter{Statuses: words[pay.AccountStatus](q.Status)}, q.page())
}

// Rejection is the body of POST /v1/accounts/{id}/reject.
type Rejection struct {
	Reason string `json:"reason" enum:"fraud,terms_of_service,other"`
}

func rejectAccount(ctx context.Context, e *engine.Engine, ask engine.Ask, id pay.ID, body Rejection) (engine.Reply, error) {
	return e.RejectAccount(ctx, ask, id, pay.RejectReason(body.Reason))
}

// OnboardingLink is a page of Stripe's for one visit.
type OnboardingLink struct {
	AccountID string `json:"account_id" format:"uuid"`
	URL       string `json:"url" doc:"Send the partner's browser here, once; a second visit leads to refresh_url."`
	ExpiresAt string `json:"expires_at" format:"date-time" doc:"Minutes from now."`
}

// OnboardingLink is the reply to a request for a link.
func (Presenter) OnboardingLink(a pay.Account, link pay.Link) engine.Reply {
	view := OnboardingLink{AccountID: string(a.ID), URL: link.URL, ExpiresAt: stamp(link.ExpiresAt)}
	return reply(a.ID, view, engine.StandingCreated, pay.Failure{})
}

// NewLink is the body of POST /v1/accounts/{id}/onboarding-link.
type NewLink struct {
	ReturnURL  string `json:"return_url,omitempty" maxLength:"2048" doc:"Where the partner comes back to; a plain page of Florin's when absent. Coming back does not mean that all was told: read the account."`
	RefreshURL string `json:"refresh_url,omitempty" maxLength:"2048" doc:"Where a link leads that was used or is too old; make a new link there."`
}

func onboardingLink(ctx context.Context, e *engine.Engine, ask engine.Ask, id pay.ID, body NewLink) (engine.Reply, error) {
	return e.OnboardingLink(ctx, ask, id, pay.LinkOrder{ReturnURL: body.ReturnURL, RefreshURL: body.RefreshURL})
}

const accountsTag = "Accounts"

// accountCodes are those that any change of an account may end with.
var accountCodes = append([]pay.Code{pay.CodeNotFound, pay.CodeAccountDisabled, pay.CodeInProgress, pay.CodeInvalidField}, settled...)

var accountRoutes = []Route{
	write(Route{
		Method: http.MethodPost, Path: "/v1/accounts", Scope: pay.ScopeAccountsWrite, Key: KeyHonoured,
		Tag: accountsTag, Name: "createAccount", Status: http.StatusCreated, Gives: Account{},
		Summary: "Connect a partner",
		Detail: "Makes a connected account at Stripe (standard, express or custom), or takes over one that is connected already. " +
			"A new account takes no money until Stripe knows who the partner is: send them an onboarding link, and wait for account.enabled.",
		Codes: append([]pay.Code{pay.CodeMissingField, pay.CodeInvalidField, pay.CodeInvalidMetadata, pay.CodeNotFound, pay.CodeExists}, settled...),
	}, createAccount),
	list(Route{
		Method: http.MethodGet, Path: "/v1/accounts", Scope: pay.ScopeAccountsRead, Key: KeyUnused,
		Tag: accountsTag, Name: "listAccounts", Status: http.StatusOK, Gives: Account{}, List: true,
		Summary: "List accounts", Detail: "Newest first.", Codes: []pay.Code{pay.CodeInvalidCursor},
	}, accounts, accountView),
	one(Route{
		Method: http.MethodGet, Path: "/v1/accounts/{id}", Scope: pay.ScopeAccountsRead, Key: KeyUnused,
		Tag: accountsTag, Name: "getAccount", Status: http.StatusOK, Gives: Account{},
		Summary: "Read an account", Codes: []pay.Code{pay.CodeNotFound},
	}, (*engine.Engine).Account, accountView),
	changeWith(Route{
		Method: http.MethodPatch, Path: "/v1/accounts/{id}", Scope: pay.ScopeAccountsWrite, Key: KeyHonoured,
		Tag: accountsTag, Name: "updateAccount", Status: http.StatusOK, Gives: Account{},
		Summary: "Change an account", Detail: "name, debt_limit and metadata are Florin's own and are changed even when Stripe refuses the rest.",
		Codes: append([]pay.Code{pay.CodeMissingField, pay.CodeInvalidMetadata}, accountCodes...),
	}, updateAccount),
	change(Route{
		Method: http.MethodDelete, Path: "/v1/accounts/{id}", Scope: pay.ScopeAccountsWrite, Key: KeyHonoured,
		Tag: accountsTag, Name: "deleteAccount", Status: http.StatusOK, Gives: Account{},
		Summary: "Delete an account", Detail: "At Stripe, which refuses while it has a balance. Here it stays as removed, for the books.",
		Codes: accountCodes,
	}, (*engine.Engine).DeleteAccount),
	changeWith(Route{
		Method: http.MethodPost, Path: "/v1/accounts/{id}/reject", Scope: pay.ScopeAccountsWrite, Key: KeyHonoured,
		Tag: accountsTag, Name: "rejectAccount", Status: http.StatusOK, Gives: Account{},
		Summary: "Reject a partner for good", Detail: "No money moves to or through the account any more.", Codes: accountCodes,
	}, rejectAccount),
	changeWith(Route{
		Method: http.MethodPost, Path: "/v1/accounts/{id}/onboarding-link", Scope: pay.ScopeAccountsWrite, Key: KeyHonoured,
		Tag: accountsTag, Name: "createOnboardingLink", Status: http.StatusCreated, Gives: OnboardingLink{},
		Summary: "Make a link to the page where the partner tells who they are",
		Detail:  "The link works once, for a few minutes, and is a secret of the partner's: do not send it by e-mail.",
		Codes:   append([]pay.Code{pay.CodeInvalidURL}, accountCodes...),
	}, onboardingLink),
}
