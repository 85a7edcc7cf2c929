package api

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strings"

	"florin/internal/pay"
)

// maxExport is how many rows one CSV holds: the payments of a month of a busy
// shop, and less than the million rows that spreadsheets show.
const maxExport = 100_000

// exportTrailer says where to go on when there are more than maxExport.
const exportTrailer = "Next-Cursor"

// sheet is a list as CSV: the name of its file, and its columns in an order
// that stays: new ones are added at the end.
type sheet[V any] struct {
	file    string
	columns []column[V]
}

// column is one column of a sheet. Cells of figures are written as they are: a
// text of others may not begin as a formula does.
type column[V any] struct {
	name   string
	cell   func(V) string
	figure bool
}

// paymentSheet is the list of payments as CSV.
var paymentSheet = sheet[Payment]{"payments.csv", []column[Payment]{
	{name: "id", cell: func(p Payment) string { return p.ID }},
	{name: "created_at", cell: func(p Payment) string { return p.CreatedAt }},
	{name: "updated_at", cell: func(p Payment) string { return p.UpdatedAt }},
	{name: "mode", cell: func(p Payment) string { return p.Mode }},
	{name: "status", cell: func(p Payment) string { return p.Status }},
	{name: "amount", cell: func(p Payment) string { return p.Amount }},
	{name: "amount_captured", cell: func(p Payment) string { return p.AmountCaptured }},
	{name: "amount_refunded", cell: func(p Payment) string { return p.AmountRefunded }},
	{name: "fee", cell: func(p Payment) string { return orBlank(p.Fee) }},
	{name: "currency", cell: func(p Payment) string { return p.Currency }},
	{name: "provider", cell: func(p Payment) string { return p.Provider }},
	{name: "provider_ref", cell: func(p Payment) string { return p.ProviderRef }},
	{name: "payment_method", cell: func(p Payment) string { return p.PaymentMethod }},
	{name: "card_brand", cell: func(p Payment) string { return p.face().Brand }},
	{name: "card_last4", cell: func(p Payment) string { return p.face().Last4 }},
	{name: "saved_card_id", cell: func(p Payment) string { return orBlank(p.SavedCardID) }},
	{name: "customer_id", cell: func(p Payment) string { return orBlank(p.CustomerID) }},
	{name: "capture", cell: func(p Payment) string { return p.Capture }},
	{name: "description", cell: func(p Payment) string { return p.Description }},
	{name: "receipt_email", cell: func(p Payment) string { return p.ReceiptEmail }},
	{name: "error_code", cell: func(p Payment) string { return p.failure().Code }},
	{name: "decline_code", cell: func(p Payment) string { return p.failure().DeclineCode }},
	{name: "idempotency_key", cell: func(p Payment) string { return p.IdempotencyKey }},
	{name: "metadata", cell: func(p Payment) string { return metadataCell(p.Metadata) }},
}}

func (p Payment) face() CardFace {
	if p.Card == nil {
		return CardFace{}
	}
	return *p.Card
}

func (p Payment) failure() Failure {
	if p.Error == nil {
		return Failure{}
	}
	return *p.Error
}

func orBlank(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// metadataCell is the metadata as JSON with sorted keys, or nothing.
func metadataCell(m map[string]string) string {
	if len(m) == 0 {
		return ""
	}
	text, _ := json.Marshal(m) // a map of strings always marshals
	return string(text)
}

// safeCell keeps a text from being run as a formula when the CSV is opened in
// a spreadsheet (OWASP, CSV Injection): descriptions come from customers.
func safeCell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

func (s sheet[V]) header() []string {
	names := make([]string, len(s.columns))
	for i, column := range s.columns {
		names[i] = column.name
	}
	return names
}

func (s sheet[V]) row(v V) []string {
	cells := make([]string, len(s.columns))
	for i, column := range s.columns {
		if cells[i] = column.cell(v); !column.figure {
			cells[i] = safeCell(cells[i])
		}
	}
	return cells
}

// export streams every page of a list as CSV. What fails on the first page is
// answered as an error; after that the connection is broken off, so that half
// an export never looks like a whole one.
func export[T, V any](in *intake, s sheet[V], view func(T) V, first pay.Page, read func(pay.Page) (pay.List[T], error)) error {
	page := pay.Page{Limit: pay.MaxPage, Cursor: first.Cursor}
	found, err := read(page)
	if err != nil {
		return err
	}
	out := s.start(in.w)
	for rows := 0; ; {
		for _, item := range found.Items {
			_ = out.Write(s.row(view(item))) // kept by the writer and seen at Flush
		}
		out.Flush()
		if rows += len(found.Items); out.Error() != nil || found.Next == "" || rows >= maxExport {
			break
		}
		page.Cursor = found.Next
		if found, err = read(page); err != nil {
			panic(http.ErrAbortHandler) // net/http's word for: close the connection, say nothing
		}
	}
	in.w.Header().Set(exportTrailer, found.Next)
	return nil
}

func (s sheet[V]) start(w http.ResponseWriter) *csv.Writer {
	w.Header().Set("Content-Type", typeCSV+"; charset=utf-8; header=present")
	w.Header().Set("Content-Disposition", `attachment; filename="`+s.file+`"`)
	w.Header().Set("Trailer", exportTrailer)
	w.WriteHeader(http.StatusOK)
	out := csv.NewWriter(w)
	out.UseCRLF = true // RFC 4180
	_ = out.Write(s.header())
	return out
}
