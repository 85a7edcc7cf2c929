package pay

import "strings"

// Currency is an ISO 4217 code in capitals, such as USD.
type Currency string

// currencies has the number of decimals of every currency that Stripe takes
// for cards (docs.stripe.com/currencies), as people pay in it: by ISO 4217,
// but for MGA, whose fifths nobody charges. Where Stripe writes other decimals
// on the wire (ISK and UGX times 100), package stripe converts.
var currencies = func() map[Currency]int {
	m := make(map[Currency]int, 140)
	for digits, codes := range map[int]string{
		0: "BIF CLP DJF GNF ISK JPY KMF KRW MGA PYG RWF UGX VND VUV XAF XOF XPF",
		2: "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF CNY COP CRC CVE CZK " +
			"DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR JMD KES KGS KHR KYD KZT LAK LBP LKR " +
			"LRD LSL MAD MDL MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD " +
			"RUB SAR SBD SCR SEK SGD SHP SLE SOS SRD STD SZL THB TJS TOP TRY TTD TWD TZS UAH USD UYU UZS WST XCD XCG YER ZAR ZMW",
		3: "BHD JOD KWD OMR TND",
	} {
		for _, code := range strings.Fields(codes) {
			m[Currency(code)] = digits
		}
	}
	return m
}()

// ParseCurrency reads a code in any case.
//
// Errors: invalid_currency.
func ParseCurrency(s string) (Currency, error) {
	c := Currency(strings.ToUpper(strings.TrimSpace(s)))
	if _, ok := currencies[c]; !ok {
		return "", Invalid(CodeInvalidCurrency, "currency", "%q is not a currency that can be charged; send an ISO 4217 code such as USD", s)
	}
	return c, nil
}

// Digits is how many decimals the currency has: 0, 2 or 3.
func (c Currency) Digits() int { return currencies[c] }

// Currencies is every currency that can be charged, in no order.
func Currencies() []Currency {
	all := make([]Currency, 0, len(currencies))
	for c := range currencies {
		all = append(all, c)
	}
	return all
}
