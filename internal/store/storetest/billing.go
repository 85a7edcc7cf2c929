package storetest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
	"florin/internal/store"
)

// billed is a plan, a subscription to it, and one of its invoices, with every
// field set.
type billed struct {
	account      pay.Account
	plan         pay.Plan
	subscription pay.Subscription
	invoice      pay.Invoice
	settings     pay.BillingSettings
	mail         pay.Mail
	template     pay.CustomTemplate
}

// newBilled makes one of everything; none is kept.
func (w *World) newBilled() billed {
	x := billed{account: w.NewAccount()}
	x.plan = pay.Plan{
		ID: NewID(), Owner: w.Owner, Connection: w.Connection.ID, Name: "Lesér", Amount: pay.Amount(1000, "USD"), Interval: pay.IntervalMonth,
		IntervalCount: 3, TrialDays: 7, Account: x.account.ID, PlatformPercent: 1750, Metadata: map[string]string{"a": "b"}, IdempotencyKey: "p",
		CreatedAt: w.at(200), Status: pay.PlanActive, ProviderRef: "price_" + string(NewID()), ProductRef: "prod_1",
		Failure: pay.Failure{Code: "a", Message: "b"}, Sequence: 2, UpdatedAt: w.at(201),
	}
	x.subscription = pay.Subscription{
		ID: NewID(), Owner: w.Owner, Connection: w.Connection.ID, Customer: w.Customer.ID, Account: x.account.ID, PlatformPercent: 1750,
		Metadata: map[string]string{"a": "b"}, IdempotencyKey: "s", CreatedAt: w.at(202), Plan: x.plan.ID, Card: w.Card.ID, Status: pay.SubscriptionActive,
		SubscriptionDetails: pay.SubscriptionDetails{
			ItemRef: "si_1", PeriodStart: w.at(203), PeriodEnd: w.at(204), TrialEnd: w.at(205), CancelAtPeriodEnd: true, CancelAt: w.at(206),
			CanceledAt: w.at(207), EndedAt: w.at(208), Pause: pay.PauseVoid, ResumesAt: w.at(209), ClockRef: "clock_1",
		},
		ProviderRef: "sub_" + string(NewID()), Failure: pay.Failure{Code: "a", Message: "b", DeclineCode: "c"}, Sequence: 3,
		UpdatedAt: w.at(210), LookAt: w.at(211),
	}
	x.invoice = pay.Invoice{
		ID: NewID(), Owner: w.Owner, Connection: w.Connection.ID, Subscription: x.subscription.ID, Customer: w.Customer.ID, Account: x.account.ID,
		ProviderRef: "in_" + string(NewID()), CreatedAt: w.at(212), Status: pay.InvoiceOpen,
		InvoiceDetails: pay.InvoiceDetails{
			Number: "A-1", Reason: "subscription_cycle", Due: pay.Amount(1000, "USD"), Paid: pay.Amount(400, "USD"),
			Lines:      []pay.InvoiceLine{{Description: "1 × Lesér", Amount: -3, Quantity: 1, Proration: true, PeriodStart: w.at(203), PeriodEnd: w.at(204)}},
			PaymentRef: "pi_1", HostedURL: "https://a.example", PDFURL: "https://b.example", Attempts: 2, NextAttempt: w.at(213),
			Failure: pay.Failure{Code: "a", Message: "b", DeclineCode: "c"}, FinalizedAt: w.at(214), PaidAt: w.at(215), ClockRef: "clock_1",
		},
		Dunning:  pay.DunningState{Since: w.at(216), Tries: 1, NextAt: w.at(217), Stopped: "lost_card"},
		Sequence: 4, UpdatedAt: w.at(218), LookAt: w.at(219),
	}
	x.settings = pay.BillingSettings{Owner: w.Owner, Terms: pay.DefaultBilling, UpdatedAt: w.at(220)}
	x.settings.Terms.Dunning.RetryDays = []int{1}
	x.mail = pay.Mail{
		ID: NewID(), Owner: w.Owner, Template: pay.MailInvoice, Object: x.invoice.ID, Occasion: "once", Recipient: "a@example.com", CreatedAt: w.at(221),
		From: "b@example.com", ReplyTo: "c@example.com", Locale: "de-AT", Subject: "s", Text: "t", HTML: "<p>h", Status: pay.MailPending, Attempts: 2,
		Problem: "p", NextAt: w.at(222), UpdatedAt: w.at(223),
	}
	x.template = pay.CustomTemplate{Owner: w.Owner, Name: pay.MailInvoice, Subject: "s", Text: "t", HTML: "h", UpdatedAt: w.at(224)}
	return x
}

// insert keeps all of it.
func (x billed) insert(tx *store.Tx) error {
	for _, err := range []error{
		tx.InsertAccount(x.account), tx.InsertPlan(x.plan), tx.InsertSubscription(x.subscription), tx.InsertInvoice(x.invoice), tx.SetBillingSettings(x.settings),
		tx.InsertMail(x.mail), tx.SetMailTemplate(x.template),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

func rowsBilling(t *testing.T, w *World) {
	x := w.newBilled()
	w.Read(t, func(tx *store.Tx) error {
		settings, err := tx.BillingSettings(w.Owner)
		assert.Equal(t, pay.BillingSettings{Owner: w.Owner, Terms: pay.DefaultBilling}, settings, "what holds when nothing was set")
		return err
	})
	w.Write(t, x.insert)
	same := func(*store.Tx) error { return nil }
	kept(t, w, same, x.plan, func(tx *store.Tx) (pay.Plan, error) { return tx.PlanByRef(w.Owner, x.plan.ProviderRef) })
	kept(t, w, same, x.subscription, func(tx *store.Tx) (pay.Subscription, error) {
		return tx.SubscriptionByRef(w.Owner, x.subscription.ProviderRef)
	})
	kept(t, w, same, x.invoice, func(tx *store.Tx) (pay.Invoice, error) { return tx.InvoiceByRef(w.Owner, x.invoice.ProviderRef) })
	kept(t, w, same, x.settings, func(tx *store.Tx) (pay.BillingSettings, error) { return tx.BillingSettings(w.Owner) })
	locked(t, w, x.plan, func(tx *store.Tx) (pay.Plan, error) { return tx.LockPlan(w.Owner, x.plan.ID) })
	locked(t, w, x.subscription, func(tx *store.Tx) (pay.Subscription, error) { return tx.LockSubscription(w.Owner, x.subscription.ID) })
	locked(t, w, x.invoice, func(tx *store.Tx) (pay.Invoice, error) { return tx.LockInvoice(w.Owner, x.invoice.ID) })
	lists(t, w, x)
	rowsMail(t, w, x)
	x.plan.Name, x.plan.Status, x.plan.Sequence = "Reader", pay.PlanArchived, 9
	kept(t, w, func(tx *store.Tx) error { return tx.UpdatePlan(x.plan) }, x.plan, func(tx *store.Tx) (pay.Plan, error) { return tx.Plan(w.Owner, x.plan.ID) })
	x.subscription.Status, x.subscription.SubscriptionDetails, x.subscription.Card = pay.SubscriptionCanceled, pay.SubscriptionDetails{}, ""
	kept(t, w, func(tx *store.Tx) error { return tx.UpdateSubscription(x.subscription) }, x.subscription, func(tx *store.Tx) (pay.Subscription, error) {
		return tx.Subscription(w.Owner, x.subscription.ID)
	})
	x.invoice.Status, x.invoice.Dunning, x.invoice.Lines = pay.InvoicePaid, pay.DunningState{}, nil
	kept(t, w, func(tx *store.Tx) error { return tx.UpdateInvoice(x.invoice) }, x.invoice, func(tx *store.Tx) (pay.Invoice, error) {
		return tx.Invoice(w.Owner, x.invoice.ID)
	})
}

func rowsMail(t *testing.T, w *World, x billed) {
	twin := x.mail
	twin.ID = NewID()
	err := w.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertMail(twin) })
	assert.Equal(t, pay.CodeExists, pay.CodeOf(err), "a customer is told once")
	template := func(tx *store.Tx) (pay.CustomTemplate, error) { return tx.MailTemplate(w.Owner, pay.MailInvoice) }
	kept(t, w, func(*store.Tx) error { return nil }, x.template, template)
	x.template.Text = "u"
	kept(t, w, func(tx *store.Tx) error { return tx.SetMailTemplate(x.template) }, x.template, template)
	w.Write(t, func(tx *store.Tx) error { return tx.DeleteMailTemplate(w.Owner, pay.MailInvoice) })
	w.Read(t, func(tx *store.Tx) error {
		_, err := template(tx)
		assert.Equal(t, pay.CodeNotFound, pay.CodeOf(err))
		found, err := tx.Mails(w.Owner, pay.MailFilter{Statuses: []pay.MailStatus{pay.MailPending}, Object: x.invoice.ID}, pay.Page{})
		assert.Equal(t, []pay.Mail{x.mail}, found.Items)
		return err
	})
	x.mail.Subject, x.mail.Status, x.mail.NextAt = "other", pay.MailSent, x.mail.UpdatedAt
	kept(t, w, func(tx *store.Tx) error { return tx.UpdateMail(x.mail) }, x.mail, func(tx *store.Tx) (pay.Mail, error) { return tx.Mail(w.Owner, x.mail.ID) })
}

// lists reads what was kept by every list that has it.
func lists(t *testing.T, w *World, x billed) {
	w.Read(t, func(tx *store.Tx) error {
		plans, err := tx.Plans(w.Owner, pay.PlanFilter{Statuses: []pay.PlanStatus{pay.PlanActive}, Account: x.account.ID}, pay.Page{})
		require.NoError(t, err)
		assert.Equal(t, []pay.Plan{x.plan}, plans.Items)
		subscriptions, err := tx.Subscriptions(w.Owner, pay.SubscriptionFilter{Customer: w.Customer.ID, Plan: x.plan.ID, Account: x.account.ID}, pay.Page{})
		require.NoError(t, err)
		assert.Equal(t, []pay.Subscription{x.subscription}, subscriptions.Items)
		invoices, err := tx.Invoices(w.Owner, pay.InvoiceFilter{Subscription: x.subscription.ID, Customer: w.Customer.ID, Account: x.account.ID}, pay.Page{})
		require.NoError(t, err)
		assert.Equal(t, []pay.Invoice{x.invoice}, invoices.Items)
		open, err := tx.OpenInvoices(w.Owner, x.subscription.ID)
		assert.Equal(t, []pay.Invoice{x.invoice}, open)
		return err
	})
}

// testBillingSweeps asks what is due, of whichever owner.
func testBillingSweeps(t *testing.T, s *store.Store) {
	w := NewWorld(t, s)
	x := w.newBilled()
	w.Write(t, x.insert)
	look := func(find func(tx *store.Tx) (int, error)) int {
		n := 0
		w.Read(t, func(tx *store.Tx) (err error) { n, err = find(tx); return err })
		return n
	}
	retries := func(clock string, at int) int {
		return look(func(tx *store.Tx) (int, error) {
			due, err := tx.RetryInvoices(clock, w.at(at), 9)
			return len(due), err
		})
	}
	assert.Equal(t, []int{0, 1, 0}, []int{retries("clock_1", 216), retries("clock_1", 217), retries("", 217)})
	assert.Zero(t, look(func(tx *store.Tx) (int, error) { due, err := tx.DueInvoices(w.at(218), 9); return len(due), err }))
	assert.Equal(t, 1, look(func(tx *store.Tx) (int, error) { due, err := tx.DueInvoices(w.at(219), 9); return len(due), err }))
	assert.Equal(t, 1, look(func(tx *store.Tx) (int, error) { due, err := tx.DueSubscriptions(w.at(211), 9); return len(due), err }))
	assert.Equal(t, 1, look(func(tx *store.Tx) (int, error) { due, err := tx.StaleMails(w.at(222), 9); return len(due), err }))
	urgent := func(tx *store.Tx) (int, error) { due, err := tx.UrgentInvoices(9); return len(due), err }
	sandboxed := func(tx *store.Tx) (int, error) { due, err := tx.SandboxInvoices(9); return len(due), err }
	assert.Equal(t, []int{0, 0}, []int{look(urgent), look(sandboxed)})
	x.invoice.ClockRef, x.invoice.Dunning = "", x.invoice.Dunning.Hurry()
	w.Write(t, func(tx *store.Tx) error { return tx.UpdateInvoice(x.invoice) })
	assert.Equal(t, []int{1, 0}, []int{look(urgent), look(sandboxed)}, "the connection is not a sandbox")
}

// strangerBilling asks for what w bills, and changes it, as somebody else.
func strangerBilling(t *testing.T, stranger, w *World, tried map[string]bool) {
	x, o := w.newBilled(), stranger.Owner
	w.Write(t, x.insert)
	theirs := x
	theirs.plan.Owner, theirs.subscription.Owner, theirs.invoice.Owner, theirs.mail.Owner = o, o, o, o
	missing := map[string]func(tx *store.Tx) error{
		"Plan":               func(tx *store.Tx) error { _, err := tx.Plan(o, x.plan.ID); return err },
		"LockPlan":           func(tx *store.Tx) error { _, err := tx.LockPlan(o, x.plan.ID); return err },
		"PlanByRef":          func(tx *store.Tx) error { _, err := tx.PlanByRef(o, x.plan.ProviderRef); return err },
		"UpdatePlan":         func(tx *store.Tx) error { return tx.UpdatePlan(theirs.plan) },
		"Subscription":       func(tx *store.Tx) error { _, err := tx.Subscription(o, x.subscription.ID); return err },
		"LockSubscription":   func(tx *store.Tx) error { _, err := tx.LockSubscription(o, x.subscription.ID); return err },
		"SubscriptionByRef":  func(tx *store.Tx) error { _, err := tx.SubscriptionByRef(o, x.subscription.ProviderRef); return err },
		"UpdateSubscription": func(tx *store.Tx) error { return tx.UpdateSubscription(theirs.subscription) },
		"Invoice":            func(tx *store.Tx) error { _, err := tx.Invoice(o, x.invoice.ID); return err },
		"LockInvoice":        func(tx *store.Tx) error { _, err := tx.LockInvoice(o, x.invoice.ID); return err },
		"Mail":               func(tx *store.Tx) error { _, err := tx.Mail(o, x.mail.ID); return err },
		"UpdateMail":         func(tx *store.Tx) error { return tx.UpdateMail(theirs.mail) },
		"MailTemplate":       func(tx *store.Tx) error { _, err := tx.MailTemplate(o, x.template.Name); return err },
		"InvoiceByRef":       func(tx *store.Tx) error { _, err := tx.InvoiceByRef(o, x.invoice.ProviderRef); return err },
		"UpdateInvoice":      func(tx *store.Tx) error { return tx.UpdateInvoice(theirs.invoice) },
	}
	for name, try := range missing {
		tried[name] = true
		assert.Equal(t, pay.CodeNotFound, pay.CodeOf(stranger.Store.Write(t.Context(), try)), name)
	}
	for name, try := range map[string]func(tx *store.Tx) error{
		"InsertPlan":         func(tx *store.Tx) error { return tx.InsertPlan(theirs.plan) },
		"InsertSubscription": func(tx *store.Tx) error { return tx.InsertSubscription(theirs.subscription) },
		"InsertInvoice":      func(tx *store.Tx) error { return tx.InsertInvoice(theirs.invoice) },
	} {
		tried[name] = true
		if err := stranger.Store.Write(t.Context(), try); assert.Error(t, err, name) {
			assert.Contains(t, strings.ToLower(err.Error()), "foreign key", name)
		}
	}
	strangerBillingLists(t, stranger, x, tried)
	w.Read(t, func(tx *store.Tx) error {
		s, err := tx.Subscription(w.Owner, x.subscription.ID)
		assert.Equal(t, x.subscription, s, "a stranger changed it")
		require.NoError(t, err)
		own, err := tx.MailTemplate(w.Owner, x.template.Name)
		assert.Equal(t, x.template, own, "a stranger changed it")
		return err
	})
}

func strangerBillingLists(t *testing.T, stranger *World, x billed, tried map[string]bool) {
	o := stranger.Owner
	for _, name := range []string{"Plans", "Subscriptions", "Invoices", "OpenInvoices", "BillingSettings", "SetBillingSettings", "Mails", "InsertMail",
		"SetMailTemplate", "DeleteMailTemplate"} {
		tried[name] = true
	}
	stranger.Write(t, func(tx *store.Tx) error {
		plans, err := tx.Plans(o, pay.PlanFilter{}, pay.Page{})
		require.NoError(t, err)
		subscriptions, err := tx.Subscriptions(o, pay.SubscriptionFilter{}, pay.Page{})
		require.NoError(t, err)
		invoices, err := tx.Invoices(o, pay.InvoiceFilter{}, pay.Page{})
		require.NoError(t, err)
		open, err := tx.OpenInvoices(o, x.subscription.ID)
		require.NoError(t, err)
		mails, err := tx.Mails(o, pay.MailFilter{}, pay.Page{})
		require.NoError(t, err)
		assert.Zero(t, len(plans.Items)+len(subscriptions.Items)+len(invoices.Items)+len(open)+len(mails.Items))
		require.NoError(t, tx.DeleteMailTemplate(o, x.template.Name))
		own := x.template
		own.Owner = o
		require.NoError(t, tx.SetMailTemplate(own))
		require.NoError(t, tx.DeleteMailTemplate(o, x.template.Name))
		settings, err := tx.BillingSettings(o)
		assert.Equal(t, pay.DefaultBilling, settings.Terms)
		require.NoError(t, tx.SetBillingSettings(pay.BillingSettings{Owner: o, Terms: pay.DefaultBilling, UpdatedAt: stranger.Now}))
		return err
	})
}
