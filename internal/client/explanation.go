package client

import (
	"context"
	"time"
)

// Explanation is where every cent of a payment is: what the merchant's books
// say, what Stripe's say, and what is not explained yet. Amounts are decimals.
type Explanation struct {
	PaymentID      string               `json:"payment_id"`
	Status         string               `json:"status"`
	Currency       string               `json:"currency"`
	Amount         string               `json:"amount"`
	AmountCaptured string               `json:"amount_captured"`
	AmountRefunded string               `json:"amount_refunded"`
	Fee            *string              `json:"fee"`
	Explained      bool                 `json:"explained"`
	Bookings       []Booking            `json:"bookings"`
	Transactions   []BalanceTransaction `json:"transactions"`
	Balances       []PaymentBalance     `json:"balances"`
	Gaps           []MoneyGap           `json:"gaps"`
}

// Booking is a balanced transaction of the ledger.
type Booking struct {
	ID      string         `json:"id"`
	Kind    string         `json:"kind"`
	Source  string         `json:"source"`
	At      time.Time      `json:"at"`
	Entries []BookingEntry `json:"entries"`
}

// BookingEntry is one signed line of a booking.
type BookingEntry struct {
	Account  string `json:"account"`
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

// PaymentBalance is what a payment did to one balance at Stripe.
type PaymentBalance struct {
	Account     *string   `json:"account"` // acct_…; nil for the merchant's own
	Currency    string    `json:"currency"`
	Amount      string    `json:"amount"`
	Fee         string    `json:"fee"`
	Net         string    `json:"net"`
	Pending     string    `json:"pending"`
	PaidOut     string    `json:"paid_out"`
	AvailableOn time.Time `json:"available_on"`
}

// MoneyGap is a difference between the merchant's books and Stripe's.
type MoneyGap struct {
	Account  *string `json:"account"`
	Currency string  `json:"currency"`
	Ours     string  `json:"ours"`
	Theirs   string  `json:"theirs"`
	Why      string  `json:"why"`
}

// PaymentMoney reads where every cent of a payment is.
func (c *Client) PaymentMoney(ctx context.Context, id string) (Explanation, error) {
	return get[Explanation](ctx, c, pathOf("/v1/payments/", id, "/money"), nil)
}
