package api

import "florin/internal/pay"

// refuseCardData refuses what looks like a card number or security code, in
// any field at any depth.
//
// Errors: raw_card_data_not_allowed, naming the field and never the value.
func refuseCardData(fields object) error {
	if at, found := pay.FindCardData(map[string]any(fields)); found {
		return pay.RawCardData(at)
	}
	return nil
}
