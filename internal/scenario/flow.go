package scenario

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"florin/internal/client"
)

// The parties that every story has.
const (
	platform  = "platform" // whose Florin it is
	stripeCo  = "stripe"   // who keeps the fees
	somebody  = "customer" // who paid, where nothing tells more
	bankOf    = "'s bank"
	noAccount = ""
)

// Flow is money that went from one party to another.
type Flow struct {
	From, To string
	Amount   amount
	What     string // payment, fee, transfer, …
}

// Party is somebody of the story, with what they have in the end. What somebody
// paid is negative.
type Party struct {
	Name     string
	AtStripe amount // on the party's Stripe balance, available or not
	AtBank   amount // paid out
	InApp    amount // what the platform owes the party; of the platform: minus what it owes
	Paid     amount // of who has no balance: what they got less what they gave
}

// Total is all that the party has.
func (p Party) Total() amount { return p.AtStripe + p.AtBank + p.InApp + p.Paid }

// books are Stripe's balance transactions, put in order to be followed.
type books struct {
	p        *player
	list     []client.BalanceTransaction
	accounts map[string]string // whose balance an object moved, by its id
	landed   map[string]string // whose balance a transfer came to, by its id
	mirrors  map[string]bool   // what a transfer made in a partner's account, by its id
	fees     map[string]amount // application fees, by the charge that they were taken of
	flows    []Flow
}

// flowsOf follows all money by Stripe's balance transactions.
func (p *player) flowsOf(ctx context.Context) ([]Flow, error) {
	list, err := client.Collect(p.client.Transactions(ctx, client.BalanceFilter{Currency: p.story.Currency, Limit: 100}))
	if err != nil {
		return nil, err
	}
	b := &books{p: p, list: list, accounts: map[string]string{}, landed: map[string]string{}, mirrors: map[string]bool{}, fees: map[string]amount{}}
	for _, t := range list {
		b.accounts[value(t.Source)] = value(t.Account)
		if strings.HasPrefix(value(t.Origin), "tr_") && value(t.Account) != noAccount {
			b.landed[value(t.Origin)], b.mirrors[value(t.Source)] = value(t.Account), true
		}
		if t.Type == "application_fee" {
			fee, err := parseAmount(t.Amount)
			if err != nil {
				return nil, err
			}
			b.fees[value(t.Origin)] += fee
		}
	}
	for _, t := range slices.Backward(list) {
		if err := b.follow(ctx, t); err != nil {
			return nil, err
		}
	}
	return b.flows, nil
}

func value(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// follow says who paid whom by one balance transaction.
func (b *books) follow(ctx context.Context, t client.BalanceTransaction) error {
	moved, err := parseAmount(t.Amount)
	if err != nil {
		return err
	}
	fee, err := parseAmount(t.Fee)
	if err != nil {
		return err
	}
	holder := b.holder(value(t.Account))
	b.add(holder, stripeCo, fee-b.fees[value(t.Source)], "Stripe's fee")
	origin := value(t.Origin)
	switch {
	case value(t.Account) != noAccount && (b.mirrors[value(t.Source)] || b.mirrors[origin]):
		return nil // the other side of a transfer or its reversal, told by the platform's
	case t.Type == "application_fee":
		b.add(b.holder(b.accounts[origin]), platform, moved, "application fee")
	case t.Type == "application_fee_refund":
		b.add(platform, b.holder(b.accounts[origin]), -moved, "application fee given back")
	case t.Type == "transfer":
		b.add(platform, b.holder(b.landed[value(t.Source)]), -moved, "transfer")
	case strings.HasPrefix(t.Type, "transfer_"):
		b.add(b.holder(b.landed[origin]), platform, moved, "transfer taken back")
	case strings.HasPrefix(t.Type, "payout"):
		b.add(holder, holder+bankOf, -moved, "payout")
	default:
		payer, err := b.p.payerOf(ctx, value(t.PaymentID))
		if err != nil {
			return err
		}
		b.add(payer, holder, moved, strings.ReplaceAll(t.Type, "_", " "))
	}
	return nil
}

// add takes note of money; a negative amount goes the other way.
func (b *books) add(from, to string, moved amount, what string) {
	switch {
	case moved > 0:
		b.flows = append(b.flows, Flow{from, to, moved, what})
	case moved < 0:
		b.flows = append(b.flows, Flow{to, from, -moved, what})
	}
}

// holder is the name of the party whose balance it is.
func (b *books) holder(account string) string {
	if account == noAccount {
		return platform
	}
	return cmp.Or(b.p.people[account], account)
}

// payerOf is the name of who made a payment.
func (p *player) payerOf(ctx context.Context, id string) (string, error) {
	if id == "" {
		return somebody, nil
	}
	if name := p.people[id]; name != "" {
		return name, nil
	}
	payment, err := p.client.Payment(ctx, id)
	if err != nil {
		return "", err
	}
	name := cmp.Or(p.people[value(payment.CustomerID)], somebody)
	p.people[id] = name
	return name, nil
}

// partiesOf adds up what everybody has.
func partiesOf(flows []Flow, owed map[string]amount) []Party {
	found := map[string]*Party{}
	of := func(name string) *Party {
		if found[name] == nil {
			found[name] = &Party{Name: name}
		}
		return found[name]
	}
	partners := map[string]bool{platform: true}
	for _, f := range flows {
		for _, name := range []string{f.From, f.To} {
			if owner, isBank := strings.CutSuffix(name, bankOf); isBank {
				partners[owner] = true
			}
		}
		if f.What == "transfer" || f.What == "application fee" {
			partners[f.From], partners[f.To] = true, true
		}
	}
	move := func(name string, by amount) {
		owner, isBank := strings.CutSuffix(name, bankOf)
		switch p := of(owner); {
		case isBank:
			p.AtBank += by
		case partners[owner]:
			p.AtStripe += by
		default:
			p.Paid += by
		}
	}
	for _, f := range flows {
		move(f.From, -f.Amount)
		move(f.To, f.Amount)
	}
	for name, sum := range owed {
		of(name).InApp += sum
		of(platform).InApp -= sum
	}
	var parties []Party
	for _, name := range slices.Sorted(maps.Keys(found)) {
		parties = append(parties, *found[name])
	}
	return parties
}

// place is an amount of a party by what a story calls it.
func (p Party) place(name string) (amount, bool) {
	places := map[string]amount{
		"total": p.Total(), "at_stripe": p.AtStripe, "at_bank": p.AtBank, "in_app": p.InApp, "paid": p.Paid,
	}
	found, ok := places[name]
	return found, ok
}

// checkMoney compares what every party has with what the story says. A party of
// which it says nothing must have nothing.
func checkMoney(parties []Party, expect map[string]any) []Check {
	var checks []Check
	by := map[string]Party{}
	for _, p := range parties {
		by[p.Name] = p
	}
	for _, name := range slices.Sorted(maps.Keys(expect)) {
		wanted, several := expect[name].(map[string]any)
		if !several {
			wanted = map[string]any{"total": expect[name]}
		}
		for _, place := range slices.Sorted(maps.Keys(wanted)) {
			checks = append(checks, checkPlace(by[name], name, place, textOf(wanted[place])))
		}
	}
	for _, p := range parties {
		if _, told := expect[p.Name]; !told && p.Total() != 0 && expect != nil {
			checks = append(checks, Check{What: "money of " + p.Name, Want: "0.00, since the story says nothing of it", Got: p.Total().String()})
		}
	}
	return checks
}

func checkPlace(p Party, name, place, want string) Check {
	c := Check{What: fmt.Sprintf("money of %s (%s)", name, place), Want: want}
	if place == "total" {
		c.What = "money of " + name
	}
	got, ok := p.place(place)
	wanted, err := parseAmount(want)
	switch {
	case !ok:
		c.Got = "there is no such place; there are total, at_stripe, at_bank, in_app and paid"
	case err != nil:
		c.Got = err.Error()
	default:
		c.Want, c.Got, c.OK = wanted.String(), got.String(), wanted == got
	}
	return c
}
