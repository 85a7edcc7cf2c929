package mail

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
)

func TestAmountsAsTheLocaleWritesThem(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		locale string
		amount pay.Money
		want   string
	}{
		{"en-US", pay.Amount(123456, "USD"), "$1,234.56"},
		{"en-US", pay.Amount(-123456, "USD"), "-$1,234.56"},
		{"en-GB", pay.Amount(100005, "GBP"), "£1,000.05"},
		{"de-DE", pay.Amount(123456, "EUR"), "1.234,56 €"},
		{"de-AT", pay.Amount(999, "EUR"), "€ 9,99"},
		{"fr-FR", pay.Amount(5, "EUR"), "0,05 €"},
		{"ja-JP", pay.Amount(1050, "JPY"), "¥1,050"},
		{"en-US", pay.Amount(1234567, "KWD"), "KWD 1,234.567"},
		{"no such locale", pay.Amount(1000, "USD"), "$10.00"},
	} {
		got := localeNamed(row.locale).money(row.amount)
		assert.Equal(t, row.want, strings.NewReplacer("\u00a0", " ", "\u202f", " ", "\uffe5", "\u00a5").Replace(got), row.locale)
	}
}

// Every built-in mail says what it must, in text and HTML, and what a customer
// wrote is never markup.
func TestBuiltInMails(t *testing.T) {
	t.Parallel()
	m := New(Config{})
	facts := Sample
	facts.Customer = `Jane <script>alert(1)</script>`
	for _, name := range pay.MailTemplates {
		written, err := m.Write(m.BuiltIn(name), facts, "en-US")
		require.NoError(t, err, name)
		require.NoError(t, m.CheckTemplate(m.BuiltIn(name)))
		for _, part := range []string{written.Text, written.HTML} {
			assert.Contains(t, part, "$10.00", name)
			assert.Contains(t, part, "Example Ltd", name)
			assert.Contains(t, part, string(facts.Reference), name)
		}
		assert.Contains(t, written.Subject, "$10.00", name)
		assert.NotContains(t, written.Subject, "\n", name)
		assert.NotContains(t, written.HTML, "<script>", name)
	}
}

func TestTemplatesThatCannotBe(t *testing.T) {
	t.Parallel()
	m := New(Config{})
	good := pay.CustomTemplate{Subject: "s", Text: "Thanks {{.Customer}}{{range .Lines}}{{.Amount}}{{end}}"}
	require.NoError(t, m.CheckTemplate(good))
	for _, text := range []string{
		"{{.Nothing}}", "{{", "{{range 1000000000}}{{end}}", "{{range .Lines}}{{range $.Lines}}{{end}}{{end}}", `{{define "a"}}{{template "a"}}{{end}}{{template "a"}}`,
		`{{with .Customer}}{{template "text"}}{{end}}`, `{{printf "%999999d" 1}}`, strings.Repeat("x", MaxTemplate+1), "",
	} {
		bad := good
		bad.Text = text
		err := m.CheckTemplate(bad)
		var known *pay.Error
		require.ErrorAs(t, err, &known, text)
		assert.Equal(t, "text", known.Field, text)
		bad.Text, bad.HTML = good.Text, text
		if text != "" {
			assert.Error(t, m.CheckTemplate(bad), text)
		}
	}
}
