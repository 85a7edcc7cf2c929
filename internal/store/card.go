package store

import (
	"time"

	"florin/internal/pay"
)

var cards = define(table[pay.Card]{
	name:  "cards",
	what:  "card",
	fixed: "merchant mode id customer connection provider created_at",
	mutable: "provider_ref brand last4 exp_month exp_year is_default status " +
		"failure_code failure_message decline_code sequence updated_at setup_ref return_url redirect_url expiry_told_at",
	fields: func(c *pay.Card) []any {
		return []any{
			&c.Owner.Merchant, &c.Owner.Mode, &c.ID, &c.Customer, &c.Connection, &c.Provider, moment{&c.CreatedAt},
			opt(&c.ProviderRef), &c.Brand, &c.Last4, &c.ExpMonth, &c.ExpYear, &c.Default, &c.Status,
			&c.Failure.Code, &c.Failure.Message, &c.Failure.DeclineCode, &c.Sequence, moment{&c.UpdatedAt},
			opt(&c.SetupRef), &c.ReturnURL, &c.RedirectURL, moment{&c.ToldExpired},
		}
	},
})

var cardsNewest = order[pay.Card]{
	name: "cards", columns: []string{"created_at"}, descending: true,
	key: func(c pay.Card) []int64 { return []int64{micros(c.CreatedAt)} },
	id:  func(c pay.Card) string { return string(c.ID) },
}

// InsertCard adds a card; a default one takes the place of the customer's other.
//
// Errors: already_exists.
func (tx *Tx) InsertCard(c pay.Card) error {
	if err := tx.soleDefaultCard(c); err != nil {
		return err
	}
	return cards.insert(tx, c)
}

// Card reads a card.
//
// Errors: not_found.
func (tx *Tx) Card(o pay.Owner, id pay.ID) (pay.Card, error) { return cards.get(tx, o, id) }

// LockCard reads a card and keeps others from changing it until the commit.
//
// Errors: not_found.
func (tx *Tx) LockCard(o pay.Owner, id pay.ID) (pay.Card, error) { return cards.lock(tx, o, id) }

// UpdateCard writes all that may change of a card; a default one takes the
// place of the customer's other.
//
// Errors: not_found.
func (tx *Tx) UpdateCard(c pay.Card) error {
	if err := tx.soleDefaultCard(c); err != nil {
		return err
	}
	return cards.update(tx, c, c.ID)
}

func (tx *Tx) soleDefaultCard(c pay.Card) error {
	if !c.Default {
		return nil
	}
	_, err := tx.exec("UPDATE cards SET is_default = FALSE WHERE merchant = $1 AND mode = $2 AND customer = $3 AND id <> $4 AND is_default",
		c.Owner.Merchant, c.Owner.Mode, c.Customer, c.ID)
	return err
}

// CardByRef reads the card that Stripe calls ref: the active one, or else the
// newest, since a payment method can be saved again after it was removed.
//
// Errors: not_found.
func (tx *Tx) CardByRef(o pay.Owner, ref string) (pay.Card, error) {
	return cards.must(tx, ref, "WHERE merchant = $1 AND mode = $2 AND provider_ref = $3 "+
		"ORDER BY CASE status WHEN 'active' THEN 0 ELSE 1 END, created_at DESC, id DESC LIMIT 1", o.Merchant, o.Mode, ref)
}

// CardBySetup reads the card that is saved by what Stripe calls ref (seti_…).
//
// Errors: not_found.
func (tx *Tx) CardBySetup(o pay.Owner, ref string) (pay.Card, error) {
	return cards.must(tx, ref, "WHERE merchant = $1 AND mode = $2 AND setup_ref = $3", o.Merchant, o.Mode, ref)
}

// UnfinishedCards reads up to limit cards of every owner whose holders went to
// authenticate before a time and were not heard of since, the oldest first.
func (tx *Tx) UnfinishedCards(before time.Time, limit int) ([]pay.Card, error) {
	return cards.all(tx, "WHERE status = 'pending' AND setup_ref IS NOT NULL AND updated_at < $1 ORDER BY updated_at, id LIMIT $2", micros(before), limit)
}

// ExpiredCards reads up to limit cards of every owner whose month was over
// before the given one began, and of which nobody was told.
func (tx *Tx) ExpiredCards(year, month, limit int) ([]pay.Card, error) {
	return cards.all(tx, "WHERE status = 'active' AND expiry_told_at = 0 AND exp_year > 0 AND (exp_year < $1 OR exp_year = $1 AND exp_month < $2) "+
		"ORDER BY exp_year, exp_month, id LIMIT $3", year, month, limit)
}

// DefaultCards reads which card each of some customers is charged by default;
// one who has none is left out.
func (tx *Tx) DefaultCards(o pay.Owner, customers []pay.ID) (map[pay.ID]pay.ID, error) {
	defaults := map[pay.ID]pay.ID{}
	if len(customers) == 0 {
		return defaults, nil
	}
	c := in(owned(o).raw("is_default AND status = 'active'"), "customer", customers)
	found, err := cards.all(tx, "WHERE "+c.sql.String(), c.args...)
	for _, card := range found {
		defaults[card.Customer] = card.ID
	}
	return defaults, err
}

// Cards lists the cards that can be charged, of one customer or, when that is
// empty, of all, newest first.
//
// Errors: invalid_cursor.
func (tx *Tx) Cards(o pay.Owner, customer pay.ID, page pay.Page) (pay.List[pay.Card], error) {
	c := owned(o).raw("status = 'active'")
	if customer != "" {
		c.and("customer =", customer)
	}
	return list(tx, cards, c, cardsNewest, page)
}
