package sandbox

import (
	"net/http"
	"strings"
)

// Statuses of a bank account (§2.2).
const (
	bankNew      = "new"
	bankVerified = "verified"
)

// Lengths of what a bank is asked for, in digits: a US routing number has
// nine (ABA), and no account number is longer than 17 (NACHA).
const (
	routingDigits    = 9
	maxAccountDigits = 17
)

// microDeposits are the two amounts, in cents, that prove in test mode that
// somebody can read the statements of an account (§3.9).
var microDeposits = []string{"32", "45"}

// bankAccount is a customer's source, or where an account's payouts go (§2.2).
type bankAccount struct {
	head
	Account            *string           `json:"account,omitempty" expand:"account"`
	HolderName         *string           `json:"account_holder_name"`
	HolderType         *string           `json:"account_holder_type"`
	AccountType        *string           `json:"account_type"`
	PayoutMethods      []string          `json:"available_payout_methods,omitempty"`
	BankName           *string           `json:"bank_name"`
	Country            string            `json:"country"`
	Currency           string            `json:"currency"`
	Customer           *string           `json:"customer,omitempty" expand:"customer"`
	DefaultForCurrency *bool             `json:"default_for_currency,omitempty"`
	Fingerprint        *string           `json:"fingerprint"`
	Last4              string            `json:"last4"`
	Metadata           map[string]string `json:"metadata"`
	RoutingNumber      *string           `json:"routing_number"`
	Status             string            `json:"status"`

	secret bankSecret
}

// bankSecret is what decides how payouts and debits end, and is never shown.
type bankSecret struct {
	Number  string `json:"number"`
	Created int64  `json:"created"` // Unix seconds; a bank account does not show it
}

func (b *bankAccount) private() any     { return &b.secret }
func (b *bankAccount) createdAt() int64 { return b.secret.Created }

var bankAccounts = declare[bankAccount](kind{name: "bank_account", prefix: "ba_1", length: 23, noun: "bank account"})

// bankParams describe a bank account, in a token or as a source.
var bankParams = hash("bank_account", text("account_holder_name"), enum("account_holder_type", "company", "individual"),
	text("account_number").must(), enum("account_type", "checking", "futsu", "savings", "toza"), text("country").must(),
	text("currency"), text("object"), text("payment_method"), text("routing_number"))

func bankAccountResource() *resource {
	return &resource{
		kind:   &bankAccounts.kind,
		routes: externalAccountRoutes(),
		indexes: func(o object) []indexKey {
			b := o.(*bankAccount)
			var keys []indexKey
			if b.Customer != nil {
				keys = append(keys, indexKey{"customer", *b.Customer})
			}
			if b.Account != nil {
				keys = append(keys, indexKey{"account", *b.Account})
			}
			return keys
		},
	}
}

// bankOf reads a bank account out of its hash, not stored and without an
// owner; prefix is where the hash lies, for error.param.
//
// Errors: parameter_missing, routing_number_invalid, account_number_invalid.
func bankOf(c *call, sent params, prefix string) (*bankAccount, error) {
	country, number, routing := strings.ToUpper(sent.text("country")), sent.text("account_number"), sent.text("routing_number")
	currency := "usd"
	if sent.has("currency") {
		var err error
		if currency, err = sent.currencyOf("currency"); err != nil {
			return nil, err
		}
	}
	switch {
	case number == "":
		return nil, missingParam(join(prefix, "account_number"))
	case country == "US" && routing == "":
		return nil, missingParam(join(prefix, "routing_number"))
	case country == "US" && (len(routing) != routingDigits || !digitsOnly(routing)):
		return nil, badParam(join(prefix, "routing_number"), "routing_number_invalid", "Routing number must have 9 digits")
	case country == "US" && (len(number) < 4 || len(number) > maxAccountDigits || !digitsOnly(number)):
		return nil, badParam(join(prefix, "account_number"), "account_number_invalid", "Invalid account number: must contain only digits, and be at most 17 digits long")
	}
	made := &bankAccount{
		Country: country, Currency: currency, BankName: pointer("STRIPE TEST BANK"), Fingerprint: pointer(fingerprintOf(c.account.id, routing+number)),
		Last4: number[max(0, len(number)-4):], Metadata: map[string]string{}, RoutingNumber: textOrNil(routing), Status: bankNew,
		secret: bankSecret{Number: number, Created: c.now},
	}
	sent.setText("account_holder_name", &made.HolderName)
	sent.setText("account_holder_type", &made.HolderType)
	sent.setText("account_type", &made.AccountType)
	return made, nil
}

func digitsOnly(s string) bool { return strings.Trim(s, "0123456789") == "" }

// verify compares the amounts of two small deposits with those of §3.9; wrong
// ones are refused, and the account stays as it was.
func (b *bankAccount) verify(c *call) error {
	sent := c.params.list("amounts")
	switch {
	case b.Status == bankVerified:
		return badState("", "This bank account has already been verified.")
	case b.Status != bankNew:
		return badState("", "This bank account cannot be verified because it has a status of "+b.Status+".")
	case len(sent) != len(microDeposits):
		return missingParam("amounts")
	case sent[0] == microDeposits[0] && sent[1] == microDeposits[1], sent[0] == microDeposits[1] && sent[1] == microDeposits[0]:
		b.Status = bankVerified
		return nil
	}
	e := badState("bank_account_verification_failed", "The amounts provided do not match the amounts that were sent to the bank account.")
	e.status = http.StatusPaymentRequired
	e.Type = typeCard
	return e
}
