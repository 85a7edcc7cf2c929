package sandbox_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The seed's subscription: $10 a month, 80 % for the author, 7 days of trial,
// in each of the ways that Stripe has for it (§2.17.10), at every renewal.
func TestSubscriptionsAreShared(t *testing.T) {
	t.Parallel()
	w := open(t)
	price := w.price("Author", 1000)
	payer := w.newPayer("pm_card_visa", "")
	for share, want := range map[string][2]int64{ // per month: the platform, the author
		"transfer_data[amount_percent]=80&": {1000 - 59 - 800, 800},
		"application_fee_percent=20&":       {200 - 59, 800},
	} {
		author := w.connect()
		_, before := w.movements("")
		made := w.must("POST", "/v1/subscriptions", share+"customer="+payer+"&trial_period_days=7&items[0][price]="+price+"&transfer_data[destination]="+author)
		w.advance(7*24*time.Hour + time.Hour)
		_, sum := w.movements("")
		_, his := w.movements(author)
		require.Equal(t, want, [2]int64{sum - before, his}, share)
		w.advance(31*24*time.Hour + time.Hour)
		_, sum = w.movements("")
		_, his = w.movements(author)
		require.Equal(t, [2]int64{2 * want[0], 2 * want[1]}, [2]int64{sum - before, his}, share)
		w.must("DELETE", "/v1/subscriptions/"+made.at("id").(string), "")
	}
}

// A subscription of a connected account's own: it pays Stripe's fee and the
// platform's, at every renewal.
func TestDirectSubscription(t *testing.T) {
	t.Parallel()
	w := open(t)
	author := w.connect()
	ask := func(path, form string) reply {
		got := w.send("POST", path, form, "Stripe-Account", author)
		require.Equal(t, 200, got.status, got.raw)
		return got
	}
	price := ask("/v1/prices", "currency=usd&unit_amount=1000&recurring[interval]=month&product_data[name]=A").at("id").(string)
	payer := ask("/v1/customers", "payment_method=pm_card_visa").at("id").(string)
	method := ask("/v1/payment_methods/pm_card_visa/attach", "customer="+payer).at("id").(string)
	ask("/v1/subscriptions", "customer="+payer+"&default_payment_method="+method+"&application_fee_percent=20&items[0][price]="+price)
	w.advance(31*24*time.Hour + time.Hour)
	_, his := w.movements(author)
	_, ours := w.movements("")
	require.Equal(t, []int64{2 * (1000 - 59 - 200), 2 * 200}, []int64{his, ours})
}

// Whatever subscriptions do, alone or shared: every balance is the sum of its
// entries, and what customers owe is what invoices say.
func TestBillingAddsUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := open(t)
		defer w.stop()
		f := &familyBook{world: w, client: w.client(w.key)}
		f.open(rt)
		b := &billingBook{familyBook: f, product: w.must("POST", "/v1/products", "name=P").at("id").(string)}
		rt.Repeat(map[string]func(*rapid.T){"subscribe": b.subscribe, "change": b.change, "end": b.end, "credit": b.credit, "refund": f.refund, "wait": f.wait, "": f.checkSometimes})
		f.check(rt)
		b.check(rt)
	})
}

// billingBook makes random subscriptions of a platform.
type billingBook struct {
	*familyBook
	product string
	payers  []string
	subs    []string
}

func (b *billingBook) price(rt *rapid.T) string {
	return b.must("POST", "/v1/prices", fmt.Sprintf("currency=usd&unit_amount=%d&product=%s&recurring[interval]=%s", rapid.IntRange(0, 5000).Draw(rt, "amount"),
		b.product, rapid.SampledFrom([]string{"day", "week"}).Draw(rt, "interval"))).at("id").(string)
}

func (b *billingBook) subscribe(rt *rapid.T) {
	payer := b.newPayer("pm_card_"+rapid.SampledFrom([]string{"visa", "bypassPending", "chargeCustomerFail"}).Draw(rt, "card"), "")
	b.payers = append(b.payers, payer)
	form := fmt.Sprintf("customer=%s&items[0][price]=%s&items[0][quantity]=%d", payer, b.price(rt), rapid.IntRange(1, 5).Draw(rt, "quantity"))
	form += rapid.SampledFrom([]string{"", "&trial_period_days=3", "&collection_method=send_invoice&days_until_due=2"}).Draw(rt, "way")
	if part := rapid.SampledFrom([]string{"", "application_fee_percent", "transfer_data[amount_percent]"}).Draw(rt, "share"); part != "" {
		form += fmt.Sprintf("&%s=%d&transfer_data[destination]=%s", part, rapid.IntRange(1, 100).Draw(rt, "percent"), b.partner(rt))
	}
	if id, ok := b.post(rt, "", "/v1/subscriptions", form).at("id").(string); ok {
		b.subs = append(b.subs, id)
	}
}

func (b *billingBook) change(rt *rapid.T) {
	id := some(rt, b.subs)
	item := b.must("GET", "/v1/subscriptions/"+id, "").first("items", "data", "id").(string)
	b.post(rt, "", "/v1/subscriptions/"+id, fmt.Sprintf("items[0][id]=%s&items[0][price]=%s&items[0][quantity]=%d&proration_behavior=%s", item, b.price(rt),
		rapid.IntRange(1, 5).Draw(rt, "quantity"), rapid.SampledFrom([]string{"none", "create_prorations", "always_invoice"}).Draw(rt, "proration")))
}

func (b *billingBook) end(rt *rapid.T) {
	form := rapid.SampledFrom([]string{"prorate=true&invoice_now=true", "prorate=true", ""}).Draw(rt, "how")
	got, err := b.try("DELETE", "/v1/subscriptions/"+some(rt, b.subs)+"?"+form, "")
	require.NoError(rt, err)
	require.Less(rt, got.status, 500, got.raw)
}

func (b *billingBook) credit(rt *rapid.T) {
	b.post(rt, "", "/v1/customers/"+some(rt, b.payers), fmt.Sprintf("balance=%d", rapid.IntRange(-3000, 3000).Draw(rt, "balance")))
}

// check holds every invoice against its lines and against what was paid.
func (b *billingBook) check(rt *rapid.T) {
	for after := ""; ; {
		page := b.must("GET", "/v1/invoices?limit=100"+after+"&expand[]=data.payments.data.payment.payment_intent", "")
		for _, one := range page.at("data").([]any) {
			i := reply{body: one.(map[string]any)}
			sum := 0.0
			for _, line := range i.at("lines", "data").([]any) {
				sum += line.(map[string]any)["amount"].(float64)
			}
			require.Equal(rt, sum, i.at("subtotal"))
			require.Equal(rt, i.at("amount_due").(float64)-i.at("amount_paid").(float64), i.at("amount_remaining"), i.at("status"))
			if i.at("status") == "paid" && i.at("amount_due").(float64) > 0 {
				require.Equal(rt, i.at("amount_paid"), i.first("payments", "data", "payment", "payment_intent", "amount_received"))
			}
			if i.at("status") != "draft" {
				require.Equal(rt, i.at("total").(float64)+i.at("starting_balance").(float64), i.at("amount_due").(float64)+i.at("ending_balance").(float64), "nothing is lost between invoices")
			}
			after = "&starting_after=" + i.at("id").(string)
		}
		if page.at("has_more") != true {
			return
		}
	}
}
