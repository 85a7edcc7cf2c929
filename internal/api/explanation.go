package api

import (
	"net/http"

	"florin/internal/engine"
	"florin/internal/pay"
)

// Explanation is where every cent of a payment is.
type Explanation struct {
	PaymentID    string               `json:"payment_id" format:"uuid"`
	Status       string               `json:"status" enum:"pending,authorized,completed,partially_refunded,refunded,failed,canceled"`
	Currency     string               `json:"currency" example:"USD"`
	Amount       string               `json:"amount" example:"50.00"`
	Captured     string               `json:"amount_captured" example:"50.00"`
	Refunded     string               `json:"amount_refunded" example:"0.00"`
	Fee          *string              `json:"fee" doc:"Stripe's fee; null until it is known."`
	Explained    bool                 `json:"explained" doc:"True when your books and Stripe's say the same of every balance."`
	Bookings     []Booking            `json:"bookings" doc:"What your books say, oldest first."`
	Transactions []BalanceTransaction `json:"transactions" doc:"What Stripe's books say of it and of all that came of it, oldest first."`
	Balances     []PaymentBalance     `json:"balances" doc:"What it did to each balance at Stripe, by Stripe's word."`
	Gaps         []MoneyGap           `json:"gaps" doc:"What is not explained yet, and the likeliest reason."`
}

// Booking is a balanced transaction of the ledger.
type Booking struct {
	ID      string         `json:"id" format:"uuid"`
	Kind    string         `json:"kind" example:"capture"`
	Source  string         `json:"source" doc:"The payment, refund or other thing that caused it."`
	At      string         `json:"at" format:"date-time"`
	Entries []BookingEntry `json:"entries"`
}

// BookingEntry is one signed line of a booking.
type BookingEntry struct {
	Account  string `json:"account" example:"stripe"`
	Amount   string `json:"amount" doc:"Signed: what comes to the account is positive." example:"48.25"`
	Currency string `json:"currency" example:"USD"`
}

// PaymentBalance is what a payment did to one balance at Stripe.
type PaymentBalance struct {
	Account     *string `json:"account" doc:"Stripe's id (acct_…) of the partner whose balance it is; null for your own."`
	Currency    string  `json:"currency" example:"USD"`
	Amount      string  `json:"amount" example:"50.00"`
	Fee         string  `json:"fee" example:"1.75"`
	Net         string  `json:"net" example:"48.25"`
	Pending     string  `json:"pending" doc:"Of the net: not available yet." example:"48.25"`
	PaidOut     string  `json:"paid_out" doc:"Of the net: paid out by automatic payouts; Stripe does not say what payouts made by hand paid out." example:"0.00"`
	AvailableOn string  `json:"available_on" format:"date-time" doc:"When the last of it can be spent, by Stripe's clock."`
}

// MoneyGap is a difference between your books and Stripe's.
type MoneyGap struct {
	Account  *string `json:"account" doc:"Stripe's id of the partner whose balance it is; null for your own."`
	Currency string  `json:"currency" example:"USD"`
	Ours     string  `json:"ours" doc:"What your books say that came to the balance." example:"48.25"`
	Theirs   string  `json:"theirs" doc:"What Stripe's say." example:"0.00"`
	Why      string  `json:"why"`
}

func explanationView(e pay.Explanation) Explanation {
	p := paymentView(e.Payment)
	return Explanation{
		PaymentID: p.ID, Status: p.Status, Currency: p.Currency, Amount: p.Amount, Captured: p.AmountCaptured, Refunded: p.AmountRefunded, Fee: p.Fee,
		Explained: len(e.Gaps) == 0, Bookings: views(e.Booked, bookingView), Transactions: views(e.Moved, balanceTransactionView),
		Balances: views(e.Balances, paymentBalanceView), Gaps: views(e.Gaps, moneyGapView),
	}
}

func bookingView(t pay.LedgerTransaction) Booking {
	return Booking{
		ID: string(t.ID), Kind: string(t.Kind), Source: string(t.Source), At: stamp(t.At),
		Entries: views(t.Entries, func(e pay.Entry) BookingEntry {
			return BookingEntry{Account: string(e.Account), Amount: e.Amount.Decimal(), Currency: string(e.Amount.Currency)}
		}),
	}
}

func paymentBalanceView(b pay.PaymentBalance) PaymentBalance {
	return PaymentBalance{
		Account: orNull(b.AccountRef), Currency: string(b.Net.Currency), Amount: b.Amount.Decimal(), Fee: b.Fee.Decimal(), Net: b.Net.Decimal(),
		Pending: b.Pending.Decimal(), PaidOut: b.PaidOut.Decimal(), AvailableOn: stamp(b.Available),
	}
}

func moneyGapView(g pay.MoneyGap) MoneyGap {
	return MoneyGap{
		Account: orNull(g.AccountRef), Currency: string(g.Ours.Currency), Ours: g.Ours.Decimal(), Theirs: g.Theirs.Decimal(), Why: g.Why,
	}
}

var explanationRoutes = []Route{
	one(Route{
		Method: http.MethodGet, Path: "/v1/payments/{id}/money", Scope: pay.ScopePaymentsRead, Key: KeyUnused,
		Tag: paymentsTag, Name: "getPaymentMoney", Status: http.StatusOK, Gives: Explanation{},
		Summary: "Read where every cent of a payment is",
		Detail: "Puts your books beside Stripe's: the bookings of the payment, Stripe's balance transactions of it and of what came of it " +
			"(refunds, transfers, fees, payouts), what each balance got, and what is not explained yet.",
		Codes: []pay.Code{pay.CodeNotFound},
	}, (*engine.Engine).ExplainPayment, explanationView),
}
