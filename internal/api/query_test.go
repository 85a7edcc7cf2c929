package api

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
)

// readFilter reads a query of GET /v1/payments as the server does.
func readFilter(raw string) (pay.PaymentFilter, pay.Page, error) {
	fields, err := known.parseQuery(raw, typeOf[PaymentQuery]())
	if err != nil {
		return pay.PaymentFilter{}, pay.Page{}, err
	}
	var query PaymentQuery
	if err := known.bind(fields, &query); err != nil {
		return pay.PaymentFilter{}, pay.Page{}, err
	}
	filter, err := query.filter()
	return filter, query.page(), err
}

func TestEveryFilterIsRead(t *testing.T) {
	t.Parallel()
	filter, page, err := readFilter("provider=stripe&status=completed,failed&status=refunded&currency=usd&min_amount=100&max_amount=250.5" +
		"&since=2025-06-01T02:00:00%2B02:00&until=2025-06-30&customer_id=018F3C1E-7b1a-7c5e-9d0a-2f6b8c4d1e90&last4=4242&provider_ref=pi_3abc" +
		"&idempotency_key=order-123&metadata[order]=17&metadata%5Bshop%5D=a%20b&q=shoes&sort=-amount&limit=100&cursor=abc")
	require.NoError(t, err)
	assert.Equal(t, pay.PaymentFilter{
		Provider: "stripe", Statuses: []pay.PaymentStatus{pay.PaymentCompleted, pay.PaymentFailed, pay.PaymentRefunded}, Currency: "USD",
		MinMilli: 100_000, MaxMilli: 250_500,
		Since: time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2025, 7, 1, 0, 0, 0, 0, time.UTC),
		Customer: "018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90", CardLast4: "4242", ProviderRef: "pi_3abc", IdempotencyKey: "order-123",
		Metadata: map[string]string{"order": "17", "shop": "a b"}, Query: "shoes", Order: pay.LargestFirst,
	}, filter)
	assert.Equal(t, pay.Page{Limit: 100, Cursor: "abc"}, page)

	filter, page, err = readFilter("min_amount=0&q=")
	require.NoError(t, err)
	assert.Equal(t, pay.PaymentFilter{Order: pay.NewestFirst}, filter)
	assert.Equal(t, pay.Page{Limit: pay.DefaultPage}, page)
}

func TestAQueryIsRefusedByTheNameOfWhatIsWrong(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]struct {
		code  pay.Code
		field string
	}{
		"stauts=completed":           {pay.CodeUnknownField, "stauts"},
		"status=complete":            {pay.CodeInvalidField, "status[0]"},
		"metadata=x":                 {pay.CodeInvalidMetadata, "metadata"},
		"metadata[]=x":               {pay.CodeInvalidField, "metadata"},
		"metadata[a]=x&metadata[a]=": {pay.CodeInvalidField, "metadata"},
		"provider[a]=x":              {pay.CodeUnknownField, "provider[a]"},
		"provider=a&provider=b":      {pay.CodeInvalidField, "provider"},
		"limit=0":                    {pay.CodeInvalidField, "limit"},
		"limit=101":                  {pay.CodeInvalidField, "limit"},
		"limit=ten":                  {pay.CodeInvalidField, "limit"},
		"limit=1.5":                  {pay.CodeInvalidField, "limit"},
		"last4=424":                  {pay.CodeInvalidField, "last4"},
		"sort=name":                  {pay.CodeInvalidField, "sort"},
		"currency=XXQ":               {pay.CodeInvalidCurrency, "currency"},
		"min_amount=-1":              {pay.CodeInvalidAmount, "min_amount"},
		"max_amount=1e3":             {pay.CodeInvalidAmount, "max_amount"},
		"since=yesterday":            {pay.CodeInvalidField, "since"},
		"until=2025-06-31":           {pay.CodeInvalidField, "until"},
		"customer_id=17":             {pay.CodeInvalidID, "customer_id"},
		"q=%00":                      {pay.CodeInvalidField, "q"},
		"q=%zz":                      {pay.CodeInvalidField, ""},
	} {
		_, _, err := readFilter(raw)
		require.Error(t, err, raw)
		wantError(t, err, want.code, want.field)
	}
}
