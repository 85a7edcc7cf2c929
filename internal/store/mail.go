package store

import (
	"time"

	"florin/internal/pay"
)

var mails = define(table[pay.Mail]{
	name:    "mails",
	what:    "mail",
	fixed:   "merchant mode id template object occasion recipient created_at",
	mutable: "sender reply_to locale subject body_text body_html status attempts problem next_at updated_at",
	fields: func(m *pay.Mail) []any {
		return []any{
			&m.Owner.Merchant, &m.Owner.Mode, &m.ID, &m.Template, &m.Object, &m.Occasion, &m.Recipient, moment{&m.CreatedAt},
			&m.From, &m.ReplyTo, &m.Locale, &m.Subject, &m.Text, &m.HTML, &m.Status, &m.Attempts, &m.Problem, moment{&m.NextAt}, moment{&m.UpdatedAt},
		}
	},
})

var mailsNewest = order[pay.Mail]{
	name: "mails", columns: []string{"created_at"}, descending: true,
	key: func(m pay.Mail) []int64 { return []int64{micros(m.CreatedAt)} },
	id:  func(m pay.Mail) string { return string(m.ID) },
}

// InsertMail notes a mail.
//
// Errors: already_exists, when the same was noted before.
func (tx *Tx) InsertMail(m pay.Mail) error { return mails.insert(tx, m) }

// Mail reads a mail.
//
// Errors: not_found.
func (tx *Tx) Mail(o pay.Owner, id pay.ID) (pay.Mail, error) { return mails.get(tx, o, id) }

// UpdateMail writes all that may change of a mail.
//
// Errors: not_found.
func (tx *Tx) UpdateMail(m pay.Mail) error { return mails.update(tx, m, m.ID) }

// Mails lists the mails that match a filter, newest first.
//
// Errors: invalid_cursor.
func (tx *Tx) Mails(o pay.Owner, f pay.MailFilter, page pay.Page) (pay.List[pay.Mail], error) {
	c := owned(o)
	if f.Object != "" {
		c.and("object =", f.Object)
	}
	return listAny(tx, mails, oneOf(c, "status =", f.Statuses), mailsNewest, page)
}

// StaleMails reads up to limit mails of every owner that should have been sent
// before a time, the oldest first.
func (tx *Tx) StaleMails(before time.Time, limit int) ([]pay.Mail, error) {
	return mails.all(tx, "WHERE next_at > 0 AND next_at <= $1 ORDER BY next_at, id LIMIT $2", micros(before), limit)
}

var mailTemplates = define(table[pay.CustomTemplate]{
	name:    "mail_templates",
	what:    "template of your own",
	fixed:   "merchant mode id",
	mutable: "subject body_text body_html updated_at",
	fields: func(t *pay.CustomTemplate) []any {
		return []any{&t.Owner.Merchant, &t.Owner.Mode, &t.Name, &t.Subject, &t.Text, &t.HTML, moment{&t.UpdatedAt}}
	},
})

// MailTemplate reads a merchant's own template.
//
// Errors: not_found.
func (tx *Tx) MailTemplate(o pay.Owner, name pay.MailTemplate) (pay.CustomTemplate, error) {
	return mailTemplates.get(tx, o, pay.ID(name))
}

// SetMailTemplate keeps a merchant's own template in place of what was there.
func (tx *Tx) SetMailTemplate(t pay.CustomTemplate) error {
	if err := tx.DeleteMailTemplate(t.Owner, t.Name); err != nil {
		return err
	}
	return mailTemplates.insert(tx, t)
}

// DeleteMailTemplate brings the built-in template back, if it was replaced.
func (tx *Tx) DeleteMailTemplate(o pay.Owner, name pay.MailTemplate) error {
	_, err := tx.exec("DELETE FROM mail_templates WHERE merchant = $1 AND mode = $2 AND id = $3", o.Merchant, o.Mode, name)
	return err
}
