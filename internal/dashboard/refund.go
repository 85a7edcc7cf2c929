package dashboard

import (
	"florin/internal/pay"
)

// refundList is what the list of refunds shows.
type refundList struct {
	Items                []pay.Refund
	Status, Since, Until string
	Next, Trouble        string
}

func (d *dashboard) refunds(v *visit) error {
	query := v.query()
	shown := refundList{Status: query.Get("status"), Since: query.Get("since"), Until: query.Get("until")}
	filter, err := shown.filter()
	if err != nil {
		shown.Trouble = err.Error()
		return d.show(v, "Refunds", refundsPage(shown))
	}
	list, err := d.engine.Refunds(v.ctx(), v.owner(), filter, pay.Page{Limit: paymentPage, Cursor: query.Get("cursor")})
	if err != nil {
		return err
	}
	shown.Items, shown.Next = list.Items, nextPage(v, list.Next)
	return d.show(v, "Refunds", refundsPage(shown))
}

func (l refundList) filter() (f pay.RefundFilter, err error) {
	if l.Status != "" {
		f.Statuses = []pay.RefundStatus{pay.RefundStatus(l.Status)}
	}
	f.Since, f.Until, err = between(l.Since, l.Until)
	return f, err
}

// refundStatuses are what the list can be narrowed down to.
var refundStatuses = []pay.RefundStatus{pay.RefundPending, pay.RefundCompleted, pay.RefundFailed, pay.RefundCanceled}
