package pay

import (
	"strings"
	"time"
)

// Mode tells play money from real money. A key has one mode and never sees
// the other mode's rows.
type Mode string

// The two modes, as Stripe has them.
const (
	Test Mode = "test"
	Live Mode = "live"
)

// ParseMode reads a mode.
//
// Errors: invalid_mode.
func ParseMode(s string) (Mode, error) {
	switch m := Mode(strings.ToLower(s)); m {
	case Test, Live:
		return m, nil
	default:
		return "", Invalid(CodeInvalidMode, "mode", `mode is "test" or "live"`)
	}
}

// Owner is whose row it is. Every row belongs to one merchant in one mode, and
// every store call takes an Owner, so that no query can forget it.
type Owner struct {
	Merchant ID
	Mode     Mode
}

// DefaultMerchant is the name of the merchant that the first start makes, and
// that is meant where none is named.
const DefaultMerchant = "default"

// MaxMerchantName is the longest name of a merchant, in bytes: it stands in
// table cells and log lines.
const MaxMerchantName = 100

// Merchant is who uses Florin: it owns keys, connections and payments.
type Merchant struct {
	ID        ID
	Name      string // unique
	CreatedAt time.Time
}

// CheckMerchantName says whether a merchant can have this name.
//
// Errors: invalid_name.
func CheckMerchantName(name string) error {
	if name == "" || len(name) > MaxMerchantName || strings.ContainsAny(name, "\n\r\t") || strings.TrimSpace(name) != name {
		return Invalid(CodeInvalidName, "name", "a merchant's name has 1 to 100 characters, on one line, without spaces around it")
	}
	return nil
}
