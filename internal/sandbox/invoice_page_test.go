package sandbox_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// invoiced is a final invoice of 25.00 USD that is sent to a customer.
func (w *world) invoiced() (id, page, pdf string) {
	w.Helper()
	customer := w.must("POST", "/v1/customers", "name=Eve&email=eve@example.org").at("id").(string)
	id = w.must("POST", "/v1/invoices", "collection_method=send_invoice&days_until_due=30&customer="+customer).at("id").(string)
	w.must("POST", "/v1/invoiceitems", "amount=2500&currency=usd&description=Work+(June)&customer="+customer+"&invoice="+id)
	final := w.ask("POST", "/v1/invoices/"+id+"/finalize", "")
	require.Equal(w, 200, final.status, final.raw)
	return id, final.at("hosted_invoice_url").(string), final.at("invoice_pdf").(string)
}

// The page of an invoice works without scripts, and pays it.
func TestInvoiceIsPaidOnItsPage(t *testing.T) {
	t.Parallel()
	w := open(t)
	id, address, _ := w.invoiced()
	status, _, page := w.browse(address, nil)
	require.Equal(t, 200, status)
	for _, text := range []string{"Work (June)", "$25.00", "Pay invoice", `<label for="number">`, "Download as PDF"} {
		require.Contains(t, page, text)
	}
	require.NotContains(t, page, "<script")
	status, _, page = w.browse(address, typedCard("4000000000000002"))
	require.Equal(t, 402, status)
	require.Contains(t, page, `role="alert">Your card was declined.`)
	require.Equal(t, "open", w.ask("GET", "/v1/invoices/"+id, "").at("status"))
	status, _, page = w.browse(address, typedCard("4242424242424241"))
	require.Equal(t, 402, status)
	require.Contains(t, page, "Your card number is incorrect.")

	status, to, _ := w.browse(address, typedCard("4000002500003155"))
	require.Equal(t, 303, status)
	status, back, _ := w.browse(to, url.Values{"outcome": {"complete"}})
	require.Equal(t, 303, status)
	require.True(t, strings.HasPrefix(back, address), back)
	status, _, page = w.browse(back, nil)
	require.Equal(t, 200, status)
	require.Contains(t, page, "This invoice is paid.")
	require.NotContains(t, page, "<form")
	require.Equal(t, []any{"paid", 2500.0}, []any{w.ask("GET", "/v1/invoices/"+id, "").at("status"), w.send("GET", "/v1/invoices/"+id, "").at("amount_paid")})
	_, sum := w.movements("")
	require.EqualValues(t, 2500-103, sum)
	status, _, _ = w.browse(address, typedCard("4242424242424242"))
	require.Equal(t, 200, status, "a paid invoice is not paid twice")
	require.Equal(t, 1, strings.Count(fmt.Sprint(w.eventTypes()), "invoice.paid"))
}

// The PDF is one that readers open: its table points at its objects.
func TestInvoicePDF(t *testing.T) {
	t.Parallel()
	w := open(t)
	_, address, link := w.invoiced()
	status, _, file := w.browse(link, nil)
	require.Equal(t, 200, status)
	require.True(t, strings.HasPrefix(file, "%PDF-1.4\n") && strings.HasSuffix(file, "%%EOF\n"))
	require.Contains(t, file, `(Work \(June\)   $25.00) Tj`)
	table := strings.Index(file, "xref\n")
	require.Contains(t, file, fmt.Sprintf("startxref\n%d\n", table))
	for at, line := range strings.Split(file[table:], "\n")[3:8] {
		var place int
		_, err := fmt.Sscanf(line, "%d", &place)
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(file[place:], fmt.Sprintf("%d 0 obj", at+1)), line)
	}
	for _, wrong := range []string{address + "x", address + "x/pdf"} {
		status, _, _ = w.browse(wrong, nil)
		require.Equal(t, 404, status)
	}
}
