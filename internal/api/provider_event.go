package api

import (
	"net/http"

	"florin/internal/pay"
)

// Received is the answer to Stripe: the event is kept, and will be looked at.
type Received struct {
	Received bool `json:"received"`
}

// receiveStripeEvent takes a Stripe event in. The signature is over the raw
// bytes, so nothing is parsed before it was checked; there is no API key, and
// no limit on how often Stripe may come.
//
// Errors: body_too_large, signature_invalid, signature_expired, invalid_body,
// not_found (the merchant).
func receiveStripeEvent(s *server, in *intake) error {
	merchant, err := parseID(in.r.PathValue("merchant"), "merchant")
	if err != nil {
		return err
	}
	signature := in.r.Header.Get("Stripe-Signature")
	if signature == "" {
		return pay.Invalid(pay.CodeSignatureInvalid, "Stripe-Signature", "there is no Stripe-Signature header")
	}
	body, err := readLimited(in.w, in.r, maxStripeBody)
	if err != nil {
		return err
	}
	if err := s.engine.ReceiveStripeEvent(in.ctx(), merchant, signature, body); err != nil {
		return err
	}
	in.sendData(Received{Received: true})
	return nil
}

const providerEventsTag = "Webhooks from Stripe"

var receiveCodes = []pay.Code{pay.CodeSignatureInvalid, pay.CodeSignatureExpired, pay.CodeInvalidBody, pay.CodeBodyTooLarge}

var providerEventRoutes = []Route{
	{
		Method: http.MethodPost, Path: "/v1/webhooks/stripe", Open: true, Key: KeyUnused,
		Tag: providerEventsTag, Name: "receiveStripeEvent", Status: http.StatusOK, Gives: Received{},
		Summary: "Receive a Stripe event", Detail: "For Stripe. The merchant is found out from the event and the signature.",
		Codes: receiveCodes, handle: receiveStripeEvent,
	},
	{
		Method: http.MethodPost, Path: "/v1/webhooks/stripe/{merchant}", Open: true, Key: KeyUnused,
		Tag: providerEventsTag, Name: "receiveStripeEventOf", Status: http.StatusOK, Gives: Received{},
		Summary: "Receive a Stripe event of a merchant", Detail: "For Stripe. Set this address in Stripe's dashboard when several merchants use this server.",
		Codes: append([]pay.Code{pay.CodeNotFound}, receiveCodes...), handle: receiveStripeEvent,
	},
}
