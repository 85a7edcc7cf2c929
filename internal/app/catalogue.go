package app

import (
	"florin/internal/operation"
	"florin/internal/pay"
)

// Operations is what Stripe can be asked, for commands and documents that are
// made from the catalogue and need nothing else.
//
// Errors: a declaration that makes no sense, which is a defect.
func Operations() ([]pay.Operation, error) {
	catalogue, err := operation.New()
	if err != nil {
		return nil, err
	}
	return catalogue.Operations(), nil
}
