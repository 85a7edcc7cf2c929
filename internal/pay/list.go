package pay

import (
	"strings"
	"time"
)

// Limits of a page: enough for a screen by default, and for an export at most.
const (
	DefaultPage = 25
	MaxPage     = 100
)

// Page is which part of a list is wanted, newest first unless a list says
// otherwise. A cursor is the position after which the page begins; only the
// store reads it.
type Page struct {
	Limit  int // 1 to MaxPage
	Cursor string
}

// List is one page of a list.
type List[T any] struct {
	Items []T
	Next  string // the cursor of the next page; empty on the last
}

// PaymentOrder is how a list of payments is sorted.
type PaymentOrder string

// How a list of payments is sorted.
const (
	NewestFirst   PaymentOrder = "-created_at"
	OldestFirst   PaymentOrder = "created_at"
	LargestFirst  PaymentOrder = "-amount"
	SmallestFirst PaymentOrder = "amount"
)

// PaymentFilter is which payments are wanted; empty fields do not filter.
type PaymentFilter struct {
	Provider       string
	Statuses       []PaymentStatus
	Currency       Currency
	MinMilli       int64     // at least, in thousandths of a whole unit of each payment's currency
	MaxMilli       int64     // at most, likewise
	Since          time.Time // created at or after
	Until          time.Time // created before
	Customer       ID
	Account        ID
	CardLast4      string
	ProviderRef    string
	IdempotencyKey string
	Metadata       map[string]string
	Query          string // part of the description, receipt e-mail, or any reference
	Order          PaymentOrder
}

// Milli is the amount in thousandths of a whole unit: what lets amounts of
// currencies with zero, two and three decimals be compared by size.
func (m Money) Milli() int64 {
	minor := m.Minor
	for range 3 - m.Currency.Digits() {
		minor *= 10
	}
	return minor
}

// ParseMilli reads a decimal bound of a filter, such as 100 or 99.95, in
// thousandths of a whole unit.
//
// Errors: invalid_amount.
func ParseMilli(s, field string) (int64, error) {
	m, err := ParseMoney(strings.TrimSpace(s), "KWD") // three decimals
	switch {
	case err == nil:
		return m.Minor, nil
	case Is(err, CodeAmountTooLarge):
		return 0, err
	default:
		return 0, Invalid(CodeInvalidAmount, field, "%s is a decimal such as 100 or 99.95", field)
	}
}

// RefundFilter is which refunds are wanted; empty fields do not filter.
type RefundFilter struct {
	Payment  ID
	Statuses []RefundStatus
	Since    time.Time // created at or after
	Until    time.Time // created before
}

// AccountFilter is which partners' accounts are wanted; empty fields do not
// filter.
type AccountFilter struct {
	Statuses []AccountStatus
}

// DeliveryFilter is which deliveries are wanted; empty fields do not filter.
type DeliveryFilter struct {
	Endpoint ID
	Event    ID
	Status   DeliveryStatus
	Type     EventType
}
