package store

import (
	"time"

	"florin/internal/pay"
)

var approvals = define(table[pay.Approval]{
	name:    "approvals",
	what:    "approval",
	fixed:   "merchant mode id operation connection call key lineage amount currency input created_at expires_at",
	mutable: "status note decided_by decided_at sequence",
	fields: func(a *pay.Approval) []any {
		return []any{
			&a.Owner.Merchant, &a.Owner.Mode, &a.ID, &a.Operation, &a.Connection, &a.Call, &a.Key, &a.Lineage, &a.Amount, &a.Currency,
			blob{&a.Input}, moment{&a.CreatedAt}, moment{&a.ExpiresAt},
			&a.Status, &a.Note, &a.DecidedBy, moment{&a.DecidedAt}, &a.Sequence,
		}
	},
})

var approvalsNewest = order[pay.Approval]{
	name: "approvals", columns: []string{"created_at"}, descending: true,
	key: func(a pay.Approval) []int64 { return []int64{micros(a.CreatedAt)} },
	id:  func(a pay.Approval) string { return string(a.ID) },
}

// InsertApproval adds an approval.
func (tx *Tx) InsertApproval(a pay.Approval) error { return approvals.insertLater(tx, a) }

// UpdateApproval writes how an approval stands.
//
// Errors: not_found, by the commit.
func (tx *Tx) UpdateApproval(a pay.Approval) error { return approvals.update(tx, a, a.ID) }

// Approval reads an approval.
//
// Errors: not_found.
func (tx *Tx) Approval(o pay.Owner, id pay.ID) (pay.Approval, error) { return approvals.get(tx, o, id) }

// LockApproval reads an approval and keeps others from deciding it meanwhile.
//
// Errors: not_found.
func (tx *Tx) LockApproval(o pay.Owner, id pay.ID) (pay.Approval, error) {
	return approvals.lock(tx, o, id)
}

// Approvals is a page of the approvals with any of some statuses, newest first.
//
// Errors: invalid_cursor.
func (tx *Tx) Approvals(o pay.Owner, statuses []pay.ApprovalStatus, page pay.Page) (pay.List[pay.Approval], error) {
	return listAny(tx, approvals, oneOf(owned(o), "status =", statuses), approvalsNewest, page)
}

// DueApprovals reads up to limit approvals of every owner that nobody decided
// in time.
func (tx *Tx) DueApprovals(now time.Time, limit int) ([]pay.Approval, error) {
	return approvals.all(tx, "WHERE status = 'pending' AND expires_at <= $1 ORDER BY expires_at LIMIT $2", micros(now), limit)
}
