package store

import (
	"maps"
	"slices"
	"strings"
	"time"

	"florin/internal/pay"
)

var payments = define(table[pay.Payment]{
	name: "payments",
	what: "payment",
	fixed: "merchant mode id amount amount_milli currency capture provider connection customer card description " +
		"statement_descriptor receipt_email return_url metadata idempotency_key account account_ref charge_type on_behalf_of created_at",
	mutable: "captured refunded fee fee_currency status provider_ref charge_ref payment_method card_brand card_last4 redirect_url " +
		"failure_code failure_message decline_code sequence updated_at authorized_at captured_at look_at " +
		"platform_percent application_fee partner_net partner_net_currency authorization_expires_at expiry_told_at available_on share_due_at search",
	fields: func(p *pay.Payment) []any {
		return []any{
			&p.Owner.Merchant, &p.Owner.Mode, &p.ID, &p.Amount.Minor, derived(func() any { return p.Amount.Milli() }),
			&p.Amount.Currency, &p.Capture, &p.Provider, opt(&p.Connection), opt(&p.Customer), opt(&p.Card), &p.Description,
			&p.StatementDescriptor, &p.ReceiptEmail, &p.ReturnURL, dict{&p.Metadata}, opt(&p.IdempotencyKey),
			opt(&p.Share.Account), &p.Share.AccountRef, &p.Share.Type, &p.Share.OnBehalfOf, moment{&p.CreatedAt},
			&p.Captured.Minor, &p.Refunded.Minor, &p.Fee.Minor, &p.Fee.Currency, &p.Status, opt(&p.ProviderRef), &p.ChargeRef,
			&p.PaymentMethod, &p.CardBrand, opt(&p.CardLast4), &p.RedirectURL,
			&p.Failure.Code, &p.Failure.Message, &p.Failure.DeclineCode, &p.Sequence, moment{&p.UpdatedAt},
			moment{&p.AuthorizedAt}, moment{&p.CapturedAt}, moment{&p.LookAt},
			&p.Share.Percent, &p.Share.Fee.Minor, &p.Share.Net.Minor, &p.Share.Net.Currency, moment{&p.ExpiresAt}, moment{&p.ExpiryToldAt},
			moment{&p.AvailableOn}, moment{&p.ShareDueAt}, derived(func() any { return searchText(p) }),
		}
	},
	loaded: func(p *pay.Payment) {
		p.Captured.Currency, p.Refunded.Currency = p.Amount.Currency, p.Amount.Currency
		if p.Share.Account != "" {
			p.Share.Fee.Currency = p.Amount.Currency
		}
	},
})

// searchText is all that a free-text filter looks through, in lower case: what
// "lower case" means is then Go's for both databases.
func searchText(p *pay.Payment) string {
	return strings.ToLower(strings.Join([]string{
		string(p.ID), p.Description, p.ReceiptEmail, p.ProviderRef, p.ChargeRef, p.IdempotencyKey, p.CardLast4,
	}, "\n"))
}

// checkPaymentMoney refuses what has no place in the columns: captured and
// refunded have the payment's currency, or are zero.
//
// Errors: internal_error; it is a defect.
func checkPaymentMoney(p pay.Payment) error {
	for _, m := range []pay.Money{p.Captured, p.Refunded} {
		if !m.IsZero() && m.Currency != p.Amount.Currency {
			return pay.Errorf(pay.CodeInternal, "store: payment %s is in %s, not %s", p.ID, p.Amount.Currency, m.Currency)
		}
	}
	return nil
}

// InsertPayment adds a payment with its metadata.
//
// Errors: already_exists, when the id or the provider's reference is taken.
func (tx *Tx) InsertPayment(p pay.Payment) error {
	if err := checkPaymentMoney(p); err != nil {
		return err
	}
	parts := make([]statement, 0, len(p.Metadata))
	for _, key := range slices.Sorted(maps.Keys(p.Metadata)) {
		parts = append(parts, statement{insertMetadata, []any{p.Owner.Merchant, p.Owner.Mode, p.ID, key, p.Metadata[key], micros(p.CreatedAt)}})
	}
	return payments.insertLater(tx, p, parts...)
}

const insertMetadata = "INSERT INTO payment_metadata (merchant, mode, payment, key, value, created_at) VALUES ($1, $2, $3, $4, $5, $6)"

// Payment reads a payment. What was captured and refunded comes back in the
// payment's currency even when it is zero.
//
// Errors: not_found.
func (tx *Tx) Payment(o pay.Owner, id pay.ID) (pay.Payment, error) { return payments.get(tx, o, id) }

// LockPayment reads a payment and keeps others from changing it until the
// commit.
//
// Errors: not_found.
func (tx *Tx) LockPayment(o pay.Owner, id pay.ID) (pay.Payment, error) {
	return payments.lock(tx, o, id)
}

// PaymentByRef reads the payment that Stripe calls ref.
//
// Errors: not_found.
func (tx *Tx) PaymentByRef(o pay.Owner, ref string) (pay.Payment, error) {
	return payments.must(tx, ref, "WHERE merchant = $1 AND mode = $2 AND provider_ref = $3", o.Merchant, o.Mode, ref)
}

// UpdatePayment writes all that may change of a payment: not what was asked
// for, its metadata, its key or when it was made.
//
// Errors: not_found; already_exists, when another payment has the reference.
func (tx *Tx) UpdatePayment(p pay.Payment) error {
	if err := checkPaymentMoney(p); err != nil {
		return err
	}
	return payments.update(tx, p, p.ID)
}

// DueShares reads up to limit payments of one owner, or of every owner when
// that is zero, whose partner's share is pending and should be available by
// now, those that waited longest first.
func (tx *Tx) DueShares(o pay.Owner, now time.Time, limit int) ([]pay.Payment, error) {
	if o == (pay.Owner{}) {
		return payments.all(tx, "WHERE share_due_at > 0 AND share_due_at <= $1 ORDER BY share_due_at, id LIMIT $2", micros(now), limit)
	}
	return payments.all(tx, "WHERE merchant = $1 AND mode = $2 AND share_due_at > 0 AND share_due_at <= $3 ORDER BY share_due_at, id LIMIT $4",
		o.Merchant, o.Mode, micros(now), limit)
}

// DuePayments reads up to limit payments of every owner that Stripe should be
// asked about by now, those that waited longest first.
func (tx *Tx) DuePayments(now time.Time, limit int) ([]pay.Payment, error) {
	return payments.all(tx, "WHERE look_at > 0 AND look_at <= $1 ORDER BY look_at, id LIMIT $2", micros(now), limit)
}
