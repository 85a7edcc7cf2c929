package scenario

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"florin/internal/client"
)

// owed is what the platform owes each partner in-app, by its books.
func (p *player) owed(ctx context.Context) (map[string]amount, error) {
	owed := map[string]amount{}
	for _, id := range slices.Sorted(maps.Keys(p.accounts)) {
		found, err := p.client.AccountBalance(ctx, id)
		if err != nil {
			return nil, err
		}
		for _, b := range found.Balances {
			if b.Currency != p.story.Currency {
				continue
			}
			for _, text := range []string{b.Available, b.Pending, b.Held} {
				part, err := parseAmount(text)
				if err != nil {
					return nil, err
				}
				owed[p.accounts[id]] += part
			}
		}
	}
	return owed, nil
}

// settles are the kinds of bookings by which an in-app balance is only moved or
// paid out: what comes of them is told by Stripe's balance transactions.
var settles = []string{
	"share_available", "transfer", "transfer_reversal", "payout_hold", "payout_release", "payout_transfer", "payout_return",
}

// inAppFlows are what the platform and its partners paid one another without
// Stripe, by the platform's books.
func (p *player) inAppFlows(ctx context.Context) ([]Flow, error) {
	var flows []Flow
	for _, id := range slices.Sorted(maps.Keys(p.accounts)) {
		for entry, err := range p.client.LedgerEntries(ctx, client.LedgerFilter{AccountID: id, Currency: p.story.Currency}) {
			if err != nil {
				return nil, err
			}
			if !isInApp(entry.LedgerAccount, id) || slices.Contains(settles, entry.Kind) {
				continue
			}
			moved, err := parseAmount(entry.Amount)
			if err != nil {
				return nil, err
			}
			from, to := platform, p.accounts[id] // a debt that grows is negative
			if moved > 0 {
				from, to = to, from
			}
			flows = append(flows, Flow{from, to, max(moved, -moved), cmp.Or(entry.Reason, entry.Kind) + ", in-app"})
		}
	}
	return flows, nil
}

// isInApp reports whether a ledger account is a part of a partner's in-app
// balance.
func isInApp(ledgerAccount, id string) bool {
	return slices.Contains([]string{"partner:" + id + ":pending", "partner:" + id + ":available", "partner:" + id + ":held"}, ledgerAccount)
}
