package sandbox

import (
	"fmt"
	"net/http"
)

// applicationFee is what a platform keeps of a connected account's payment (§2.13).
type applicationFee struct {
	head
	Account                string        `json:"account" expand:"account"`
	Amount                 int64         `json:"amount"`
	AmountRefunded         int64         `json:"amount_refunded"`
	Application            string        `json:"application"`
	BalanceTransaction     *string       `json:"balance_transaction" expand:"balance_transaction"`
	Charge                 string        `json:"charge" expand:"charge"`
	Created                int64         `json:"created"`
	Currency               string        `json:"currency"`
	FeeSource              feeSource     `json:"fee_source"`
	Livemode               bool          `json:"livemode"`
	OriginatingTransaction *string       `json:"originating_transaction" expand:"charge"`
	Refunded               bool          `json:"refunded"`
	Refunds                feeRefundList `json:"refunds"`
}

func (f *applicationFee) createdAt() int64 { return f.Created }

type feeSource struct {
	Charge string `json:"charge"`
	Type   string `json:"type"`
}

// feeRefund gives all or part of an application fee back to who paid it.
type feeRefund struct {
	head
	Amount             int64             `json:"amount"`
	BalanceTransaction *string           `json:"balance_transaction" expand:"balance_transaction"`
	Created            int64             `json:"created"`
	Currency           string            `json:"currency"`
	Fee                string            `json:"fee" expand:"application_fee"`
	Metadata           map[string]string `json:"metadata"`
}

func (r *feeRefund) createdAt() int64 { return r.Created }

// feeRefundList is the newest refunds inside their fee.
type feeRefundList struct {
	Object     string       `json:"object"`
	Data       []*feeRefund `json:"data"`
	HasMore    bool         `json:"has_more"`
	TotalCount int          `json:"total_count"`
	URL        string       `json:"url"`
}

var (
	applicationFees = declare[applicationFee](kind{name: "application_fee", prefix: "fee_1", length: 23, noun: "application fee"})
	feeRefunds      = declare[feeRefund](kind{name: "fee_refund", prefix: "fr_1", length: 23, noun: "fee refund"})
)

func applicationFeeResource() *resource {
	id := &applicationFees.kind
	return &resource{
		kind: id,
		indexes: func(o object) []indexKey {
			f := o.(*applicationFee)
			return []indexKey{{"charge", f.Charge}}
		},
		routes: []route{
			{method: http.MethodGet, path: "/v1/application_fees", title: "List application fees", returns: id, list: true,
				params: paged(text("charge")), do: listFees},
			{method: http.MethodGet, path: "/v1/application_fees/{id}", title: "Retrieve an application fee", returns: id, do: applicationFees.retrieve},
		},
	}
}

func feeRefundResource() *resource {
	id := &feeRefunds.kind
	const path = "/v1/application_fees/{id}/refunds"
	return &resource{
		kind:    id,
		indexes: func(o object) []indexKey { return []indexKey{{"fee", o.(*feeRefund).Fee}} },
		routes: []route{
			{method: http.MethodPost, path: path, title: "Give an application fee back, or part of it", returns: id,
				params: []param{integer("amount"), metadata()}, do: createFeeRefund},
			{method: http.MethodPost, path: "/v1/application_fees/{id}/refund", title: "Give an application fee back (older name)", returns: &applicationFees.kind,
				params: []param{integer("amount"), text("directive")}, do: refundFee},
			{method: http.MethodGet, path: path, title: "List the refunds of a fee", returns: id, list: true, params: paged(), do: listFeeRefunds},
			{method: http.MethodGet, path: path + "/{sub}", title: "Retrieve a fee refund", returns: id, do: retrieveFeeRefund},
			{method: http.MethodPost, path: path + "/{sub}", title: "Update a fee refund's metadata", returns: id, params: []param{metadata()}, do: updateFeeRefund},
		},
	}
}

// applicationFee is the line about a platform's fee in what a connected account
// is charged; giving it back is a negative one.
func (a *account) applicationFee(amount int64, currency string) feeDetail {
	return feeDetail{amount, pointer(a.application()), currency, platformName + " application fee", "application_fee"}
}

// earning is a fee about to be taken of a connected account's charge.
type earning struct {
	amount      int64 // minor units
	of          *charge
	account     string
	originating *string
	availableOn int64 // Unix seconds
}

// take books the platform's fee; the connected account's side is in the entry
// of its charge.
func (e earning) take(platform *work) *applicationFee {
	made := applicationFees.add(platform, &applicationFee{
		Account: e.account, Amount: e.amount, Application: platform.account.application(), Charge: e.of.ID, Created: platform.now,
		Currency: e.of.Currency, FeeSource: feeSource{e.of.ID, "charge"}, OriginatingTransaction: e.originating,
	})
	made.Refunds = feeRefundList{Object: "list", Data: []*feeRefund{}, URL: "/v1/application_fees/" + made.ID + "/refunds"}
	made.BalanceTransaction = enter(platform, balanceTransaction{Amount: e.amount, AvailableOn: e.availableOn, Currency: e.of.Currency,
		ReportingCategory: "platform_earning", Source: made.ID, Type: "application_fee"})
	e.of.ApplicationFee = &made.ID
	emitLater(platform, "application_fee.created", made)
	return made
}

// feeOf is the application fee of a charge, nil when there is none.
func feeOf(platform *work, charge string) *applicationFee {
	for _, f := range applicationFees.where(platform, indexKey{"charge", charge}) {
		return f
	}
	return nil
}

// giveBack books the platform's side of a fee refund.
func (f *applicationFee) giveBack(platform *work, amount int64) *feeRefund {
	next := applicationFees.edit(platform, f.ID)
	made := feeRefunds.add(platform, &feeRefund{Amount: amount, Created: platform.now, Currency: f.Currency, Fee: f.ID, Metadata: map[string]string{}})
	first, _ := balanceTransactions.find(platform, *f.BalanceTransaction)
	made.BalanceTransaction = enter(platform, balanceTransaction{Amount: -amount, AvailableOn: first.AvailableOn, Currency: f.Currency,
		ReportingCategory: "platform_earning_refund", Source: made.ID, Type: "application_fee_refund"})
	next.AmountRefunded += amount
	next.Refunded = next.AmountRefunded == next.Amount
	list := next.Refunds
	list.Data = append([]*feeRefund{made}, list.Data[:min(len(list.Data), shownInside-1)]...)
	list.TotalCount++
	list.HasMore = list.TotalCount > len(list.Data)
	next.Refunds = list
	emitLater(platform, "application_fee.refunded", next)
	return made
}

// refundAlone gives a fee back that no refund of a charge carries: the
// connected account sees an adjustment.
func refundAlone(c *call) (*feeRefund, error) {
	f, err := applicationFees.fromPath(c)
	if err != nil {
		return nil, err
	}
	left := f.Amount - f.AmountRefunded
	amount, sent := c.integer("amount")
	if !sent {
		amount = left
	}
	switch {
	case left == 0:
		return nil, badState("", "Application fee "+f.ID+" has already been refunded.")
	case amount < 1:
		return nil, badParam("amount", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	case amount > left:
		return nil, badState("", fmt.Sprintf("Refund amount (%s) is greater than unrefunded amount on fee (%s)", spell(amount, f.Currency), spell(left, f.Currency))).withParam("amount")
	}
	made := f.giveBack(c.work, amount)
	first, _ := balanceTransactions.find(c.work, *f.BalanceTransaction)
	enter(c.in(f.Account), balanceTransaction{Amount: amount, AvailableOn: first.AvailableOn, Currency: f.Currency,
		Description: pointer("Refund of an application fee (" + f.ID + ")"), ReportingCategory: "other_adjustment", Source: f.Charge, Type: "adjustment"})
	return made, nil
}

func createFeeRefund(c *call) (any, error) {
	made, err := refundAlone(c)
	if err != nil {
		return nil, err
	}
	return made, c.setMetadata(&made.Metadata)
}

func refundFee(c *call) (any, error) {
	if _, err := refundAlone(c); err != nil {
		return nil, err
	}
	f, _ := applicationFees.find(c.work, c.id)
	return f, nil
}

func listFees(c *call) (any, error) {
	return c.pageOf(query{kind: &applicationFees.kind, key: c.filtered("charge")})
}

func listFeeRefunds(c *call) (any, error) {
	if _, err := applicationFees.fromPath(c); err != nil {
		return nil, err
	}
	return c.pageOf(query{kind: &feeRefunds.kind, key: indexKey{"fee", c.id}})
}

// feeRefundInPath is the refund that the path names, of its fee.
func (c *call) feeRefundInPath() (*feeRefund, error) {
	id := c.request.PathValue("sub")
	found, ok := feeRefunds.find(c.work, id)
	if !ok || found.Fee != c.id {
		return nil, noSuch(http.StatusNotFound, feeRefunds.noun, id, "id")
	}
	return found, nil
}

func retrieveFeeRefund(c *call) (any, error) {
	found, err := c.feeRefundInPath()
	if err != nil {
		return nil, err
	}
	return found, nil
}

func updateFeeRefund(c *call) (any, error) {
	found, err := c.feeRefundInPath()
	if err != nil {
		return nil, err
	}
	next := feeRefunds.edit(c.work, found.ID)
	if err := c.setMetadata(&next.Metadata); err != nil {
		return nil, err
	}
	f, _ := applicationFees.find(c.work, next.Fee)
	emit(c.work, "application_fee.refund.updated", f)
	return next, nil
}
