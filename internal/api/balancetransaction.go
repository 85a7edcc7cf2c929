package api

import (
	"net/http"

	"florin/internal/engine"
	"florin/internal/pay"
)

// BalanceTransaction is one movement of a balance at Stripe.
type BalanceTransaction struct {
	ID          string  `json:"id" format:"uuid"`
	MerchantID  string  `json:"merchant_id" format:"uuid"`
	Mode        string  `json:"mode" enum:"test,live"`
	Type        string  `json:"type" doc:"In Stripe's words: charge, refund, transfer, payout, application_fee, adjustment and others." example:"charge"`
	Amount      string  `json:"amount" doc:"Signed: what comes to the balance is positive." example:"50.00"`
	Fee         string  `json:"fee" doc:"Stripe's, and on a direct charge the platform's too." example:"1.75"`
	Net         string  `json:"net" doc:"Amount less fee." example:"48.25"`
	Currency    string  `json:"currency" example:"USD"`
	Status      string  `json:"status" enum:"pending,available"`
	AvailableOn string  `json:"available_on" format:"date-time" doc:"When the money can be spent, by Stripe's clock."`
	ProviderRef string  `json:"provider_ref" doc:"Stripe's id." example:"txn_3abc"`
	Source      *string `json:"source" doc:"Stripe's id of what caused it: ch_…, re_…, tr_…; null when nothing did." example:"ch_3abc"`
	Origin      *string `json:"origin" doc:"Stripe's id of what the source came of: a refund's charge, a transfer's charge; null when there is none."`
	PaymentID   *string `json:"payment_id" doc:"The payment that it belongs to; null when to none, or not known yet."`
	Account     *string `json:"account" doc:"Stripe's id (acct_…) of the partner whose balance it is; null for your own."`
	Payout      *string `json:"payout" doc:"Stripe's id of the automatic payout that paid it out; null until then."`
	Description string  `json:"description"`
	CreatedAt   string  `json:"created_at" format:"date-time" doc:"By Stripe's clock."`
}

func balanceTransactionView(b pay.BalanceTransaction) BalanceTransaction {
	return BalanceTransaction{
		ID: string(b.ID), MerchantID: string(b.Owner.Merchant), Mode: string(b.Owner.Mode), Type: b.Type,
		Amount: b.Amount.Decimal(), Fee: b.Fee.Decimal(), Net: b.Net.Decimal(), Currency: string(b.Amount.Currency),
		Status: string(b.Status), AvailableOn: stamp(b.AvailableOn), ProviderRef: b.Ref, Source: orNull(b.Source), Origin: orNull(b.Origin),
		PaymentID: orNull(string(b.Payment)), Account: orNull(b.AccountRef), Payout: orNull(b.PayoutRef),
		Description: b.Description, CreatedAt: stamp(b.CreatedAt),
	}
}

// balanceSheet is the list of balance transactions as CSV.
var balanceSheet = sheet[BalanceTransaction]{"transactions.csv", []column[BalanceTransaction]{
	{name: "id", cell: func(b BalanceTransaction) string { return b.ID }},
	{name: "created_at", cell: func(b BalanceTransaction) string { return b.CreatedAt }},
	{name: "available_on", cell: func(b BalanceTransaction) string { return b.AvailableOn }},
	{name: "type", cell: func(b BalanceTransaction) string { return b.Type }},
	{name: "status", cell: func(b BalanceTransaction) string { return b.Status }},
	{name: "amount", cell: func(b BalanceTransaction) string { return b.Amount }, figure: true},
	{name: "fee", cell: func(b BalanceTransaction) string { return b.Fee }, figure: true},
	{name: "net", cell: func(b BalanceTransaction) string { return b.Net }, figure: true},
	{name: "currency", cell: func(b BalanceTransaction) string { return b.Currency }},
	{name: "provider_ref", cell: func(b BalanceTransaction) string { return b.ProviderRef }},
	{name: "source", cell: func(b BalanceTransaction) string { return orBlank(b.Source) }},
	{name: "origin", cell: func(b BalanceTransaction) string { return orBlank(b.Origin) }},
	{name: "payment_id", cell: func(b BalanceTransaction) string { return orBlank(b.PaymentID) }},
	{name: "account", cell: func(b BalanceTransaction) string { return orBlank(b.Account) }},
	{name: "payout", cell: func(b BalanceTransaction) string { return orBlank(b.Payout) }},
	{name: "description", cell: func(b BalanceTransaction) string { return b.Description }},
}}

// BalanceQuery is the query of GET /v1/transactions.
type BalanceQuery struct {
	Page
	Type      []string `json:"type,omitempty" doc:"One or several, repeated or with commas: charge, refund, transfer, payout and others of Stripe's."`
	Status    string   `json:"status,omitempty" enum:"pending,available"`
	Currency  string   `json:"currency,omitempty" maxLength:"8"`
	Source    string   `json:"source,omitempty" maxLength:"255" doc:"Stripe's id of what caused it."`
	Payout    string   `json:"payout,omitempty" maxLength:"255" doc:"Stripe's id of the automatic payout that paid it out."`
	PaymentID string   `json:"payment_id,omitempty" maxLength:"64"`
	Account   string   `json:"account,omitempty" maxLength:"255" doc:"Stripe's id (acct_…) of a partner, or self for your own balance only."`
	Since     string   `json:"since,omitempty" maxLength:"40" doc:"Created at or after, by Stripe's clock: RFC 3339 or a date."`
	Until     string   `json:"until,omitempty" maxLength:"40" doc:"Created before: RFC 3339, or a date, which is included as a whole."`
}

// ownBalance is what account says for the merchant's own balance.
const ownBalance = "self"

func (q BalanceQuery) filter() (pay.BalanceFilter, error) {
	f := pay.BalanceFilter{
		Types: q.Type, Status: pay.BalanceStatus(q.Status), Source: q.Source, Payout: q.Payout,
		AccountRef: q.Account, Platform: q.Account == ownBalance,
	}
	if f.Platform {
		f.AccountRef = ""
	}
	var errs [4]error
	if q.Currency != "" {
		f.Currency, errs[0] = pay.ParseCurrency(q.Currency)
	}
	f.Payment, errs[1] = parseID(q.PaymentID, "payment_id")
	f.Since, errs[2] = parseSince(q.Since, "since")
	f.Until, errs[3] = parseUntil(q.Until, "until")
	return f, firstOf(errs[:])
}

// listBalanceTransactions answers a page as JSON, or all pages as CSV.
func listBalanceTransactions(s *server, in *intake) error {
	var query BalanceQuery
	if err := in.query(&query); err != nil {
		return err
	}
	filter, err := query.filter()
	if err != nil {
		return err
	}
	read := func(page pay.Page) (pay.List[pay.BalanceTransaction], error) {
		return s.engine.BalanceTransactions(in.ctx(), in.key.Owner, filter, page)
	}
	if in.csv {
		return export(in, balanceSheet, balanceTransactionView, query.page(), read)
	}
	found, err := read(query.page())
	if err != nil {
		return err
	}
	in.sendList(views(found.Items, balanceTransactionView), found.Next)
	return nil
}

const balanceTag = "Balance transactions"

var balanceTransactionRoutes = []Route{
	{
		Method: http.MethodGet, Path: "/v1/transactions", Scope: pay.ScopeLedgerRead, Key: KeyUnused,
		Tag: balanceTag, Name: "listTransactions", Status: http.StatusOK, Gives: BalanceTransaction{}, List: true, CSV: true,
		Summary: "List balance transactions",
		Detail: "Every movement of your balance at Stripe and of your partners', newest first, as Stripe lists them. They are read from Stripe " +
			"within seconds of an event, and every minute at the latest. With Accept: text/csv the answer has every page, up to 100,000 rows.",
		Codes: []pay.Code{pay.CodeInvalidCursor, pay.CodeInvalidCurrency, pay.CodeInvalidID},
		asks:  typeOf[BalanceQuery](), handle: listBalanceTransactions,
	},
	one(Route{
		Method: http.MethodGet, Path: "/v1/transactions/{id}", Scope: pay.ScopeLedgerRead, Key: KeyUnused,
		Tag: balanceTag, Name: "getTransaction", Status: http.StatusOK, Gives: BalanceTransaction{},
		Summary: "Read a balance transaction", Codes: []pay.Code{pay.CodeNotFound},
	}, (*engine.Engine).BalanceTransaction, balanceTransactionView),
}
