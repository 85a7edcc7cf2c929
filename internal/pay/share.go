package pay

// ChargeType is how a payment reaches a partner, which decides who pays
// Stripe's fee and whose customer it is
// (docs.stripe.com/connect/charges).
type ChargeType string

// The types of charges.
const (
	ChargeDirect      ChargeType = "direct"      // made in the partner's account, who pays Stripe's fee; the platform gets its own
	ChargeDestination ChargeType = "destination" // made in the platform's account, which pays Stripe's fee; Stripe passes the rest on at once
	ChargeSeparate    ChargeType = "separate"    // as destination, but the partner's part stays in the books until it is transferred or paid out
)

// ChargeTypes is every type.
var ChargeTypes = []ChargeType{ChargeDirect, ChargeDestination, ChargeSeparate}

// Share is how a payment is shared with a partner. The zero Share is a payment
// that is the merchant's alone.
type Share struct {
	Account    ID         // the partner's; empty when there is none
	AccountRef string     // acct_…, as it was when the payment was made
	Type       ChargeType // empty when there is no account
	Percent    Percent    // the platform's part of what is captured; zero when it is an amount, or nothing
	Fee        Money      // the platform's part: as asked, and of what was captured once it was
	OnBehalfOf bool       // the partner is the merchant on the customer's card statement
	Net        Money      // of a direct charge: what came to the partner after all fees; zero until known
}

// IsDirect reports whether the payment lives in the partner's account.
func (s Share) IsDirect() bool { return s.Type == ChargeDirect }

// ActsAs is the acct_… in whose name Stripe is asked about the payment; empty
// for the platform's own.
func (s Share) ActsAs() string {
	if s.IsDirect() {
		return s.AccountRef
	}
	return ""
}

// FeeOf is the platform's part when so much is captured: the percentage of it,
// or the amount that was agreed, but never more than there is.
func (s Share) FeeOf(captured Money) Money {
	if s.Percent > 0 {
		return s.Percent.Of(captured)
	}
	return Money{Minor: min(s.Fee.Minor, captured.Minor), Currency: captured.Currency}
}

// taken is the platform's part of a payment that was captured: what Stripe
// says that it took, and what was agreed where Stripe has no part in it.
func (s Share) taken(r Report) Money {
	if s.Type == ChargeSeparate || s.Type == "" {
		return s.FeeOf(r.Captured)
	}
	return Money{Minor: min(r.PlatformFee.Minor, r.Captured.Minor), Currency: r.Captured.Currency}
}

// CheckFee says whether a payment of amount can be shared so.
//
// Errors: invalid_field, amount_exceeds_remaining.
func (s Share) CheckFee(amount Money) error {
	switch {
	case s.Account == "" && (s.Type != "" || s.Percent > 0 || !s.Fee.IsZero() || s.OnBehalfOf):
		return Invalid(CodeMissingField, "account", "charge_type, application_fee, platform_percent and on_behalf_of need an account")
	case s.OnBehalfOf && s.IsDirect():
		return Invalid(CodeInvalidField, "on_behalf_of", "a direct charge is the partner's own already")
	case s.Fee.Minor > amount.Minor:
		return Invalid(CodeTooMuch, "application_fee", "the application fee is at most the amount, %s", amount)
	}
	return nil
}

// PartnerShare is what the partner gets of a captured payment; zero until it
// is known. Of a direct charge Stripe's fee is the partner's to pay.
func (p Payment) PartnerShare() Money {
	switch {
	case p.Share.Account == "" || p.Captured.IsZero():
		return Money{Currency: p.Amount.Currency}
	case p.Share.IsDirect():
		return p.Share.Net
	}
	return Money{Minor: p.Captured.Minor - p.Share.Fee.Minor, Currency: p.Captured.Currency}
}
