package mail

import (
	"slices"
	"strings"
	"time"

	"golang.org/x/text/currency"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"

	"florin/internal/pay"
)

// locale writes amounts and dates as people of a language and region do.
type locale struct {
	tag     language.Tag
	printer *message.Printer
}

// fallback is for what is no locale.
const fallback = "en-US"

// localeNamed is a locale by its BCP 47 name, or en-US.
func localeNamed(name string) locale {
	tag, err := language.Parse(name)
	if err != nil {
		tag = language.MustParse(fallback)
	}
	return locale{tag, message.NewPrinter(tag)}
}

// CheckLocale says whether a name is one of a locale.
//
// Errors: invalid_field.
func (m *Mailer) CheckLocale(name, field string) error {
	if _, err := language.Parse(name); err != nil || len(name) > 35 { // RFC 5646, section 4.4.1
		return pay.Invalid(pay.CodeInvalidField, field, "%s is a locale by its BCP 47 name, such as en-US or de-AT", field)
	}
	return nil
}

// before has the languages that write the currency's sign before the amount
// (CLDR, "Currency Formats"); all others that we know write it behind, after a
// space that does not break.
var before = []string{"en", "ja", "zh", "ko", "nl", "th", "hi", "bn", "ms", "id", "tr", "pt-BR", "es-MX", "es-AR", "es-CO", "es-CL", "de-CH", "de-AT"}

// spaced has those of them that put such a space between.
var spaced = []string{"nl", "pt-BR", "es-AR", "es-CO", "de-CH", "de-AT", "id"}

const noBreak = "\u00a0"

// money writes an amount. x/text knows signs, digits and separators of each
// locale, but not where the sign belongs.
func (l locale) money(m pay.Money) string {
	sign := l.sign(m.Currency)
	amount, minus := l.amount(m), ""
	if m.Minor < 0 {
		amount, minus = l.amount(pay.Amount(-m.Minor, m.Currency)), "-"
	}
	if !l.among(before) {
		return minus + amount + noBreak + sign
	}
	if l.among(spaced) || sign == string(m.Currency) {
		sign += noBreak
	}
	return minus + sign + amount
}

// sign is the currency's sign as the locale writes it, or its code.
func (l locale) sign(c pay.Currency) string {
	unit, err := currency.ParseISO(string(c))
	if err != nil {
		return string(c)
	}
	return l.printer.Sprint(currency.Symbol(unit))
}

// amount writes the digits. Whole units and decimals are written apart, so that
// no amount passes through a float.
func (l locale) amount(m pay.Money) string {
	whole, decimals, dotted := strings.Cut(m.Decimal(), ".")
	units := int64(0)
	for _, digit := range whole {
		units = units*10 + int64(digit-'0')
	}
	text := l.printer.Sprint(number.Decimal(units))
	if !dotted {
		return text
	}
	return text + l.point() + decimals
}

// point is what the locale writes before decimals.
func (l locale) point() string {
	half := l.printer.Sprint(number.Decimal(0.5, number.Scale(1)))
	return strings.TrimFunc(half, func(r rune) bool { return r >= '0' && r <= '9' || r > 0x660 })
}

// date writes a day: in words for English, as ISO 8601 has it for all others,
// which nobody misreads.
func (l locale) date(at time.Time) string {
	base, _ := l.tag.Base()
	if base.String() == "en" {
		return at.UTC().Format("January 2, 2006")
	}
	return at.UTC().Format(time.DateOnly)
}

// among reports whether a list has the locale's language, or that with its
// region.
func (l locale) among(list []string) bool {
	base, _ := l.tag.Base()
	region, _ := l.tag.Region()
	return slices.Contains(list, base.String()) || slices.Contains(list, base.String()+"-"+region.String())
}
