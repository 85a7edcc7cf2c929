package pay

// Booking is the ledger's side of a change of a payment: what the change from
// one state to the next means in money. The caller adds ids, owner and time.
func Booking(before, after Payment) []LedgerTransaction {
	var booked []LedgerTransaction
	book := func(kind LedgerKind, entries []Entry) {
		booked = append(booked, LedgerTransaction{Kind: kind, Source: after.ID, Payment: after.ID, Entries: entries})
	}
	held := before.Status == PaymentAuthorized
	if !held && after.Status == PaymentAuthorized {
		book(LedgerHold, Between(after.Amount, LedgerAuthorizations, LedgerHeld))
	}
	if held && after.Status != PaymentAuthorized {
		book(LedgerHoldEnd, Between(after.Amount, LedgerHeld, LedgerAuthorizations))
	}
	captured := before.Captured.IsZero() && !after.Captured.IsZero()
	if after.Share.IsDirect() {
		return append(booked, directBooking(before, after, captured)...)
	}
	if captured {
		book(LedgerCapture, Between(after.Captured, LedgerSales, LedgerStripe))
	}
	if before.Fee.IsZero() && !after.Fee.IsZero() {
		book(LedgerFee, Between(after.Fee, LedgerStripe, LedgerFees))
	}
	if part := after.PartnerShare(); captured && !part.IsZero() {
		kind, entries := shareEntries(after.Share, part)
		book(kind, entries)
	}
	return booked
}

// shareEntries is how a partner gets its part of a charge that is the
// merchant's: from Stripe at once, or in-app until it is transferred.
func shareEntries(s Share, part Money) (LedgerKind, []Entry) {
	if s.Type == ChargeDestination {
		return LedgerAutoTransfer, append(Between(part, LedgerStripe, LedgerShares), Between(part, AccountOwner(s.Account), AccountStripe(s.Account))...)
	}
	return LedgerShare, Between(part, PartnerPending(s.Account), LedgerShares)
}

// directBooking is what a direct charge means: nothing of it is the merchant's
// but the application fee, and Stripe's fee is the partner's to pay.
func directBooking(before, after Payment, captured bool) []LedgerTransaction {
	var booked []LedgerTransaction
	book := func(kind LedgerKind, entries []Entry) {
		booked = append(booked, LedgerTransaction{Kind: kind, Source: after.ID, Payment: after.ID, Entries: entries})
	}
	if fee := after.Share.Fee; captured && !fee.IsZero() {
		book(LedgerApplicationFee, Between(fee, LedgerPlatformFees, LedgerStripe))
	}
	if before.Share.Net.IsZero() && !after.Share.Net.IsZero() {
		book(LedgerDirectCharge, Between(after.Share.Net, AccountOwner(after.Share.Account), AccountStripe(after.Share.Account)))
	}
	return booked
}

// ShareAvailable is the ledger's side of funds that Stripe lets go of: the
// partner's part of the payment can be transferred and paid out from now on.
func ShareAvailable(p Payment, part Money) LedgerTransaction {
	return LedgerTransaction{
		Kind: LedgerShareAvailable, Source: p.ID, Payment: p.ID,
		Entries: Between(part, PartnerAvailable(p.Share.Account), PartnerPending(p.Share.Account)),
	}
}

// RefundBooking is the ledger's side of a change of a refund, given how its
// payment is shared: that of a direct charge is the partner's to pay.
func RefundBooking(before, after Refund, s Share) []LedgerTransaction {
	book := func(kind LedgerKind, from, to LedgerAccount) []LedgerTransaction {
		return []LedgerTransaction{{Kind: kind, Source: after.ID, Payment: after.Payment, Entries: Between(after.Amount, from, to)}}
	}
	given := before.Status != RefundCompleted && after.Status == RefundCompleted
	returned := before.Status == RefundCompleted && after.Status == RefundFailed
	switch {
	case given && s.IsDirect():
		return book(LedgerDirectRefund, AccountStripe(s.Account), AccountOwner(s.Account))
	case returned && s.IsDirect():
		return book(LedgerRefundReturned, AccountOwner(s.Account), AccountStripe(s.Account))
	case given:
		return book(LedgerRefund, LedgerStripe, LedgerRefunds)
	case returned:
		return book(LedgerRefundReturned, LedgerRefunds, LedgerStripe)
	}
	return nil
}
