package pay

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Details is what a platform tells Stripe of a partner in Stripe's own names,
// as nested JSON: {"individual":{"first_name":"Jenny"}}. Florin has no opinion
// on it and keeps nothing of it but the request as it is sent.
type Details map[string]any

// UnmarshalJSON keeps numbers as they were written.
func (d *Details) UnmarshalJSON(raw []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var tree map[string]any
	err := decoder.Decode(&tree)
	*d = tree
	return err
}

// detailNames are what may be told so (docs.stripe.com/api/accounts/update).
var detailNames = []string{"account_token", "business_profile", "company", "individual", "settings", "tos_acceptance"}

// secretDetails are numbers that should not pass through a platform: in live
// mode the partner types them into Stripe's page, or they come as a token.
var secretDetails = []string{"id_number", "id_number_secondary", "ssn_last_4", "tax_id", "account_number"}

// Limits of details: more than Stripe's longest account has.
const (
	maxDetailDepth = 4
	maxDetails     = 150
	maxDetailText  = 5000
)

// Check finds what cannot be sent.
//
// Errors: invalid_field, naming the field.
func (d Details) Check(m Mode) error {
	for name := range d {
		if !slices.Contains(detailNames, name) {
			return Invalid(CodeInvalidField, "details."+name, "details has %s", strings.Join(detailNames, ", "))
		}
	}
	count := 0
	return checkDetail("details", map[string]any(d), func(path, name string) error {
		if count++; count > maxDetails {
			return Invalid(CodeInvalidField, path, "details has at most %d values", maxDetails)
		}
		if m == Live && slices.Contains(secretDetails, name) {
			return Invalid(CodeInvalidField, path, "%s is not taken in live mode: send the partner an onboarding link, or an account_token made by Stripe.js", name)
		}
		return nil
	})
}

// checkDetail walks down to the plain values.
func checkDetail(path string, value any, leaf func(path, name string) error) error {
	if strings.Count(path, ".") > maxDetailDepth {
		return Invalid(CodeInvalidField, path, "details nest at most %d deep", maxDetailDepth)
	}
	switch value := value.(type) {
	case map[string]any:
		for name, inner := range value {
			if name == "" || strings.ContainsAny(name, "[].&= ") {
				return Invalid(CodeInvalidField, path, "%q is no name of Stripe's", name)
			}
			if err := checkDetail(path+"."+name, inner, leaf); err != nil {
				return err
			}
		}
		return nil
	case []any:
		for i, inner := range value {
			if err := checkDetail(path+"."+strconv.Itoa(i), inner, leaf); err != nil {
				return err
			}
		}
		return nil
	case string:
		if len(value) > maxDetailText {
			return Invalid(CodeInvalidField, path, "a text has at most %d bytes", maxDetailText)
		}
	case nil:
		return Invalid(CodeInvalidField, path, `null is not sent to Stripe; "" takes a value away`)
	}
	return leaf(path, path[strings.LastIndex(path, ".")+1:])
}

// Has reports whether a value is among the details.
func (d Details) Has(outer, inner string) bool {
	group, _ := d[outer].(map[string]any)
	return group[inner] != nil
}

// Walk hands over every value under its name in a form, in the order of their
// names, so that equal details make equal requests.
func (d Details) Walk(add func(name, value string)) {
	for _, name := range slices.Sorted(maps.Keys(d)) {
		walkDetail(name, d[name], add)
	}
}

func walkDetail(name string, value any, add func(name, value string)) {
	switch value := value.(type) {
	case map[string]any:
		for _, inner := range slices.Sorted(maps.Keys(value)) {
			walkDetail(name+"["+inner+"]", value[inner], add)
		}
	case []any:
		for i, inner := range value {
			walkDetail(name+"["+strconv.Itoa(i)+"]", inner, add)
		}
	case bool:
		add(name, strconv.FormatBool(value))
	case json.Number:
		add(name, value.String())
	case string:
		add(name, value)
	}
}
