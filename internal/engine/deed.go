package engine

import (
	"context"
	"errors"
	"maps"

	"florin/internal/pay"
	"florin/internal/store"
)

// deed is all that the engine must know of one action that it asks of Stripe:
// what follows from the answer, how to find out when there is none, and what
// to tell the caller until then. The walk itself is the same for every action:
// see carryOut, settle and CompleteCalls.
type deed struct {
	settle settler
	look   looker
	open   opener
}

// settler takes over what came of a call, within the second transaction: it
// changes the subject, and says what to reply and what to do next, if anything.
type settler func(tx *store.Tx, call pay.Call, answer pay.Answer) (settlement, error)

// looker finds out by reading whether a call was carried out.
//
// Errors: not_found when it was not; others when that cannot be told.
type looker func(ctx context.Context, todo errand) (pay.Answer, error)

// opener is what a caller is told while the outcome of its call is not known:
// the thing as it stands.
type opener func(tx *store.Tx, call pay.Call) (Reply, error)

// deedsOf is the deeds of every feature. Each feature's file has its own.
func (e *Engine) deedsOf() map[pay.Action]deed {
	all := map[pay.Action]deed{}
	for _, some := range []map[pay.Action]deed{
		e.paymentDeeds(), e.refundDeeds(), e.cardDeeds(), e.accountDeeds(), e.setupDeeds(), e.bankDeeds(),
		e.paymentDeeds(), e.refundDeeds(), e.cardDeeds(), e.accountDeeds(), e.bankDeeds(), e.transferDeeds(), e.payoutDeeds(),
		e.planDeeds(), e.subscriptionDeeds(), e.invoiceDeeds(),
	} {
		maps.Copy(all, some)
	}
	return all
}

// topic is what the engine does about Stripe events of one topic.
type topic struct {
	// triage looks at an event as it comes, within the transaction that keeps
	// it: a note closes it at once, saying why there is nothing to do.
	triage func(tx *store.Tx, ev pay.ProviderEvent, hint pay.EventHint) (note triaged, err error)
	// apply reads the event's object again from Stripe and takes over what is
	// new, with no transaction open while it reads.
	//
	// Errors: errNotOurs.
	apply func(ctx context.Context, ev pay.ProviderEvent, hint pay.EventHint) (note string, err error)
}

// errNotOurs says that an event is not about anything that is known here.
var errNotOurs = errors.New("engine: not about anything of ours")

// triaged is what is known of an event before anything is read; the zero value
// leaves it to a job.
type triaged struct {
	state pay.ProviderEventState
	note  string
}

// topicsOf is what is done about Stripe events, by topic. Each feature's file
// has its own.
func (e *Engine) topicsOf() map[pay.Topic]topic {
	return map[pay.Topic]topic{
		pay.TopicAccount:      {apply: e.applyAccount},
		pay.TopicPayment:      {triage: e.triagePayment, apply: e.applyPayment},
		pay.TopicTransfer:     {apply: e.applyTransfer},
		pay.TopicPayout:       {apply: e.applyPayout},
		pay.TopicPlan:         {apply: e.applyPlan},
		pay.TopicSubscription: {apply: e.applySubscription},
		pay.TopicInvoice:      {apply: e.applyInvoice},
		pay.TopicClock:        {apply: e.applyClock},
		pay.TopicBalance:      {apply: e.applyBalance},
		pay.TopicCard:         {apply: e.applyCard},
		pay.TopicSetup:        {apply: e.applySetup},
	}
}
