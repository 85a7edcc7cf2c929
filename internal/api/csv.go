package api

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strings"

	"florin/internal/pay"
)

// maxExport is how many payments one CSV holds: a month of a busy shop, and
// less than the million rows that spreadsheets show.
const maxExport = 100_000

// exportTrailer says where to go on when there are more than maxExport.
const exportTrailer = "Next-Cursor"

// exportColumns are the columns of the CSV, in an order that stays: new ones
// are added at the end.
var exportColumns = []struct {
	name string
	cell func(Payment) string
}{
	{"id", func(p Payment) string { return p.ID }},
	{"created_at", func(p Payment) string { return p.CreatedAt }},
	{"updated_at", func(p Payment) string { return p.UpdatedAt }},
	{"mode", func(p Payment) string { return p.Mode }},
	{"status", func(p Payment) string { return p.Status }},
	{"amount", func(p Payment) string { return p.Amount }},
	{"amount_captured", func(p Payment) string { return p.AmountCaptured }},
	{"amount_refunded", func(p Payment) string { return p.AmountRefunded }},
	{"fee", func(p Payment) string { return orBlank(p.Fee) }},
	{"currency", func(p Payment) string { return p.Currency }},
	{"provider", func(p Payment) string { return p.Provider }},
	{"provider_ref", func(p Payment) string { return p.ProviderRef }},
	{"payment_method", func(p Payment) string { return p.PaymentMethod }},
	{"card_brand", func(p Payment) string { return p.face().Brand }},
	{"card_last4", func(p Payment) string { return p.face().Last4 }},
	{"saved_card_id", func(p Payment) string { return orBlank(p.SavedCardID) }},
	{"customer_id", func(p Payment) string { return orBlank(p.CustomerID) }},
	{"capture", func(p Payment) string { return p.Capture }},
	{"description", func(p Payment) string { return p.Description }},
	{"receipt_email", func(p Payment) string { return p.ReceiptEmail }},
	{"error_code", func(p Payment) string { return p.failure().Code }},
	{"decline_code", func(p Payment) string { return p.failure().DeclineCode }},
	{"idempotency_key", func(p Payment) string { return p.IdempotencyKey }},
	{"metadata", func(p Payment) string { return metadataCell(p.Metadata) }},
}

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

func exportHeader() []string {
	names := make([]string, len(exportColumns))
	for i, column := range exportColumns {
		names[i] = column.name
	}
	return names
}

func exportRow(p Payment) []string {
	cells := make([]string, len(exportColumns))
	for i, column := range exportColumns {
		cells[i] = safeCell(column.cell(p))
	}
	return cells
}

// exportPayments streams every page as CSV. What fails on the first page is
// answered as an error; after that the connection is broken off, so that half
// an export never looks like a whole one.
func (s *server) exportPayments(in *intake, filter pay.PaymentFilter, page pay.Page) error {
	found, err := s.engine.Payments(in.ctx(), in.key.Owner, filter, page)
	if err != nil {
		return err
	}
	out := startExport(in.w)
	for rows := 0; ; {
		for _, p := range found.Items {
			_ = out.Write(exportRow(paymentView(p))) // kept by the writer and seen at Flush
		}
		out.Flush()
		if rows += len(found.Items); out.Error() != nil || found.Next == "" || rows >= maxExport {
			break
		}
		page.Cursor = found.Next
		if found, err = s.engine.Payments(in.ctx(), in.key.Owner, filter, page); err != nil {
			panic(http.ErrAbortHandler) // net/http's word for: close the connection, say nothing
		}
	}
	in.w.Header().Set(exportTrailer, found.Next)
	return nil
}

func startExport(w http.ResponseWriter) *csv.Writer {
	w.Header().Set("Content-Type", typeCSV+"; charset=utf-8; header=present")
	w.Header().Set("Content-Disposition", `attachment; filename="payments.csv"`)
	w.Header().Set("Trailer", exportTrailer)
	w.WriteHeader(http.StatusOK)
	out := csv.NewWriter(w)
	out.UseCRLF = true // RFC 4180
	_ = out.Write(exportHeader())
	return out
}
