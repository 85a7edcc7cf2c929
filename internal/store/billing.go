package store

import "florin/internal/pay"

var billingSettings = define(table[pay.BillingSettings]{
	name:    "billing_settings",
	what:    "billing settings",
	fixed:   "merchant mode id",
	mutable: "settings updated_at",
	fields: func(s *pay.BillingSettings) []any {
		return []any{
			&s.Owner.Merchant, &s.Owner.Mode, derived(func() any { return string(s.Owner.Merchant) }),
			document[pay.BillingTerms]{&s.Terms}, moment{&s.UpdatedAt},
		}
	},
})

// BillingSettings reads how an owner wants renewals collected and mail
// written: the default when nothing was set.
func (tx *Tx) BillingSettings(o pay.Owner) (pay.BillingSettings, error) {
	found, known, err := billingSettings.first(tx, "WHERE merchant = $1 AND mode = $2", o.Merchant, o.Mode)
	if err == nil && !known {
		found = pay.BillingSettings{Owner: o, Terms: pay.DefaultBilling}
	}
	return found, err
}

// SetBillingSettings keeps an owner's settings in place of what was there.
func (tx *Tx) SetBillingSettings(s pay.BillingSettings) error {
	if _, err := tx.exec("DELETE FROM billing_settings WHERE merchant = $1 AND mode = $2", s.Owner.Merchant, s.Owner.Mode); err != nil {
		return err
	}
	return billingSettings.insert(tx, s)
}
