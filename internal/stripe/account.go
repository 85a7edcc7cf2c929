package stripe

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	stripego "github.com/stripe/stripe-go/v85"
	"github.com/stripe/stripe-go/v85/form"

	"florin/internal/pay"
)

// accountInvalid is Stripe's code for an account that the key may not use: it
// was deleted, or the partner took the rights away
// (docs.stripe.com/error-codes#account-invalid).
const accountInvalid stripego.ErrorCode = "account_invalid"

// maxExternal bounds the list of an account's bank accounts: one page, many
// times what anybody has.
const maxExternalPages = 1

// CreateAccount writes the request that makes a partner's account.
func (g *Gateway) CreateAccount(a pay.Account, order pay.AccountOrder) (pay.Wire, error) {
	params := &stripego.AccountCreateParams{
		Type:         stripego.String(string(a.Type)),
		Country:      optional(a.Country),
		Email:        optional(a.Email),
		BusinessType: optional(order.BusinessType),
		Metadata:     tagged(a.Metadata, map[string]string{keyAccount: string(a.ID), keyMerchant: string(a.Owner.Merchant)}),
	}
	if a.Name != "" && !order.Details.Has("business_profile", "name") {
		params.BusinessProfile = &stripego.AccountCreateBusinessProfileParams{Name: stripego.String(a.Name)}
	}
	return detailed("/v1/accounts", params, order), nil
}

// detailed writes a POST of parameters together with what the caller says in
// Stripe's own names.
func detailed(path string, params any, order pay.AccountOrder) pay.Wire {
	values := &form.Values{}
	form.AppendTo(values, params)
	for _, name := range order.Capabilities {
		values.Add("capabilities["+name+"][requested]", "true")
	}
	order.Details.Walk(values.Add)
	return pay.Wire{Method: http.MethodPost, Path: path, Body: values.Encode(), APIVersion: stripego.APIVersion}
}

// UpdateAccount writes the request that tells Stripe more about a partner.
func (g *Gateway) UpdateAccount(a pay.Account, order pay.AccountOrder) (pay.Wire, error) {
	params := &stripego.AccountUpdateParams{Email: optional(order.Email), BusinessType: optional(order.BusinessType)}
	return detailed(accountPath(a), params, order), nil
}

func accountPath(a pay.Account) string {
	return stripego.FormatURLPath("/v1/accounts/%s", a.ProviderRef)
}

// RejectAccount writes the request after which an account may do nothing.
func (g *Gateway) RejectAccount(a pay.Account, reason pay.RejectReason) (pay.Wire, error) {
	return compose(accountPath(a)+"/reject", &stripego.AccountRejectParams{Reason: stripego.String(string(reason))}), nil
}

// DeleteAccount writes the request that deletes an account for good.
func (g *Gateway) DeleteAccount(a pay.Account) (pay.Wire, error) {
	return pay.Wire{Method: http.MethodDelete, Path: accountPath(a), APIVersion: stripego.APIVersion}, nil
}

// OnboardingLink writes the request for a page where the partner tells Stripe
// who they are.
func (g *Gateway) OnboardingLink(a pay.Account, order pay.LinkOrder) (pay.Wire, error) {
	return compose("/v1/account_links", &stripego.AccountLinkCreateParams{
		Account:    stripego.String(a.ProviderRef),
		Type:       stripego.String("account_onboarding"),
		RefreshURL: stripego.String(order.RefreshURL),
		ReturnURL:  stripego.String(order.ReturnURL),
	}), nil
}

// AddBankAccount writes the request that adds where payouts go.
func (g *Gateway) AddBankAccount(a pay.Account, order pay.BankOrder) (pay.Wire, error) {
	values := &form.Values{}
	values.Add("external_account", order.Token)
	if order.Default {
		values.Add("default_for_currency", "true")
	}
	return pay.Wire{Method: http.MethodPost, Path: accountPath(a) + "/external_accounts", Body: values.Encode(), APIVersion: stripego.APIVersion}, nil
}

// RemoveBankAccount writes the request that forgets where payouts go.
func (g *Gateway) RemoveBankAccount(a pay.Account, ref string) (pay.Wire, error) {
	path := stripego.FormatURLPath("/v1/accounts/%s/external_accounts/%s", a.ProviderRef, ref)
	return pay.Wire{Method: http.MethodDelete, Path: path, APIVersion: stripego.APIVersion}, nil
}

// FindAccount reads an account by its ref or, when that is empty, by our id in
// its metadata among all that were created since. An account that the key may
// not use any more is gone.
//
// Errors: those of a read; not_found only when the whole list was seen.
func (g *Gateway) FindAccount(ctx context.Context, access pay.Access, sought pay.AccountSought) (pay.AccountReport, error) {
	r := reader{g: g, access: access, name: "find_account"}
	if sought.Ref == "" {
		body, err := r.findCreated(ctx, created{path: "/v1/accounts", key: keyAccount, id: sought.ID, since: sought.Since})
		if err != nil {
			return pay.AccountReport{}, err
		}
		return readAccount(body)
	}
	wire := pay.Wire{Method: http.MethodGet, Path: stripego.FormatURLPath("/v1/accounts/%s", sought.Ref), APIVersion: stripego.APIVersion}
	got, verdict := r.ask(ctx, request{access: access, wire: wire})
	switch {
	case verdict == pay.OutcomeDone:
		return readAccount(got.body)
	case verdict == pay.OutcomeRefused && (got.status == http.StatusNotFound || got.problem().Code == accountInvalid):
		return pay.AccountReport{ProviderRef: sought.Ref, Gone: true}, nil
	}
	return pay.AccountReport{}, got.failure(verdict, "")
}

// FindBankAccounts reads where an account's payouts may go.
//
// Errors: those of a read.
func (g *Gateway) FindBankAccounts(ctx context.Context, access pay.Access, ref string) ([]pay.BankAccount, error) {
	r := reader{g: g, access: access, name: "find_bank_accounts"}
	var found []pay.BankAccount
	err := r.walk(ctx, stripego.FormatURLPath("/v1/accounts/%s/external_accounts?", ref), maxExternalPages, func(item json.RawMessage) (bool, error) {
		one, err := readBankAccount(item)
		found = append(found, one)
		return false, err
	})
	return found, err
}

// partner is what is read of an Account. It is read field by field, as intents
// are: the whole object has some hundred fields more.
type partner struct {
	ID              string            `json:"id"`
	Type            string            `json:"type"`
	Deleted         bool              `json:"deleted"`
	Country         string            `json:"country"`
	Email           string            `json:"email"`
	DefaultCurrency string            `json:"default_currency"`
	Charges         bool              `json:"charges_enabled"`
	Payouts         bool              `json:"payouts_enabled"`
	Submitted       bool              `json:"details_submitted"`
	Metadata        map[string]string `json:"metadata"`
	Capabilities    map[string]string `json:"capabilities"`
	Profile         struct {
		Name string `json:"name"`
	} `json:"business_profile"`
	Requirements struct {
		CurrentlyDue        []string `json:"currently_due"`
		PastDue             []string `json:"past_due"`
		EventuallyDue       []string `json:"eventually_due"`
		PendingVerification []string `json:"pending_verification"`
		DisabledReason      string   `json:"disabled_reason"`
		CurrentDeadline     int64    `json:"current_deadline"`
	} `json:"requirements"`
}

// readAccount decodes an Account.
//
// Errors: in_doubt, when it cannot be read.
func readAccount(body []byte) (pay.AccountReport, error) {
	var read partner
	if err := json.Unmarshal(body, &read); err != nil || read.ID == "" {
		return pay.AccountReport{}, doubtful("its account cannot be read").Because(err)
	}
	needs := read.Requirements
	report := pay.AccountReport{
		ProviderRef: read.ID, AccountID: ourID(read.Metadata[keyAccount]), Gone: read.Deleted,
		Type: pay.AccountType(cmp.Or(read.Type, string(pay.AccountStandard))), Country: read.Country, Email: read.Email, Name: read.Profile.Name,
		Currency:       pay.Currency(strings.ToUpper(read.DefaultCurrency)),
		ChargesEnabled: read.Charges, PayoutsEnabled: read.Payouts, DetailsSubmitted: read.Submitted,
		TransfersEnabled: read.Capabilities["transfers"] == "active",
		Requirements: pay.Requirements{
			CurrentlyDue: needs.CurrentlyDue, PastDue: needs.PastDue, EventuallyDue: needs.EventuallyDue,
			PendingVerification: needs.PendingVerification, DisabledReason: needs.DisabledReason,
		},
	}
	if needs.CurrentDeadline > 0 {
		report.Requirements.Deadline = time.Unix(needs.CurrentDeadline, 0).UTC()
	}
	return report, nil
}

// readBankAccount decodes a bank account, or a debit card that takes payouts.
//
// Errors: in_doubt, when it cannot be read.
func readBankAccount(body []byte) (pay.BankAccount, error) {
	var read struct {
		ID       string `json:"id"`
		Object   string `json:"object"`
		BankName string `json:"bank_name"`
		Brand    string `json:"brand"`
		Country  string `json:"country"`
		Currency string `json:"currency"`
		Last4    string `json:"last4"`
		Routing  string `json:"routing_number"`
		Holder   string `json:"account_holder_name"`
		Status   string `json:"status"`
		Default  bool   `json:"default_for_currency"`
	}
	if err := json.Unmarshal(body, &read); err != nil || read.ID == "" {
		return pay.BankAccount{}, doubtful("its bank account cannot be read").Because(err)
	}
	return pay.BankAccount{
		Ref: read.ID, Kind: read.Object, Bank: cmp.Or(read.BankName, read.Brand), Country: read.Country,
		Currency: pay.Currency(strings.ToUpper(read.Currency)), Last4: read.Last4, Routing: read.Routing, Holder: read.Holder,
		Status: read.Status, Default: read.Default,
	}, nil
}

func intoAccount(result *pay.Answer, body []byte) error {
	report, err := readAccount(body)
	result.Account = &report
	return err
}

func intoBankAccount(result *pay.Answer, body []byte) error {
	bank, err := readBankAccount(body)
	result.Bank = &bank
	return err
}

func intoLink(result *pay.Answer, body []byte) error {
	var read struct {
		URL       string `json:"url"`
		ExpiresAt int64  `json:"expires_at"`
	}
	if err := json.Unmarshal(body, &read); err != nil || read.URL == "" {
		return doubtful("its link cannot be read").Because(err)
	}
	result.Link = &pay.Link{URL: read.URL, ExpiresAt: time.Unix(read.ExpiresAt, 0).UTC()}
	return nil
}
