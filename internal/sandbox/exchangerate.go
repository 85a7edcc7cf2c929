package sandbox

import (
	"encoding/json"
	"math/big"
	"net/http"
	"slices"
	"strings"
)

// perDollar is how many units of each currency one US dollar buys. The rates
// are near those of 2026 and never move, so that a run can be repeated to the cent.
const perDollar = `usd 1 aed 3.6725 afn 70 all 83 amd 383 ang 1.79 aoa 915 ars 1450 aud 1.52 awg 1.79 azn 1.7 bam 1.68 bbd 2 bdt 122 bgn 1.68
	bhd 0.376 bif 2950 bmd 1 bnd 1.29 bob 6.91 brl 5.4 bsd 1 btn 88 bwp 13.4 byn 3.3 bzd 2 cad 1.39 cdf 2300 chf 0.8 clp 940 cny 7.1 cop 3900
	crc 505 cve 95 czk 20.9 djf 177.7 dkk 6.42 dop 63 dzd 130 egp 47.5 etb 150 eur 0.86 fjd 2.26 fkp 0.75 gbp 0.75 gel 2.7 ghs 11 gip 0.75
	gmd 72 gnf 8650 gtq 7.66 gyd 209 hkd 7.78 hnl 26.2 hrk 6.48 htg 131 huf 333 idr 16600 ils 3.27 inr 88.5 isk 125 jmd 160 jod 0.709 jpy 150
	kes 129 kgs 87.4 khr 4010 kmf 423 krw 1430 kwd 0.306 kyd 0.833 kzt 525 lak 21600 lbp 89500 lkr 304 lrd 183 lsl 17.3 mad 9.2 mdl 17 mga 4450
	mkd 53 mmk 2100 mnt 3580 mop 8.02 mro 398 mur 45.5 mvr 15.4 mwk 1734 mxn 18.4 myr 4.2 mzn 63.9 nad 17.3 ngn 1450 nio 36.8 nok 10 npr 141
	nzd 1.75 omr 0.3845 pab 1 pen 3.4 pgk 4.2 php 58.5 pkr 282 pln 3.66 pyg 7000 qar 3.64 ron 4.38 rsd 101 rub 81 rwf 1450 sar 3.75 sbd 8.2
	scr 14 sek 9.45 sgd 1.29 shp 0.75 sle 23 sll 23000 sos 571 srd 39 std 21100 svc 8.75 szl 17.3 thb 32.5 tjs 9.2 tnd 2.93 top 2.38 try 42
	ttd 6.78 twd 30.6 tzs 2450 uah 42 ugx 3500 uyu 39.8 uzs 12000 vnd 26300 vuv 121 wst 2.78 xaf 564 xcd 2.7 xof 564 xpf 102.6 yer 239 zar 17.3
	zmw 22.5`

// keptPerMille is what Stripe leaves of an amount that it converts: it takes
// one percent, inside the rate (§4, "FX spread inside the rate").
const keptPerMille = 990

// rateDigits is how many digits after the point a rate is given with, and
// computed with: what is shown is what was used.
const rateDigits = 8

// dollarRates is perDollar as exact numbers.
var dollarRates = func() map[string]*big.Rat {
	out, words := map[string]*big.Rat{}, strings.Fields(perDollar)
	for at := 0; at < len(words); at += 2 {
		out[words[at]], _ = new(big.Rat).SetString(words[at+1])
	}
	return out
}()

// exchangeRate is what one currency is worth in others, in units of each.
type exchangeRate struct {
	head
	Rates json.RawMessage `json:"rates"`
}

var exchangeRates = declare[exchangeRate](kind{name: "exchange_rate", internal: true, noun: "exchange rate", param: "rate_id"})

func exchangeRateResource() *resource {
	id := &exchangeRates.kind
	return &resource{kind: id, routes: []route{
		{method: http.MethodGet, path: "/v1/exchange_rates", title: "List the rates of each currency that charges settle in", returns: id, list: true,
			params: []param{integer("limit"), text("starting_after"), text("ending_before")}, do: listRates},
		{method: http.MethodGet, path: "/v1/exchange_rates/{id}", title: "Retrieve the rates of a currency", returns: id, do: retrieveRate},
	}}
}

func listRates(c *call) (any, error) {
	limit, err := c.limit()
	if err != nil {
		return nil, err
	}
	var all []object
	for currency := range dollarRates {
		all = append(all, ratesOf(currency))
	}
	slices.SortFunc(all, func(a, b object) int { return strings.Compare(a.identity().ID, b.identity().ID) })
	return pageFrom(c, all, limit), nil
}

func retrieveRate(c *call) (any, error) {
	if dollarRates[c.id] == nil {
		return nil, noSuch(http.StatusNotFound, exchangeRates.noun, c.id, exchangeRates.param)
	}
	return ratesOf(c.id), nil
}

// ratesOf is what a charge in each currency brings to an account that settles in one.
func ratesOf(currency string) *exchangeRate {
	rates := map[string]json.Number{}
	for other := range dollarRates {
		rates[other] = json.Number(shownRate(new(big.Rat).Quo(dollarRates[other], dollarRates[currency])))
	}
	return &exchangeRate{head{currency, exchangeRates.name}, marshal(rates)}
}

func shownRate(rate *big.Rat) string {
	text := strings.TrimRight(rate.FloatString(rateDigits), "0")
	return strings.TrimSuffix(text, ".")
}

// rateBetween is by how much an amount in minor units of one currency is
// multiplied to be one of another, as a balance transaction shows it (§2.9).
func rateBetween(from, to string) json.Number {
	rate := new(big.Rat).Quo(dollarRates[to], dollarRates[from])
	rate.Mul(rate, big.NewRat(keptPerMille, 1000))
	for places := digits(from); places < digits(to); places++ {
		rate.Mul(rate, big.NewRat(10, 1))
	}
	for places := digits(to); places < digits(from); places++ {
		rate.Mul(rate, big.NewRat(1, 10))
	}
	return json.Number(shownRate(rate))
}

// times converts an amount, rounded half away from zero, so that what a refund
// takes back is what the charge brought.
func times(amount int64, rate json.Number) int64 {
	factor, ok := new(big.Rat).SetString(rate.String())
	if !ok {
		return amount
	}
	product := factor.Mul(factor, new(big.Rat).SetInt64(amount))
	whole, _ := new(big.Int).SetString(product.FloatString(0), 10) // FloatString rounds half away from zero
	return whole.Int64()
}

// settlement is the currency that an amount reaches an account's balance in:
// its own, where the account has a bank account in that currency or money in
// it already, else the account's default currency.
func (w *work) settlement(currency string) string {
	own := w.self()
	if own == nil || currency == own.DefaultCurrency || w.account.ledger.has(currency) || w.ownHolder().defaultBank(currency) != nil {
		return currency
	}
	return own.DefaultCurrency
}

// settle converts an entry, fees and all, to a currency that the account keeps.
func (w *work) settle(e balanceTransaction) balanceTransaction {
	to := w.settlement(e.Currency)
	if to == e.Currency {
		return e
	}
	rate := rateBetween(e.Currency, to)
	e.Amount, e.Fee, e.Currency, e.ExchangeRate = times(e.Amount, rate), 0, to, &rate
	details := e.FeeDetails
	e.FeeDetails = nil
	for _, d := range details {
		d.Amount, d.Currency = times(d.Amount, rate), to
		e.charge(d)
	}
	return e
}

// worth is what an amount comes to in the account's balance, in minor units.
func (w *work) worth(amount int64, currency string) (int64, string) {
	e := w.settle(balanceTransaction{Amount: amount, Currency: currency})
	return e.Amount, e.Currency
}
