package sandbox

import "strings"

// decline is an issuer's refusal, as Stripe reports it (§3.4).
type decline struct {
	code, declineCode, message string
	advice                     string // confirm_card_data, do_not_try_again, try_again_later
	network, networkAdvice     string // the card network's own codes
	param                      string
	blocked                    bool // Stripe refused before asking the bank (Radar)
}

const (
	declinedText = "Your card was declined."
	tryLater     = "try_again_later"
	neverAgain   = "do_not_try_again"
	checkData    = "confirm_card_data"
)

// The declines of §3.4.
var (
	genericDecline    = decline{code: "card_declined", declineCode: "generic_decline", message: declinedText, advice: tryLater, network: "01"}
	insufficientFunds = decline{code: "card_declined", declineCode: "insufficient_funds", message: "Your card has insufficient funds.", advice: tryLater, network: "51", networkAdvice: "02"}
	lostCard          = decline{code: "card_declined", declineCode: "lost_card", message: declinedText, advice: neverAgain, network: "41", networkAdvice: "01"}
	stolenCard        = decline{code: "card_declined", declineCode: "stolen_card", message: declinedText, advice: neverAgain, network: "43", networkAdvice: "01"}
	expiredCard       = decline{code: "expired_card", declineCode: "expired_card", message: "Your card has expired.", advice: checkData, network: "54", networkAdvice: "03", param: "exp_month"}
	incorrectCVC      = decline{code: "incorrect_cvc", declineCode: "incorrect_cvc", message: "Your card's security code is incorrect.", advice: checkData, network: "N7", networkAdvice: "03", param: "cvc"}
	processingError   = decline{code: "processing_error", declineCode: "processing_error", message: "An error occurred while processing your card. Try again in a little bit.", advice: tryLater, network: "06"}
	velocityExceeded  = decline{code: "card_declined", declineCode: "card_velocity_exceeded", message: "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.", advice: tryLater, network: "61", networkAdvice: "02"}
	fraudulent        = decline{code: "card_declined", declineCode: "fraudulent", message: declinedText, advice: neverAgain, blocked: true}
	needsAuth         = decline{code: "authentication_required", declineCode: "authentication_required", message: "Your card was declined. This transaction requires authentication.", advice: tryLater}
	notATestCard      = decline{code: "card_declined", declineCode: "test_mode_live_card", message: "Your card was declined. Your request was in test mode, but used a non test (live) card. For a list of valid test cards, visit: https://stripe.com/docs/testing.", advice: neverAgain}
)

// authentication is when a card asks for 3D Secure (§3.6).
type authentication int

const (
	authNever       authentication = iota
	authOnRequest                  // only when request_three_d_secure asks
	authUnlessSetUp                // on session always; off session unless saved for it
	authAlways                     // even off session after being saved
	authOnSession                  // counts as saved for off-session use from the start
)

// required says whether the customer must authenticate this payment.
func (a authentication) required(offSession, setUp, requested bool) bool {
	switch a {
	case authOnRequest:
		return requested
	case authUnlessSetUp:
		return !offSession || !setUp
	case authAlways:
		return true
	case authOnSession:
		return !offSession
	}
	return false
}

// refundFate is what becomes of a refund to the card (§3.8).
type refundFate string

const (
	refundAtOnce    refundFate = ""
	refundPends     refundFate = "pending" // pending, later succeeded
	refundFailsLate refundFate = "failing" // succeeded, later failed
)

// checks are the results of comparing address and security code (§3.5).
type checks struct{ line1, postal, cvc string }

// testCard is one of Stripe's test numbers, and what it does.
type testCard struct {
	number  string
	aliases string // what follows pm_card_ and tok_, space separated
	brand   string
	funding string
	country string

	attach *decline // attaching fails
	charge *decline // charging fails
	after  *decline // charging fails even after 3D Secure
	auth   authentication
	noAuth bool // 3D Secure is not supported
	lookup bool // the 3D Secure look-up itself fails

	checks checks
	risk   string // elevated or highest; empty is normal
	refund refundFate
	atOnce bool // funds are available immediately
}

// testCards is §3 as a table: every number and every alias.
type testCards struct {
	byNumber, byAlias map[string]*testCard
}

// cards is the one table; nothing writes to it.
var cards = func() testCards {
	t := testCards{map[string]*testCard{}, map[string]*testCard{}}
	for _, rows := range [][]testCard{brandCards, decliningCards, authenticatingCards, specialCards, countryCards()} {
		for _, row := range rows {
			t.add(row)
		}
	}
	return t
}()

func (t testCards) add(row testCard) {
	card := t.byNumber[row.number]
	if card == nil {
		card = &row
		t.byNumber[row.number] = card
		card.fill()
	}
	for _, alias := range strings.Fields(row.aliases) {
		t.byAlias[alias] = card
	}
}

func (c *testCard) fill() {
	if c.brand == "" {
		c.brand = brandOf(c.number)
	}
	if c.funding == "" {
		c.funding = "credit"
	}
	if c.country == "" {
		c.country = "US"
	}
	if c.checks.cvc == "" {
		c.checks.cvc = "pass"
	}
	if c.attach == nil && c.auth == authNever && !c.attachesAnyway() {
		c.attach = c.charge
	}
}

// attachesAnyway are the cards that can be saved and then fail when charged (§3.1).
func (c *testCard) attachesAnyway() bool { return strings.Contains(c.aliases, "chargeCustomerFail") }

// brandOf tells the network from the first digits of a number.
func brandOf(number string) string {
	for _, row := range []struct{ prefix, brand string }{
		{"34", "amex"}, {"37", "amex"}, {"35", "jcb"}, {"30", "diners"}, {"36", "diners"}, {"38", "diners"},
		{"62", "unionpay"}, {"6", "discover"}, {"4", "visa"}, {"5", "mastercard"}, {"2", "mastercard"},
	} {
		if strings.HasPrefix(number, row.prefix) {
			return row.brand
		}
	}
	return "unknown"
}

// brandCards succeed (§3.2).
var brandCards = []testCard{
	{number: "4242424242424242", aliases: "visa us"},
	{number: "4000056655665556", aliases: "visa_debit", funding: "debit"},
	{number: "5555555555554444", aliases: "mastercard"},
	{number: "2223003122003222", aliases: "mastercard_2series"},
	{number: "5200828282828210", aliases: "mastercard_debit", funding: "debit"},
	{number: "5105105105105100", aliases: "mastercard_prepaid", funding: "prepaid"},
	{number: "378282246310005", aliases: "amex amex_threeDSecureNotSupported", noAuth: true},
	{number: "371449635398431", noAuth: true},
	{number: "6011111111111117", aliases: "discover"},
	{number: "6011000990139424"},
	{number: "6011981111111113", aliases: "discover_debit", funding: "debit"},
	{number: "3056930009020004", aliases: "diners"},
	{number: "36227206271667"},
	{number: "6555900000604105"},
	{number: "3566002020360505", aliases: "jcb"},
	{number: "6200000000000005", aliases: "unionpay"},
	{number: "6200000000000047", funding: "debit"},
	{number: "6205500000000000004"},
	{number: "4000002500001001", aliases: "visa_cartesBancaires", brand: "cartes_bancaires", country: "FR"},
	{number: "5555552500001001", aliases: "mastercard_cartesBancaires", brand: "cartes_bancaires", country: "FR"},
	{number: "4000050360000001", aliases: "visa_debit_eftposAuCoBranded", brand: "eftpos_au", funding: "debit", country: "AU"},
	{number: "5555050360000080", aliases: "mastercard_debit_eftposAuCoBranded", brand: "eftpos_au", funding: "debit", country: "AU"},
}

// decliningCards fail (§3.4, §3.5). pm_card_declined is no id of Stripe's, but
// what people write; it is taken for chargeDeclined.
var decliningCards = []testCard{
	{number: "4000000000000002", aliases: "chargeDeclined visa_chargeDeclined declined", charge: &genericDecline},
	{number: "4000000000009995", aliases: "chargeDeclinedInsufficientFunds visa_chargeDeclinedInsufficientFunds", charge: &insufficientFunds},
	{number: "4000000000009987", aliases: "chargeDeclinedLostCard visa_chargeDeclinedLostCard", charge: &lostCard},
	{number: "4000000000009979", aliases: "chargeDeclinedStolenCard visa_chargeDeclinedStolenCard", charge: &stolenCard},
	{number: "4000000000000069", aliases: "chargeDeclinedExpiredCard visa_chargeDeclinedExpiredCard", charge: &expiredCard},
	{number: "4000000000000127", aliases: "chargeDeclinedIncorrectCvc visa_chargeDeclinedIncorrectCvc", charge: &incorrectCVC},
	{number: "4000000000000119", aliases: "chargeDeclinedProcessingError visa_chargeDeclinedProcessingError", charge: &processingError},
	{number: "4000000000006975", aliases: "chargeDeclinedVelocityLimitExceeded visa_chargeDeclinedVelocityLimitExceeded", charge: &velocityExceeded},
	{number: "4100000000000019", aliases: "chargeDeclinedFraudulent visa_chargeDeclinedFraudulent radarBlock", charge: &fraudulent, risk: "highest"},
	{number: "4000000000004954", aliases: "riskLevelHighest", charge: &fraudulent, risk: "highest"},
	{number: "4000000000000341", aliases: "chargeCustomerFail visa_chargeCustomerFail", charge: &genericDecline},
	{number: "customerFailLost", aliases: "visa_chargeCustomerFailLostCard", brand: "visa", charge: &lostCard},
	{number: "customerFailStolen", aliases: "visa_chargeCustomerFailStolenCard", brand: "visa", charge: &stolenCard},
}

// authenticatingCards ask for 3D Secure (§3.6).
var authenticatingCards = []testCard{
	{number: "4000002500003155", aliases: "authenticationRequiredOnSetup", auth: authUnlessSetUp, country: "FR"},
	{number: "4000002760003184", aliases: "authenticationRequired", auth: authAlways, country: "DE"},
	{number: "4000003800000446", aliases: "authenticationRequiredSetupForOffSession", auth: authOnSession, country: "IT"},
	{number: "4000008260003178", aliases: "authenticationRequiredChargeDeclinedInsufficientFunds", auth: authUnlessSetUp, after: &insufficientFunds, country: "GB"},
	{number: "4000000000003220", aliases: "threeDSecure2Required", auth: authUnlessSetUp},
	{number: "4000008400000027", aliases: "threeDSecureRequired", auth: authUnlessSetUp},
	{number: "4000008400001629", aliases: "threeDSecureRequiredChargeDeclined", auth: authUnlessSetUp, after: &genericDecline},
	{number: "4000008400001280", aliases: "threeDSecureRequiredProcessingError", charge: &needsAuth, auth: authUnlessSetUp, lookup: true},
	{number: "4000000000003055", aliases: "threeDSecureOptional", auth: authOnRequest},
	{number: "4000000000003097", aliases: "threeDSecureOptionalProcessingError"},
	{number: "4000000032200000"},
	{number: "4000582600000094"}, {number: "4000582600000045"}, {number: "4000582600000102"}, {number: "4000582600000110"},
}

// specialCards succeed, and something is odd about them (§3.2, §3.5, §3.8).
var specialCards = []testCard{
	{number: "4000000000000077", aliases: "bypassPending", atOnce: true},
	{number: "4000003720000278", aliases: "bypassPendingInternational", atOnce: true, country: "IE"},
	{number: "4000000000000093", aliases: "domesticPricing"},
	{number: "4000051230000072", aliases: "debit_visaHsaProductCode debit_visaFsaProductCode", funding: "debit"},
	{number: "5200828282828897", aliases: "mastercard_debit_mastercardFsaProductCode", funding: "debit"},
	{number: "4000000000009235", aliases: "riskLevelElevated", risk: "elevated"},
	{number: "4000008400000407", aliases: "highFraudDisputeScore", risk: "elevated"},
	{number: "4000008400000159", aliases: "highEfwScore"},
	{number: "4000008400001017", aliases: "radarDynamicRiskThreshold"},
	{number: "4001858821843804", aliases: "freeTrialAbuseBlock"},
	{number: "4000008405600003", aliases: "adaptive3dsChallenge"},
	{number: "4000000000000101", aliases: "cvcCheckFail", checks: checks{cvc: "fail"}},
	{number: "4000000000000036", aliases: "avsZipFail", checks: checks{postal: "fail"}},
	{number: "4000058400307872", aliases: "cvcCheckFailElevatedRisk", checks: checks{cvc: "fail"}, risk: "elevated"},
	{number: "4000058400306072", aliases: "avsZipFailElevatedRisk", checks: checks{postal: "fail"}, risk: "elevated"},
	{number: "4000000000000028", aliases: "avsLine1Fail", checks: checks{line1: "fail"}},
	{number: "4000000000000010", aliases: "avsFail", checks: checks{line1: "fail", postal: "fail"}},
	{number: "4000000000000044", aliases: "avsUnchecked", checks: checks{line1: "unavailable", postal: "unavailable"}},
	{number: "4000000000001208"}, {number: "4000000000003725"},
	{number: "4000000000007726", aliases: "pendingRefund", refund: refundPends},
	{number: "4000000000005126", aliases: "refundFail", refund: refundFailsLate},
	{number: "4000000000000259", aliases: "createDispute"},
	{number: "4000000000002685", aliases: "createDisputeProductNotReceived"},
	{number: "4000000000001976", aliases: "createDisputeInquiry"},
	{number: "4000000000005423", aliases: "createIssuerFraudRecord"},
	{number: "4000000404000079", aliases: "createMultipleDisputes"},
	{number: "4000000404000038", aliases: "createCe3EligibleDispute"},
	{number: "4000008400000779", aliases: "createComplianceDispute"},
	{number: "5105008400000002", aliases: "createMastercardComplianceDispute"},
	{number: "4000000001000043", aliases: "createAutoRepresentmentEligibleDispute"},
}

// byCountry lists the aliases of §3.3 with their numbers; the first two
// letters are the country.
const byCountry = `ar 4000000320000021 br 4000000760000002 ca 4000001240000000 cl 4000001520000001 co 4000001700000003
	cr 4000001880000005 ec 4000002180000000 mx 4000004840008001 mx_carnet 5062210000000009 pa 4000005910000000
	py 4000006000000066 pe 4000006040000068 uy 4000008580000003 ae 4000007840000001 ae_mastercard 5200007840000022
	at 4000000400000008 be 4000000560000004 bg 4000001000000000 by 4000001120000005 hr 4000001910000009 cy 4000001960000008
	cz 4000002030000002 dk 4000002080000001 ee 4000002330000009 fi 4000002460000001 fr 4000002500000003 de 4000002760000016
	gi 4000002920000005 gr 4000003000000030 hu 4000003480000005 ie 4000003720000005 it 4000003800000008 lv 4000004280000005
	li 4000004380000004 lt 4000004400000000 lu 4000004420000006 mt 4000004700000007 nl 4000005280000002 no 4000005780000007
	pl 4000006160000005 pt 4000006200000007 ro 4000006420000001 sa 4000006820000007 si 4000007050000006 sk 4000007030000001
	es 4000007240000007 se 4000007520000008 ch 4000007560000009 gb 4000008260000000 gb_debit 4000058260000005
	gb_mastercard 5555558265554449 au 4000000360000006 cn 4000001560000002 hk 4000003440000004 in 4000003560000008
	jp 4000003920000003 jp_jcb 3530111333300000 my 4000004580000002 nz 4000005540000008 sg 4000007020000003
	tw 4000001580000008 th_credit 4000007640000003 th_debit 4000057640000008`

func countryCards() []testCard {
	words := strings.Fields(byCountry)
	var out []testCard
	for at := 0; at+1 < len(words); at += 2 {
		alias, number := words[at], words[at+1]
		card := testCard{number: number, aliases: alias, country: strings.ToUpper(alias[:2])}
		if strings.HasSuffix(alias, "_debit") {
			card.funding = "debit"
		}
		out = append(out, card)
	}
	return out
}

// cardByNumber is the test card with this number. An unknown number is
// refused as Stripe refuses real cards in test mode, or as mistyped.
func cardByNumber(number string) (*testCard, *decline) {
	if card := cards.byNumber[number]; card != nil {
		return card, nil
	}
	if !luhn(number) {
		return nil, &decline{code: "incorrect_number", declineCode: "incorrect_number", message: "Your card number is incorrect.", param: "number"}
	}
	return nil, &notATestCard
}

// luhn checks the last digit of a card number (ISO/IEC 7812-1 annex B).
func luhn(number string) bool {
	sum := 0
	for at := range len(number) {
		digit := int(number[len(number)-1-at]) - '0'
		if digit < 0 || digit > 9 {
			return false
		}
		if at%2 == 1 {
			if digit *= 2; digit > 9 {
				digit -= 9
			}
		}
		sum += digit
	}
	return len(number) >= 12 && sum%10 == 0
}
