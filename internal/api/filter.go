package api

import (
	"strings"
	"time"

	"florin/internal/pay"
)

// Page is the part of a query that says which page is wanted.
type Page struct {
	Limit  int    `json:"limit,omitempty" minimum:"1" maximum:"100" default:"25" doc:"How many at most."`
	Cursor string `json:"cursor,omitempty" maxLength:"1024" doc:"meta.next_cursor of the page before."`
}

func (p Page) page() pay.Page {
	if p.Limit == 0 {
		p.Limit = pay.DefaultPage
	}
	return pay.Page{Limit: p.Limit, Cursor: p.Cursor}
}

// firstOf is the first error, if there is one: callers are told one at a time.
func firstOf(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// words makes words of one type out of texts that the schema has checked.
func words[W ~string](texts []string) []W {
	var list []W
	for _, text := range texts {
		list = append(list, W(text))
	}
	return list
}

// parseBound reads an amount that filters; zero and nothing do not filter.
//
// Errors: invalid_amount, amount_too_large.
func parseBound(text, field string) (int64, error) {
	if strings.Trim(text, "0.") == "" {
		return 0, nil
	}
	milli, err := pay.ParseMilli(text, field)
	return milli, at(err, field)
}

// parseSince reads a moment, or a date as its first moment in UTC.
//
// Errors: invalid_field.
func parseSince(text, field string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t.UTC(), nil
	}
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return t, nil
	}
	return time.Time{}, pay.Invalid(pay.CodeInvalidField, field,
		"%s is a time such as 2025-06-01T00:00:00Z or a date such as 2025-06-01 (in a query, write + as %%2B)", field)
}

// parseUntil is parseSince, but a date is meant as a whole: people who ask for
// June until the 30th want the 30th.
func parseUntil(text, field string) (time.Time, error) {
	t, err := parseSince(text, field)
	if err == nil && len(text) == len(time.DateOnly) {
		t = t.AddDate(0, 0, 1)
	}
	return t, err
}
