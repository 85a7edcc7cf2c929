package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// maxLines is how many pending items one invoice collects (Stripe's own limit);
// those that do not fit wait for the next.
const maxLines = 250

// invoiceLine is one row of an invoice (§2.18.4).
type invoiceLine struct {
	head
	Amount          int64             `json:"amount"` // minor units, before discounts
	Currency        string            `json:"currency"`
	Description     *string           `json:"description"`
	DiscountAmounts []discountAmount  `json:"discount_amounts"`
	Discountable    bool              `json:"discountable"`
	Discounts       []string          `json:"discounts" expand:"discount"`
	Invoice         *string           `json:"invoice"`
	Livemode        bool              `json:"livemode"`
	Metadata        map[string]string `json:"metadata"`
	Parent          *lineParent       `json:"parent"`
	Period          period            `json:"period"`
	PretaxCredits   []none            `json:"pretax_credit_amounts"`
	Pricing         *linePricing      `json:"pricing"`
	Quantity        *int64            `json:"quantity"`
	QuantityDecimal *string           `json:"quantity_decimal"`
	Subscription    *string           `json:"subscription" expand:"subscription"`
	Subtotal        int64             `json:"subtotal"`
	Taxes           []none            `json:"taxes"`
}

func (l *invoiceLine) createdAt() int64 { return l.Period.Start }

// period is a span of time in Unix seconds.
type period struct {
	End   int64 `json:"end"`
	Start int64 `json:"start"`
}

type lineParent struct {
	InvoiceItemDetails      *lineItemDetails      `json:"invoice_item_details"`
	SubscriptionItemDetails *subscriptionLineItem `json:"subscription_item_details"`
	Type                    string                `json:"type"`
}

type lineItemDetails struct {
	InvoiceItem      string           `json:"invoice_item"`
	Proration        bool             `json:"proration"`
	ProrationDetails prorationDetails `json:"proration_details"`
	Subscription     *string          `json:"subscription"`
}

type subscriptionLineItem struct {
	InvoiceItem      *string          `json:"invoice_item"`
	Proration        bool             `json:"proration"`
	ProrationDetails prorationDetails `json:"proration_details"`
	Subscription     *string          `json:"subscription"`
	SubscriptionItem string           `json:"subscription_item"`
}

type prorationDetails struct {
	CreditedItems *creditedItems `json:"credited_items"`
}

// creditedItems says what a credit gives back.
type creditedItems struct {
	Invoice          string   `json:"invoice"`
	InvoiceLineItems []string `json:"invoice_line_items"`
}

type linePricing struct {
	PriceDetails      *priceDetails `json:"price_details"`
	Type              string        `json:"type"`
	UnitAmountDecimal *decimal      `json:"unit_amount_decimal"`
}

type priceDetails struct {
	Price   string `json:"price" expand:"price"`
	Product string `json:"product"`
}

// lineIDLength is how long the random part of a line's id is.
const lineIDLength = 23

// pricing is how a line shows what it was priced by.
func (p *price) pricing() *linePricing {
	return &linePricing{&priceDetails{p.ID, p.Product}, "price_details", p.UnitAmountDecimal}
}

// quantities shows a quantity in both of its forms; nil for none.
func quantities(n *int64) (*int64, *string) {
	if n == nil {
		return nil, nil
	}
	return n, pointer(strconv.FormatInt(*n, 10))
}

// setLines gives the invoice its lines, and adds them up.
func (i *invoice) setLines(w *work, lines []*invoiceLine) {
	lines = slices.Clone(lines)
	for at := range lines {
		next := *lines[at] // other versions of the invoice may share it
		line := &next
		lines[at] = line
		line.Object, line.Currency, line.Invoice = "line_item", i.Currency, &i.ID
		line.Subtotal, line.PretaxCredits, line.Taxes = line.Amount, []none{}, []none{}
		if line.ID == "" {
			line.ID = "il_1" + w.sandbox.ids.text(lineIDLength)
		}
		if line.Metadata == nil {
			line.Metadata = map[string]string{}
		}
		if line.Discounts == nil {
			line.Discounts = []string{}
		}
	}
	i.Lines = newListOf("/v1/invoices/"+i.ID+"/lines", lines)
	i.total(w)
}

// total adds up the lines, less their discounts (§2.18.3). Lines are shared by
// versions of the invoice, so that those it changes are new ones.
func (i *invoice) total(w *work) {
	given := lasting(w, i.Discounts, w.now)
	rows := make([]*priced, len(i.Lines.Data))
	lines := slices.Clone(i.Lines.Data)
	for at, line := range lines {
		own := slices.DeleteFunc(slices.Clone(line.Discounts), func(id string) bool { return slices.Contains(i.Discounts, id) })
		rows[at] = &priced{amount: line.Amount, fixed: !line.Discountable, own: lasting(w, own, w.now)}
		if line.Pricing != nil && line.Pricing.PriceDetails != nil {
			rows[at].product = line.Pricing.PriceDetails.Product
		}
	}
	lower(rows, given)
	i.Subtotal, i.TotalDiscountAmounts = 0, []discountAmount{}
	off := int64(0)
	for at, row := range rows {
		next := *lines[at]
		next.DiscountAmounts = append([]discountAmount{}, row.taken...)
		lines[at] = &next
		i.Subtotal += row.amount
		for _, taken := range row.taken {
			off += taken.Amount
			i.tally(taken)
		}
	}
	i.Lines = newListOf(i.Lines.URL, lines)
	i.SubtotalExcludingTax, i.Total, i.TotalExcludingTax = i.Subtotal, i.Subtotal-off, i.Subtotal-off
	i.owe(i.StartingBalance)
}

// tally adds what a discount took off to the invoice's sum for it.
func (i *invoice) tally(taken discountAmount) {
	for at := range i.TotalDiscountAmounts {
		if i.TotalDiscountAmounts[at].Discount == taken.Discount {
			i.TotalDiscountAmounts[at].Amount += taken.Amount
			return
		}
	}
	i.TotalDiscountAmounts = append(i.TotalDiscountAmounts, taken)
}

// owe says what is due, given the customer's balance, and gives the balance
// that is left. Less than can be charged is left to the next invoice.
func (i *invoice) owe(balance int64) (left int64) {
	sum := i.Total + balance
	least, named := minimums[i.Currency]
	if !named {
		least = usualMinimum
	}
	i.AmountDue, left = sum, 0
	if sum < least {
		i.AmountDue, left = 0, sum
	}
	i.AmountRemaining = i.AmountDue - i.AmountPaid
	return left
}

// collectPending takes the customer's pending items that belong on an invoice:
// those of its subscription and those of none (§2.18.2).
func collectPending(w *work, onto *invoice) []*invoiceLine {
	var lines []*invoiceLine
	for _, item := range invoiceItems.where(w, indexKey{"pending", onto.Customer}) {
		of := item.subscription()
		if item.Currency != onto.Currency || of != "" && of != onto.subscription() || len(lines) == maxLines {
			continue
		}
		next := invoiceItems.edit(w, item.ID)
		next.Invoice = &onto.ID
		lines = append(lines, next.line())
	}
	return lines
}

// line shows an invoice item as a line of its invoice.
func (o *invoiceItem) line() *invoiceLine {
	out := &invoiceLine{Amount: o.Amount, Description: o.Description, Discountable: o.Discountable, Discounts: o.Discounts, Metadata: o.Metadata,
		Period: o.Period, Pricing: o.Pricing, Quantity: &o.Quantity, QuantityDecimal: &o.QuantityDecimal}
	details := prorationDetails{o.secret.Credited}
	if o.Parent != nil && o.Parent.SubscriptionDetails.SubscriptionItem != nil {
		of := o.Parent.SubscriptionDetails
		out.Subscription = &of.Subscription
		out.Parent = &lineParent{Type: "subscription_item_details", SubscriptionItemDetails: &subscriptionLineItem{
			InvoiceItem: &o.ID, Proration: o.Proration, ProrationDetails: details, Subscription: &of.Subscription, SubscriptionItem: *of.SubscriptionItem}}
		return out
	}
	out.Parent = &lineParent{Type: "invoice_item_details", InvoiceItemDetails: &lineItemDetails{InvoiceItem: o.ID, Proration: o.Proration, ProrationDetails: details}}
	if o.Parent != nil {
		out.Parent.InvoiceItemDetails.Subscription = &o.Parent.SubscriptionDetails.Subscription
	}
	return out
}

// pageIn pages over objects that live inside another one, in their order.
func (c *call) pageIn(all []object) (any, error) {
	limit, err := c.limit()
	if err != nil {
		return nil, err
	}
	at := 0
	if after := c.text("starting_after"); after != "" {
		found := slices.IndexFunc(all, func(o object) bool { return o.identity().ID == after })
		if found < 0 {
			return nil, noSuch(http.StatusBadRequest, "line item", after, "starting_after")
		}
		at = found + 1
	}
	end := min(at+limit, len(all))
	return &page{url: c.path, objects: all[at:end], more: end < len(all)}, nil
}

// toObjects is a list of one kind as a list of any.
func toObjects[T object](of []T) []object {
	out := make([]object, len(of))
	for at, o := range of {
		out[at] = o
	}
	return out
}

// describe is how a line names a quantity of a recurring price: "2 × Gold (at
// $10.00 / month)".
func (p *price) describe(w *work, quantity int64) string {
	each := ""
	if p.UnitAmount != nil {
		each = fmt.Sprintf(" (at %s / %s)", spell(*p.UnitAmount, p.Currency), p.every())
	} else {
		each = " (per " + p.every() + ")"
	}
	return fmt.Sprintf("%d × %s%s", quantity, p.label(w), each)
}

// every spells the interval: "month", "every 3 months".
func (p *price) every() string {
	if p.Recurring.IntervalCount == 1 {
		return p.Recurring.Interval
	}
	return fmt.Sprintf("every %d %ss", p.Recurring.IntervalCount, p.Recurring.Interval)
}
