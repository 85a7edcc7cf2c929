package api

import (
	"encoding/csv"
	"net/http"
	"time"

	"florin/internal/pay"
)

// StatementLine is a ledger account in one currency over a while.
type StatementLine struct {
	LedgerAccount string `json:"ledger_account" example:"stripe"`
	Currency      string `json:"currency" example:"USD"`
	Opening       string `json:"opening" doc:"What stood there at since. A partner's pending, available and held money is above zero here." example:"10.00"`
	In            string `json:"in" example:"50.00"`
	Out           string `json:"out" example:"20.00"`
	Closing       string `json:"closing" example:"40.00"`
	Entries       int    `json:"entries"`
}

// asRead turns what a statement says of a partner's in-app money around: in
// the books it is a debt.
func asRead(l pay.StatementLine) pay.StatementLine {
	if l.Account.Owed() {
		l.Opening, l.In, l.Out = -l.Opening, l.Out, l.In
	}
	return l
}

func statementView(l pay.StatementLine) StatementLine {
	l = asRead(l)
	decimal := func(minor int64) string { return pay.Amount(minor, l.Currency).Decimal() }
	return StatementLine{
		LedgerAccount: string(l.Account), Currency: string(l.Currency), Opening: decimal(l.Opening),
		In: decimal(l.In), Out: decimal(l.Out), Closing: decimal(l.Closing()), Entries: l.Entries,
	}
}

// StatementQuery is the query of GET /v1/ledger/statement.
type StatementQuery struct {
	AccountID     string `json:"account_id,omitempty" maxLength:"64" doc:"Of one partner."`
	LedgerAccount string `json:"ledger_account,omitempty" maxLength:"80" doc:"Of one ledger account."`
	Currency      string `json:"currency,omitempty" maxLength:"8"`
	Since         string `json:"since,omitempty" maxLength:"40" doc:"RFC 3339 or a date; from the beginning when absent."`
	Until         string `json:"until,omitempty" maxLength:"40" doc:"RFC 3339, or a date, which is included as a whole; until now when absent."`
}

func (q StatementQuery) filter() (pay.LedgerFilter, error) {
	f, err := LedgerQuery{AccountID: q.AccountID, LedgerAccount: q.LedgerAccount, Currency: q.Currency, Since: q.Since, Until: q.Until}.filter()
	if len(f.Accounts) == 0 {
		f.Accounts = pay.LedgerAccounts
	}
	f.OldestFirst = true
	return f, err
}

// statement answers the sums as JSON, or every line as CSV.
func statement(s *server, in *intake) error {
	var query StatementQuery
	if err := in.query(&query); err != nil {
		return err
	}
	filter, err := query.filter()
	if err != nil {
		return err
	}
	if filter.Until.IsZero() {
		filter.Until = s.clock.Now().Add(time.Microsecond)
	}
	if id := pay.ID(query.AccountID); id != "" {
		if _, err := s.engine.Account(in.ctx(), in.key.Owner, id); err != nil {
			return err
		}
	}
	sections, err := s.engine.Statement(in.ctx(), in.key.Owner, filter)
	if err != nil {
		return err
	}
	if in.csv {
		return s.exportStatement(in, filter, sections)
	}
	in.sendList(views(sections, statementView), "")
	return nil
}

// statementRow is one line of a statement as CSV.
type statementRow struct {
	line    string // opening, entry or closing
	at      time.Time
	entry   LedgerEntry
	account pay.LedgerAccount
	amount  string
	balance pay.Money
}

var statementSheet = sheet[statementRow]{"statement.csv", []column[statementRow]{
	{name: "line", cell: func(r statementRow) string { return r.line }},
	{name: "at", cell: func(r statementRow) string { return orBlank(stampOrNull(r.at)) }},
	{name: "ledger_account", cell: func(r statementRow) string { return string(r.account) }},
	{name: "currency", cell: func(r statementRow) string { return string(r.balance.Currency) }},
	{name: "amount", cell: func(r statementRow) string { return r.amount }, figure: true},
	{name: "balance", cell: func(r statementRow) string { return r.balance.Decimal() }, figure: true},
	{name: "kind", cell: func(r statementRow) string { return r.entry.Kind }},
	{name: "reason", cell: func(r statementRow) string { return r.entry.Reason }},
	{name: "payment_id", cell: func(r statementRow) string { return orBlank(r.entry.PaymentID) }},
	{name: "source_id", cell: func(r statementRow) string { return r.entry.SourceID }},
	{name: "transaction_id", cell: func(r statementRow) string { return r.entry.TransactionID }},
}}

// exportStatement writes each account from its opening to its closing balance.
//
// Errors: limit_reached, when there are more entries than one CSV holds.
func (s *server) exportStatement(in *intake, f pay.LedgerFilter, sections []pay.StatementLine) error {
	lines := 0
	for _, section := range sections {
		lines += section.Entries
	}
	if lines > maxExport {
		return pay.Errorf(pay.CodeLimitReached, "these are %d entries, and a statement has at most %d: ask for a shorter time or one account", lines, maxExport)
	}
	out := statementSheet.start(in.w)
	for _, section := range sections {
		if err := s.exportSection(in, f, asRead(section), out); err != nil {
			panic(http.ErrAbortHandler) // half a statement must not look like a whole one
		}
	}
	out.Flush()
	return nil
}

// exportSection writes one account in one currency.
func (s *server) exportSection(in *intake, f pay.LedgerFilter, section pay.StatementLine, out *csv.Writer) error {
	row := statementRow{line: "opening", at: f.Since, account: section.Account, balance: pay.Amount(section.Opening, section.Currency)}
	_ = out.Write(statementSheet.row(row)) // kept by the writer and seen at Flush
	f.Accounts, f.Currency = []pay.LedgerAccount{section.Account}, section.Currency
	page := pay.Page{Limit: pay.MaxPage}
	for more := true; more; more = page.Cursor != "" {
		found, err := s.engine.LedgerLines(in.ctx(), in.key.Owner, f, page)
		if err != nil {
			return err
		}
		for _, l := range found.Items {
			if section.Account.Owed() {
				l.Amount.Minor = -l.Amount.Minor
			}
			row.balance.Minor += l.Amount.Minor
			row.line, row.at, row.amount, row.entry = "entry", l.At, l.Amount.Decimal(), ledgerEntryView(l)
			_ = out.Write(statementSheet.row(row))
		}
		out.Flush()
		page.Cursor = found.Next
	}
	closing := statementRow{line: "closing", at: f.Until, account: row.account, balance: row.balance}
	_ = out.Write(statementSheet.row(closing))
	return out.Error()
}
