package sandbox

import (
	"encoding/json"
	"net/http"
)

// balanceTransaction is one movement of an account's balance (§2.9). It is
// never changed: whether it is available is told by the time.
type balanceTransaction struct {
	head
	Amount            int64        `json:"amount"` // signed, minor units
	AvailableOn       int64        `json:"available_on"`
	BalanceType       string       `json:"balance_type"`
	Created           int64        `json:"created"`
	Currency          string       `json:"currency"`
	Description       *string      `json:"description"`
	ExchangeRate      *json.Number `json:"exchange_rate"`
	Fee               int64        `json:"fee"`
	FeeDetails        []feeDetail  `json:"fee_details"`
	Net               int64        `json:"net"` // amount less fee
	ReportingCategory string       `json:"reporting_category"`
	Source            string       `json:"source" expand:"application_fee,charge,dispute,fee_refund,payout,refund,topup,transfer,transfer_reversal"`
	Status            string       `json:"status"`
	Type              string       `json:"type"`

	secret entrySecret
}

// entrySecret says which automatic payout paid an entry out; entries of manual
// ones stay unsettled.
type entrySecret struct {
	Settled bool   `json:"settled,omitempty"`
	Payout  string `json:"payout,omitempty"`
}

func (b *balanceTransaction) private() any { return &b.secret }

type feeDetail struct {
	Amount      int64   `json:"amount"`
	Application *string `json:"application"`
	Currency    string  `json:"currency"`
	Description string  `json:"description"`
	Type        string  `json:"type"`
}

func (b *balanceTransaction) createdAt() int64 { return b.Created }

// asOf fills in the status that the entry has at a time.
func (b *balanceTransaction) asOf(now int64) object {
	shown := *b
	shown.Status = "pending"
	if b.AvailableOn <= now {
		shown.Status = "available"
	}
	if b.Source == "" {
		return &standaloneEntry{balanceTransaction: shown}
	}
	return &shown
}

// standaloneEntry is an entry that no object caused: its source is null.
type standaloneEntry struct {
	balanceTransaction
	Source none `json:"source"`
}

var balanceTransactions = declare[balanceTransaction](kind{name: "balance_transaction", prefix: "txn_3", length: 23})

func balanceTransactionResource() *resource {
	id := &balanceTransactions.kind
	filters := paged(text("currency"), text("payout"), text("source"), text("type"))
	return &resource{
		kind:    id,
		applied: bookEntry,
		indexes: func(o object) []indexKey {
			b := o.(*balanceTransaction)
			if !b.secret.Settled {
				return []indexKey{{"source", b.Source}, {"type", b.Type}, {"unsettled", b.Currency}}
			}
			return []indexKey{{"source", b.Source}, {"type", b.Type}, {"payout", b.secret.Payout}}
		},
		routes: []route{
			{method: http.MethodGet, path: "/v1/balance_transactions", title: "List balance transactions", returns: id, list: true,
				params: filters, do: listBalanceTransactions},
			{method: http.MethodGet, path: "/v1/balance_transactions/{id}", title: "Retrieve a balance transaction", returns: id, do: balanceTransactions.retrieve},
			{method: http.MethodGet, path: "/v1/balance/history", title: "List balance transactions (older name)", returns: id, list: true,
				params: filters, do: listBalanceTransactions},
			{method: http.MethodGet, path: "/v1/balance/history/{id}", title: "Retrieve a balance transaction (older name)", returns: id, do: balanceTransactions.retrieve},
		},
	}
}

func listBalanceTransactions(c *call) (any, error) {
	currency, sort, payout, source := c.text("currency"), c.text("type"), c.text("payout"), c.text("source")
	if paid, err := payouts.fromParam(c, "payout"); err != nil {
		return nil, err
	} else if paid != nil && !paid.Automatic {
		return nil, badParam("payout", "", "Balance transaction history can only be filtered on automatic transfers, not manual.")
	}
	return c.pageOf(query{
		kind: &balanceTransactions.kind, key: c.filtered("payout", "source", "type"),
		keep: func(o object) bool {
			b := o.(*balanceTransaction)
			return (currency == "" || b.Currency == currency) && (sort == "" || b.Type == sort) &&
				(payout == "" || b.secret.Payout == payout) && (source == "" || b.Source == source)
		},
	})
}
