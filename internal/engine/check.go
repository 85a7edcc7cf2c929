package engine

import (
	"errors"
	"net/mail"
	"net/url"
	"strings"
	"unicode/utf8"

	"florin/internal/pay"
)

// Limits of what a request may hold: Stripe's own (docs.stripe.com/api), less
// what Florin needs for itself, so that nothing is refused only after a
// payment was written down.
const (
	maxDescription   = 1000
	maxDescriptor    = 22
	maxEmail         = 254 // RFC 5321
	maxURL           = 2048
	maxMethod        = 255
	maxMetadataKeys  = 45 // Stripe has 50; five are ours
	maxMetadataKey   = 40
	maxMetadataValue = 500
	maxPersonName    = 256
)

// reservedMetadata begins the keys that Florin keeps at Stripe.
const reservedMetadata = "florin_"

// check finds what is wrong with a request before anything is written down.
//
// Errors: missing_field, invalid_field, invalid_url, invalid_metadata, and
// those of pay.Money.CheckCharge.
func (r PaymentRequest) check() error {
	if err := r.Amount.CheckCharge(); err != nil {
		return err
	}
	if r.PaymentMethod == "" && r.SavedCard == "" {
		return pay.Invalid(pay.CodeMissingField, "payment_method", "send payment_method (pm_…) or saved_card_id")
	}
	if r.PaymentMethod != "" && r.SavedCard != "" {
		return pay.Invalid(pay.CodeInvalidField, "saved_card_id", "send payment_method or saved_card_id, not both")
	}
	if r.Provider != pay.ProviderStripe {
		return pay.Invalid(pay.CodeInvalidField, "provider", `provider is "stripe"`)
	}
	if r.Capture != pay.CaptureAutomatic && r.Capture != pay.CaptureManual {
		return pay.Invalid(pay.CodeInvalidField, "capture", `capture is "automatic" or "manual"`)
	}
	return first(
		checkMethod(r.PaymentMethod, "payment_method"),
		checkURL(r.ReturnURL, "return_url"),
		checkText(r.Description, "description", maxDescription),
		checkDescriptor(r.StatementDescriptor),
		checkEmail(r.ReceiptEmail, "receipt_email"),
		checkMetadata(r.Metadata),
		r.checkShare(),
	)
}

func (r RefundRequest) check() error {
	switch r.Reason {
	case "", pay.RefundDuplicate, pay.RefundFraudulent, pay.RefundRequested:
	default:
		return pay.Invalid(pay.CodeInvalidField, "reason", "reason is duplicate, fraudulent or requested_by_customer")
	}
	return checkMetadata(r.Metadata)
}

func (r CardRequest) check() error {
	if r.PaymentMethod == "" {
		return pay.Invalid(pay.CodeMissingField, "payment_method_id", "send payment_method_id: the pm_… that Stripe.js returned")
	}
	return first(
		checkMethod(r.PaymentMethod, "payment_method_id"),
		checkEmail(r.CustomerEmail, "customer_email"),
		checkText(r.CustomerName, "customer_name", maxPersonName),
	)
}

func (c Credentials) check(m pay.Mode) error {
	if c.SecretKey.IsZero() {
		return pay.Invalid(pay.CodeMissingField, "stripe.secret_key", "send Stripe's secret key (sk_%s_… or rk_%s_…)", m, m)
	}
	if err := pay.CheckProviderKey(c.SecretKey.Reveal(), m); err != nil {
		return err
	}
	return first(checkSigning(c.WebhookSecret, "stripe.webhook_secret"), checkSigning(c.ConnectSecret, "stripe.connect_webhook_secret"))
}

func checkSigning(secret pay.Secret, field string) error {
	if !secret.IsZero() && !strings.HasPrefix(secret.Reveal(), "whsec_") {
		return pay.Invalid(pay.CodeInvalidField, field, "a webhook signing secret begins with whsec_")
	}
	return nil
}

// first is the first error of several.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func checkMethod(method, field string) error {
	if method == "" {
		return nil
	}
	plain := strings.Trim(method, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
	if !plain || len(method) > maxMethod || !(strings.HasPrefix(method, "pm_") || strings.HasPrefix(method, "card_")) {
		return pay.Invalid(pay.CodeInvalidPaymentMeth, field, "a payment method is Stripe's id for it, pm_…")
	}
	return nil
}

func checkURL(raw, field string) error {
	if raw == "" {
		return nil
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || len(raw) > maxURL {
		return pay.Invalid(pay.CodeInvalidURL, field, "%s is an absolute http or https URL of at most %d characters", field, maxURL)
	}
	return nil
}

func checkText(s, field string, limit int) error {
	if utf8.RuneCountInString(s) > limit || !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		return pay.Invalid(pay.CodeInvalidField, field, "%s has at most %d characters", field, limit)
	}
	return nil
}

// checkDescriptor applies the card networks' rules for what stands on a
// statement (docs.stripe.com/get-started/account/statement-descriptors).
func checkDescriptor(s string) error {
	if s == "" {
		return nil
	}
	letters := strings.ContainsAny(strings.ToUpper(s), "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	plain := true
	for _, r := range s {
		plain = plain && r >= 0x20 && r < 0x7f
	}
	if len(s) < 2 || len(s) > maxDescriptor || !letters || !plain || strings.ContainsAny(s, `<>\'"*`) {
		return pay.Invalid(pay.CodeInvalidField, "statement_descriptor",
			`a statement descriptor has 2 to %d plain characters, one letter at least, and none of < > \ ' " *`, maxDescriptor)
	}
	return nil
}

func checkEmail(s, field string) error {
	if s == "" {
		return nil
	}
	address, err := mail.ParseAddress(s)
	if err != nil || address.Address != s || len(s) > maxEmail {
		return pay.Invalid(pay.CodeInvalidField, field, "%s is an e-mail address such as jane@example.com", field)
	}
	return nil
}

func checkMetadata(m map[string]string) error {
	if len(m) > maxMetadataKeys {
		return pay.Invalid(pay.CodeInvalidMetadata, "metadata", "metadata has at most %d keys", maxMetadataKeys)
	}
	for key, value := range m {
		switch {
		case key == "" || utf8.RuneCountInString(key) > maxMetadataKey || strings.ContainsAny(key, "[]"):
			return pay.Invalid(pay.CodeInvalidMetadata, "metadata", "a metadata key has 1 to %d characters, without brackets", maxMetadataKey)
		case strings.HasPrefix(key, reservedMetadata):
			return pay.Invalid(pay.CodeInvalidMetadata, "metadata."+key, "keys that begin with %s are Florin's", reservedMetadata)
		case utf8.RuneCountInString(value) > maxMetadataValue || value == "":
			return pay.Invalid(pay.CodeInvalidMetadata, "metadata."+key, "a metadata value has 1 to %d characters", maxMetadataValue)
		}
	}
	return nil
}

// renamed says that an error is about a field of another name than the one
// that was checked.
func renamed(err error, field string) error {
	var e *pay.Error
	if errors.As(err, &e) {
		return e.At(field)
	}
	return err
}

// atField names the request field that an error of a deeper place is about.
func atField(err error, field string) error {
	var e *pay.Error
	if errors.As(err, &e) && e.Field == "" {
		return e.At(field)
	}
	return err
}
