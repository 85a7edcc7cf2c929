package pay

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// LedgerAccount is a place where money stands, as seen by one owner.
type LedgerAccount string

// The accounts of the merchant itself. Every amount that comes to one leaves
// another, so that all accounts of an owner and currency sum to zero. What the
// merchant has is positive; what it earned or owes is negative.
const (
	LedgerStripe         LedgerAccount = "stripe"         // what Stripe holds for the merchant, before payouts
	LedgerSales          LedgerAccount = "sales"          // captured payments; negative, as income is
	LedgerRefunds        LedgerAccount = "refunds"        // given back
	LedgerFees           LedgerAccount = "fees"           // kept by Stripe
	LedgerHeld           LedgerAccount = "held"           // authorised on customers' cards
	LedgerAuthorizations LedgerAccount = "authorizations" // the other side of held
	LedgerShares         LedgerAccount = "shares"         // partners' parts of sales; a cost
	LedgerPlatformFees   LedgerAccount = "platform_fees"  // application fees of direct charges; negative, as income is
	LedgerPartnerFees    LedgerAccount = "partner_fees"   // what partners paid the merchant in-app; negative likewise
	LedgerDisputes       LedgerAccount = "disputes"       // taken back by customers' banks, fees included
	LedgerBank           LedgerAccount = "bank"           // paid out to the merchant's bank
	LedgerAdjustments    LedgerAccount = "adjustments"    // put right by hand, or given to partners for nothing
)

// LedgerAccounts is every account of the merchant itself.
var LedgerAccounts = []LedgerAccount{
	LedgerStripe, LedgerSales, LedgerRefunds, LedgerFees, LedgerHeld, LedgerAuthorizations, LedgerShares, LedgerPlatformFees,
	LedgerPartnerFees, LedgerDisputes, LedgerBank, LedgerAdjustments,
}

// Bucket is a part of what stands for a partner.
type Bucket string

// The buckets of a partner. The first three are the merchant's debt to the
// partner, so that what stands there is negative and the partner's balance is
// its opposite. The last two mirror the partner's own account at Stripe, which
// is none of the merchant's money: what is there, and its other side.
const (
	BucketPending   Bucket = "pending"   // earned, and not yet available at Stripe
	BucketAvailable Bucket = "available" // can be transferred, paid out or debited
	BucketHeld      Bucket = "held"      // set aside for a payout under way
	BucketStripe    Bucket = "stripe"
	BucketOwner     Bucket = "owner"
)

// The first word of a partner's accounts.
const (
	partnerPrefix = "partner"        // in-app: partner:<id>:available
	stripePrefix  = "account_stripe" // account_stripe:<id>
	ownerPrefix   = "account_owner"  // account_owner:<id>
)

// PartnerPending is where a partner's parts stand until their payments' funds
// are available.
func PartnerPending(account ID) LedgerAccount { return partnerAccount(account, BucketPending) }

// PartnerAvailable is what a partner may have at once.
func PartnerAvailable(account ID) LedgerAccount { return partnerAccount(account, BucketAvailable) }

// PartnerHeld is what is set aside for payouts under way.
func PartnerHeld(account ID) LedgerAccount { return partnerAccount(account, BucketHeld) }

func partnerAccount(account ID, b Bucket) LedgerAccount {
	return LedgerAccount(partnerPrefix + ":" + string(account) + ":" + string(b))
}

// AccountStripe is what Stripe holds for a partner.
func AccountStripe(account ID) LedgerAccount {
	return LedgerAccount(stripePrefix + ":" + string(account))
}

// AccountOwner is the other side of AccountStripe.
func AccountOwner(account ID) LedgerAccount {
	return LedgerAccount(ownerPrefix + ":" + string(account))
}

// PartnerAccounts is every ledger account of a partner.
func PartnerAccounts(account ID) []LedgerAccount {
	return []LedgerAccount{
		PartnerPending(account), PartnerAvailable(account), PartnerHeld(account), AccountStripe(account), AccountOwner(account),
	}
}

// Partner is whose the ledger account is, and which of the partner's buckets;
// both are empty for an account of the merchant itself.
func (a LedgerAccount) Partner() (ID, Bucket) {
	first, rest, _ := strings.Cut(string(a), ":")
	id, bucket, _ := strings.Cut(rest, ":")
	switch first {
	case partnerPrefix:
		return ID(id), Bucket(bucket)
	case stripePrefix:
		return ID(id), BucketStripe
	case ownerPrefix:
		return ID(id), BucketOwner
	}
	return "", ""
}

// Owed reports whether what stands there is the merchant's debt to a partner,
// which is below zero in the books and above it for the partner.
func (a LedgerAccount) Owed() bool {
	_, bucket := a.Partner()
	return bucket == BucketAvailable || bucket == BucketPending || bucket == BucketHeld
}

// IsGuarded reports whether nobody may take more from the account than is
// there: a partner's available and held money. What is available may go below
// zero by the account's debt limit.
func (a LedgerAccount) IsGuarded() bool {
	_, bucket := a.Partner()
	return bucket == BucketAvailable || bucket == BucketHeld
}

// LedgerKind is why money moved. One source has one transaction of a kind: a
// hold is posted or voided once, a capture is booked once.
type LedgerKind string

// Why money moved.
const (
	LedgerHold           LedgerKind = "hold"
	LedgerHoldEnd        LedgerKind = "hold_end" // posted by a capture, or voided
	LedgerCapture        LedgerKind = "capture"
	LedgerFee            LedgerKind = "fee"
	LedgerRefund         LedgerKind = "refund"
	LedgerRefundReturned LedgerKind = "refund_returned"

	LedgerShare          LedgerKind = "share"           // a partner's part of a payment whose funds are the merchant's
	LedgerShareAvailable LedgerKind = "share_available" // the same, once Stripe lets go of the funds
	LedgerShareRefund    LedgerKind = "share_refund"    // the partner's part of a refund
	LedgerAutoTransfer   LedgerKind = "auto_transfer"   // Stripe passed the partner's part on: a destination charge
	LedgerDirectCharge   LedgerKind = "direct_charge"   // what a direct charge brought the partner
	LedgerApplicationFee LedgerKind = "application_fee" // and the merchant
	LedgerDirectRefund   LedgerKind = "direct_refund"   // what a refund of a direct charge took from the partner
	LedgerFeeRefund      LedgerKind = "fee_refund"      // an application fee given back

	LedgerTransferHold     LedgerKind = "transfer_hold"    // set aside when a transfer of the partner's money is asked for
	LedgerTransferRelease  LedgerKind = "transfer_release" // the hold voided: Stripe refused the transfer
	LedgerTransfer         LedgerKind = "transfer"         // the hold posted, or the merchant's own money sent
	LedgerTransferReversal LedgerKind = "transfer_reversal"

	LedgerPayoutHold     LedgerKind = "payout_hold"     // set aside when a payout is asked for
	LedgerPayoutRelease  LedgerKind = "payout_release"  // the hold voided: canceled, or failed before anything was sent
	LedgerPayoutTransfer LedgerKind = "payout_transfer" // the hold posted: the money went to the partner's account at Stripe
	LedgerPayoutPaid     LedgerKind = "payout_paid"     // and left it for the partner's bank
	LedgerPayoutFailed   LedgerKind = "payout_failed"   // the bank sent it back
	LedgerPayoutReturn   LedgerKind = "payout_return"   // the transfer of a failed payout was reversed: available again
	LedgerBankPayout     LedgerKind = "bank_payout"     // the merchant's own money went to its bank
	LedgerBankReturn     LedgerKind = "bank_return"     // and came back

	LedgerDisputeOpened LedgerKind = "dispute_opened"
	LedgerDisputeWon    LedgerKind = "dispute_won"
	LedgerDisputeShare  LedgerKind = "dispute_share"  // the partner's part of a dispute
	LedgerDisputeReturn LedgerKind = "dispute_return" // and back

	LedgerDebit      LedgerKind = "debit"      // a partner pays the merchant in-app
	LedgerCredit     LedgerKind = "credit"     // the merchant gives to a partner in-app
	LedgerAdjustment LedgerKind = "adjustment" // put right by hand
)

// factKinds are bookings of what has happened already, whoever has the money
// for it: a bank does not ask whether a partner still has its part.
var factKinds = []LedgerKind{LedgerShareRefund, LedgerDisputeShare, LedgerTransferReversal, LedgerAdjustment}

// IsFact reports whether a booking of this kind is made even when it takes a
// partner's available money below what is allowed.
func (k LedgerKind) IsFact() bool { return slices.Contains(factKinds, k) }

// Entry is one signed line of a balanced transaction.
type Entry struct {
	Account LedgerAccount
	Amount  Money // minor units; positive comes to the account
}

// LedgerTransaction is a balanced set of entries. It is never changed; what
// was wrong is put right by another one.
type LedgerTransaction struct {
	ID      ID
	Owner   Owner
	Kind    LedgerKind
	Source  ID     // what it was booked for: the payment, refund, transfer…
	Payment ID     // the payment that it belongs to; may be empty
	Note    string // the caller's reason, of a debit or credit; may be empty
	Entries []Entry
	At      time.Time
}

// Check says whether the transaction is balanced: entries of each currency sum
// to zero and none is zero.
//
// Errors: internal_error; an unbalanced transaction is a defect.
func (t LedgerTransaction) Check() error {
	if len(t.Entries) < 2 {
		return Errorf(CodeInternal, "ledger: a %s needs two entries at least", t.Kind)
	}
	sums := map[Currency]Money{}
	for _, e := range t.Entries {
		if e.Amount.IsZero() {
			return Errorf(CodeInternal, "ledger: a %s has an empty entry for %s", t.Kind, e.Account)
		}
		sum, err := Amount(sums[e.Amount.Currency].Minor, e.Amount.Currency).Add(e.Amount)
		if err != nil {
			return err
		}
		sums[e.Amount.Currency] = sum
	}
	for _, sum := range sums {
		if !sum.IsZero() {
			return Errorf(CodeInternal, "ledger: a %s is off by %s", t.Kind, sum)
		}
	}
	return nil
}

// Between is the two entries that bring an amount from one account to another.
func Between(amount Money, from, to LedgerAccount) []Entry {
	return []Entry{{to, amount}, {from, Amount(-amount.Minor, amount.Currency)}}
}

// CheckTake says whether minor can be taken from a guarded account on which
// standing stands. Both are signed as entries are: a partner's money is below
// zero, and what is taken from it above. debtLimit is the partner's, in minor
// units; money that is held for a payout has none.
//
// Errors: insufficient_balance.
func CheckTake(a LedgerAccount, standing Money, minor, debtLimit int64) error {
	_, bucket := a.Partner()
	if bucket != BucketAvailable {
		debtLimit = 0
	}
	after, err := standing.Add(Amount(minor, standing.Currency))
	if err != nil || minor <= 0 || after.Minor <= debtLimit {
		return err
	}
	left := Amount(max(debtLimit-standing.Minor, 0), standing.Currency)
	return Invalid(CodeBalanceTooLow, "amount", "%s is more than the account's %s balance allows: at most %s can be taken", Amount(minor, standing.Currency), bucket, left)
}

// Balance is what stands for a partner in one currency, in minor units. In-app
// amounts are what the merchant owes the partner; below zero it is the partner
// who owes.
type Balance struct {
	Currency  Currency
	Available int64
	Pending   int64
	Held      int64
	Stripe    int64 // in the partner's own account at Stripe, by our books
}

// AccountBalance is what stands for a partner, by currency.
type AccountBalance struct {
	Account  Account
	Balances []Balance
}

// Balances sorts what stands on a partner's ledger accounts by currency.
func Balances(standing []Entry) []Balance {
	var list []Balance
	for _, e := range standing {
		n := slices.IndexFunc(list, func(b Balance) bool { return b.Currency == e.Amount.Currency })
		if n < 0 {
			n, list = len(list), append(list, Balance{Currency: e.Amount.Currency})
		}
		switch _, bucket := e.Account.Partner(); bucket {
		case BucketAvailable:
			list[n].Available -= e.Amount.Minor
		case BucketPending:
			list[n].Pending -= e.Amount.Minor
		case BucketHeld:
			list[n].Held -= e.Amount.Minor
		case BucketStripe:
			list[n].Stripe += e.Amount.Minor
		}
	}
	slices.SortFunc(list, func(a, b Balance) int { return strings.Compare(string(a.Currency), string(b.Currency)) })
	return list
}

// LedgerLine is an entry together with why it is there.
type LedgerLine struct {
	Owner       Owner
	Transaction ID
	Number      int // of the entry in its transaction, from zero
	Account     LedgerAccount
	Amount      Money
	Kind        LedgerKind
	Source      ID
	Payment     ID // may be empty
	Note        string
	At          time.Time
}

// LedgerFilter is which entries are wanted; empty fields do not filter.
type LedgerFilter struct {
	Accounts    []LedgerAccount // any of these
	Kind        LedgerKind
	Currency    Currency
	Payment     ID
	Source      ID
	Transaction ID
	Since       time.Time // booked at or after
	Until       time.Time // booked before
	OldestFirst bool
}

// LedgerSum is what an account moved in a while, in minor units.
type LedgerSum struct {
	Account  LedgerAccount
	Currency Currency
	In       int64 // what came, above zero
	Out      int64 // what went, above zero
	Entries  int
}

// StatementLine is an account in one currency over a while.
type StatementLine struct {
	Account  LedgerAccount
	Currency Currency
	Opening  int64 // what stood there before, signed as entries are
	In       int64
	Out      int64
	Entries  int
}

// Closing is what stood there at the end.
func (s StatementLine) Closing() int64 { return s.Opening + s.In - s.Out }

// Statement joins what accounts had before a while and what they moved in it.
func Statement(before, during []LedgerSum) []StatementLine {
	type place struct {
		account  LedgerAccount
		currency Currency
	}
	lines := map[place]StatementLine{}
	for _, s := range before {
		lines[place{s.Account, s.Currency}] = StatementLine{Account: s.Account, Currency: s.Currency, Opening: s.In - s.Out}
	}
	for _, s := range during {
		key := place{s.Account, s.Currency}
		lines[key] = StatementLine{Account: s.Account, Currency: s.Currency, Opening: lines[key].Opening, In: s.In, Out: s.Out, Entries: s.Entries}
	}
	return slices.SortedFunc(maps.Values(lines), func(a, b StatementLine) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Currency, b.Currency))
	})
}

// MaxNote is how many characters a reason has at most: a line on a statement.
const MaxNote = 200
