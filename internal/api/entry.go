package api

import (
	"slices"
	"strings"

	"florin/internal/pay"
)

// LedgerEntry is one signed line of a balanced ledger transaction.
type LedgerEntry struct {
	TransactionID string  `json:"transaction_id" format:"uuid"`
	Number        int     `json:"number" doc:"Of the entry in its transaction, from 0."`
	LedgerAccount string  `json:"ledger_account" example:"stripe"`
	AccountID     *string `json:"account_id" doc:"The partner's, whose ledger account it is; null for your own."`
	Amount        string  `json:"amount" doc:"Signed: what comes to the ledger account is positive." example:"-5.00"`
	Currency      string  `json:"currency" example:"USD"`
	Kind          string  `json:"kind" doc:"Why money moved: capture, fee, refund, share, transfer, debit and others." example:"capture"`
	SourceID      string  `json:"source_id" doc:"What it was booked for: a payment, refund, transfer, payout…"`
	PaymentID     *string `json:"payment_id"`
	Reason        string  `json:"reason" doc:"As given with a debit or credit."`
	CreatedAt     string  `json:"created_at" format:"date-time"`
}

func ledgerEntryView(l pay.LedgerLine) LedgerEntry {
	partner, _ := l.Account.Partner()
	return LedgerEntry{
		TransactionID: string(l.Transaction), Number: l.Number, LedgerAccount: string(l.Account), AccountID: orNull(string(partner)),
		Amount: l.Amount.Decimal(), Currency: string(l.Amount.Currency), Kind: string(l.Kind), SourceID: string(l.Source),
		PaymentID: orNull(string(l.Payment)), Reason: l.Note, CreatedAt: stamp(l.At),
	}
}

// ledgerSheet is the list of entries as CSV.
var ledgerSheet = sheet[LedgerEntry]{"entries.csv", []column[LedgerEntry]{
	{name: "created_at", cell: func(e LedgerEntry) string { return e.CreatedAt }},
	{name: "transaction_id", cell: func(e LedgerEntry) string { return e.TransactionID }},
	{name: "kind", cell: func(e LedgerEntry) string { return e.Kind }},
	{name: "ledger_account", cell: func(e LedgerEntry) string { return e.LedgerAccount }},
	{name: "amount", cell: func(e LedgerEntry) string { return e.Amount }, figure: true},
	{name: "currency", cell: func(e LedgerEntry) string { return e.Currency }},
	{name: "account_id", cell: func(e LedgerEntry) string { return orBlank(e.AccountID) }},
	{name: "payment_id", cell: func(e LedgerEntry) string { return orBlank(e.PaymentID) }},
	{name: "source_id", cell: func(e LedgerEntry) string { return e.SourceID }},
	{name: "reason", cell: func(e LedgerEntry) string { return e.Reason }},
}}

// LedgerQuery is the query of GET /v1/ledger/entries.
type LedgerQuery struct {
	Page
	AccountID     string `json:"account_id,omitempty" maxLength:"64" doc:"Of one partner."`
	LedgerAccount string `json:"ledger_account,omitempty" maxLength:"80" doc:"stripe, sales… or a partner's, such as partner:<id>:available."`
	Kind          string `json:"kind,omitempty" maxLength:"40" doc:"capture, fee, refund, share, transfer, debit and others."`
	Currency      string `json:"currency,omitempty" maxLength:"8"`
	PaymentID     string `json:"payment_id,omitempty" maxLength:"64"`
	SourceID      string `json:"source_id,omitempty" maxLength:"64" doc:"What they were booked for: a payment, refund, transfer, payout…"`
	TransactionID string `json:"transaction_id,omitempty" maxLength:"64"`
	Since         string `json:"since,omitempty" maxLength:"40" doc:"Booked at or after: RFC 3339 or a date."`
	Until         string `json:"until,omitempty" maxLength:"40" doc:"Booked before: RFC 3339, or a date, which is included as a whole."`
	Sort          string `json:"sort,omitempty" enum:"-created_at,created_at" default:"-created_at"`
}

func (q LedgerQuery) filter() (pay.LedgerFilter, error) {
	f := pay.LedgerFilter{Kind: pay.LedgerKind(q.Kind), OldestFirst: pay.PaymentOrder(q.Sort) == pay.OldestFirst}
	var errs [7]error
	f.Accounts, errs[0] = ledgerAccounts(q.AccountID, q.LedgerAccount)
	if q.Currency != "" {
		f.Currency, errs[1] = pay.ParseCurrency(q.Currency)
	}
	f.Payment, errs[2] = parseID(q.PaymentID, "payment_id")
	f.Source, errs[3] = parseID(q.SourceID, "source_id")
	f.Transaction, errs[4] = parseID(q.TransactionID, "transaction_id")
	f.Since, errs[5] = parseSince(q.Since, "since")
	f.Until, errs[6] = parseUntil(q.Until, "until")
	return f, firstOf(errs[:])
}

// ledgerAccounts are the ledger accounts that a query names: those of a
// partner, one by its name, or none.
//
// Errors: invalid_id, invalid_field.
func ledgerAccounts(partner, name string) ([]pay.LedgerAccount, error) {
	id, err := parseID(partner, "account_id")
	switch named := pay.LedgerAccount(name); {
	case err != nil:
		return nil, err
	case id != "" && name != "":
		return nil, pay.Invalid(pay.CodeInvalidField, "ledger_account", "send account_id or ledger_account, not both")
	case id != "":
		return pay.PartnerAccounts(id), nil
	case name == "":
		return nil, nil
	case !isLedgerAccount(named):
		return nil, pay.Invalid(pay.CodeInvalidField, "ledger_account", "%q is no ledger account; there are %s, and those of partners, such as partner:<id>:available",
			name, strings.Join(texts(pay.LedgerAccounts), ", "))
	default:
		return []pay.LedgerAccount{named}, nil
	}
}

func isLedgerAccount(a pay.LedgerAccount) bool {
	partner, _ := a.Partner()
	return slices.Contains(pay.LedgerAccounts, a) || partner != "" && slices.Contains(pay.PartnerAccounts(partner), a)
}

// listLedgerEntries answers a page as JSON, or all pages as CSV.
func listLedgerEntries(s *server, in *intake) error {
	var query LedgerQuery
	if err := in.query(&query); err != nil {
		return err
	}
	filter, err := query.filter()
	if err != nil {
		return err
	}
	read := func(page pay.Page) (pay.List[pay.LedgerLine], error) {
		return s.engine.LedgerLines(in.ctx(), in.key.Owner, filter, page)
	}
	if in.csv {
		return export(in, ledgerSheet, ledgerEntryView, query.page(), read)
	}
	found, err := read(query.page())
	if err != nil {
		return err
	}
	in.sendList(views(found.Items, ledgerEntryView), found.Next)
	return nil
}
