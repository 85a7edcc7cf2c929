package dashboard

import "florin/internal/pay"

// transferList is what the list of transfers shows.
type transferList struct {
	Items        []pay.Transfer
	Names        map[pay.ID]string // of partners
	Since, Until string
	Next         string
	Trouble      string
}

func (d *dashboard) transfers(v *visit) error {
	query := v.query()
	shown := transferList{Since: query.Get("since"), Until: query.Get("until"), Names: map[pay.ID]string{}}
	var filter pay.TransferFilter
	var err error
	filter.Since, filter.Until, err = between(shown.Since, shown.Until)
	if err != nil {
		shown.Trouble = err.Error()
		return d.show(v, "Transfers", transfersPage(shown))
	}
	list, err := d.engine.Transfers(v.ctx(), v.owner(), filter, pay.Page{Limit: paymentPage, Cursor: query.Get("cursor")})
	if err != nil {
		return err
	}
	for _, t := range list.Items {
		if shown.Names[t.Account] != "" {
			continue
		}
		partner, err := d.engine.Account(v.ctx(), v.owner(), t.Account)
		if err != nil {
			return err
		}
		shown.Names[t.Account] = nameOf(partner)
	}
	shown.Items, shown.Next = list.Items, nextPage(v, list.Next)
	return d.show(v, "Transfers", transfersPage(shown))
}
