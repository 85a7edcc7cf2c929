package dashboard

import "florin/internal/pay"

// transactionList is what the list of Stripe's balance transactions shows.
type transactionList struct {
	Items              []pay.BalanceTransaction
	Type, Since, Until string
	Next, Trouble      string
}

// transactionTypes are the types that people look for, in Stripe's words.
var transactionTypes = []string{
	"charge", "payment", "refund", "transfer", "payout", "application_fee", "adjustment", "stripe_fee",
}

func (d *dashboard) transactions(v *visit) error {
	query := v.query()
	shown := transactionList{Type: query.Get("type"), Since: query.Get("since"), Until: query.Get("until")}
	filter := pay.BalanceFilter{}
	if shown.Type != "" {
		filter.Types = []string{shown.Type}
	}
	var err error
	filter.Since, filter.Until, err = between(shown.Since, shown.Until)
	if err != nil {
		shown.Trouble = err.Error()
		return d.show(v, "Transactions", transactionsPage(shown))
	}
	list, err := d.engine.BalanceTransactions(v.ctx(), v.owner(), filter, pay.Page{Limit: paymentPage, Cursor: query.Get("cursor")})
	if err != nil {
		return err
	}
	shown.Items, shown.Next = list.Items, nextPage(v, list.Next)
	return d.show(v, "Transactions", transactionsPage(shown))
}

// ledger is what stands on every account of the books, and the newest entries.
func (d *dashboard) ledger(v *visit) error {
	standing, err := d.engine.LedgerBalances(v.ctx(), v.owner())
	if err != nil {
		return err
	}
	lines, err := d.engine.LedgerLines(v.ctx(), v.owner(), pay.LedgerFilter{}, pay.Page{Limit: paymentPage, Cursor: v.query().Get("cursor")})
	if err != nil {
		return err
	}
	return d.show(v, "Ledger", ledgerPage(standing, lines.Items, nextPage(v, lines.Next)))
}
