package stripe

import (
	"encoding/json"
	"reflect"

	stripego "github.com/stripe/stripe-go/v85"
)

// intent is what is read of a PaymentIntent and of what hangs on it.
// stripe-go's own types have some hundred fields more: reading them all took a
// tenth of a payment's time, and an oddity in one that nobody needs would put
// a call in doubt.
type intent struct {
	ID                 string                                   `json:"id"`
	Status             stripego.PaymentIntentStatus             `json:"status"`
	Currency           string                                   `json:"currency"`
	Amount             int64                                    `json:"amount"` // read for its shape: where it is no integer, this is not Stripe
	AmountReceived     int64                                    `json:"amount_received"`
	CancellationReason stripego.PaymentIntentCancellationReason `json:"cancellation_reason"`
	Metadata           map[string]string                        `json:"metadata"`
	LatestCharge       expandable[charge]                       `json:"latest_charge"`
	PaymentMethod      expandable[cardHolder]                   `json:"payment_method"`
	LastPaymentError   *attemptError                            `json:"last_payment_error"`
	NextAction         struct {
		RedirectToURL        link `json:"redirect_to_url"`
		AlipayHandleRedirect link `json:"alipay_handle_redirect"`
	} `json:"next_action"`
}

// attemptError is why the last attempt to pay failed, and with what.
type attemptError struct {
	Code          stripego.ErrorCode   `json:"code"`
	DeclineCode   stripego.DeclineCode `json:"decline_code"`
	Message       string               `json:"message"`
	PaymentMethod *cardHolder          `json:"payment_method"`
}

// link is a page that the customer is sent to.
type link struct {
	URL string `json:"url"`
}

// charge is one movement of an intent's money.
type charge struct {
	ID                   string                 `json:"id"`
	ApplicationFeeAmount int64                  `json:"application_fee_amount"`
	PaymentMethodDetails cardHolder             `json:"payment_method_details"`
	BalanceTransaction   expandable[accounting] `json:"balance_transaction"`
}

// accounting is what Stripe kept of a charge, in minor units of the settlement
// currency.
type accounting struct {
	Fee         int64  `json:"fee"`
	Net         int64  `json:"net"`
	Currency    string `json:"currency"`
	AvailableOn int64  `json:"available_on"`
	FeeDetails  []struct {
		Amount int64  `json:"amount"`
		Type   string `json:"type"`
	} `json:"fee_details"`
}

// stripeFee is what Stripe took for itself: an entry of a direct charge also
// has the platform's fee.
func (a accounting) stripeFee() int64 {
	fee := a.Fee
	for _, detail := range a.FeeDetails {
		if detail.Type == "application_fee" {
			fee -= detail.Amount
		}
	}
	return fee
}

// cardHolder is a payment method, or a charge's copy of one.
type cardHolder struct {
	Card *struct {
		Brand         string `json:"brand"`
		Last4         string `json:"last4"`
		CaptureBefore int64  `json:"capture_before"` // of an authorised charge
	} `json:"card"`
}

// expandable is an object where Stripe was asked to expand it, and only its id
// where not.
type expandable[T any] struct {
	ID     string // empty when Object is there
	Object T
}

// UnmarshalJSON reads either form; null is neither.
func (e *expandable[T]) UnmarshalJSON(text []byte) error {
	switch text[0] {
	case 'n':
		return nil
	case '"':
		return json.Unmarshal(text, &e.ID)
	}
	return json.Unmarshal(text, &e.Object)
}

// expands is the type of the object, for who must know what is read.
func (expandable[T]) expands() reflect.Type { return reflect.TypeFor[T]() }
