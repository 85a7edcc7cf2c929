package stripe

import (
	"net/http"
	"strings"

	stripego "github.com/stripe/stripe-go/v85"

	"florin/internal/pay"
)

// refusal puts a definite no of Stripe's into our words, and names the field of
// our own request that is to blame where one is.
func (a answer) refusal(action pay.Action) *pay.Error {
	problem := a.problem()
	switch {
	case a.status == http.StatusUnauthorized:
		return pay.Invalid(pay.CodeProviderKeyInvalid, "stripe.secret_key", "%s", problem.Message)
	case problem.Code == accountInvalid:
		return pay.Invalid(pay.CodeAccountDisabled, "account", "%s", problem.Message)
	case a.status == http.StatusForbidden:
		return pay.Invalid(pay.CodeProviderKeyRights, "stripe.secret_key", "%s", problem.Message)
	case problem.Type == stripego.ErrorTypeCard || a.status == http.StatusPaymentRequired:
		return problem.decline()
	}
	if code, ok := problem.codeOfState(action); ok {
		return pay.Errorf(code, "%s", problem.Message)
	}
	blame, ok := problem.blame(action)
	if !ok {
		return pay.Errorf(pay.CodeProviderRefused, "%s", problem.Message)
	}
	return pay.Invalid(blame.code, blame.field, "%s", problem.Message)
}

// decline is the bank's no, or the customer's failure to authenticate.
func (p problem) decline() *pay.Error {
	declined := pay.Errorf(declineCode(p.Code, p.DeclineCode), "%s", p.Message)
	declined.DeclineCode = string(p.DeclineCode)
	if declined.DeclineCode == "" {
		declined.DeclineCode = string(p.Code)
	}
	return declined
}

// declineCode sorts Stripe's reasons by what the caller can do about them
// (docs.stripe.com/declines/codes, docs.stripe.com/error-codes).
func declineCode(code stripego.ErrorCode, decline stripego.DeclineCode) pay.Code {
	switch {
	case code == stripego.ErrorCodeAuthenticationRequired, decline == "authentication_required":
		return pay.CodeAuthRequired
	case code == stripego.ErrorCodePaymentIntentAuthenticationFailure, code == stripego.ErrorCodeSetupIntentAuthenticationFailure:
		return pay.CodeAuthFailed
	default:
		return pay.CodeCardDeclined
	}
}

// codeOfState is for requests that come at the wrong moment of a payment's
// life: what that means depends on what was asked.
func (p problem) codeOfState(action pay.Action) (pay.Code, bool) {
	switch p.Code {
	case stripego.ErrorCodePaymentIntentUnexpectedState, stripego.ErrorCodeIntentInvalidState,
		stripego.ErrorCodeChargeAlreadyCaptured, stripego.ErrorCodeChargeExpiredForCapture,
		stripego.ErrorCodeCaptureUnauthorizedPayment, stripego.ErrorCodeCaptureChargeAuthorizationExpired:
	default:
		return "", false
	}
	code, ok := map[pay.Action]pay.Code{
		pay.ActionCapture: pay.CodeNotAuthorized, pay.ActionCancel: pay.CodeNotCancelable, pay.ActionRefund: pay.CodeNotCaptured,
	}[action]
	return code, ok
}

// blame is a field of the Payments API and what is wrong with it.
type blame struct {
	code  pay.Code
	field string
}

// blameByCode is for Stripe's codes that say all there is to say.
var blameByCode = map[stripego.ErrorCode]blame{
	stripego.ErrorCodeAmountTooSmall:               {pay.CodeAmountTooSmall, "amount"},
	stripego.ErrorCodeAmountTooLarge:               {pay.CodeAmountTooLarge, "amount"},
	stripego.ErrorCodeInvalidChargeAmount:          {pay.CodeInvalidAmount, "amount"},
	stripego.ErrorCodeChargeAlreadyRefunded:        {pay.CodeTooMuch, "amount"},
	stripego.ErrorCodeTokenAlreadyUsed:             {pay.CodeInvalidPaymentMeth, "payment_method"},
	stripego.ErrorCodePaymentMethodUnexpectedState: {pay.CodeInvalidPaymentMeth, "payment_method"},
	stripego.ErrorCodeEmailInvalid:                 {pay.CodeInvalidField, "customer_email"},
}

// blameByParam is by the parameter that Stripe names, up to its first bracket.
var blameByParam = map[string]blame{
	"amount":                      {pay.CodeInvalidAmount, "amount"},
	"amount_to_capture":           {pay.CodeTooMuch, "amount"},
	"currency":                    {pay.CodeInvalidCurrency, "currency"},
	"payment_method":              {pay.CodeInvalidPaymentMeth, "payment_method"},
	"return_url":                  {pay.CodeInvalidURL, "return_url"},
	"receipt_email":               {pay.CodeInvalidField, "receipt_email"},
	"statement_descriptor_suffix": {pay.CodeInvalidField, "statement_descriptor"},
	"description":                 {pay.CodeInvalidField, "description"},
	"metadata":                    {pay.CodeInvalidMetadata, "metadata"},
	"customer":                    {pay.CodeInvalidField, "customer_id"},
	"reason":                      {pay.CodeInvalidField, "reason"},
	"email":                       {pay.CodeInvalidField, "customer_email"},
	"name":                        {pay.CodeInvalidField, "customer_name"},
	"application_fee_amount":      {pay.CodeInvalidField, "application_fee"},
	"transfer_data":               {pay.CodeAccountDisabled, "account"},
	"on_behalf_of":                {pay.CodeAccountDisabled, "account"},
}

// blame finds our field, if one of ours is at fault.
func (p problem) blame(action pay.Action) (blame, bool) {
	param, _, _ := strings.Cut(p.Param, "[")
	found, ok := blameByCode[p.Code]
	if !ok {
		found, ok = blameByParam[param]
	}
	switch {
	case !ok:
		return blame{}, false
	case found.field == "amount" && (action == pay.ActionRefund || action == pay.ActionCapture):
		found.code = pay.CodeTooMuch // the only fault an amount can have there
	case found.field == "payment_method" && action == pay.ActionAttachCard:
		found.field = "payment_method_id"
	}
	return found, true
}
