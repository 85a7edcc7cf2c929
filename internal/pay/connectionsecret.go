package pay

import (
	"encoding/json"
	"maps"
	"net/mail"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
)

// Limits of connections.
const (
	MaxConnectionName   = 64   // characters; it stands in table cells and flows
	MaxConnectionURL    = 2048 // bytes
	maxConnectionHeader = 20   // names; an API wants one or two
	maxHeaderValue      = 4096 // bytes; a JWT has about one thousand
)

// ConnectionSecret is what a connection needs to be used, unsealed. Which fields
// are set follows from its kind.
type ConnectionSecret struct {
	StripeKey Secret            // stripe, sandbox
	BaseURL   string            // http: what paths are added to
	Headers   map[string]Secret // http: sent with every request
	Database  Secret            // database: a URL
	SMTP      Secret            // smtp: a URL
	From      string            // smtp: the address that mail comes from
}

// sealedSecret is the form of a secret that is sealed; nothing else may be done
// with its texts.
type sealedSecret struct {
	BaseURL  string            `json:"base_url,omitempty"`
	Headers  map[string]string `json:"headers,omitempty"`
	Database string            `json:"database,omitempty"`
	SMTP     string            `json:"smtp,omitempty"`
	From     string            `json:"from,omitempty"`
}

// Plain is the secret as it is sealed: a Stripe key as it is, all else as JSON.
func (s ConnectionSecret) Plain() ([]byte, error) {
	if !s.StripeKey.IsZero() {
		return []byte(s.StripeKey.Reveal()), nil
	}
	plain := sealedSecret{BaseURL: s.BaseURL, Headers: map[string]string{}, Database: s.Database.Reveal(), SMTP: s.SMTP.Reveal(), From: s.From}
	for name, value := range s.Headers {
		plain.Headers[name] = value.Reveal()
	}
	return json.Marshal(plain)
}

// ParseConnectionSecret reads what Plain wrote.
func ParseConnectionSecret(kind ConnectionKind, plain []byte) (ConnectionSecret, error) {
	if kind == ConnectionStripe || kind == ConnectionSandbox {
		return ConnectionSecret{StripeKey: NewSecret(string(plain))}, nil
	}
	var sealed sealedSecret
	if err := json.Unmarshal(plain, &sealed); err != nil {
		return ConnectionSecret{}, err
	}
	s := ConnectionSecret{BaseURL: sealed.BaseURL, Headers: map[string]Secret{}, Database: NewSecret(sealed.Database), SMTP: NewSecret(sealed.SMTP), From: sealed.From}
	for name, value := range sealed.Headers {
		s.Headers[name] = NewSecret(value)
	}
	return s, nil
}

// Check says whether a connection of this kind and mode can be made of the
// secret, judged by its looks alone.
//
// Errors: missing_field, invalid_field, invalid_url, and those of
// CheckProviderKey.
func (s ConnectionSecret) Check(kind ConnectionKind, mode Mode) error {
	switch kind {
	case ConnectionStripe:
		if s.StripeKey.IsZero() {
			return Invalid(CodeMissingField, "stripe.secret_key", "send Stripe's secret key (sk_%s_… or rk_%s_…)", mode, mode)
		}
		return CheckProviderKey(s.StripeKey.Reveal(), mode)
	case ConnectionSandbox:
		return CheckProviderKey(s.StripeKey.Reveal(), Test)
	case ConnectionHTTP:
		return s.checkHTTP()
	case ConnectionDatabase:
		return checkDatabase(s.Database.Reveal())
	case ConnectionSMTP:
		return s.checkSMTP()
	}
	return Invalid(CodeInvalidField, "kind", "kind is stripe, sandbox, http, database or smtp")
}

func (s ConnectionSecret) checkHTTP() error {
	u, err := parseAbsolute(s.BaseURL, "http.base_url")
	if err != nil {
		return err
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return Invalid(CodeInvalidURL, "http.base_url", "base_url is an https address without credentials or query; http is for this machine only")
	}
	if len(s.Headers) > maxConnectionHeader {
		return Invalid(CodeInvalidField, "http.headers", "at most %d headers can be given", maxConnectionHeader)
	}
	for name, value := range s.Headers {
		plain := strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz0123456789-_")
		text := value.Reveal()
		if name == "" || plain != "" || len(text) > maxHeaderValue || strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c == 0x7f }) {
			return Invalid(CodeInvalidField, "http.headers", "a header has a name of letters, digits and dashes, and a value on one line")
		}
	}
	return nil
}

// checkDatabase lets the two kinds of database in that flows can write to.
func checkDatabase(text string) error {
	const field = "database.url"
	if file, ok := strings.CutPrefix(text, "sqlite:"); ok {
		if !filepath.IsAbs(file) || filepath.Clean(file) != file {
			return Invalid(CodeInvalidURL, field, "a SQLite database is written sqlite:/absolute/path.db")
		}
		return nil
	}
	u, err := parseAbsolute(text, field)
	if err == nil && (u.Scheme != "postgres" && u.Scheme != "postgresql" || u.Path == "" || u.Path == "/") {
		err = Invalid(CodeInvalidURL, field, "a database is postgres://user:password@host/name or sqlite:/absolute/path.db")
	}
	return err
}

func (s ConnectionSecret) checkSMTP() error {
	u, err := parseAbsolute(s.SMTP.Reveal(), "smtp.url")
	if err != nil {
		return err
	}
	if u.Scheme != "smtp" && u.Scheme != "smtps" || u.Path != "" && u.Path != "/" {
		return Invalid(CodeInvalidURL, "smtp.url", "a mail server is smtp://user:password@host:587 or smtps://user:password@host:465")
	}
	if address, err := mail.ParseAddress(s.From); err != nil || address.Address == "" {
		return Invalid(CodeInvalidField, "smtp.from", "from is an address such as Shop <billing@example.com>")
	}
	return nil
}

// parseAbsolute reads a URL; errors never repeat it, since it may hold a
// password.
func parseAbsolute(text, field string) (*url.URL, error) {
	if text == "" {
		return nil, Invalid(CodeMissingField, field, "%s is required", field)
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || len(text) > MaxConnectionURL {
		return nil, Invalid(CodeInvalidURL, field, "%s is an absolute URL of at most %d bytes", field, MaxConnectionURL)
	}
	return u, nil
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// Hint lets people recognise what a connection leads to without learning its
// secrets.
func (s ConnectionSecret) Hint(kind ConnectionKind) string {
	switch kind {
	case ConnectionHTTP:
		if len(s.Headers) == 0 {
			return s.BaseURL
		}
		return s.BaseURL + " (" + strings.Join(slices.Sorted(maps.Keys(s.Headers)), ", ") + ")"
	case ConnectionDatabase:
		return withoutUser(s.Database.Reveal())
	case ConnectionSMTP:
		return withoutUser(s.SMTP.Reveal()) + " from " + s.From
	}
	return s.StripeKey.Hint()
}

// withoutUser is a URL without user, password and parameters.
func withoutUser(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// CheckConnectionName says whether a connection can have this name. A UUID is
// none, so that a connection can be asked for by name or id.
//
// Errors: invalid_name.
func CheckConnectionName(name string) error {
	plain := strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == ""
	if _, err := ParseID(name); err == nil || name == "" || !plain || len(name) > MaxConnectionName || name == DefaultConnection {
		return Invalid(CodeInvalidName, "name", "a connection's name has 1 to %d letters, digits, dashes, dots and underscores, and is not %q", MaxConnectionName, DefaultConnection)
	}
	return nil
}
