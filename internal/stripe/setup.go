package stripe

import (
	"context"
	"encoding/json"
	"time"

	stripego "github.com/stripe/stripe-go/v85"

	"florin/internal/pay"
)

// SetUpCard writes the request that saves a card with its holder present: their
// bank may ask them to authenticate now, so that it need not when they are away
// (docs.stripe.com/payments/save-and-reuse).
//
// Errors: invalid_payment_method; internal_error when the customer has no ref.
func (g *Gateway) SetUpCard(card pay.Card, customer pay.Customer) (pay.Wire, error) {
	method, err := methodRef(card.ProviderRef, card.Owner.Mode, "payment_method_id")
	if err != nil {
		return pay.Wire{}, err
	}
	if customer.ProviderRef == "" {
		return pay.Wire{}, pay.Errorf(pay.CodeInternal, "customer %s is not known to Stripe yet", customer.ID)
	}
	return compose("/v1/setup_intents", &stripego.SetupIntentCreateParams{
		Confirm:            stripego.Bool(true),
		Customer:           stripego.String(customer.ProviderRef),
		Expand:             stripego.StringSlice([]string{"payment_method"}),
		Metadata:           map[string]string{keyCard: string(card.ID), keyMerchant: string(card.Owner.Merchant)},
		PaymentMethod:      stripego.String(method),
		PaymentMethodTypes: stripego.StringSlice([]string{"card"}),
		ReturnURL:          stripego.String(card.ReturnURL),
		Usage:              stripego.String("off_session"),
	}), nil
}

// FindSetup reads the saving of a card by its ref or, when that is empty, by
// our id in its metadata among all that was created since.
//
// Errors: those of a read; not_found only when the whole list was seen.
func (g *Gateway) FindSetup(ctx context.Context, access pay.Access, ref string, id pay.ID, since time.Time) (pay.SetupReport, error) {
	r := reader{g: g, access: access, name: "find_setup"}
	var body []byte
	var err error
	if ref != "" {
		body, err = r.get(ctx, stripego.FormatURLPath("/v1/setup_intents/%s", ref)+"?expand[0]=payment_method")
	} else {
		body, err = r.findCreated(ctx, created{path: "/v1/setup_intents", query: "expand[0]=data.payment_method&", key: keyCard, id: id, since: since})
	}
	if err != nil {
		return pay.SetupReport{}, err
	}
	return readSetup(body)
}

// readSetup decodes a SetupIntent.
//
// Errors: in_doubt, when it cannot be read.
func readSetup(body []byte) (pay.SetupReport, error) {
	var read struct {
		ID             string                     `json:"id"`
		Status         stripego.SetupIntentStatus `json:"status"`
		Metadata       map[string]string          `json:"metadata"`
		PaymentMethod  json.RawMessage            `json:"payment_method"`
		LastSetupError *attemptError              `json:"last_setup_error"`
		NextAction     struct {
			RedirectToURL link `json:"redirect_to_url"`
		} `json:"next_action"`
	}
	if err := json.Unmarshal(body, &read); err != nil || read.ID == "" || read.Status == "" {
		return pay.SetupReport{}, doubtful("its setup intent cannot be read").Because(err)
	}
	report := pay.SetupReport{Ref: read.ID, Status: pay.CardPending, CardID: ourID(read.Metadata[keyCard]), RedirectURL: read.NextAction.RedirectToURL.URL}
	if found, err := readCard(read.PaymentMethod); err == nil {
		report.Card = found.CardReport
	}
	switch {
	case read.Status == stripego.SetupIntentStatusSucceeded:
		report.Status = pay.CardActive
	case read.Status == stripego.SetupIntentStatusCanceled:
		report.Status, report.Failure = pay.CardFailed, pay.Failure{Code: pay.CodeAuthFailed, Message: "the card was not saved: it was called off"}
	case read.Status == stripego.SetupIntentStatusRequiresPaymentMethod && read.LastSetupError != nil:
		report.Status, report.Failure = pay.CardFailed, failureOf(read.LastSetupError)
	}
	return report, nil
}

func intoSetup(result *pay.Answer, body []byte) error {
	report, err := readSetup(body)
	result.Setup = &report
	return err
}

// refusedSetup is what a decline encloses of the saving of a card.
func refusedSetup(p problem, action pay.Action, why *pay.Error) *pay.SetupReport {
	if action != pay.ActionSetUpCard {
		return nil
	}
	report, err := readSetup(p.SetupIntent)
	if err != nil {
		return nil
	}
	report.Status = pay.CardFailed
	report.Failure = pay.Failure{Code: why.Code, Message: why.Message, DeclineCode: why.DeclineCode}
	return &report
}
