package operation

import (
	"fmt"
	"strings"
)

// ids is one kind of Stripe's ids: how they begin, and where one is found.
type ids struct {
	noun  string // a customer
	opens []string
	find  string
}

// The kinds of ids. Stripe's older objects have other openings, which still
// work (docs.stripe.com/upgrades, "Object IDs").
var (
	accountIDs  = ids{"an account", []string{"acct_"}, "in the Dashboard under Connected accounts, or with list-accounts"}
	chargeIDs   = ids{"a charge", []string{"ch_", "py_"}, "in the Dashboard under Transactions > Payments, or with list-charges"}
	customerIDs = ids{"a customer", []string{"cus_"}, "in the address of the customer's page in the Dashboard, after /customers/, or with list-customers"}
)

// idOf is an id of some kind.
func idOf(k ids, name, about string) parameter {
	p := of(kindID, name, about)
	p.opens, p.find = k.opens, k.find
	return p
}

// customerID is the parameter customer_id.
func customerID(about string) parameter {
	return idOf(customerIDs, "customer_id", about).as("customer")
}

// checkID says whether a text can be an id that begins as it should.
//
// Errors: invalid_id, which says where such an id is found.
func (p parameter) checkID(text string) error {
	for _, opening := range p.opens {
		if rest, ok := strings.CutPrefix(text, opening); ok && isPlain(rest) {
			return nil
		}
	}
	return fmt.Errorf("begins with %s; it is found %s", strings.Join(p.opens, " or "), p.find)
}

// longestID bounds an id in characters, as Stripe's own documents do.
const longestID = 255

// isPlain reports whether a text has only the characters of ids.
func isPlain(text string) bool {
	return text != "" && len(text) <= longestID && !strings.ContainsFunc(text, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '_' && c != '-'
	})
}
