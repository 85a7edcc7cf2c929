package pay

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// The lengths of card numbers, from ISO/IEC 7812-1.
const (
	shortestCard = 13
	longestCard  = 19
)

// cardNames are fields that hold a card's secrets whatever is in them, as
// Stripe and others spell them; card[number] is read as card_number.
var cardNames = []string{
	"number", "card_number", "cardnumber", "pan", "primary_account_number",
	"cvc", "cvv", "cvc2", "cvv2", "csc", "card_cvc", "card_cvv", "card_csc", "security_code", "card_security_code",
	"track1", "track2", "track_data",
}

// FindCardData looks for what looks like a card number or security code in a
// decoded JSON tree, in any field at any depth and in the order of the fields'
// names: PCI DSS counts whatever stored or logged it as part of the card
// environment.
func FindCardData(tree any) (at string, found bool) { return cardData(tree, "") }

// RawCardData is the refusal of a field with card data; it never repeats the
// value.
func RawCardData(field string) *Error {
	return Invalid(CodeRawCardData, field,
		"this looks like card data, which must never reach this service; collect cards with Stripe.js and send the pm_… it returns")
}

func cardData(tree any, path string) (at string, found bool) {
	switch node := tree.(type) {
	case string:
		return path, HoldsCardNumber(node)
	case json.Number:
		return path, HoldsCardNumber(node.String())
	case []any:
		for _, item := range node {
			if at, found := cardData(item, path); found {
				return at, true
			}
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(node)) {
			at := dotted(path, name)
			if isCardName(path, name, node[name]) || HoldsCardNumber(name) {
				return at, true
			}
			if at, found := cardData(node[name], at); found {
				return at, true
			}
		}
	}
	return "", false
}

// isCardName reports whether a field's name alone gives it away. In metadata,
// whose names are the merchant's own, a number may be a house's or an order's,
// and is judged by its value.
func isCardName(path, name string, value any) bool {
	plain := strings.Trim(strings.NewReplacer("[", "_", "]", "", "-", "_", ".", "_", " ", "_").Replace(strings.ToLower(name)), "_")
	if value == nil || value == "" {
		return false
	}
	if plain == "number" && strings.HasPrefix(path, "metadata") {
		return false
	}
	return slices.Contains(cardNames, plain)
}

// uuids are cut out first: a quarter of their characters may be digits.
var uuids = regexp.MustCompile(`(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// groups are digits as people type them: in groups with one space or dash
// between.
var groups = regexp.MustCompile(`[0-9]+(?:[ \-\x{00a0}][0-9]+)*`)

// HoldsCardNumber reports whether a text has 13 to 19 digits that a card could
// have: an issuer's opening, its length, and Luhn's check digit (ISO/IEC
// 7812-1, annex B). The opening is what keeps times and most order numbers
// from looking like cards.
func HoldsCardNumber(text string) bool {
	if len(text) < shortestCard {
		return false
	}
	text = uuids.ReplaceAllString(text, "/")
	for _, at := range groups.FindAllStringIndex(text, -1) {
		if at[1]-at[0] >= shortestCard && !insideWord(text, at[0], at[1]) && groupsHoldCard(text[at[0]:at[1]]) {
			return true
		}
	}
	return false
}

// insideWord reports whether digits belong to something larger: an id or hash
// with letters on both sides, a telephone number, a decimal fraction. Letters
// on one side only may be a label, as in Visa4242….
func insideWord(text string, from, to int) bool {
	if from == 0 {
		return false
	}
	before := text[from-1]
	switch {
	case before == '+':
		return true
	case before == '.' && from > 1 && isDigit(text[from-2]):
		return true
	default:
		return isLetter(before) && to < len(text) && isLetter(text[to])
	}
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// groupsHoldCard tries every row of whole groups: a card's number may stand
// between other numbers.
func groupsHoldCard(run string) bool {
	parts := strings.FieldsFunc(run, func(r rune) bool { return r < '0' || r > '9' })
	for i := range parts {
		digits := ""
		for _, part := range parts[i:] {
			if digits += part; len(digits) > longestCard {
				break
			}
			if len(digits) >= shortestCard && isIssued(digits) && passesLuhn(digits) {
				return true
			}
		}
	}
	return false
}

// issuer is a range of openings that cards have, with their lengths.
type issuer struct {
	from, to string // of equal length, inclusive
	shortest int    // digits
	longest  int    // digits
}

// issuers are the networks' published ranges, a little generously.
var issuers = []issuer{
	{"4", "4", 13, 19},       // Visa
	{"51", "55", 16, 16},     // Mastercard
	{"2221", "2720", 16, 16}, // Mastercard since 2017
	{"34", "34", 15, 15},     // American Express
	{"37", "37", 15, 15},     // American Express
	{"300", "305", 14, 19},   // Diners Club
	{"309", "309", 14, 19},   // Diners Club
	{"36", "36", 14, 19},     // Diners Club
	{"38", "39", 14, 19},     // Diners Club
	{"3528", "3589", 16, 19}, // JCB
	{"50", "50", 13, 19},     // Maestro, Dankort, RuPay
	{"56", "58", 13, 19},     // Maestro
	{"6", "6", 13, 19},       // Discover, UnionPay, Maestro, RuPay
	{"81", "82", 16, 19},     // UnionPay, RuPay
	{"2200", "2204", 16, 19}, // Mir
	{"9792", "9792", 16, 16}, // Troy
}

func isIssued(digits string) bool {
	return slices.ContainsFunc(issuers, func(i issuer) bool {
		opening := digits[:len(i.from)]
		return opening >= i.from && opening <= i.to && len(digits) >= i.shortest && len(digits) <= i.longest
	})
}

func passesLuhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// dotted names a field inside another.
func dotted(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
