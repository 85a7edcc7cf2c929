package stripe_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
)

var since = time.Unix(1774905650, 0).UTC()

// shelf is a fake that lists objects as Stripe does: newest first, by the time
// they were created, in pages.
type shelf []fields

func (s shelf) serve(w http.ResponseWriter, r *http.Request, _ int) {
	query := r.URL.Query()
	from, _ := strconv.ParseInt(query.Get("created[gte]"), 10, 64)
	to, _ := strconv.ParseInt(query.Get("created[lte]"), 10, 64)
	limit, _ := strconv.Atoi(query.Get("limit"))
	chosen := slices.DeleteFunc(slices.Clone(s), func(o fields) bool {
		created := o["created"].(int64)
		return to != 0 && (created < from || created > to)
	})
	if after := query.Get("starting_after"); after != "" {
		chosen = chosen[slices.IndexFunc(chosen, func(o fields) bool { return o["id"] == after })+1:]
	}
	more := len(chosen) > limit
	text, _ := json.Marshal(fields{"object": "list", "data": chosen[:min(limit, len(chosen))], "has_more": more})
	reply(w, http.StatusOK, string(text))
}

// strangers are n intents that are not ours, at a second of their own each.
func strangers(n int, from time.Time) shelf {
	var s shelf
	for i := range n {
		s = append(s, fields{"id": fmt.Sprintf("pi_x%d", i), "object": "payment_intent", "created": from.Unix(), "metadata": fields{}, "amount": "unreadable"})
	}
	return s
}

func ours(at time.Time) fields {
	return fields{
		"id": "pi_ours", "object": "payment_intent", "created": at.Unix(), "status": "succeeded", "currency": "usd", "amount_received": 700,
		"metadata": fields{"florin_payment": paymentID},
	}
}

func TestFindPaymentByRef(t *testing.T) {
	t.Parallel()
	f := newFake(t, always(200, intent(t, nil)))
	got, err := f.gateway().FindPayment(t.Context(), access, pay.PaymentSought{Ref: "pi_3Test"})
	require.NoError(t, err)
	assert.Equal(t, completed(), got)
	requireAccepted(t, pay.Wire{Method: "GET", Path: f.requests()[0].uri})
	assert.Equal(t, "2026-03-25.dahlia", f.requests()[0].header.Get("Stripe-Version"))
	assert.Empty(t, f.requests()[0].header.Get("Idempotency-Key"))
}

func TestFindPaymentByMetadata(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]time.Time{
		"a clock behind ours": since.Add(-time.Minute), "at once": since, "after a retry": since.Add(30 * time.Minute),
		"after a day in doubt": since.Add(26 * time.Hour),
	} {
		f := newFake(t, append(append(strangers(150, at), ours(at)), strangers(3, at)...).serve)
		got, err := f.gateway().FindPayment(t.Context(), access, pay.PaymentSought{ID: paymentID, Since: since})
		require.NoError(t, err, name)
		assert.Equal(t, "pi_ours", got.ProviderRef, name)
		assert.Equal(t, pay.Amount(700, "USD"), got.Captured, name)
		for _, r := range f.requests() {
			requireAccepted(t, pay.Wire{Method: r.method, Path: r.uri})
			asked, err := url.Parse(r.uri)
			require.NoError(t, err)
			assert.Equal(t, "data.latest_charge.balance_transaction", asked.Query().Get("expand[0]"))
		}
	}
}

func TestPaymentThatStripeNeverSaw(t *testing.T) {
	t.Parallel()
	f := newFake(t, append(strangers(250, since), ours(since.Add(27*time.Hour))).serve)
	_, err := f.gateway().FindPayment(t.Context(), access, pay.PaymentSought{ID: paymentID, Since: since})
	assert.True(t, pay.Is(err, pay.CodeNotFound), err)
	assert.Len(t, f.requests(), 5, "three pages of the first window, one of each other")

	_, err = f.gateway().FindPayment(t.Context(), access, pay.PaymentSought{Since: since})
	assert.True(t, pay.Is(err, pay.CodeInternal), "an empty id would match what is not ours: %v", err)
}

// Absence is only told after everything was seen.
func TestEndlessListIsInDoubt(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request, turn int) {
		reply(w, 200, fmt.Sprintf(`{"object":"list","has_more":true,"data":[{"id":"pi_%d","metadata":{}}]}`, turn))
	})
	_, err := f.gateway().FindPayment(t.Context(), access, pay.PaymentSought{ID: paymentID, Since: since})
	assert.True(t, pay.Is(err, pay.CodeInDoubt), err)
	assert.Len(t, f.requests(), 50)

	_, err = f.gateway().FindRefunds(t.Context(), access, "pi_1")
	assert.True(t, pay.Is(err, pay.CodeInDoubt), err)
}

func TestUnreadableReadsAreInDoubt(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"object":"list"}`, `{"data":{}}`, `{}`, `{"data":[{"id":"pi_1","status":7,"metadata":{"florin_payment":"` + string(paymentID) + `"}}]}`} {
		f := newFake(t, always(200, body))
		_, err := f.gateway().FindPayment(t.Context(), access, pay.PaymentSought{ID: paymentID, Since: since})
		assert.True(t, pay.Is(err, pay.CodeInDoubt), "%s: %v", body, err)
	}
}

func TestFailedReads(t *testing.T) {
	t.Parallel()
	for code, row := range map[pay.Code]struct {
		status int
		body   string
	}{
		pay.CodeNotFound:           {404, invalid(fields{"code": "resource_missing"})},
		pay.CodeProviderBusy:       {429, invalid(nil)},
		pay.CodeInDoubt:            {500, stripeError(fields{"type": "api_error"})},
		pay.CodeProviderKeyInvalid: {401, invalid(nil)},
		pay.CodeProviderKeyRights:  {403, invalid(nil)},
		pay.CodeProviderRefused:    {400, invalid(nil)},
	} {
		f := newFake(t, always(row.status, row.body))
		_, err := f.gateway().FindPayment(t.Context(), access, pay.PaymentSought{Ref: "pi_1"})
		assert.True(t, pay.Is(err, code), "%s: %v", code, err)
		_, err = f.gateway().FindCard(t.Context(), access, "pm_1")
		assert.True(t, pay.Is(err, code), "%s: %v", code, err)
	}
	_, err := at("http://"+closedPort(t), 5*time.Second).FindCustomer(t.Context(), access, customerID, since)
	assert.True(t, pay.Is(err, pay.CodeProviderUnreachable), err)
}

func TestFindRefunds(t *testing.T) {
	t.Parallel()
	var all shelf
	for i := range 120 {
		all = append(all, fields{"id": fmt.Sprintf("re_%d", i), "object": "refund", "amount": 1, "currency": "usd", "status": "succeeded", "created": since.Unix(), "payment_intent": "pi_1"})
	}
	f := newFake(t, all.serve)
	got, err := f.gateway().FindRefunds(t.Context(), access, "pi_1")
	require.NoError(t, err)
	require.Len(t, got, 120)
	assert.Equal(t, "re_119", got[119].ProviderRef)
	for _, r := range f.requests() {
		requireAccepted(t, pay.Wire{Method: r.method, Path: r.uri})
		assert.Contains(t, r.uri, "payment_intent=pi_1")
	}
}

func TestFindCustomerAndCard(t *testing.T) {
	t.Parallel()
	f := newFake(t, shelf{{"id": "cus_1", "object": "customer", "created": since.Unix(), "metadata": fields{"florin_customer": customerID}}}.serve)
	ref, err := f.gateway().FindCustomer(t.Context(), access, customerID, since)
	require.NoError(t, err)
	assert.Equal(t, "cus_1", ref)
	requireAccepted(t, pay.Wire{Method: "GET", Path: f.requests()[0].uri})

	f = newFake(t, always(200, `{"id":"pm_1","object":"payment_method","type":"us_bank_account","customer":{"id":"cus_1","object":"customer"}}`))
	card, err := f.gateway().FindCard(t.Context(), access, "pm_1/../../x")
	require.NoError(t, err)
	assert.Equal(t, pay.CardFound{CardReport: pay.CardReport{ProviderRef: "pm_1", Brand: "us_bank_account"}, CustomerRef: "cus_1"}, card)
	assert.Equal(t, "/v1/payment_methods/pm_1%2F..%2F..%2Fx", f.requests()[0].uri, "a ref cannot lead elsewhere")
}
