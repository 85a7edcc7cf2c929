package store

import (
	"cmp"
	"maps"
	"slices"

	"florin/internal/pay"
)

// Posting is a booking that takes from, or gives to, one guarded account, with
// the request that asked for it. Many are booked together, which costs a hot
// account one lock and one commit for all of them.
type Posting struct {
	Transaction pay.LedgerTransaction
	Account     pay.LedgerAccount // the guarded one among its entries
	Request     pay.Request       // without a key there is none
	// Finish gives the request its reply, once it is known what stands on the
	// account after the booking.
	Finish func(standing pay.Money, r *pay.Request) error

	Err   error // why it was refused: insufficient_balance, not_found
	Known bool  // the request's key is taken: nothing was done
}

// key is the posting's row among the balances.
func (p *Posting) key() balanceKey {
	return balanceKey{p.Transaction.Owner, p.Account, p.entry().Amount.Currency}
}

// entry is what the posting does to its guarded account.
func (p *Posting) entry() pay.Entry {
	n := slices.IndexFunc(p.Transaction.Entries, func(e pay.Entry) bool { return e.Account == p.Account })
	return p.Transaction.Entries[n]
}

// Post books postings one after another as if each had a transaction of its
// own: one that is refused, or whose key is taken, changes nothing and says so,
// and the others go on. No two of them have the same key.
//
// Errors: already_exists, when a key was taken at the same moment by another:
// nothing was done; those of InsertLedger but for insufficient_balance.
func (tx *Tx) Post(postings []*Posting) error {
	if err := tx.recognise(postings); err != nil {
		return err
	}
	balances, err := tx.lockFor(postings)
	if err != nil {
		return err
	}
	var done []*Posting
	for _, p := range postings {
		if p.Known {
			continue
		}
		before, there := balances[p.key()]
		if !there {
			partner, _ := p.Account.Partner()
			p.Err = pay.NotFound(accounts.what, partner)
			continue
		}
		minor := p.entry().Amount.Minor
		standing := pay.Amount(before.standing, p.key().currency)
		if p.Err = pay.CheckTake(p.Account, standing, minor, before.debtLimit); p.Err != nil {
			continue
		}
		standing.Minor += minor
		before.standing = standing.Minor
		if err := p.Finish(standing, &p.Request); err != nil {
			return err
		}
		done = append(done, p)
	}
	return tx.keepPostings(done)
}

// recognise marks the postings whose keys are taken.
func (tx *Tx) recognise(postings []*Posting) error {
	asked := map[pay.Owner]map[string]*Posting{}
	for _, p := range postings {
		p.Err, p.Known = nil, false
		if p.Request.Key == "" {
			continue
		}
		if asked[p.Request.Owner] == nil {
			asked[p.Request.Owner] = map[string]*Posting{}
		}
		asked[p.Request.Owner][p.Request.Key] = p
	}
	for o, byKey := range asked {
		c := in(owned(o), "key", slices.Collect(maps.Keys(byKey)))
		err := tx.each(func(row scanner) error {
			var key string
			err := row.Scan(&key)
			if p := byKey[key]; p != nil {
				p.Known = true
			}
			return err
		}, "SELECT key FROM requests WHERE "+c.sql.String(), c.args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// lockFor locks the balances that postings are about, of accounts that exist,
// and makes those that are missing.
func (tx *Tx) lockFor(postings []*Posting) (map[balanceKey]*balance, error) {
	if tx.reads {
		return nil, errReads
	}
	var keys []balanceKey
	for _, p := range postings {
		if !p.Known {
			keys = append(keys, p.key())
		}
	}
	slices.SortFunc(keys, compareBalances)
	keys = slices.Compact(keys)
	locked := map[balanceKey]*balance{}
	if len(keys) == 0 {
		return locked, nil
	}
	read := func(k balanceKey, b balance) { locked[k] = &b }
	if err := tx.lockBalances(keys, read); err != nil || len(locked) == len(keys) {
		return locked, err
	}
	missing := slices.DeleteFunc(slices.Clone(keys), func(k balanceKey) bool { return locked[k] != nil })
	if err := tx.openBalances(missing); err != nil {
		return nil, err
	}
	return locked, tx.lockBalances(missing, read)
}

// openBalances makes rows of zero for accounts that exist.
func (tx *Tx) openBalances(keys []balanceKey) error {
	for _, k := range keys {
		partner, _ := k.account.Partner()
		open := statement{`INSERT INTO ledger_balances (merchant, mode, account, currency, partner, amount)
			SELECT merchant, mode, CAST($4 AS TEXT), CAST($5 AS TEXT), id, 0 FROM accounts WHERE merchant = $1 AND mode = $2 AND id = $3` + giveWay,
			[]any{k.owner.Merchant, k.owner.Mode, partner, k.account, k.currency}}
		if err := tx.later(expectation{}, open); err != nil {
			return err
		}
	}
	return nil
}

// keepPostings writes down what was accepted.
func (tx *Tx) keepPostings(done []*Posting) error {
	if len(done) == 0 {
		return nil
	}
	tx.q.together(len(done))
	asked, booked := rowsOf(requests.name, requests.columns), make([]pay.LedgerTransaction, len(done))
	moves, keyed := map[balanceKey]int64{}, int64(0)
	for i, p := range done {
		booked[i] = p.Transaction
		moves[p.key()] += p.entry().Amount.Minor
		if p.Request.Key != "" {
			asked.add(requests.fields(&p.Request)...)
			keyed++
		}
	}
	if keyed > 0 {
		all := asked.statement()
		n, err := tx.exec(all.sql+giveWay, all.args...)
		if err == nil && n < keyed {
			err = exists(requests.what)
		}
		if err != nil {
			return err
		}
	}
	var keys []balanceKey
	for k := range moves {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, compareBalances)
	return cmp.Or(tx.addBalances(keys, func(k balanceKey) int64 { return moves[k] }, addToBalance), tx.writeLedger(booked))
}
