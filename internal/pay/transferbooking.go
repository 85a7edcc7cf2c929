package pay

// Parts is how much of a partner's money stands where in the books, in minor
// units of one currency.
type Parts struct {
	Pending   int64 // the share of a payment whose funds Stripe still holds back
	Available int64
}

// Total is all of it.
func (p Parts) Total() int64 { return p.Pending + p.Available }

// Take splits an amount: what is pending goes first, since it can be sent tied
// to its payment only.
func (p Parts) Take(minor int64) Parts {
	pending := min(minor, max(p.Pending, 0))
	return Parts{Pending: pending, Available: minor - pending}
}

// PartsLeft is what a payment's bookings leave to its partner: what was
// transferred, refunded or taken by a dispute is gone, and so is what is set
// aside for something under way.
func PartsLeft(account ID, c Currency, booked []LedgerTransaction) Parts {
	var left Parts
	for _, t := range booked {
		part := partsOf(account, c, t.Entries)
		left.Pending -= part.Pending
		left.Available -= part.Available
	}
	return left
}

// partsOf is what entries bring to a partner's pending and available accounts,
// signed as entries are.
func partsOf(account ID, c Currency, entries []Entry) Parts {
	var parts Parts
	for _, e := range entries {
		switch {
		case e.Amount.Currency != c:
		case e.Account == PartnerPending(account):
			parts.Pending += e.Amount.Minor
		case e.Account == PartnerAvailable(account):
			parts.Available += e.Amount.Minor
		}
	}
	return parts
}

// setAside moves parts of what is owed to a partner to its held account.
func setAside(account ID, c Currency, p Parts) []Entry {
	var entries []Entry
	if p.Pending != 0 {
		entries = append(entries, Between(Money{p.Pending, c}, PartnerHeld(account), PartnerPending(account))...)
	}
	if p.Available != 0 {
		entries = append(entries, Between(Money{p.Available, c}, PartnerHeld(account), PartnerAvailable(account))...)
	}
	return entries
}

// TransferHold is the ledger's side of asking for a transfer of the partner's
// own money: it is set aside until Stripe has answered.
func TransferHold(t Transfer, from Parts) []LedgerTransaction {
	if t.Funding != FundingBalance || t.Payout != "" {
		return nil // a payout has its own hold
	}
	return []LedgerTransaction{{Kind: LedgerTransferHold, Source: t.ID, Payment: t.Payment, Entries: setAside(t.Account, t.Amount.Currency, from)}}
}

// TransferBooking is the ledger's side of a change of a transfer. from is what
// was set aside for it; parts that were pending go back to where the payment's
// share stands by now.
func TransferBooking(before, after Transfer, from Parts) []LedgerTransaction {
	book := func(kind LedgerKind, source ID, entries []Entry) []LedgerTransaction {
		return []LedgerTransaction{{Kind: kind, Source: source, Payment: after.Payment, Entries: entries}}
	}
	switch {
	case before.Status != TransferPending || after.Funding == FundingCharge:
		return nil
	case after.Status == TransferCompleted:
		entries := append(Between(after.Amount, LedgerStripe, after.paidFrom()), Between(after.Amount, AccountOwner(after.Account), AccountStripe(after.Account))...)
		if after.Payout != "" {
			return book(LedgerPayoutTransfer, after.Payout, entries)
		}
		return book(LedgerTransfer, after.ID, entries)
	case after.Status == TransferFailed && after.Funding == FundingBalance && after.Payout == "":
		entries := setAside(after.Account, after.Amount.Currency, from)
		for i := range entries {
			entries[i].Amount.Minor = -entries[i].Amount.Minor
		}
		return book(LedgerTransferRelease, after.ID, entries)
	}
	return nil
}

// paidFrom is the ledger account that bears a transfer.
func (t Transfer) paidFrom() LedgerAccount {
	if t.Funding == FundingBalance {
		return PartnerHeld(t.Account)
	}
	return LedgerShares
}

// ReversalBooking is the ledger's side of a reversal that came about: the
// partner's own money is the partner's again, in-app, and pending where the
// funds of its payment are.
func ReversalBooking(r Reversal, of Transfer, pending bool) []LedgerTransaction {
	kind, to := LedgerTransferReversal, LedgerShares
	if of.Payout != "" {
		kind = LedgerPayoutReturn
	}
	if of.Funding == FundingBalance {
		to = PartnerAvailable(of.Account)
		if pending {
			to = PartnerPending(of.Account)
		}
	}
	entries := append(Between(r.Amount, to, LedgerStripe), Between(r.Amount, AccountStripe(of.Account), AccountOwner(of.Account))...)
	return []LedgerTransaction{{Kind: kind, Source: r.ID, Payment: of.Payment, Entries: entries}}
}

// HeldFor is what a booking set aside for a transfer, by where it stood.
func HeldFor(t Transfer, booked []LedgerTransaction) Parts {
	for _, b := range booked {
		if b.Kind == LedgerTransferHold && b.Source == t.ID {
			return partsOf(t.Account, t.Amount.Currency, b.Entries)
		}
	}
	return Parts{Available: t.Amount.Minor}
}

// SharedOut is what a payment's bookings gave to partners of the merchant's
// income, in minor units.
func SharedOut(c Currency, booked []LedgerTransaction) int64 {
	var sum int64
	for _, t := range booked {
		for _, e := range t.Entries {
			if e.Account == LedgerShares && e.Amount.Currency == c {
				sum += e.Amount.Minor
			}
		}
	}
	return sum
}
