package telemetry

import "strings"

// The lengths of card numbers, from ISO/IEC 7812.
const (
	shortestCard = 13
	longestCard  = 19

	lowestCard = 1_000_000_000_000 // the least number of 13 digits
)

// keyOpenings are how secrets begin: secret and restricted keys of Stripe and
// ours (sk_test_flr_…), and signing secrets. The longer come first.
var keyOpenings = []string{
	"sk_test_flr_", "sk_live_flr_", "sk_test_", "sk_live_", "sk_", "rk_test_", "rk_live_", "rk_", "whsec_",
}

// clientSecret is inside the secret that lets a browser confirm a
// PaymentIntent: pi_…_secret_….
const clientSecret = "_secret_"

// shortestSecret is how much must follow an opening before it is a secret and
// not a sentence about keys, or a hint such as sk_test_…1234.
const shortestSecret = 4

// scrubText cuts secrets out of a text. Nearly all texts have none, so it
// copies nothing until it finds one. It looks at each byte once: '_' may end a
// key's opening, ':' may begin a URL's password, a digit may begin a card.
func scrubText(text string) string {
	var clean strings.Builder
	kept := 0 // text[:kept] is in clean
	for i := 0; i < len(text); i++ {
		c, from, to := text[i], 0, 0
		if c > ':' && c != '_' { // most bytes are letters and begin nothing
			continue
		}
		switch {
		case c == '_':
			from, to = findKey(text, i)
		case c == ':':
			from, to = findPassword(text, i)
		case isDigit(c) && (i == 0 || !isWord(text[i-1])):
			from, to = findCard(text, i)
		}
		if to <= from || from < kept {
			continue
		}
		clean.WriteString(text[kept:from])
		clean.WriteString(redacted)
		kept, i = to, to-1
	}
	if kept == 0 {
		return text
	}
	clean.WriteString(text[kept:])
	return clean.String()
}

// findKey is where the secret part of a key is whose first '_' is at i. The
// opening is kept, so that a reader sees what kind of key it was.
func findKey(text string, i int) (from, to int) {
	if strings.HasPrefix(text[i:], clientSecret) {
		return secretFrom(text, i+len(clientSecret))
	}
	for _, opening := range keyOpenings {
		start := i - strings.IndexByte(opening, '_')
		if start < 0 || start > 0 && isWord(text[start-1]) || !strings.HasPrefix(text[start:], opening) {
			continue
		}
		return secretFrom(text, start+len(opening))
	}
	return 0, 0
}

// secretFrom is the run of characters that keys are made of, base64 included.
func secretFrom(text string, from int) (int, int) {
	to := from
	for to < len(text) && (isWord(text[to]) || text[to] == '+' || text[to] == '/' || text[to] == '=') {
		to++
	}
	if to-from < shortestSecret {
		return 0, 0
	}
	return from, to
}

// findPassword is where the password is in scheme://user:password@host, with
// the first ':' at i.
func findPassword(text string, i int) (from, to int) {
	rest, ok := strings.CutPrefix(text[i:], "://")
	if !ok {
		return 0, 0
	}
	end := strings.IndexAny(rest, "/?# \t\n\"'")
	if end < 0 {
		end = len(rest)
	}
	at := strings.LastIndexByte(rest[:end], '@')
	colon := strings.IndexByte(rest[:end], ':')
	if colon < 0 || at < colon {
		return 0, 0
	}
	start := i + len("://")
	return start + colon + 1, start + at
}

// findCard is where a card number is that begins at i: 13 to 19 digits that
// pass Luhn's check, with single spaces or dashes between them as people type
// them. Another number may follow, so each group of digits may be the last;
// the longest card number is taken.
func findCard(text string, i int) (from, to int) {
	var digits [longestCard]byte
	count := 0
	for j := i; j < len(text) && isDigit(text[j]) && count < longestCard; j++ {
		digits[count] = text[j]
		count++
		if j+1 < len(text) && isDigit(text[j+1]) {
			continue
		}
		if j+1 < len(text) && isWord(text[j+1]) {
			break // part of an id or of a hexadecimal number
		}
		if count >= shortestCard && luhn(digits[:count]) {
			from, to = i, j+1
		}
		if j+1 < len(text) && (text[j+1] == ' ' || text[j+1] == '-') {
			j++
		}
	}
	return from, to
}

// isCardNumber judges a bare number. Here only numbers that begin as cards of
// the large networks do (2 to 6) count: times in milli-, micro- and
// nanoseconds have as many digits and begin with 1 until the year 2033.
func isCardNumber(number string) bool {
	if len(number) < shortestCard || len(number) > longestCard || number[0] < '2' || number[0] > '6' {
		return false
	}
	for i := range len(number) {
		if !isDigit(number[i]) {
			return false
		}
	}
	return luhn([]byte(number))
}

// luhn is the check digit of ISO/IEC 7812: every second digit from the right
// is doubled, and the sum of all digits ends in zero.
func luhn(digits []byte) bool {
	sum := 0
	for i, c := range digits {
		d := int(c - '0')
		if (len(digits)-i)%2 == 0 {
			d *= 2
			if d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWord(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}
