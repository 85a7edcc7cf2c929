package app

import (
	"bytes"
	"encoding/json"

	"florin/internal/api"
	"florin/internal/flow"
	"florin/internal/sandbox"
)

// Documents are the pages that the program writes of itself, by file name: its
// errors, the states of things, and the OpenAPI document; and what the sandbox
// covers of Stripe's; and the schema with which editors complete flows.
//
// Errors: a document that cannot be written, which is a defect.
func Documents() (map[string][]byte, error) {
	operations, err := Operations()
	if err != nil {
		return nil, err
	}
	document, err := api.OpenAPI(operations...)
	if err != nil {
		return nil, err
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, bytes.TrimSpace(document), "", "  "); err != nil {
		return nil, err
	}
	indented.WriteByte('\n')
	coverage, err := sandbox.CoverageMarkdown()
	if err != nil {
		return nil, err
	}
	catalogue, err := FlowCatalogue()
	if err != nil {
		return nil, err
	}
	editor, err := flow.EditorSchema(catalogue)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{
		"errors.md":    []byte(api.ErrorsMarkdown()),
		"states.md":    []byte(api.StatesMarkdown()),
		"openapi.json": indented.Bytes(),
		"sandbox.md":   []byte(coverage),

		"flow.schema.json": editor,
	}, nil
}
