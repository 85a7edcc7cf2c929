package sandbox_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A bank account pays days later, or does not (§3.9).
func TestBankAccountIsCharged(t *testing.T) {
	t.Parallel()
	for token, code := range map[string]any{"btok_us_verified": nil, "btok_us_verified_insufficientFunds": "insufficient_funds",
		"btok_us_verified_debitNotAuthorized": "debit_not_authorized"} {
		t.Run(token, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			customer := w.send("POST", "/v1/customers", "source="+token).at("id").(string)
			made := w.ask("POST", "/v1/charges", "amount=10000&currency=usd&customer="+customer+"&expand[]=balance_transaction")
			require.Equal(t, []any{"pending", false, "payment", 80.0, "pending"}, []any{made.at("status"), made.at("paid"), made.at("balance_transaction", "type"),
				made.at("balance_transaction", "fee"), made.at("balance_transaction", "status")}, made.raw)
			require.Equal(t, "ach_debit", made.at("payment_method_details", "type"))
			path := "/v1/charges/" + made.at("id").(string)
			require.Equal(t, "charge_not_refundable", w.send("POST", "/v1/refunds", "charge="+made.at("id").(string)).at("error", "code"))
			w.advance(3 * 24 * time.Hour)
			require.Equal(t, "pending", w.ask("GET", path, "").at("status"))
			w.advance(24 * time.Hour) // from Monday to Friday
			ended := w.ask("GET", path+"?expand[]=failure_balance_transaction", "")
			_, sum := w.movements("")
			require.Equal(t, code, ended.at("failure_code"))
			if code != nil {
				require.Equal(t, []any{"failed", "payment_failure_refund", -10000.0}, []any{ended.at("status"), ended.at("failure_balance_transaction", "type"), ended.at("failure_balance_transaction", "amount")})
				require.Zero(t, sum)
				require.Equal(t, []string{"charge.pending", "charge.failed"}, only(w.eventTypes(), "charge.pending", "charge.failed", "charge.succeeded"))
				return
			}
			require.Equal(t, []any{"succeeded", true}, []any{ended.at("status"), ended.at("paid")})
			require.EqualValues(t, 9920, sum)
			back := w.ask("POST", "/v1/refunds", "amount=500&charge="+made.at("id").(string)+"&expand[]=balance_transaction")
			require.Equal(t, []any{"payment_refund", -500.0, "us_bank_transfer"}, []any{back.at("balance_transaction", "type"), back.at("balance_transaction", "amount"), back.at("destination_details", "type")})
			require.Equal(t, []string{"charge.pending", "charge.succeeded"}, only(w.eventTypes(), "charge.pending", "charge.failed", "charge.succeeded"))
		})
	}
}

func TestBankAccountIsNotCharged(t *testing.T) {
	t.Parallel()
	w := open(t)
	fresh := w.send("POST", "/v1/customers", "source=btok_us").at("id").(string)
	ready := w.send("POST", "/v1/customers", "source=btok_us_verified").at("id").(string)
	for _, row := range []struct{ form, param string }{
		{"currency=usd&customer=" + fresh, "source"}, {"currency=eur&customer=" + ready, "currency"},
		{"currency=usd&capture=false&customer=" + ready, "capture"}, {"currency=usd&transfer_data[destination]=" + w.connect() + "&customer=" + ready, "source"},
	} {
		got := w.ask("POST", "/v1/charges", "amount=1000&"+row.form)
		require.Equal(t, []any{400, row.param}, []any{got.status, got.at("error", "param")}, row.form)
	}
	bank := w.send("GET", "/v1/customers/"+fresh, "").at("default_source").(string)
	w.send("POST", "/v1/customers/"+fresh+"/sources/"+bank+"/verify", "amounts[]=32&amounts[]=45")
	require.Equal(t, "pending", w.ask("POST", "/v1/charges", "amount=1000&currency=usd&customer="+fresh).at("status"))
}
