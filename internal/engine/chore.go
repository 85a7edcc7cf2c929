package engine

import (
	"context"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// Chore is something that must be done every so often, by any number of
// workers at once. What must happen is a row of ours that says when; a chore
// only finds the rows that are due.
type Chore struct {
	Name  string
	Every time.Duration
	Do    func(ctx context.Context) (done int, err error)
}

// Chores is all that keeps things moving when a job, an event or a process is
// lost.
func (e *Engine) Chores() []Chore {
	return []Chore{
		{"complete_calls", time.Second, e.CompleteCalls},
		{"complete_operations", time.Second, e.CompleteOperations},
		{"expire_approvals", time.Minute, e.ExpireApprovals},
		{"look_up_due", 15 * time.Second, e.LookUpDue},
		{"release_shares", time.Minute, e.ReleaseShares},
		{"look_up_cards", time.Minute, e.LookUpCards},
		{"expire_cards", time.Hour, e.ExpireCards},
		{"look_up_accounts", time.Minute, e.LookUpAccounts},
		{"look_up_payouts", time.Minute, e.LookUpPayouts},
		{"look_up_billing", 15 * time.Second, e.LookUpBilling},
		{"collect_due", 5 * time.Second, e.CollectDue},
		{"revive_deliveries", 30 * time.Second, e.ReviveDeliveries},
		{"revive_provider_events", 30 * time.Second, e.ReviveProviderEvents},
		{"revive_mails", time.Minute, e.ReviveMails},
		{"read_lists", time.Second, e.ReadLists},
		{"reconcile", time.Minute, e.ReconcileDue},
		{"seal_ledger", time.Minute, e.SealLedger},
		{"keep_key_use", time.Minute, e.KeepKeyUse},
		{"count_events", 5 * time.Second, e.CountEvents},
		{"forget_replies", time.Hour, e.ForgetReplies},
		{"forget_sessions", time.Hour, e.ForgetSessions},
	}
}

// Jobs is what each kind of job does.
func (e *Engine) Jobs() map[store.JobKind]store.Work {
	return map[store.JobKind]store.Work{
		store.JobDeliver:       e.Deliver,
		store.JobProviderEvent: e.ApplyProviderEvent,
		store.JobMail:          e.SendMail,
	}
}

// Recover takes over at start what an earlier process left behind, where no
// other process can be at work on it.
func (e *Engine) Recover(ctx context.Context) error {
	if !e.store.Exclusive() {
		return nil
	}
	return e.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.ReleaseCalls(tx.Now()); err != nil {
			return err
		}
		if _, err := tx.ReleaseReadings(tx.Now()); err != nil {
			return err
		}
		_, err := tx.ReleaseOperationCalls(tx.Now())
		return err
	})
}

const (
	reviveBatch = 200
	// reviveAfter is how long a row may be due before its job is taken for
	// lost: queues are a minute behind at the most.
	reviveAfter = time.Minute
	reapBatch   = 1000
)

// ReviveDeliveries makes jobs for deliveries that are due and have none.
func (e *Engine) ReviveDeliveries(ctx context.Context) (int, error) {
	return e.revive(ctx, func(tx *store.Tx) ([]store.Job, error) {
		stale, err := tx.StaleDeliveries(tx.Now().Add(-reviveAfter), reviveBatch)
		jobs := make([]store.Job, len(stale))
		for i, d := range stale {
			jobs[i] = deliveryJob(d)
		}
		return jobs, err
	})
}

// ReviveProviderEvents makes jobs for Stripe events that nobody looked into.
func (e *Engine) ReviveProviderEvents(ctx context.Context) (int, error) {
	return e.revive(ctx, func(tx *store.Tx) ([]store.Job, error) {
		stale, err := tx.StaleProviderEvents(tx.Now().Add(-reviveAfter), reviveBatch)
		jobs := make([]store.Job, len(stale))
		for i, ev := range stale {
			jobs[i] = store.Job{Kind: store.JobProviderEvent, Owner: ev.Owner, ID: ev.ID}
		}
		return jobs, err
	})
}

// revive enqueues jobs for what is stale; a job that is alive after all is not
// made twice.
func (e *Engine) revive(ctx context.Context, stale func(tx *store.Tx) ([]store.Job, error)) (int, error) {
	var jobs []store.Job
	err := e.store.Write(ctx, func(tx *store.Tx) error {
		var err error
		if jobs, err = stale(tx); err != nil {
			return err
		}
		for _, job := range jobs {
			if err := tx.Enqueue(job, tx.Now()); err != nil {
				return err
			}
		}
		return nil
	})
	return len(jobs), err
}

// ForgetReplies drops replies that nobody will ask for any more.
func (e *Engine) ForgetReplies(ctx context.Context) (int, error) {
	var requests, calls int
	err := e.store.Write(ctx, func(tx *store.Tx) error {
		before := tx.Now().Add(-pay.IdempotencyRetention)
		var err error
		if requests, err = tx.ReapRequests(before, reapBatch); err != nil {
			return err
		}
		calls, err = tx.ReapOperationCalls(before, reapBatch)
		return err
	})
	return requests + calls, err
}
