package engine

import (
	"context"
	"slices"

	"florin/internal/pay"
	"florin/internal/store"
)

// MailTemplate is a merchant's own template, or the built-in one.
//
// Errors: not_found (no such name).
func (e *Engine) MailTemplate(ctx context.Context, o pay.Owner, name pay.MailTemplate) (pay.CustomTemplate, error) {
	if err := e.knownTemplate(name); err != nil {
		return pay.CustomTemplate{}, err
	}
	found, err := read(ctx, e, func(tx *store.Tx) (pay.CustomTemplate, error) { return tx.MailTemplate(o, name) })
	if pay.Is(err, pay.CodeNotFound) {
		return e.mailer.BuiltIn(name), nil
	}
	return found, err
}

func (e *Engine) knownTemplate(name pay.MailTemplate) error {
	if e.mailer == nil || !slices.Contains(pay.MailTemplates, name) {
		return pay.NotFound("template", name)
	}
	return nil
}

// SetMailTemplate replaces a built-in template by the merchant's own.
//
// Errors: not_found (no such name), invalid_field, missing_field, and those of
// the idempotency gate.
func (e *Engine) SetMailTemplate(ctx context.Context, ask Ask, t pay.CustomTemplate) (Reply, error) {
	if err := e.knownTemplate(t.Name); err != nil {
		return Reply{}, err
	}
	if err := e.mailer.CheckTemplate(t); err != nil {
		return Reply{}, err
	}
	return e.record(ctx, ask, func(tx *store.Tx) (Reply, error) {
		t.Owner, t.UpdatedAt = ask.Owner, tx.Now()
		return e.present.MailTemplate(t), tx.SetMailTemplate(t)
	})
}

// ResetMailTemplate brings a built-in template back.
//
// Errors: not_found (no such name), and those of the idempotency gate.
func (e *Engine) ResetMailTemplate(ctx context.Context, ask Ask, name pay.MailTemplate) (Reply, error) {
	if err := e.knownTemplate(name); err != nil {
		return Reply{}, err
	}
	return e.record(ctx, ask, func(tx *store.Tx) (Reply, error) {
		return e.present.MailTemplate(e.mailer.BuiltIn(name)), tx.DeleteMailTemplate(ask.Owner, name)
	})
}

// BillingSettings is how an owner wants renewals collected and mail written.
func (e *Engine) BillingSettings(ctx context.Context, o pay.Owner) (pay.BillingSettings, error) {
	return read(ctx, e, func(tx *store.Tx) (pay.BillingSettings, error) { return tx.BillingSettings(o) })
}

// SetBillingSettings keeps how an owner wants renewals collected and mail
// written; a part that is nil stays as it is. Schedules that are under way go
// on by the new one from their next try.
//
// Errors: invalid_field, and those of the idempotency gate.
func (e *Engine) SetBillingSettings(ctx context.Context, ask Ask, dunning *pay.Dunning, mail *pay.MailOptions) (Reply, error) {
	if dunning != nil {
		if err := dunning.Check(); err != nil {
			return Reply{}, err
		}
	}
	if mail != nil {
		if err := e.checkMail(*mail); err != nil {
			return Reply{}, err
		}
	}
	return e.record(ctx, ask, func(tx *store.Tx) (Reply, error) {
		settings, err := tx.BillingSettings(ask.Owner)
		if err != nil {
			return Reply{}, err
		}
		if dunning != nil {
			settings.Terms.Dunning = *dunning
		}
		if mail != nil {
			settings.Terms.Mail = *mail
		}
		settings.UpdatedAt = tx.Now()
		return e.present.BillingSettings(settings), tx.SetBillingSettings(settings)
	})
}

func (e *Engine) checkMail(m pay.MailOptions) error {
	if e.mailer != nil {
		if err := e.mailer.CheckLocale(m.Locale, "mail.locale"); err != nil {
			return err
		}
	}
	return first(checkEmail(m.From, "mail.from"), checkEmail(m.ReplyTo, "mail.reply_to"))
}
