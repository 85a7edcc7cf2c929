package pay

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// redacted stands for a secret wherever one is printed.
const redacted = "[redacted]"

// hintTail is how many closing characters a hint shows: enough to tell two
// keys apart, and what Stripe's own dashboard shows.
const hintTail = 4

// hintMinimum is how long the unguessable part of a secret must be before a
// hint shows its tail, so that a hint never tells more than a quarter of it.
const hintMinimum = 4 * hintTail

// hintPrefixes are the openings of keys that say what a key is for and are no
// secret. The longer come first, because the first that fits is taken.
var hintPrefixes = []string{
	"sk_test_flr_", "sk_live_flr_",
	"sk_test_", "sk_live_", "rk_test_", "rk_live_", "pk_test_", "pk_live_",
	"whsec_",
}

// Secret holds a text that must not be seen: a Stripe key, a signing secret, a
// password. Every way of printing, logging or encoding it writes "[redacted]",
// so that a leak needs the word Reveal, which a reader can search for. The
// zero value is no secret and prints as nothing.
//
// The text is behind a pointer because fmt cannot call methods of unexported
// fields: it prints them by reflection, and then shows an address only.
type Secret struct {
	text *string
}

// NewSecret wraps a text; an empty text gives the zero Secret.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{text: &text}
}

// Reveal is the text itself, for the one place that sends, signs or encrypts
// with it.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero says that there is no secret.
func (s Secret) IsZero() bool { return s.text == nil }

// Equal compares in a time that does not depend on where two secrets of one
// length differ, so that nobody can guess one letter after the other.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// Hint lets people recognise a secret without learning it, as in
// "sk_test_…1234". A short secret shows its opening only.
func (s Secret) Hint() string {
	if s.IsZero() {
		return ""
	}
	prefix, rest := "", s.Reveal()
	for _, known := range hintPrefixes {
		if strings.HasPrefix(rest, known) {
			prefix, rest = known, strings.TrimPrefix(rest, known)
			break
		}
	}
	if len(rest) < hintMinimum {
		return prefix + "…"
	}
	return prefix + "…" + rest[len(rest)-hintTail:]
}

// String redacts, for print functions and for templates.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return redacted
}

// GoString redacts under %#v, which failing tests and debuggers use.
func (s Secret) GoString() string { return fmt.Sprintf("pay.Secret(%q)", s.String()) }

// Format redacts under every verb, those included that skip String, such as
// %d and %x.
func (s Secret) Format(state fmt.State, verb rune) {
	text := s.String()
	switch {
	case verb == 'v' && state.Flag('#'):
		text = s.GoString()
	case verb == 'q':
		text = fmt.Sprintf("%q", text)
	}
	_, _ = io.WriteString(state, text) // a Formatter has nobody to tell
}

// MarshalJSON redacts in answers, stored rows and JSON logs.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// MarshalText redacts as a map key and in YAML, XML and flag values.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue redacts in slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
