package sandbox

import "net/http"

// topupDays is how many business days a top-up takes from a US bank; Stripe
// names none for test mode, and a payout takes as long.
const topupDays = 1

// Statuses of a top-up (§2.14).
const (
	topupPending   = "pending"
	topupSucceeded = "succeeded"
	topupFailed    = "failed"
	topupCanceled  = "canceled"
)

// topup moves money from a platform's bank to its balance (§2.14).
type topup struct {
	head
	Amount                   int64             `json:"amount"`
	ArrivalDate              *int64            `json:"arrival_date"`
	BalanceTransaction       *string           `json:"balance_transaction" expand:"balance_transaction"`
	Created                  int64             `json:"created"`
	Currency                 string            `json:"currency"`
	Description              *string           `json:"description"`
	ExpectedAvailabilityDate *int64            `json:"expected_availability_date"`
	FailureCode              *string           `json:"failure_code"`
	FailureMessage           *string           `json:"failure_message"`
	Livemode                 bool              `json:"livemode"`
	Metadata                 map[string]string `json:"metadata"`
	Source                   none              `json:"source"`
	StatementDescriptor      *string           `json:"statement_descriptor"`
	Status                   string            `json:"status"`
	TransferGroup            *string           `json:"transfer_group"`

	secret topupSecret
}

type topupSecret struct {
	DueAt  int64  `json:"due_at,omitempty"` // Unix seconds
	Number string `json:"number,omitempty"` // of the bank account; it decides how the top-up ends
}

func (t *topup) private() any     { return &t.secret }
func (t *topup) createdAt() int64 { return t.Created }

var topups = declare[topup](kind{name: "topup", prefix: "tu_1", length: 23, noun: "top-up", param: "topup"})

func topupResource() *resource {
	id := &topups.kind
	return &resource{
		kind:    id,
		indexes: func(o object) []indexKey { return []indexKey{{"status", o.(*topup).Status}} },
		due:     func(o object) int64 { return o.(*topup).secret.DueAt },
		wake:    settleTopup,
		routes: []route{
			{method: http.MethodPost, path: "/v1/topups", title: "Add money to the balance from a bank", returns: id,
				params: []param{integer("amount").must(), text("currency").must(), text("description"), metadata(), text("source"),
					shortText("statement_descriptor", 15), text("transfer_group")}, do: createTopup},
			{method: http.MethodGet, path: "/v1/topups", title: "List top-ups", returns: id, list: true,
				params: paged(enum("status", topupCanceled, topupFailed, topupPending, topupSucceeded),
					hash("amount", integer("gt"), integer("gte"), integer("lt"), integer("lte")).orValue()), do: listTopups},
			{method: http.MethodGet, path: "/v1/topups/{id}", title: "Retrieve a top-up", returns: id, do: topups.retrieve},
			{method: http.MethodPost, path: "/v1/topups/{id}", title: "Update a top-up's description or metadata", returns: id,
				params: []param{text("description"), metadata()}, do: updateTopup},
			{method: http.MethodPost, path: "/v1/topups/{id}/cancel", title: "Cancel a pending top-up", returns: id, do: cancelTopup},
		},
	}
}

func createTopup(c *call) (any, error) {
	if c.account.connected() {
		return nil, badState("platform_account_required", "Top-ups are only available to platforms.")
	}
	currency, err := c.currencyOf("currency")
	if err != nil {
		return nil, err
	}
	amount, _ := c.integer("amount")
	if amount < 1 {
		return nil, badParam("amount", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	}
	number, err := c.topupSource()
	if err != nil {
		return nil, err
	}
	at := businessDay(c.now, topupDays)
	made := topups.add(c.work, &topup{
		Amount: amount, ArrivalDate: &at, Created: c.now, Currency: currency, ExpectedAvailabilityDate: &at, Metadata: map[string]string{},
		Status: topupPending, secret: topupSecret{at, number},
	})
	c.setText("description", &made.Description)
	c.setText("statement_descriptor", &made.StatementDescriptor)
	c.setText("transfer_group", &made.TransferGroup)
	if err := c.setMetadata(&made.Metadata); err != nil {
		return nil, err
	}
	emit(c.work, "topup.created", made)
	return made, nil
}

// topupSource is the number of the bank account that pays; without a source,
// Stripe's test bank does.
func (c *call) topupSource() (string, error) {
	id := c.text("source")
	if number := failingBanks[id]; number != "" || id == "" {
		return number, nil
	}
	bank, err := bankOfToken(c, id, "source")
	if err != nil {
		return "", err
	}
	return bank.secret.Number, nil
}

// settleTopup is the day on which the bank pays, or refuses.
func settleTopup(w *work, id string) error {
	t := topups.edit(w, id)
	t.secret.DueAt = 0
	if why, fails := bankFailures[t.secret.Number]; fails {
		t.Status, t.FailureCode, t.FailureMessage = topupFailed, &why.code, &why.message
		emit(w, "topup.failed", t)
		return nil
	}
	t.Status = topupSucceeded
	t.BalanceTransaction = enter(w, balanceTransaction{Amount: t.Amount, Currency: t.Currency, Description: t.Description,
		ReportingCategory: "topup", Source: t.ID, Type: "topup"})
	emit(w, "topup.succeeded", t)
	return nil
}

func cancelTopup(c *call) (any, error) {
	old, err := topups.fromPath(c)
	if err != nil {
		return nil, err
	}
	if old.Status != topupPending {
		return nil, badState("", "Top-up "+old.ID+" cannot be canceled because it has a status of "+old.Status+". Only pending top-ups can be canceled.")
	}
	next := topups.edit(c.work, c.id)
	next.Status, next.secret.DueAt = topupCanceled, 0
	emit(c.work, "topup.canceled", next)
	return next, nil
}

func updateTopup(c *call) (any, error) {
	if _, err := topups.fromPath(c); err != nil {
		return nil, err
	}
	next := topups.edit(c.work, c.id)
	c.setText("description", &next.Description)
	return next, c.setMetadata(&next.Metadata)
}

func listTopups(c *call) (any, error) {
	status, amount := c.text("status"), within(c, "amount")
	return c.pageOf(query{kind: &topups.kind, key: c.filtered("status"), keep: func(o object) bool {
		t := o.(*topup)
		return (status == "" || t.Status == status) && amount(t.Amount)
	}})
}
