package engine

import (
	"crypto/sha256"
	"encoding/hex"

	"florin/internal/pay"
)

// lead is which account of Stripe's a connection led to at a time. Stripe knows
// idempotency keys by account: the same request under the same key is carried
// out once more in another one.
type lead struct {
	Account    string // acct_…; empty when the key may not see it
	Credential string // hash of the key, which belongs to one account for good
}

// addressed is an operation's request as it is kept, sealed.
type addressed struct {
	Wire pay.Wire
	To   lead
}

func leadTo(c pay.Connection, access pay.Access) lead {
	sum := sha256.Sum256([]byte(access.Key.Reveal()))
	return lead{Account: c.AccountRef, Credential: hex.EncodeToString(sum[:])}
}

// same reports whether two certainly lead to the same account: a key may change,
// but of one that hides its account only the very same will do.
func (l lead) same(other lead) bool {
	return l.Credential == other.Credential || l.Account != "" && l.Account == other.Account
}

// astray is what it means for a call that its connection leads elsewhere by now:
// it is not sent there. One that may have been carried out where it was sent
// before stays in doubt, and goes on when the connection leads there again.
func astray(call pay.OperationCall, c pay.Connection) pay.OperationAnswer {
	if call.Attempts > 1 {
		return pay.OperationAnswer{Outcome: pay.OutcomeInDoubt, Note: "its connection leads to another account now", Err: pay.Errorf(pay.CodeConnectionAccount,
			"whether this %s was carried out is not known, and the connection %s leads to another account now, where it is not sent again: look for it in the account before, or give the connection a key of that one",
			call.Operation, c.Name)}
	}
	return pay.OperationAnswer{Outcome: pay.OutcomeRefused, Err: pay.Errorf(pay.CodeConnectionAccount,
		"this %s was asked for when the connection %s led to another account; nothing was sent: ask anew if it is meant for the account of now", call.Operation, c.Name)}
}
