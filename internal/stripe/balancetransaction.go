package stripe

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"florin/internal/pay"
)

// ListBalanceTransactions reads a page of an account's balance transactions,
// newest first, each with what caused it.
//
// Errors: those of a read; in_doubt when the page cannot be read.
func (g *Gateway) ListBalanceTransactions(ctx context.Context, access pay.Access, sought pay.ListSought) (pay.StripeList[pay.BalanceTransaction], error) {
	r := reader{g: g, access: access, name: "list_balance_transactions"}
	return listed(ctx, r, "/v1/balance_transactions?expand[0]=data.source&", sought, readBalanceTransaction)
}

// listed reads one page of a list as its items say.
func listed[T any](ctx context.Context, r reader, path string, sought pay.ListSought, read func(json.RawMessage) (T, error)) (pay.StripeList[T], error) {
	body, at, err := r.dated(ctx, path+queryOf(sought))
	if err != nil {
		return pay.StripeList[T]{}, err
	}
	var list page
	if err := json.Unmarshal(body, &list); err != nil || list.Data == nil {
		return pay.StripeList[T]{}, doubtful("its list cannot be read").Because(err)
	}
	found := pay.StripeList[T]{More: list.HasMore, At: at}
	for _, item := range list.Data {
		one, err := read(item)
		if err != nil {
			return found, err
		}
		found.Items = append(found.Items, one)
	}
	return found, nil
}

// queryOf is which page of a list is wanted. Stripe's times are whole seconds.
func queryOf(sought pay.ListSought) string {
	var b strings.Builder
	fmt.Fprintf(&b, "limit=%d", pageSize)
	if !sought.From.IsZero() {
		fmt.Fprintf(&b, "&created[gte]=%d", sought.From.Unix())
	}
	if !sought.Until.IsZero() {
		fmt.Fprintf(&b, "&created[lte]=%d", sought.Until.Unix())
	}
	for name, value := range map[string]string{"starting_after": sought.After, "payout": sought.Payout} {
		if value != "" {
			b.WriteString("&" + name + "=" + url.QueryEscape(value))
		}
	}
	return b.String()
}

// balanceEntry is what is read of a balance transaction.
type balanceEntry struct {
	ID          string             `json:"id"`
	Type        string             `json:"type"`
	Amount      int64              `json:"amount"`
	Fee         int64              `json:"fee"`
	Net         int64              `json:"net"`
	Currency    string             `json:"currency"`
	Status      string             `json:"status"`
	Description string             `json:"description"`
	Created     int64              `json:"created"`
	AvailableOn int64              `json:"available_on"`
	Source      expandable[source] `json:"source"`
}

// source is what is read of the object that caused a balance transaction: what
// it is, and what it came of. Which fields there are depends on the object.
type source struct {
	ID                     string    `json:"id"`
	Object                 string    `json:"object"`
	PaymentIntent          reference `json:"payment_intent"`
	Charge                 reference `json:"charge"`
	SourceTransfer         reference `json:"source_transfer"`
	SourceTransaction      reference `json:"source_transaction"`
	OriginatingTransaction reference `json:"originating_transaction"`
	Transfer               reference `json:"transfer"`
	Fee                    reference `json:"fee"`
	Automatic              bool      `json:"automatic"`
}

// origin is what the source came of, in one step.
func (s source) origin() string {
	switch s.Object {
	case "charge":
		return string(s.SourceTransfer) // of the payment that a transfer makes in a partner's account
	case "transfer":
		return string(s.SourceTransaction)
	case "transfer_reversal":
		return string(s.Transfer)
	case "application_fee":
		return cmp.Or(string(s.Charge), string(s.OriginatingTransaction))
	case "fee_refund":
		return string(s.Fee)
	default: // refund, dispute
		return string(s.Charge)
	}
}

// readBalanceTransaction decodes a balance transaction.
//
// Errors: in_doubt, when it cannot be read or does not add up.
func readBalanceTransaction(body json.RawMessage) (pay.BalanceTransaction, error) {
	var read balanceEntry
	if err := decode(body, balanceMembers, &read); err != nil {
		return pay.BalanceTransaction{}, doubtful("its balance transaction cannot be read").Because(err)
	}
	if read.ID == "" || read.Net != read.Amount-read.Fee {
		return pay.BalanceTransaction{}, doubtful("its balance transaction " + read.ID + " does not add up")
	}
	from, amount, fee := read.Source.Object, fromWire(read.Amount, read.Currency), fromWire(read.Fee, read.Currency)
	net, err := amount.Sub(fee) // not Stripe's, which may be rounded otherwise
	return pay.BalanceTransaction{
		Ref: read.ID, Type: read.Type, Status: pay.BalanceStatus(read.Status), Description: read.Description, Amount: amount, Fee: fee, Net: net,
		Source: cmp.Or(read.Source.ID, from.ID), Origin: from.origin(), PaymentRef: string(from.PaymentIntent),
		CreatedAt: time.Unix(read.Created, 0).UTC(), AvailableOn: time.Unix(read.AvailableOn, 0).UTC(),
		AutomaticPayout: from.Object == "payout" && from.Automatic,
	}, err
}
