package store

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/clock"
	"florin/internal/pay"
	"florin/internal/pgtest"
)

// This file is inside the package because a plan belongs to a statement, and
// statements are seen from here alone.

// queryPlans names the index that each filter of payments must be met by, sorted by
// time and by amount. The same holds for both databases.
var queryPlans = map[string]struct {
	filter           pay.PaymentFilter
	byTime, byAmount string
}{
	"nothing":    {pay.PaymentFilter{}, "payments_newest", "payments_amount"},
	"provider":   {pay.PaymentFilter{Provider: pay.ProviderStripe}, "payments_newest", "payments_amount"},
	"currency":   {pay.PaymentFilter{Currency: "EUR"}, "payments_currency", "payments_amount"},
	"status":     {pay.PaymentFilter{Statuses: []pay.PaymentStatus{pay.PaymentFailed}}, "payments_status", "payments_amount"},
	"at least":   {pay.PaymentFilter{MinMilli: 1000}, "payments_newest", "payments_amount"},
	"exactly":    {pay.PaymentFilter{MinMilli: 1000, MaxMilli: 1000}, "payments_amount", "payments_amount"},
	"customer":   {pay.PaymentFilter{Customer: "customer-7"}, "payments_customer", "payments_customer"},
	"card":       {pay.PaymentFilter{CardLast4: "0007"}, "payments_last4", "payments_last4"},
	"reference":  {pay.PaymentFilter{ProviderRef: "pi_7"}, "payments_ref", "payments_ref"},
	"key":        {pay.PaymentFilter{IdempotencyKey: "key-7"}, "payments_key", "payments_key"},
	"metadata":   {pay.PaymentFilter{Metadata: map[string]string{"order": "7"}}, "payment_metadata_value", "payment_metadata_value"},
	"two pairs":  {pay.PaymentFilter{Metadata: map[string]string{"order": "7", "shop": "1"}}, "payment_metadata_value", "payment_metadata_value"},
	"since":      {pay.PaymentFilter{Since: time.UnixMicro(planRows - 20)}, "payments_newest", "payments_newest"},
	"a customer": {pay.PaymentFilter{Customer: "customer-7", Currency: "USD"}, "payments_c", "payments_customer"},
}

// planRows is how many payments the planner of Postgres sees: with few it reads
// the whole table, and rightly.
const planRows = 20_000

// explain runs EXPLAIN on the page that the filter leads to.
func explain(t *testing.T, s *Store, prefix string, f pay.PaymentFilter) string {
	t.Helper()
	c, by, err := paymentQuery(pay.Owner{Merchant: "m", Mode: pay.Test}, f)
	require.NoError(t, err)
	for _, status := range f.Statuses {
		c.and(walk(f, "status")+" =", string(status))
	}
	sql, err := query(payments, c, by, pay.Page{})
	require.NoError(t, err)
	var plan []string
	require.NoError(t, s.Read(context.Background(), func(tx *Tx) error {
		return tx.each(func(line scanner) error {
			var text string
			var skip any
			dest := []any{&text}
			if s.Exclusive() {
				dest = []any{&skip, &skip, &skip, &text}
			}
			err := line.Scan(dest...)
			plan = append(plan, text)
			return err
		}, prefix+sql, c.args...)
	}))
	return strings.Join(plan, "\n")
}

func TestListsWalkAlongIndexes(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		comparePlans(t, "sqlite:"+filepath.Join(t.TempDir(), "florin.db"), "EXPLAIN QUERY PLAN ")
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		comparePlans(t, pgtest.Start(t), "EXPLAIN (COSTS OFF) ")
	})
}

func comparePlans(t *testing.T, url, prefix string) {
	s, err := Open(t.Context(), Options{URL: url, Clock: clock.Real{}})
	require.NoError(t, err)
	defer func() { assert.NoError(t, s.Close()) }()
	for _, step := range seed() {
		require.NoError(t, s.Write(t.Context(), func(tx *Tx) error {
			_, err := tx.exec(step)
			return err
		}))
	}
	for name, want := range queryPlans {
		for by, index := range map[pay.PaymentOrder]string{pay.NewestFirst: want.byTime, pay.SmallestFirst: want.byAmount} {
			want.filter.Order = by
			plan := explain(t, s, prefix, want.filter)
			assert.Contains(t, plan, index, "%s by %s:\n%s", name, by, plan)
			assert.NotContains(t, plan, "Seq Scan", "%s by %s", name, by)
		}
	}
}

// seed is SQL that makes payments which differ as a shop's do.
func seed() []string {
	columns := strings.Split(payments.columns, ", ")
	values := make([]string, len(columns))
	given := map[string]string{
		"merchant": "'m'", "mode": "'test'", "id": "CAST(n AS TEXT)", "amount": "1 + n % 1000", "amount_milli": "10 * (1 + n % 1000)",
		"currency": "CASE WHEN n % 50 = 1 THEN 'EUR' ELSE 'USD' END", "provider": "'stripe'", "customer": "NULL", "connection": "NULL", "card": "NULL", "account": "NULL", "on_behalf_of": "FALSE", "metadata": "'{}'",
		"idempotency_key": "'key-' || CAST(n AS TEXT)", "created_at": "n", "status": "CASE WHEN n % 50 = 0 THEN 'failed' ELSE 'completed' END",
		"provider_ref": "'pi_' || CAST(n AS TEXT)", "card_last4": "CAST(1000 + n % 500 AS TEXT)",
	}
	numbers := map[string]bool{
		"captured": true, "refunded": true, "fee": true, "sequence": true, "platform_percent": true, "application_fee": true, "partner_net": true, "available_on": true,
	}
	for i, column := range columns {
		switch value, ok := given[column]; {
		case ok:
			values[i] = value
		case numbers[column] || strings.HasSuffix(column, "_at"):
			values[i] = "0"
		default:
			values[i] = "''"
		}
	}
	const metadata = "INSERT INTO payment_metadata (merchant, mode, payment, key, value, created_at) SELECT merchant, mode, id, "
	return []string{
		"INSERT INTO merchants (id, name, created_at) VALUES ('m', 'm', 0)",
		fmt.Sprintf("WITH RECURSIVE count (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < %d) INSERT INTO payments (%s) SELECT %s FROM count",
			planRows, payments.columns, strings.Join(values, ", ")),
		"ANALYZE",
		metadata + "'order', id, created_at FROM payments",
		metadata + "'shop', '1', created_at FROM payments",
		"ANALYZE",
	}
}
