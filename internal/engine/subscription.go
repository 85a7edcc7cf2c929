package engine

import (
	"context"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// SubscriptionRequest is whom a caller wants to charge, for what.
type SubscriptionRequest struct {
	Customer        pay.ID
	Plan            pay.ID
	Card            pay.ID       // empty: the customer's default
	TrialDays       *int         // nil: the plan's
	Account         pay.ID       // empty: the plan's
	PlatformPercent *pay.Percent // nil: the plan's
	Metadata        map[string]string
}

func (r SubscriptionRequest) check() error {
	switch {
	case r.Plan == "":
		return pay.Invalid(pay.CodeMissingField, "plan_id", "send plan_id: what is subscribed to")
	case r.Customer == "":
		return pay.Invalid(pay.CodeMissingField, "customer_id", "send customer_id: whose saved card is charged")
	case r.TrialDays != nil && (*r.TrialDays < 0 || *r.TrialDays > pay.MaxTrialDays):
		return pay.Invalid(pay.CodeInvalidField, "trial_days", "trial_days is from 0 to %d", pay.MaxTrialDays)
	}
	return checkMetadata(r.Metadata)
}

// CreateSubscription begins to charge a customer for a plan. When the first
// payment fails the subscription is incomplete, and its invoice can be paid
// within 23 hours.
//
// Errors: those of SubscriptionRequest.check, not_found (customer, plan, card,
// account), plan_archived, account_disabled, in_doubt, and those of the
// idempotency gate.
func (e *Engine) CreateSubscription(ctx context.Context, ask Ask, r SubscriptionRequest) (Reply, error) {
	if err := r.check(); err != nil {
		return Reply{}, err
	}
	return e.carryOut(ctx, ask, func(tx *store.Tx) (order, error) { return e.intendSubscription(tx, ask, r) })
}

// intendSubscription writes the subscription down as pending, with the call
// that will start it.
func (e *Engine) intendSubscription(tx *store.Tx, ask Ask, r SubscriptionRequest) (order, error) {
	plan, err := planOnOffer(tx, ask.Owner, r.Plan)
	if err != nil {
		return order{}, err
	}
	customer, c, err := knownCustomer(tx, ask.Owner, r.Customer)
	if err != nil {
		return order{}, err
	}
	if plan.Connection != c.ID {
		return order{}, pay.Invalid(pay.CodeInvalidField, "plan_id", "the plan is of another Stripe account than the customer")
	}
	card, err := chargedCard(tx, customer, r.Card)
	if err != nil {
		return order{}, err
	}
	now := tx.Now()
	s := pay.Subscription{
		ID: newID(), Owner: ask.Owner, Connection: c.ID, Customer: customer.ID, Plan: plan.ID, Card: card.ID,
		Account: plan.Account, PlatformPercent: plan.PlatformPercent, Metadata: r.Metadata, IdempotencyKey: ask.IdempotencyKey,
		Status: pay.SubscriptionPending, Sequence: 1, CreatedAt: now, UpdatedAt: now,
	}
	if s.Account, s.PlatformPercent, err = r.share(plan); err != nil {
		return order{}, err
	}
	sent := pay.SubscriptionOrder{Subscription: s, TrialDays: plan.TrialDays, CustomerRef: customer.ProviderRef, PriceRef: plan.ProviderRef, MethodRef: card.ProviderRef}
	if r.TrialDays != nil {
		sent.TrialDays = *r.TrialDays
	}
	if sent.AccountRef, err = payableAccount(tx, s.Owner, s.Account, c.ID); err != nil {
		return order{}, err
	}
	wire, err := e.stripe.StartSubscription(sent)
	if err != nil {
		return order{}, err
	}
	return order{action: pay.ActionSubscribe, connection: c, subject: s.ID, wire: wire}, tx.InsertSubscription(s)
}

// share is who gets what of each invoice: as the request says, or the plan.
func (r SubscriptionRequest) share(plan pay.Plan) (pay.ID, pay.Percent, error) {
	account, percent := plan.Account, plan.PlatformPercent
	if r.Account != "" {
		account = r.Account
	}
	if r.PlatformPercent != nil {
		percent = *r.PlatformPercent
	}
	if account == "" && percent != 0 {
		return "", 0, pay.Invalid(pay.CodeMissingField, "account_id", "platform_percent is what you keep of a partner's sale; send account_id too")
	}
	return account, percent, nil
}

// planOnOffer is a plan that takes new subscriptions.
//
// Errors: not_found, plan_archived, in_doubt.
func planOnOffer(tx *store.Tx, o pay.Owner, id pay.ID) (pay.Plan, error) {
	plan, err := tx.Plan(o, id)
	switch {
	case err != nil:
		return plan, atField(err, "plan_id")
	case plan.Status == pay.PlanPending:
		return plan, pay.Invalid(pay.CodeInDoubt, "plan_id", "Stripe has not said yet whether there is such a plan")
	case plan.Status != pay.PlanActive:
		return plan, pay.Invalid(pay.CodePlanArchived, "plan_id", "the plan is %s", plan.Status)
	}
	return plan, nil
}

// chargedCard is the card that a subscription charges: the one named, or the
// customer's default.
//
// Errors: not_found, missing_field.
func chargedCard(tx *store.Tx, customer pay.Customer, id pay.ID) (pay.Card, error) {
	if id != "" {
		card, err := tx.Card(customer.Owner, id)
		if err != nil {
			return card, atField(err, "card_id")
		}
		if card.Customer != customer.ID || card.Status != pay.CardActive {
			return card, pay.NotFound("saved card of this customer", id).At("card_id")
		}
		return card, nil
	}
	cards, err := tx.Cards(customer.Owner, customer.ID, pay.Page{Limit: pay.MaxPage})
	if err != nil {
		return pay.Card{}, err
	}
	for _, card := range cards.Items {
		if card.Default {
			return card, nil
		}
	}
	if len(cards.Items) > 0 {
		return cards.Items[0], nil
	}
	return pay.Card{}, pay.Invalid(pay.CodeMissingField, "card_id", "the customer has no saved card; save one first (POST /v1/payments/cards)")
}

// payableAccount is Stripe's name of the partner's account that gets the rest
// of each invoice; empty when there is none.
//
// Errors: not_found, account_disabled, invalid_field.
func payableAccount(tx *store.Tx, o pay.Owner, id, connection pay.ID) (string, error) {
	if id == "" {
		return "", nil
	}
	account, err := tx.Account(o, id)
	if err != nil {
		return "", atField(err, "account_id")
	}
	if account.Connection != connection {
		return "", pay.Invalid(pay.CodeInvalidField, "account_id", "the account is connected to another Stripe account than the customer's")
	}
	return account.ProviderRef, account.CheckMoney()
}

// settleSubscribe takes over what came of starting a subscription. An event may
// have told more meanwhile than the answer knows; then Stripe is asked again.
func (e *Engine) settleSubscribe(tx *store.Tx, call pay.Call, answer pay.Answer) (settlement, error) {
	s, err := tx.LockSubscription(call.Owner, call.Subject)
	switch {
	case err != nil:
		return settlement{}, err
	case answer.Subscribed == nil && s.Status == pay.SubscriptionPending:
		s.Failure = failureOf(answer.Err)
		s, err = e.takeOverSubscription(tx, s, pay.SubscriptionReport{Status: pay.SubscriptionFailed})
		return settlement{reply: e.present.Subscription(s, StandingDeclined)}, err
	case answer.Subscribed == nil:
		return settlement{reply: e.present.Subscription(s, StandingCreated)}, nil
	}
	s, err = e.adopt(tx, s, call, *answer.Subscribed)
	return settlement{reply: e.present.Subscription(s, StandingCreated)}, err
}

// adopt takes over the report of an answer, unless somebody took over another
// while the answer was on its way: which of the two is newer nobody can say,
// and Stripe is asked at once.
func (e *Engine) adopt(tx *store.Tx, s pay.Subscription, call pay.Call, r pay.SubscriptionReport) (pay.Subscription, error) {
	if s.Sequence > 1 && s.UpdatedAt.After(call.FirstSentAt) {
		s.LookAt = tx.Now()
		return s, tx.UpdateSubscription(s)
	}
	return e.takeOverSubscription(tx, s, r)
}

// takeOverSubscription applies a report to a locked subscription and keeps all
// that follows from it.
func (e *Engine) takeOverSubscription(tx *store.Tx, s pay.Subscription, r pay.SubscriptionReport) (pay.Subscription, error) {
	r, err := e.inOurWords(tx, s.Owner, r)
	if err != nil {
		return s, err
	}
	change := s.Apply(r, tx.Now())
	after := change.Subscription
	after.LookAt = nextSubscriptionLook(after, tx.Now())
	if !change.Changed && after.LookAt.Equal(s.LookAt) {
		return s, nil
	}
	if err := tx.UpdateSubscription(after); err != nil {
		return s, err
	}
	if after.Card != s.Card {
		if err := e.hurryInvoices(tx, after); err != nil {
			return s, err
		}
	}
	if change.Event == "" {
		return after, nil
	}
	fact := pay.Event{Type: change.Event, Object: after.ID, Sequence: after.Sequence}
	return after, e.Tell(tx, after.Owner, fact, func(ev pay.Event) []byte { return e.present.SubscriptionEvent(ev, after) })
}

// inOurWords finds the plan, card and account that a report names by Stripe's
// ids. One that is not known here was chosen at Stripe, and leaves what is kept
// as it is.
func (e *Engine) inOurWords(tx *store.Tx, o pay.Owner, r pay.SubscriptionReport) (pay.SubscriptionReport, error) {
	plan, err := tx.PlanByRef(o, r.PriceRef)
	if err != nil && !pay.Is(err, pay.CodeNotFound) {
		return r, err
	}
	card, err := tx.CardByRef(o, r.MethodRef)
	if err != nil && !pay.Is(err, pay.CodeNotFound) {
		return r, err
	}
	account, err := tx.AccountByRef(o, r.AccountRef)
	if err != nil && !pay.Is(err, pay.CodeNotFound) {
		return r, err
	}
	r.Plan, r.Card, r.Account = plan.ID, card.ID, account.ID
	return r, nil
}

// Subscriptions are looked up although nothing was heard of them: soon after a
// period ends and its invoice is final, and every so often when that is past.
const renewalSlack = 2 * time.Hour // an invoice is a draft for an hour

// nextSubscriptionLook is when to ask Stripe again about a subscription.
func nextSubscriptionLook(s pay.Subscription, now time.Time) time.Time {
	due := s.PeriodEnd.Add(renewalSlack)
	switch {
	case s.ProviderRef == "" || s.Status.Ended():
		return time.Time{}
	case s.Status == pay.SubscriptionIncomplete:
		return now.Add(lookWait(now.Sub(s.CreatedAt)))
	case due.After(now):
		return due
	}
	return now.Add(maxLook)
}

// refreshSubscription reads a subscription from Stripe and takes over what is
// new. What was read counts only if nobody took over anything meanwhile: else
// the reading may be the older of two, and is done again. So it does not matter
// in which order events come, nor how often.
func (e *Engine) refreshSubscription(ctx context.Context, s pay.Subscription, ref string) error {
	access, err := e.accessBy(ctx, s.Owner, s.Connection)
	if err != nil {
		return err
	}
	for range maxRereads {
		report, err := e.stripe.FindSubscription(ctx, access, pay.SubscriptionSought{Ref: ref})
		if err != nil {
			return err
		}
		overtaken := false
		err = e.store.Write(ctx, func(tx *store.Tx) error {
			locked, err := tx.LockSubscription(s.Owner, s.ID)
			if err != nil {
				return err
			}
			if overtaken = locked.Sequence != s.Sequence; overtaken {
				s = locked
				return nil
			}
			_, err = e.takeOverSubscription(tx, locked, report)
			return err
		})
		if err != nil || !overtaken {
			return err
		}
	}
	return errOvertaken
}

// applySubscription is the job of a Stripe event about a subscription.
func (e *Engine) applySubscription(ctx context.Context, ev pay.ProviderEvent, hint pay.EventHint) (note string, err error) {
	s, err := e.subscriptionOf(ctx, ev.Owner, hint.ObjectRef, hint.SubscriptionID)
	if err != nil {
		return "", err
	}
	return "read from Stripe", e.refreshSubscription(ctx, s, hint.ObjectRef)
}

// subscriptionOf is the subscription that Stripe calls ref, or that has an id
// of ours which Stripe keeps for us: an event may be here before the answer
// that brings the ref.
//
// Errors: errNotOurs.
func (e *Engine) subscriptionOf(ctx context.Context, o pay.Owner, ref string, id pay.ID) (pay.Subscription, error) {
	s, err := read(ctx, e, func(tx *store.Tx) (pay.Subscription, error) {
		s, err := tx.SubscriptionByRef(o, ref)
		if pay.Is(err, pay.CodeNotFound) && id != "" {
			return tx.Subscription(o, id)
		}
		return s, err
	})
	if pay.Is(err, pay.CodeNotFound) || err == nil && s.ProviderRef != "" && s.ProviderRef != ref {
		return s, errNotOurs
	}
	return s, err
}

// Subscription is one subscription.
//
// Errors: not_found.
func (e *Engine) Subscription(ctx context.Context, o pay.Owner, id pay.ID) (pay.Subscription, error) {
	return read(ctx, e, func(tx *store.Tx) (pay.Subscription, error) { return tx.Subscription(o, id) })
}

// Subscriptions is a page of the subscriptions that a filter lets through.
//
// Errors: invalid_cursor.
func (e *Engine) Subscriptions(ctx context.Context, o pay.Owner, f pay.SubscriptionFilter, page pay.Page) (pay.List[pay.Subscription], error) {
	return read(ctx, e, func(tx *store.Tx) (pay.List[pay.Subscription], error) { return tx.Subscriptions(o, f, page) })
}
