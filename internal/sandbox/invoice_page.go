package sandbox

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Where a customer reads and pays an invoice, as on invoice.stripe.com, and
// where its PDF is. The id in the address cannot be guessed, which is what keeps
// strangers out.
const invoicePath = "/i"

var invoiceGone = hostedText{Title: "No invoice", Text: "There is no invoice at this address. It may be mistyped, or the sandbox was reset."}

// mountInvoices registers the pages of invoices.
func (s *Sandbox) mountInvoices() {
	s.mux.HandleFunc("GET "+invoicePath+"/{account}/{invoice}", s.showInvoice)
	s.mux.HandleFunc("POST "+invoicePath+"/{account}/{invoice}", s.payInvoicePage)
	s.mux.HandleFunc("GET "+invoicePath+"/{account}/{invoice}/pdf", s.invoicePDF)
}

// address is where browsers find the invoice.
func (i *invoice) address(c *call) string {
	return c.sandbox.baseFor(c.request) + invoicePath + "/" + c.account.id + "/" + i.ID
}

// published is the invoice of a page's address, if it has one: a draft has none.
func (w *work) published(r *http.Request) (*invoice, bool) {
	i, ok := invoices.find(w, r.PathValue("invoice"))
	return i, ok && i.Number != nil
}

func (s *Sandbox) showInvoice(w http.ResponseWriter, r *http.Request) {
	s.shopping(w, r, func(c *call) visitOutcome {
		i, ok := c.published(r)
		if !ok {
			return visitOutcome{}
		}
		return visitOutcome{form: i.form(""), found: true}
	})
}

// payInvoicePage takes the card. A bank's refusal is told on the page, and is
// an attempt like any other; so is a step for the customer, who comes back here.
func (s *Sandbox) payInvoicePage(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxControl)
	s.shopping(w, r, func(c *call) visitOutcome {
		old, ok := c.published(r)
		switch {
		case !ok:
			return visitOutcome{}
		case !old.payable():
			return visitOutcome{form: old.form(""), found: true}
		}
		i := invoices.edit(c.work, old.ID)
		to, err := i.payWith(c, c.typed(r))
		if err != nil && decided(err) != nil {
			c.discard()
			i = old
		}
		if err != nil {
			return visitOutcome{form: i.form(reasonOf(err)), found: true}
		}
		return visitOutcome{to: to, found: true}
	})
}

// payable says whether somebody can still pay.
func (i *invoice) payable() bool {
	return (i.Status == invoiceOpen || i.Status == invoiceUncollectible) && i.AmountDue > 0
}

// payWith pays with a card that the customer typed, and says where to go next.
func (i *invoice) payWith(c, typed *call) (string, error) {
	method, err := newMethod(typed, typed.params, "")
	if err != nil {
		return "", err
	}
	page, planned := i.address(c), i.NextPaymentAttempt
	err = i.collect(c.ask("", url.Values{"return_url": {page}}), collecting{method: method.ID})
	if err != nil {
		i.NextPaymentAttempt = planned // what the customer tries changes no plan
		return "", err
	}
	if p, ok := paymentIntents.find(c.work, i.secret.Intent); ok && p.NextAction != nil && p.NextAction.RedirectToURL != nil {
		return p.NextAction.RedirectToURL.URL, nil
	}
	return page, nil
}

// form is the page of the invoice: with fields for a card while it can be paid.
func (i *invoice) form(problem string) *checkoutForm {
	out := &checkoutForm{Title: "Invoice " + *i.Number, Problem: problem, Email: value(i.CustomerEmail), Name: value(i.CustomerName),
		Rows: i.rows(), Caption: "What it is for", Total: spell(i.AmountDue, i.Currency), PDF: value(i.InvoicePDF)}
	if i.payable() {
		out.Button = "Pay invoice"
	} else {
		out.Note = "This invoice is " + i.Status + "."
	}
	return out
}

func (i *invoice) rows() (out []checkoutRow) {
	for _, line := range i.Lines.Data {
		out = append(out, checkoutRow{value(line.Description), spell(line.Amount, i.Currency)})
	}
	return out
}

func (s *Sandbox) invoicePDF(w http.ResponseWriter, r *http.Request) {
	var file []byte
	_, until := s.shop(r, func(c *call) visitOutcome {
		if i, ok := c.published(r); ok {
			file = pdfOf(i.text())
		}
		return visitOutcome{}
	})
	if file == nil || s.journal.wait(until) != nil {
		s.page(w, http.StatusNotFound, invoiceGone)
		return
	}
	w.Header().Set("Content-Type", "application/pdf")
	w.Header().Set("Content-Disposition", `attachment; filename="invoice.pdf"`)
	_, _ = w.Write(file) // a browser that went away needs no file
}

// text is the invoice in lines, as the PDF prints it.
func (i *invoice) text() []string {
	day := func(at *int64) string {
		if at == nil {
			return "on receipt"
		}
		return time.Unix(*at, 0).UTC().Format(time.DateOnly)
	}
	out := []string{"Invoice " + *i.Number, "From: " + platformName, "To: " + value(i.CustomerName) + " " + value(i.CustomerEmail),
		"Date: " + day(i.EffectiveAt), "Due: " + day(i.DueDate), ""}
	for _, row := range i.rows() {
		out = append(out, row.Name+"   "+row.Amount)
	}
	return append(out, "", "Amount due: "+spell(i.AmountDue, i.Currency), "Status: "+i.Status)
}

// maxPDFLines is how many lines fit on the one page that there is.
const maxPDFLines = 46

// pdfText is a text in the encoding of PDF's own fonts (WinAnsi), with what
// ends a string escaped.
var pdfText = strings.NewReplacer(`\`, `\\`, `(`, `\(`, `)`, `\)`, "€", `\200`, "£", `\243`, "¥", `\245`, "×", `\327`, "\n", " ", "\r", " ")

// pdfOf prints lines on a page of A4 (PDF 1.4, ISO 32000-1).
func pdfOf(lines []string) []byte {
	var page strings.Builder
	page.WriteString("BT /F1 11 Tf 16 TL 60 780 Td\n")
	for _, line := range lines[:min(len(lines), maxPDFLines)] {
		fmt.Fprintf(&page, "(%s) Tj T*\n", pdfText.Replace(line))
	}
	page.WriteString("ET")
	parts := []string{
		"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", page.Len(), page.String()),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
	}
	var out bytes.Buffer
	out.WriteString("%PDF-1.4\n")
	table := fmt.Sprintf("xref\n0 %d\n0000000000 65535 f \n", len(parts)+1)
	for at, part := range parts {
		table += fmt.Sprintf("%010d 00000 n \n", out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", at+1, part)
	}
	start := out.Len()
	fmt.Fprintf(&out, "%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", table, len(parts)+1, start)
	return out.Bytes()
}
