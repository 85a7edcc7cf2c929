package pay

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
)

// KeyLimits bound what an API key may do with operations, for keys that are
// given to programs which decide by themselves. The zero value bounds nothing.
type KeyLimits struct {
	Operations []string           `json:"operations,omitempty"`  // names, or globs such as get-*; none: all
	MaxAmount  map[Currency]int64 `json:"max_amount,omitempty"`  // minor units, of one call
	MaxPerDay  map[Currency]int64 `json:"max_per_day,omitempty"` // minor units, of all calls of a day in UTC
	Approval   ApprovalRule       `json:"approval,omitzero"`
}

// ApprovalRule says which writes a person must approve first.
type ApprovalRule struct {
	Need  ApprovalNeed `json:"need"`
	Above int64        `json:"above,omitempty"` // minor units of any currency, for ApprovalAbove
}

// ApprovalNeed is when a write needs a person's approval.
type ApprovalNeed string

// When a write needs a person's approval.
const (
	ApprovalNever  ApprovalNeed = ""
	ApprovalAlways ApprovalNeed = "required" // every write
	ApprovalAbove  ApprovalNeed = "above"    // writes that move more, or do not say how much
)

// limitEntries bounds each list of limits, which are shown in one table cell.
const limitEntries = 50

// IsZero reports whether the key may do everything.
func (l KeyLimits) IsZero() bool {
	return len(l.Operations) == 0 && !l.BoundsMoney() && l.Approval.Need == ApprovalNever
}

// BoundsMoney reports whether amounts count.
func (l KeyLimits) BoundsMoney() bool { return len(l.MaxAmount)+len(l.MaxPerDay) > 0 }

// Allow reports whether the key may run an operation at all.
func (l KeyLimits) Allow(operation string) bool {
	if len(l.Operations) == 0 {
		return true
	}
	return slices.ContainsFunc(l.Operations, func(glob string) bool {
		fits, err := path.Match(glob, operation)
		return err == nil && fits
	})
}

// Movement is how much a write moves, as far as its input says.
type Movement struct {
	Stated   bool     // the operation moves money, or may: otherwise amounts are no matter
	Known    bool     // the input says how much
	Amount   int64    // minor units
	Currency Currency // empty when the input does not say
}

// NeedsApproval reports whether a person must approve the write first.
func (l KeyLimits) NeedsApproval(m Movement) bool {
	switch l.Approval.Need {
	case ApprovalAlways:
		return true
	case ApprovalAbove:
		return m.Stated && (!m.Known || m.Amount > l.Approval.Above)
	}
	return false
}

// Currencies are those in which the key may move money, sorted.
func (l KeyLimits) Currencies() []Currency {
	all := slices.AppendSeq(slices.Collect(maps.Keys(l.MaxAmount)), maps.Keys(l.MaxPerDay))
	slices.Sort(all)
	return slices.Compact(all)
}

// Check holds a write against the limits; spent is what the key's calls of the
// day have moved in a currency, this one not counted. An amount without a
// currency counts in every one, since it may be of any.
//
// Errors: amount_over_limit.
func (l KeyLimits) Check(m Movement, amountField string, spent func(Currency) (int64, error)) error {
	if !l.BoundsMoney() || !m.Stated {
		return nil
	}
	if !m.Known {
		return Invalid(CodeAmountOverLimit, amountField, "the API key has limits on amounts: say how much in %s", amountField)
	}
	counted := l.Currencies()
	if m.Currency != "" {
		if !slices.Contains(counted, m.Currency) {
			return Invalid(CodeAmountOverLimit, amountField, "the API key may move %s only, not %s", joinCurrencies(counted), m.Currency)
		}
		counted = []Currency{m.Currency}
	}
	for _, c := range counted {
		if err := l.checkIn(c, m.Amount, amountField, spent); err != nil {
			return err
		}
	}
	return nil
}

func (l KeyLimits) checkIn(c Currency, amount int64, field string, spent func(Currency) (int64, error)) error {
	if most, bounded := l.MaxAmount[c]; bounded && amount > most {
		return Invalid(CodeAmountOverLimit, field, "the API key may move at most %d (minor units of %s) by one call, not %d", most, c, amount)
	}
	most, bounded := l.MaxPerDay[c]
	if !bounded {
		return nil
	}
	already, err := spent(c)
	if err != nil {
		return err
	}
	if left := max(0, most-already); amount > left {
		return Invalid(CodeAmountOverLimit, field, "the API key may move %d (minor units of %s) a day; %d is left, and this is %d", most, c, left, amount)
	}
	return nil
}

func joinCurrencies(list []Currency) string {
	names := make([]string, len(list))
	for i, c := range list {
		names[i] = string(c)
	}
	return strings.Join(names, ", ")
}

// ParseOperationGlobs reads a list of operations and globs such as get-*.
//
// Errors: invalid_field.
func ParseOperationGlobs(list []string) ([]string, error) {
	if len(list) > limitEntries {
		return nil, Invalid(CodeInvalidField, "allow", "at most %d operations or patterns can be named", limitEntries)
	}
	for _, glob := range list {
		if _, err := path.Match(glob, ""); err != nil || glob == "" || strings.ContainsAny(glob, " /") {
			return nil, Invalid(CodeInvalidField, "allow", "%q is neither an operation nor a pattern such as get-*", glob)
		}
	}
	return list, nil
}

// ParseAmountLimits reads limits such as usd:10000, in minor units.
//
// Errors: invalid_field, invalid_currency.
func ParseAmountLimits(field string, list []string) (map[Currency]int64, error) {
	if len(list) == 0 {
		return nil, nil
	}
	if len(list) > limitEntries {
		return nil, Invalid(CodeInvalidField, field, "at most %d currencies can be named", limitEntries)
	}
	limits := map[Currency]int64{}
	for _, each := range list {
		name, number, _ := strings.Cut(each, ":")
		currency, err := ParseCurrency(name)
		if err != nil {
			return nil, err
		}
		amount, err := strconv.ParseInt(number, 10, 64)
		if err != nil || amount < 0 {
			return nil, Invalid(CodeInvalidField, field, "%q is no limit; write usd:10000, in minor units", each)
		}
		if _, twice := limits[currency]; twice {
			return nil, Invalid(CodeInvalidField, field, "%s is named twice", currency)
		}
		limits[currency] = amount
	}
	return limits, nil
}

// ParseApprovalRule reads "required", "above:5000" or "never".
//
// Errors: invalid_field.
func ParseApprovalRule(text string) (ApprovalRule, error) {
	need, number, _ := strings.Cut(text, ":")
	switch {
	case text == "" || text == "never":
		return ApprovalRule{}, nil
	case text == string(ApprovalAlways):
		return ApprovalRule{Need: ApprovalAlways}, nil
	case need == string(ApprovalAbove):
		if amount, err := strconv.ParseInt(number, 10, 64); err == nil && amount >= 0 {
			return ApprovalRule{Need: ApprovalAbove, Above: amount}, nil
		}
	}
	return ApprovalRule{}, Invalid(CodeInvalidField, "approval", `%q is no rule; write required, never, or above:5000 (minor units)`, text)
}

// String is the limits in one line, as lists show them.
func (l KeyLimits) String() string {
	var parts []string
	if len(l.Operations) > 0 {
		parts = append(parts, "allow "+strings.Join(l.Operations, " "))
	}
	for _, kind := range []struct {
		name   string
		limits map[Currency]int64
	}{{"max", l.MaxAmount}, {"per day", l.MaxPerDay}} {
		for _, c := range slices.Sorted(maps.Keys(kind.limits)) {
			parts = append(parts, fmt.Sprintf("%s %s:%d", kind.name, strings.ToLower(string(c)), kind.limits[c]))
		}
	}
	if rule := l.Approval.String(); rule != "" {
		parts = append(parts, "approval "+rule)
	}
	return strings.Join(parts, ", ")
}

// String is the rule as ParseApprovalRule reads it.
func (r ApprovalRule) String() string {
	if r.Need == ApprovalAbove {
		return string(r.Need) + ":" + strconv.FormatInt(r.Above, 10)
	}
	return string(r.Need)
}

// MovementOf reads from an input how much an operation moves.
func MovementOf(op Operation, input json.RawMessage) Movement {
	if op.Amount == "" {
		return Movement{}
	}
	m := Movement{Stated: true}
	m.Amount, m.Known = wholeAmount(within(input, op.Amount))
	var name string
	if op.Currency != "" && json.Unmarshal(within(input, op.Currency), &name) == nil && name != "" {
		m.Currency = otherCurrency
		if known, err := ParseCurrency(name); err == nil {
			m.Currency = known
		}
	}
	return m
}

// otherCurrency stands for one that is not known here: it is none of those in
// which a key may move money.
const otherCurrency Currency = "another"

// wholeAmount reads an amount as operations do, which take 1000.0 and 1e3 for
// 1000. Beyond 2^53 not every whole number has a float of its own.
func wholeAmount(raw json.RawMessage) (amount int64, known bool) {
	if json.Unmarshal(raw, &amount) == nil && string(raw) != "null" {
		return max(amount, 0), amount >= 0
	}
	var float float64
	if json.Unmarshal(raw, &float) != nil || float != math.Trunc(float) || float < 0 || float > 1<<53 || string(raw) == "null" {
		return 0, false
	}
	return int64(float), true
}

// within is the value of a field, whose name may go into objects, as in
// params.amount; nil when there is none.
func within(input json.RawMessage, name string) json.RawMessage {
	for part := range strings.SplitSeq(name, ".") {
		var fields map[string]json.RawMessage
		if json.Unmarshal(input, &fields) != nil {
			return nil
		}
		input = fields[part]
	}
	return input
}
