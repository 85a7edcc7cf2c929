package dashboard

import (
	"encoding/json"
	"net/http"

	"florin/internal/engine"
	"florin/internal/pay"
)

// accountList is what the list of partners shows.
type accountList struct {
	Items  []pay.Account
	Status string
	Next   string
	Write  bool
	Once   string
}

var accountStatuses = []pay.AccountStatus{
	pay.AccountPending, pay.AccountEnabled, pay.AccountRestricted, pay.AccountRejected, pay.AccountFailed, pay.AccountRemoved,
}

func (d *dashboard) accounts(v *visit) error {
	shown := accountList{Status: v.query().Get("status"), Write: v.allows(pay.ScopeAccountsWrite), Once: once()}
	var filter pay.AccountFilter
	if shown.Status != "" {
		filter.Statuses = []pay.AccountStatus{pay.AccountStatus(shown.Status)}
	}
	list, err := d.engine.Accounts(v.ctx(), v.owner(), filter, pay.Page{Limit: paymentPage, Cursor: v.query().Get("cursor")})
	if err != nil {
		return err
	}
	shown.Items, shown.Next = list.Items, nextPage(v, list.Next)
	return d.show(v, "Partners", accountsPage(shown))
}

// accountShown is what the page of one partner shows.
type accountShown struct {
	Account  pay.Account
	Balances []pay.Balance
	Lines    []pay.LedgerLine
	Ledger   bool // whether balances may be seen
	Write    bool
	Once     string
}

// accountLines is how many of the newest bookings a partner's page shows.
const accountLines = 25

func (d *dashboard) account(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	account, err := d.engine.Account(v.ctx(), v.owner(), id)
	if err != nil {
		return err
	}
	shown := accountShown{Account: account, Ledger: v.allows(pay.ScopeLedgerRead), Write: v.allows(pay.ScopeAccountsWrite), Once: once()}
	if shown.Ledger {
		balance, err := d.engine.AccountBalance(v.ctx(), v.owner(), id)
		if err != nil {
			return err
		}
		lines, err := d.engine.LedgerLines(v.ctx(), v.owner(), pay.LedgerFilter{Accounts: pay.PartnerAccounts(id)}, pay.Page{Limit: accountLines})
		if err != nil {
			return err
		}
		shown.Balances, shown.Lines = balance.Balances, lines.Items
	}
	return d.show(v, "Partner "+account.Name, accountPage(shown))
}

func (d *dashboard) createAccount(v *visit) error {
	ask, err := v.ask()
	if err != nil {
		return err
	}
	reply, err := d.engine.CreateAccount(v.ctx(), ask, engine.AccountRequest{
		Type: pay.AccountType(v.field("type")), Country: v.field("country"), Email: v.field("email"), Name: v.field("name"),
	})
	if err != nil {
		return v.giveBack("/accounts", err)
	}
	return v.settle("/accounts/"+string(reply.Resource), "The partner was added. Send them a link to Stripe's page next.", reply, nil)
}

// linkAccount makes the page of Stripe's where the partner gives what is
// missing, and shows its address.
func (d *dashboard) linkAccount(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	ask, err := v.ask()
	if err != nil {
		return err
	}
	back := "/accounts/" + string(id)
	reply, err := d.engine.OnboardingLink(v.ctx(), ask, id, pay.LinkOrder{})
	if err != nil || reply.Status >= http.StatusBadRequest {
		return v.settle(back, "", reply, err)
	}
	var link struct {
		Data struct {
			URL string `json:"url"`
		} `json:"data"`
	}
	if err := json.Unmarshal(reply.Body, &link); err != nil {
		return err
	}
	return d.show(v, "A link for the partner", onboardingPage(back, link.Data.URL))
}
