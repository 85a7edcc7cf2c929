package dashboard

import "florin/internal/pay"

// mailList is what the list of mails shows.
type mailList struct {
	Items  []pay.Mail
	Status string
	Next   string
}

func (d *dashboard) mails(v *visit) error {
	shown := mailList{Status: v.query().Get("status")}
	var filter pay.MailFilter
	if shown.Status != "" {
		filter.Statuses = []pay.MailStatus{pay.MailStatus(shown.Status)}
	}
	list, err := d.engine.Mails(v.ctx(), v.owner(), filter, pay.Page{Limit: paymentPage, Cursor: v.query().Get("cursor")})
	if err != nil {
		return err
	}
	shown.Items, shown.Next = list.Items, nextPage(v, list.Next)
	return d.show(v, "Mails", mailsPage(shown))
}

// mail shows one mail as text: what a merchant's template holds is not run in
// the dashboard.
func (d *dashboard) mail(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	m, err := d.engine.Mail(v.ctx(), v.owner(), id)
	if err != nil {
		return err
	}
	return d.show(v, m.Subject, mailPage(m))
}
