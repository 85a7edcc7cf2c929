package app

import (
	"florin/internal/engine/automation"
	"florin/internal/flow"
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

// Operation finds one by its name; the catalogue is needed, but no server.
//
// Errors: operation_not_found, with the nearest names; a declaration that makes
// no sense, which is a defect.
func Operation(name string) (pay.Operation, error) {
	catalogue, err := operation.New()
	if err != nil {
		return pay.Operation{}, err
	}
	return catalogue.Operation(name)
}

// FlowCatalogue is what flows can be made of, for documents: its built-in
// actions are named and described, and have nothing behind them.
//
// Errors: a declaration that makes no sense, which is a defect.
func FlowCatalogue() (flow.Catalogue, error) {
	operations, err := operation.New()
	if err != nil {
		return nil, err
	}
	builtIns := append(automation.DatabaseActions(nil, nil), automation.WebRequest(nil, nil), automation.CSVAppend(nil), automation.MailSend(nil, nil))
	return automation.NewCatalogue(operations, builtIns, automation.FlowTriggers(operation.NewTriggers().Triggers(), 0)), nil
}
