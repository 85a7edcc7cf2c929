package engine

import (
	"slices"
	"strings"

	"florin/internal/pay"
)

// Limits of what is told of a partner.
const (
	maxRef        = 255 // Stripe's longest ids
	maxName       = 256
	countryLength = len("US")
)

// businessTypes are Stripe's (docs.stripe.com/api/accounts/object).
var businessTypes = []string{"individual", "company", "non_profit", "government_entity"}

// check finds what is wrong with a request before anything is written down.
//
// Errors: missing_field, invalid_field, invalid_metadata.
func (r AccountRequest) check(m pay.Mode) error {
	switch {
	case r.ProviderRef != "":
		if r.Type != "" || r.Country != "" || r.BusinessType != "" || len(r.Details) > 0 || len(r.Capabilities) > 0 || r.Email != "" {
			return pay.Invalid(pay.CodeInvalidField, "provider_ref", "an account that is connected already is taken as it is: send name, debt_limit and metadata only")
		}
	case r.Type == "":
		return pay.Invalid(pay.CodeMissingField, "type", "send type: standard, express or custom; or provider_ref (acct_…) for an account that is connected already")
	case r.Type != pay.AccountStandard && r.Type != pay.AccountExpress && r.Type != pay.AccountCustom:
		return pay.Invalid(pay.CodeInvalidField, "type", "type is standard, express or custom")
	}
	return first(
		checkRef(r.ProviderRef, "provider_ref", "acct_"),
		checkCountry(r.Country),
		checkEmail(r.Email, "email"),
		checkText(r.Name, "name", maxName),
		checkBusiness(r.BusinessType),
		checkCapabilities(r.Capabilities),
		r.Details.Check(m),
		checkDebt(r.DebtLimit),
		checkMetadata(r.Metadata),
	)
}

func (c AccountChange) check(m pay.Mode) error {
	if c.Name == nil && c.DebtLimit == nil && c.Metadata == nil && !c.asksStripe() {
		return pay.Invalid(pay.CodeMissingField, "name", "nothing is to change: send name, email, business_type, capabilities, details, debt_limit or metadata")
	}
	var errs []error
	if c.Name != nil {
		errs = append(errs, checkText(*c.Name, "name", maxName))
	}
	if c.Email != nil {
		errs = append(errs, checkEmail(*c.Email, "email"))
		if *c.Email == "" {
			errs = append(errs, pay.Invalid(pay.CodeInvalidField, "email", "an account keeps an e-mail address"))
		}
	}
	if c.DebtLimit != nil {
		errs = append(errs, checkDebt(*c.DebtLimit))
	}
	errs = append(errs, checkBusiness(c.BusinessType), checkCapabilities(c.Capabilities), c.Details.Check(m), checkMetadata(c.Metadata))
	return first(errs...)
}

// checkRef accepts ids of Stripe's that begin with one of some prefixes.
func checkRef(ref, field string, prefixes ...string) error {
	if ref == "" {
		return nil
	}
	fits := func(prefix string) bool { return strings.HasPrefix(ref, prefix) && len(ref) > len(prefix) }
	if len(ref) > maxRef || !slices.ContainsFunc(prefixes, fits) || strings.Trim(ref, plainLetters) != "" {
		return pay.Invalid(pay.CodeInvalidField, field, "%s is Stripe's id, which begins with %s", field, strings.Join(prefixes, " or "))
	}
	return nil
}

const plainLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

func checkCountry(code string) error {
	if code != "" && (len(code) != countryLength || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "") {
		return pay.Invalid(pay.CodeInvalidField, "country", "a country is two capital letters (ISO 3166), such as US or DE")
	}
	return nil
}

func checkBusiness(kind string) error {
	if kind != "" && !slices.Contains(businessTypes, kind) {
		return pay.Invalid(pay.CodeInvalidField, "business_type", "business_type is %s", strings.Join(businessTypes, ", "))
	}
	return nil
}

// checkCapabilities lets any capability of Stripe's through by its form: there
// are some fifty, and Stripe knows which a country has.
func checkCapabilities(names []string) error {
	for _, name := range names {
		if name == "" || len(name) > maxRef || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			return pay.Invalid(pay.CodeInvalidField, "capabilities", "%q is no capability of Stripe's, such as card_payments or transfers", name)
		}
	}
	return nil
}

func checkDebt(minor int64) error {
	if minor < 0 || minor > pay.MaxAmount {
		return pay.Invalid(pay.CodeInvalidField, "debt_limit", "a debt limit is from 0 to %d minor units", pay.MaxAmount)
	}
	return nil
}

func checkToken(token string) error {
	if token == "" {
		return pay.Invalid(pay.CodeMissingField, "external_account", "send external_account: the btok_… (bank account) or tok_… (debit card) that Stripe.js made")
	}
	return checkRef(token, "external_account", "btok_", "tok_")
}

func checkBankRef(ref string) error { return checkRef(ref, "ref", "ba_", "card_") }

// endsIn reports whether the last part of a path is ref.
func endsIn(path, ref string) bool { return strings.HasSuffix(path, "/"+ref) }
