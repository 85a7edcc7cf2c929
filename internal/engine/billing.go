package engine

import (
	"context"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// BillingComposer writes the requests of plans, subscriptions and invoices.
//
// Errors: in_doubt, when Stripe never said what the thing is called.
type BillingComposer interface {
	CreatePlan(p pay.Plan) (pay.Wire, error)
	ChangePlan(p pay.Plan, active bool) (pay.Wire, error)
	StartSubscription(pay.SubscriptionOrder) (pay.Wire, error)
	ChangeSubscription(s pay.Subscription, wish pay.SubscriptionWish) (pay.Wire, error)
	PauseSubscription(s pay.Subscription, behavior pay.PauseBehavior, until time.Time) (pay.Wire, error)
	ResumeSubscription(s pay.Subscription) (pay.Wire, error)
	CancelSubscription(s pay.Subscription, prorate bool) (pay.Wire, error)
	PayInvoice(i pay.Invoice, methodRef string) (pay.Wire, error)
	VoidInvoice(i pay.Invoice) (pay.Wire, error)
	HoldInvoice(i pay.Invoice) (pay.Wire, error)
}

// BillingFinder reads what Stripe knows of plans, subscriptions and invoices.
//
// Errors: those of Finder.
type BillingFinder interface {
	FindPlan(ctx context.Context, access pay.Access, id pay.ID) (pay.PlanReport, error)
	FindPrice(ctx context.Context, access pay.Access, ref string) (pay.PlanReport, error)
	FindSubscription(ctx context.Context, access pay.Access, sought pay.SubscriptionSought) (pay.SubscriptionReport, error)
	FindInvoice(ctx context.Context, access pay.Access, ref string) (pay.InvoiceReport, error)
	// FindInvoices reads the refs of a subscription's latest invoices.
	FindInvoices(ctx context.Context, access pay.Access, subscriptionRef string) ([]string, error)
	// FindClock reads the time of one of Stripe's test clocks or, when ref is
	// empty, of Stripe itself.
	FindClock(ctx context.Context, access pay.Access, ref string) (time.Time, error)
	// PreviewChange asks what invoice a change of a subscription would bring.
	PreviewChange(ctx context.Context, access pay.Access, s pay.Subscription, wish pay.SubscriptionWish) (pay.InvoicePreview, error)
}

// BillingPresenter writes what callers and merchants read of plans,
// subscriptions and invoices.
type BillingPresenter interface {
	Plan(p pay.Plan, status Standing) Reply
	PlanRefusal(err *pay.Error, p pay.Plan) Reply
	PlanEvent(e pay.Event, p pay.Plan) []byte
	Subscription(s pay.Subscription, status Standing) Reply
	SubscriptionRefusal(err *pay.Error, s pay.Subscription) Reply
	SubscriptionEvent(e pay.Event, s pay.Subscription) []byte
	SubscriptionPreview(id pay.ID, p pay.InvoicePreview) Reply
	Invoice(i pay.Invoice, status Standing) Reply
	InvoiceRefusal(err *pay.Error, i pay.Invoice) Reply
	InvoiceEvent(e pay.Event, i pay.Invoice) []byte
	MailTemplate(t pay.CustomTemplate) Reply
	BillingSettings(s pay.BillingSettings) Reply
}

// maxRereads is how often a thing is read again because somebody else took
// over a report of it meanwhile: several events of one thing at once are
// common, and each needs one reading at the most.
const maxRereads = 8

// errOvertaken says that what was read is older than what is known by now.
var errOvertaken = pay.Errorf(pay.CodeInProgress, "this is being changed by somebody else at the moment")

// accessBy unseals the access of a connection, to read with.
func (e *Engine) accessBy(ctx context.Context, o pay.Owner, connection pay.ID) (pay.Access, error) {
	todo, err := e.errandFor(ctx, pay.Call{Owner: o, Connection: connection})
	return todo.access, err
}

// callLater keeps a call that no caller waits for. The completer sends it
// within a second, as one that is due.
func (e *Engine) callLater(tx *store.Tx, owner pay.Owner, o order) error {
	call := e.newCall(tx, owner, o)
	call.Attempts, call.Fence, call.DueAt = 0, 0, tx.Now()
	return tx.InsertCall(call)
}

// lockFree locks what no call is open for: two changes at once could not be
// told apart when one of them gets no answer.
//
// Errors: operation_in_progress, and those of lock.
func lockFree[T any](tx *store.Tx, o pay.Owner, id pay.ID, lock func(pay.Owner, pay.ID) (T, error)) (T, error) {
	found, err := lock(o, id)
	if err != nil {
		return found, err
	}
	open, busy, err := tx.OpenCallOf(o, id)
	if err != nil || !busy {
		return found, err
	}
	taken := pay.Errorf(pay.CodeInProgress, "a %s of this has no answer from Stripe yet", open.Action)
	taken.RetryAfter = inFlightRetry
	return found, taken
}

// failureOf is why something that was asked for did not happen.
func failureOf(err *pay.Error) pay.Failure {
	if err == nil {
		return pay.Failure{}
	}
	return pay.Failure{Code: err.Code, Message: err.Message, DeclineCode: err.DeclineCode}
}
