package sandbox

import (
	"fmt"
	"strings"
)

// Stripe's price for a card payment in the US (§4.1): 2.9 % and 30 minor units.
const (
	feePerMille = 29
	feeFixed    = 30
)

// maxAmount is the largest charge, in minor units (§1.18: eight digits).
const maxAmount = 99_999_999

// usualMinimum is the smallest charge, in minor units, of a currency that
// Stripe's table (§1.18) does not name.
const usualMinimum = 50

// minimums is the smallest charge by currency, in minor units (§1.18).
var minimums = map[string]int64{
	"aed": 200, "czk": 1500, "dkk": 250, "gbp": 30, "hkd": 400, "huf": 17500, "mxn": 1000, "myr": 200,
	"nok": 300, "pln": 200, "ron": 200, "sek": 300, "thb": 1000,
}

// currencies is what Stripe charges in.
var currencies = func() map[string]bool {
	out := map[string]bool{}
	for _, code := range strings.Fields(`usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl
		bsd btn bwp byn bzd cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel ghs gip gmd gnf
		gtq gyd hkd hnl hrk htg huf idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl
		mga mkd mmk mnt mop mro mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd
		rub rwf sar sbd scr sek sgd shp sle sll sos srd std svc szl thb tjs tnd top try ttd twd tzs uah ugx uyu uzs vnd vuv
		wst xaf xcd xof xpf yer zar zmw`) {
		out[code] = true
	}
	return out
}()

// digits is how many digits follow the decimal point of a currency (§1.18).
func digits(currency string) int {
	switch {
	case strings.Contains(" bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf ", " "+currency+" "):
		return 0
	case strings.Contains(" bhd jod kwd omr tnd ", " "+currency+" "):
		return 3
	}
	return 2
}

// stripeFee is the price of a charge, in minor units, the percentage rounded half up.
func stripeFee(amount int64) int64 { return (amount*feePerMille+500)/1000 + feeFixed }

// spell writes an amount of minor units as Stripe does in messages: $10.00.
func spell(amount int64, currency string) string {
	symbol := map[string]string{"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}[currency]
	unit, places := int64(1), digits(currency)
	for range places {
		unit *= 10
	}
	if places == 0 {
		return fmt.Sprintf("%s%d", symbol, amount)
	}
	return fmt.Sprintf("%s%d.%0*d", symbol, amount/unit, places, amount%unit)
}

// currencyOf is the currency parameter in lower case, if Stripe has it.
func (p params) currencyOf(name string) (string, error) {
	code := strings.ToLower(p.text(name))
	if !currencies[code] {
		return "", badParam(name, "", "Invalid currency: "+p.text(name)+". Stripe currently supports the ISO 4217 currencies listed at https://stripe.com/docs/currencies.")
	}
	return code, nil
}

// checkAmount refuses what no card can be charged (§1.8.3, §1.18).
func checkAmount(amount int64, currency string) error {
	least, named := minimums[currency]
	if !named {
		least = usualMinimum
	}
	switch {
	case amount < 1:
		return badParam("amount", "parameter_invalid_integer", "This value must be greater than or equal to 1. The amount must be at least the minimum charge amount allowed for your account and the currency set; to save a payment method without charging, use a SetupIntent.")
	case amount < least:
		return badParam("amount", "amount_too_small", fmt.Sprintf("Amount must be at least %s %s", spell(least, currency), currency))
	case amount > maxAmount:
		return badParam("amount", "amount_too_large", fmt.Sprintf("Amount must be no more than %s", spell(maxAmount, currency)))
	}
	return nil
}
