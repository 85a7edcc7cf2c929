package engine

import (
	"context"
	"slices"
	"strings"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// AccountRequest is a partner whom a caller wants to pay.
type AccountRequest struct {
	Type         pay.AccountType
	ProviderRef  string // acct_… that is connected already; empty to make one
	Country      string // ISO 3166-1 alpha-2; empty for the platform's
	Email        string
	Name         string
	BusinessType string
	Capabilities []string // to ask for; nil for card_payments and transfers
	Details      pay.Details
	DebtLimit    int64 // minor units that its in-app balance may be below zero
	Metadata     map[string]string
}

// CreateAccount makes a connected account at Stripe, or takes over one that is
// connected already.
//
// Errors: those of AccountRequest.check, provider_not_configured, in_doubt,
// not_found and already_exists (provider_ref), and those of the idempotency
// gate.
func (e *Engine) CreateAccount(ctx context.Context, ask Ask, r AccountRequest) (Reply, error) {
	if err := r.check(ask.Owner.Mode); err != nil {
		return Reply{}, err
	}
	return e.connected(ctx, ask.Owner, func() (Reply, error) {
		if r.ProviderRef != "" {
			return e.takeAccount(ctx, ask, r)
		}
		return e.carryOut(ctx, ask, func(tx *store.Tx) (order, error) { return e.intendAccount(tx, ask, r) })
	})
}

// intendAccount writes the account down as pending, with the call that will
// make it.
func (e *Engine) intendAccount(tx *store.Tx, ask Ask, r AccountRequest) (order, error) {
	c, err := defaultConnection(tx, ask.Owner)
	if err != nil {
		return order{}, err
	}
	a := r.account(ask.Owner, c, tx.Now())
	wire, err := e.stripe.CreateAccount(a, r.order())
	if err != nil {
		return order{}, err
	}
	return order{action: pay.ActionCreateAccount, connection: c, subject: a.ID, wire: wire}, tx.InsertAccount(a)
}

func (r AccountRequest) account(o pay.Owner, c pay.Connection, now time.Time) pay.Account {
	return pay.Account{
		ID: newID(), Owner: o, Connection: c.ID, Type: r.Type, Country: r.Country, Email: r.Email, Name: r.Name,
		Status: pay.AccountPending, DebtLimit: r.DebtLimit, Metadata: r.Metadata, Sequence: 1, CreatedAt: now, UpdatedAt: now,
	}
}

// order is what Stripe is told. Standard accounts ask for what they want
// themselves.
func (r AccountRequest) order() pay.AccountOrder {
	wanted := r.Capabilities
	if wanted == nil && r.Type != pay.AccountStandard {
		wanted = []string{"card_payments", "transfers"}
	}
	return pay.AccountOrder{Email: r.Email, BusinessType: r.BusinessType, Capabilities: wanted, Details: r.Details}
}

// takeAccount keeps an account that is connected already, as Stripe shows it.
func (e *Engine) takeAccount(ctx context.Context, ask Ask, r AccountRequest) (Reply, error) {
	if replay, err := e.replayed(ctx, ask); err != nil || replay != nil {
		return orEmpty(replay), err
	}
	c, err := read(ctx, e, func(tx *store.Tx) (pay.Connection, error) { return defaultConnection(tx, ask.Owner) })
	if err != nil {
		return Reply{}, err
	}
	access, err := e.accessTo(c)
	if err != nil {
		return Reply{}, err
	}
	report, err := e.readAccount(ctx, access, pay.AccountSought{Ref: r.ProviderRef})
	if err != nil {
		return Reply{}, atField(err, "provider_ref")
	}
	if report.Gone {
		return Reply{}, pay.Invalid(pay.CodeNotFound, "provider_ref", "no account %s is connected to this platform", r.ProviderRef)
	}
	return e.record(ctx, ask, func(tx *store.Tx) (Reply, error) {
		if known, err := tx.AccountByRef(ask.Owner, report.ProviderRef); err == nil {
			return Reply{}, pay.Invalid(pay.CodeExists, "provider_ref", "the account is here already, as %s", known.ID)
		} else if !pay.Is(err, pay.CodeNotFound) {
			return Reply{}, err
		}
		a := r.account(ask.Owner, c, tx.Now())
		a.Type, a.ProviderRef = report.Type, report.ProviderRef
		if a.Name == "" {
			a.Name = report.Name
		}
		if err := tx.InsertAccount(a); err != nil {
			return Reply{}, err
		}
		a, err := e.takeOverAccount(tx, a, report)
		return e.present.Account(a, StandingCreated), err
	})
}

// readAccount asks Stripe about an account and notes when it did.
func (e *Engine) readAccount(ctx context.Context, access pay.Access, sought pay.AccountSought) (pay.AccountReport, error) {
	at := e.clock.Now()
	ctx, cancel := context.WithTimeout(ctx, e.cfg.CallTimeout)
	defer cancel()
	report, err := e.stripe.FindAccount(ctx, access, sought)
	report.ReadAt = at
	return report, err
}

// takeOverAccount applies a report to a locked account, keeps it and tells of
// what changed.
func (e *Engine) takeOverAccount(tx *store.Tx, before pay.Account, r pay.AccountReport) (pay.Account, error) {
	change := before.Apply(r, tx.Now())
	return e.keepAccount(tx, change)
}

func (e *Engine) keepAccount(tx *store.Tx, change pay.AccountChange) (pay.Account, error) {
	after := change.Account
	after.LookAt = nextAccountLook(after, tx.Now())
	if err := tx.UpdateAccount(after); err != nil || change.Event == "" {
		return after, err
	}
	fact := pay.Event{Type: change.Event, Object: after.ID, Sequence: after.Sequence}
	return after, e.Tell(tx, after.Owner, fact, func(ev pay.Event) []byte { return e.present.AccountEvent(ev, after) })
}

// accountLook is how often an account that works is looked at, should an event
// about it be lost.
const accountLook = 24 * time.Hour

// nextAccountLook is when to ask Stripe again about an account: often while its
// owner may be filling in the form, then rarely.
func nextAccountLook(a pay.Account, now time.Time) time.Time {
	switch {
	case a.ProviderRef == "", a.Status == pay.AccountRemoved, a.Status == pay.AccountRejected, a.Status == pay.AccountFailed:
		return time.Time{}
	case a.Status == pay.AccountEnabled:
		return now.Add(accountLook)
	}
	return now.Add(lookWait(now.Sub(a.UpdatedAt)))
}

// settleNewAccount takes over what came of making an account.
func (e *Engine) settleNewAccount(tx *store.Tx, call pay.Call, answer pay.Answer) (settlement, error) {
	a, err := tx.LockAccount(call.Owner, call.Subject)
	if err != nil {
		return settlement{}, err
	}
	if answer.Account != nil {
		a, err = e.takeAnswer(tx, a, call, answer)
		return settlement{reply: e.present.Account(a, StandingCreated)}, err
	}
	if answer.Err != nil {
		a.Failure = pay.Failure{Code: answer.Err.Code, Message: answer.Err.Message}
	}
	a, err = e.moveAccount(tx, a, pay.AccountFailed)
	return settlement{reply: e.present.Account(a, StandingDeclined)}, err
}

// takeAnswer takes over what an answer says of an account. A repeated call gets
// the first one's answer, which tells how things were then. One that somebody
// else's reading overlapped is looked at again soon: nobody can tell which of
// the two is newer.
func (e *Engine) takeAnswer(tx *store.Tx, a pay.Account, call pay.Call, answer pay.Answer) (pay.Account, error) {
	report := *answer.Account
	switch {
	case !report.ReadAt.IsZero(): // it was looked up
	case call.Attempts > 1:
		report.ReadAt = call.FirstSentAt
	default:
		report.ReadAt = tx.Now()
	}
	change := a.Apply(report, tx.Now())
	after, err := e.keepAccount(tx, change)
	if err != nil || !a.ReadAt.After(call.FirstSentAt) || after.LookAt.IsZero() {
		return after, err
	}
	after.LookAt = tx.Now().Add(firstLook)
	return after, tx.UpdateAccount(after)
}

// moveAccount changes an account's status, if that is legal, and tells of it.
func (e *Engine) moveAccount(tx *store.Tx, a pay.Account, to pay.AccountStatus) (pay.Account, error) {
	move, legal := pay.AccountMoves.Find(a.Status, to)
	if !legal {
		return a, nil
	}
	a.Status, a.UpdatedAt = to, tx.Now()
	a.ChargesEnabled, a.PayoutsEnabled, a.TransfersEnabled = false, false, false
	a.Sequence++
	return e.keepAccount(tx, pay.AccountChange{Account: a, Event: move.Event})
}

// settleAccount takes over what came of a change. A refusal leaves the account
// as it was, and the caller is told why.
func (e *Engine) settleAccount(tx *store.Tx, call pay.Call, answer pay.Answer) (settlement, error) {
	a, err := tx.LockAccount(call.Owner, call.Subject)
	if err != nil {
		return settlement{}, err
	}
	switch {
	case answer.Outcome != pay.OutcomeDone && answer.Err != nil:
		return settlement{reply: e.present.AccountRefusal(answer.Err, a)}, nil
	case answer.Account != nil:
		a, err = e.takeAnswer(tx, a, call, answer)
	case call.Action == pay.ActionDeleteAccount:
		a, err = e.moveAccount(tx, a, pay.AccountRemoved)
	}
	return settlement{reply: e.present.Account(a, StandingDone)}, err
}

// settleLink replies with a link. Nothing is kept of it: it works once, for
// minutes.
func (e *Engine) settleLink(tx *store.Tx, call pay.Call, answer pay.Answer) (settlement, error) {
	a, err := tx.Account(call.Owner, call.Subject)
	switch {
	case err != nil:
		return settlement{}, err
	case answer.Link == nil:
		return settlement{reply: e.present.AccountRefusal(answer.Err, a)}, nil
	}
	return settlement{reply: e.present.OnboardingLink(a, *answer.Link)}, nil
}

// accountDeeds are what is asked of Stripe for a partner's account.
func (e *Engine) accountDeeds() map[pay.Action]deed {
	return map[pay.Action]deed{
		pay.ActionCreateAccount:  {e.settleNewAccount, e.lookForNewAccount, e.openAccount},
		pay.ActionUpdateAccount:  {e.settleAccount, e.lookForAccount, e.openAccount},
		pay.ActionRejectAccount:  {e.settleAccount, e.lookForRejected, e.openAccount},
		pay.ActionDeleteAccount:  {e.settleAccount, e.lookForDeleted, e.openAccount},
		pay.ActionOnboardingLink: {e.settleLink, lookForNothing, e.openLink},
	}
}

func (e *Engine) openAccount(tx *store.Tx, call pay.Call) (Reply, error) {
	a, err := tx.Account(call.Owner, call.Subject)
	return e.present.Account(a, StandingOpen), err
}

func (e *Engine) openLink(tx *store.Tx, call pay.Call) (Reply, error) {
	a, err := tx.Account(call.Owner, call.Subject)
	return e.present.AccountRefusal(pay.Errorf(pay.CodeInDoubt, "Stripe made no link in time; ask for another one"), a), err
}

// lookForNothing is for what leaves no trace at Stripe: nobody can tell, and
// nobody is harmed when it was never done.
func lookForNothing(context.Context, errand) (pay.Answer, error) {
	return pay.Answer{}, pay.Errorf(pay.CodeNotFound, "nothing is left of it at Stripe")
}

func (e *Engine) lookForNewAccount(ctx context.Context, todo errand) (pay.Answer, error) {
	report, err := e.readAccount(ctx, todo.access, pay.AccountSought{ID: todo.call.Subject, Since: todo.call.FirstSentAt})
	return pay.Answer{Account: &report}, err
}

// lookForAccount reads the account as it is: whether a change was made cannot
// be told, and what it is now is all that counts.
func (e *Engine) lookForAccount(ctx context.Context, todo errand) (pay.Answer, error) {
	a, err := e.Account(ctx, todo.call.Owner, todo.call.Subject)
	if err != nil {
		return pay.Answer{}, err
	}
	report, err := e.readAccount(ctx, todo.access, pay.AccountSought{Ref: a.ProviderRef})
	return pay.Answer{Account: &report}, err
}

func (e *Engine) lookForRejected(ctx context.Context, todo errand) (pay.Answer, error) {
	answer, err := e.lookForAccount(ctx, todo)
	if err == nil && !strings.HasPrefix(answer.Account.Requirements.DisabledReason, "rejected.") {
		return pay.Answer{}, pay.NotFound("rejected account", answer.Account.ProviderRef)
	}
	return answer, err
}

func (e *Engine) lookForDeleted(ctx context.Context, todo errand) (pay.Answer, error) {
	answer, err := e.lookForAccount(ctx, todo)
	if err == nil && !answer.Account.Gone {
		return pay.Answer{}, pay.NotFound("deleted account", answer.Account.ProviderRef)
	}
	return answer, err
}

// AccountChange is what a caller wants to be otherwise; nil leaves it.
type AccountChange struct {
	Account      pay.ID
	Name         *string
	Email        *string
	DebtLimit    *int64
	BusinessType string
	Capabilities []string
	Details      pay.Details
	Metadata     map[string]string // replaces all of it; nil leaves it
}

// asksStripe reports whether the change is more than Florin's own.
func (c AccountChange) asksStripe() bool {
	return c.Email != nil || c.BusinessType != "" || len(c.Capabilities) > 0 || len(c.Details) > 0
}

// UpdateAccount changes an account, here and at Stripe. What Stripe must know
// goes to Stripe first; name, debt limit and metadata are Florin's own.
//
// Errors: those of AccountChange.check, not_found, account_disabled,
// operation_in_progress, in_doubt, and those of the idempotency gate.
func (e *Engine) UpdateAccount(ctx context.Context, ask Ask, c AccountChange) (Reply, error) {
	if err := c.check(ask.Owner.Mode); err != nil {
		return Reply{}, err
	}
	if !c.asksStripe() {
		return e.record(ctx, ask, func(tx *store.Tx) (Reply, error) {
			a, err := tx.LockAccount(ask.Owner, c.Account)
			if err != nil {
				return Reply{}, err
			}
			a, err = e.changeOwn(tx, a, c)
			return e.present.Account(a, StandingDone), err
		})
	}
	return e.changeAccount(ctx, ask, c.Account, pay.ActionUpdateAccount, func(tx *store.Tx, a pay.Account) (pay.Wire, error) {
		a, err := e.changeOwn(tx, a, c)
		if err != nil {
			return pay.Wire{}, err
		}
		asked := pay.AccountOrder{BusinessType: c.BusinessType, Capabilities: c.Capabilities, Details: c.Details}
		if c.Email != nil {
			asked.Email = *c.Email
		}
		return e.stripe.UpdateAccount(a, asked)
	})
}

// changeOwn changes what Stripe has no part in.
func (e *Engine) changeOwn(tx *store.Tx, a pay.Account, c AccountChange) (pay.Account, error) {
	if c.Name == nil && c.DebtLimit == nil && c.Metadata == nil {
		return a, nil
	}
	if c.Name != nil {
		a.Name = *c.Name
	}
	if c.DebtLimit != nil {
		a.DebtLimit = *c.DebtLimit
	}
	if c.Metadata != nil {
		a.Metadata = c.Metadata
	}
	a.Sequence++
	a.UpdatedAt = tx.Now()
	return e.keepAccount(tx, pay.AccountChange{Account: a, Event: pay.EventAccountUpdated})
}

// changeAccount carries out one action on an account that Stripe knows.
func (e *Engine) changeAccount(ctx context.Context, ask Ask, id pay.ID, action pay.Action,
	write func(tx *store.Tx, a pay.Account) (pay.Wire, error),
) (Reply, error) {
	return e.carryOut(ctx, ask, func(tx *store.Tx) (order, error) {
		a, err := tx.LockAccount(ask.Owner, id)
		if err != nil {
			return order{}, err
		}
		if open, busy, err := tx.OpenCallOf(ask.Owner, id); err != nil {
			return order{}, err
		} else if busy {
			waits := pay.Errorf(pay.CodeInProgress, "a %s of this account has no answer from Stripe yet", open.Action)
			waits.RetryAfter = inFlightRetry
			return order{}, waits
		}
		if err := a.CheckKnown(); err != nil {
			return order{}, err
		}
		wire, err := write(tx, a)
		if err != nil {
			return order{}, err
		}
		c, err := tx.Connection(a.Owner, a.Connection)
		return order{action: action, connection: c, subject: a.ID, wire: wire}, err
	})
}

// RejectAccount ends a partner's account for good: no money moves there any
// more.
//
// Errors: invalid_field (the reason), and those of UpdateAccount.
func (e *Engine) RejectAccount(ctx context.Context, ask Ask, id pay.ID, reason pay.RejectReason) (Reply, error) {
	if !slices.Contains([]pay.RejectReason{pay.RejectFraud, pay.RejectTerms, pay.RejectOther}, reason) {
		return Reply{}, pay.Invalid(pay.CodeInvalidField, "reason", "reason is fraud, terms_of_service or other")
	}
	return e.changeAccount(ctx, ask, id, pay.ActionRejectAccount, func(_ *store.Tx, a pay.Account) (pay.Wire, error) {
		return e.stripe.RejectAccount(a, reason)
	})
}

// DeleteAccount deletes an account at Stripe. It stays here as removed, for
// the sake of the books.
//
// Errors: provider_refused (the account has a balance), and those of
// UpdateAccount.
func (e *Engine) DeleteAccount(ctx context.Context, ask Ask, id pay.ID) (Reply, error) {
	return e.changeAccount(ctx, ask, id, pay.ActionDeleteAccount, func(_ *store.Tx, a pay.Account) (pay.Wire, error) {
		return e.stripe.DeleteAccount(a)
	})
}

// OnboardingLink makes a page of Stripe's for one visit, where the partner
// tells who they are.
//
// Errors: invalid_url, and those of UpdateAccount.
func (e *Engine) OnboardingLink(ctx context.Context, ask Ask, id pay.ID, link pay.LinkOrder) (Reply, error) {
	if err := first(checkURL(link.ReturnURL, "return_url"), checkURL(link.RefreshURL, "refresh_url")); err != nil {
		return Reply{}, err
	}
	if link.ReturnURL == "" {
		link.ReturnURL = e.cfg.PublicURL + ReturnPath + "?after=onboarding"
	}
	if link.RefreshURL == "" {
		link.RefreshURL = e.cfg.PublicURL + ReturnPath + "?after=expiry"
	}
	return e.changeAccount(ctx, ask, id, pay.ActionOnboardingLink, func(_ *store.Tx, a pay.Account) (pay.Wire, error) {
		return e.stripe.OnboardingLink(a, link)
	})
}

// Account is one partner's account.
//
// Errors: not_found.
func (e *Engine) Account(ctx context.Context, o pay.Owner, id pay.ID) (pay.Account, error) {
	return read(ctx, e, func(tx *store.Tx) (pay.Account, error) { return tx.Account(o, id) })
}

// Accounts is a page of the accounts that a filter lets through.
//
// Errors: invalid_cursor.
func (e *Engine) Accounts(ctx context.Context, o pay.Owner, f pay.AccountFilter, page pay.Page) (pay.List[pay.Account], error) {
	return read(ctx, e, func(tx *store.Tx) (pay.List[pay.Account], error) { return tx.Accounts(o, f, page) })
}
