package sandbox

import (
	"net/http"
	"strings"
)

// maxBanks is how many bank accounts one account may have; Stripe names no
// number, and nobody has more.
const maxBanks = 100

// bankErrored is a bank account to which a payout failed: nothing more is sent
// there (§2.12).
const bankErrored = "errored"

// failingBanks are the test tokens of accounts to which no money can be sent,
// by their numbers (§3.10).
var failingBanks = map[string]string{
	"btok_us_verified_noAccount":          "000111111116",
	"btok_us_verified_accountClosed":      "000111111113",
	"btok_us_verified_insufficientFunds":  "000222222227",
	"btok_us_verified_debitNotAuthorized": "000333333335",
	"btok_us_verified_invalidCurrency":    "000444444440",
	"btok_us_verified_lateFailure":        lateBank,
}

// lateBank is the sandbox's own: it takes a payout, and sends it back later. A
// bank may do so within five business days (§2.12), and Stripe has no test
// number for it.
const lateBank = "000888888883"

// bankFailure is why a bank took no money, or gave none.
type bankFailure struct{ code, message string }

// bankFailures is how money to or from a test number fails (§3.10).
var bankFailures = map[string]bankFailure{
	"000111111116": {"no_account", "The bank account could not be located."},
	"000111111113": {"account_closed", "The bank account has been closed."},
	"000222222227": {"insufficient_funds", "The account does not have enough funds."},
	"000333333335": {"debit_not_authorized", "Debit transactions are not approved on the bank account."},
	"000444444440": {"invalid_currency", "The bank was unable to process this transfer because of its currency."},
}

// bankList is a page of bank accounts inside another object.
type bankList struct {
	Object     string         `json:"object"`
	Data       []*bankAccount `json:"data"`
	HasMore    bool           `json:"has_more"`
	TotalCount int            `json:"total_count"`
	URL        string         `json:"url"`
}

// externalAccountParam is a bank account, or the token of one.
var externalAccountParam = hash("external_account", append(bankParams.fields, boolean("default_for_currency"), metadata())...).orToken()

func externalAccountRoutes() []route {
	const path = "/v1/accounts/{id}/external_accounts"
	id := &bankAccounts.kind
	changes := []param{text("account_holder_name"), enum("account_holder_type", "company", "individual").clearable(), boolean("default_for_currency"), metadata()}
	return []route{
		{method: http.MethodPost, path: path, title: "Add a bank account for payouts", returns: id,
			params: []param{externalAccountParam.must(), boolean("default_for_currency"), metadata()}, do: createExternal},
		{method: http.MethodGet, path: path, title: "List where payouts may go", returns: id, list: true, params: paged(text("object")), do: listExternal},
		{method: http.MethodGet, path: path + "/{sub}", title: "Retrieve a bank account", returns: id, do: retrieveExternal},
		{method: http.MethodPost, path: path + "/{sub}", title: "Update a bank account", returns: id, params: changes, do: updateExternal},
		{method: http.MethodDelete, path: path + "/{sub}", title: "Delete a bank account", do: deleteExternal},
	}
}

func (h *holder) banks() []*bankAccount { return bankAccounts.where(h.own, indexKey{"account", h.id}) }

func (h *holder) bankList() *bankList {
	have := h.banks()
	return &bankList{Object: "list", Data: append([]*bankAccount{}, have...), TotalCount: len(have), URL: "/v1/accounts/" + h.id + "/external_accounts"}
}

// defaultBank is where payouts of a currency go, nil when there is nowhere.
func (h *holder) defaultBank(currency string) *bankAccount {
	for _, bank := range h.banks() {
		if bank.Currency == currency && bank.DefaultForCurrency != nil && *bank.DefaultForCurrency {
			return bank
		}
	}
	return nil
}

// platformBank is where a platform's payouts go: Stripe's test bank, opened
// when the first payout in its default currency asks for it.
func (h *holder) platformBank(currency string) *bankAccount {
	if bank := h.defaultBank(currency); bank != nil || !h.account().isPlatform() || currency != h.account().DefaultCurrency {
		return bank
	}
	return h.keepBank(testBank(h.own, testBankNumber, currency))
}

// testBank is an account at Stripe's test bank, not stored.
func testBank(w *work, number, currency string) *bankAccount {
	return &bankAccount{
		Country: "US", Currency: currency, BankName: pointer("STRIPE TEST BANK"), Fingerprint: pointer(fingerprintOf(w.account.id, testRouting+number)),
		Last4: number[len(number)-4:], Metadata: map[string]string{}, RoutingNumber: pointer(testRouting), Status: bankNew,
		secret: bankSecret{Number: number, Created: w.now},
	}
}

// keepBank stores a bank account as the holder's; the first of a currency is
// its default.
func (h *holder) keepBank(bank *bankAccount) *bankAccount {
	first := h.defaultBank(bank.Currency) == nil
	bank.Account, bank.DefaultForCurrency, bank.PayoutMethods = &h.id, &first, []string{standardPayout, instantPayout}
	return bankAccounts.add(h.own, bank)
}

// addBank adds the bank account that external_account describes or names.
//
// Errors: resource_missing, token_already_used, and those of the bank's numbers.
func (h *holder) addBank(c *call, sent params) (*bankAccount, error) {
	if len(h.banks()) >= maxBanks {
		return nil, badState("", "You have reached the maximum number of external accounts.")
	}
	bank, err := externalBank(c.within(h.own), c, sent)
	if err != nil {
		return nil, err
	}
	made := h.keepBank(bank)
	details := sent.hash("external_account")
	if sent.yes("default_for_currency") || details.yes("default_for_currency") {
		h.makeDefault(made)
	}
	if err := details.setMetadata(&made.Metadata); err != nil {
		return nil, err
	}
	emit(h.own, "account.external_account.created", made)
	return made, nil
}

// externalBank reads external_account: a hash, a test token, or a token that
// the caller made.
func externalBank(in, caller *call, sent params) (*bankAccount, error) {
	details := sent.hash("external_account")
	if details.isHash() {
		return bankOf(in, details, "external_account")
	}
	id := sent.text("external_account")
	if number := failingBanks[id]; number != "" {
		return testBank(in.work, number, "usd"), nil
	}
	return bankOfToken(caller, id, "external_account")
}

// makeDefault sends payouts of the currency to this bank account from now on.
func (h *holder) makeDefault(chosen *bankAccount) {
	for _, bank := range h.banks() {
		if bank.Currency == chosen.Currency && bank.ID != chosen.ID {
			bankAccounts.edit(h.own, bank.ID).DefaultForCurrency = pointer(false)
		}
	}
	bankAccounts.edit(h.own, chosen.ID).DefaultForCurrency = pointer(true)
}

// createExternal adds a bank account. A platform may do so for itself too: at
// Stripe that is a page of the dashboard, and it is how a platform comes to
// settle in a further currency.
func createExternal(c *call) (any, error) {
	h, err := c.holder(c.id)
	if err != nil {
		return nil, err
	}
	before := *h.account()
	made, err := h.addBank(c, c.params)
	if err != nil {
		return nil, err
	}
	if err := c.setMetadata(&made.Metadata); err != nil || before.isPlatform() {
		return made, err
	}
	h.review(&before)
	return made, nil
}

func listExternal(c *call) (any, error) {
	h, err := c.holder(c.id)
	if err != nil {
		return nil, err
	}
	sort := c.text("object")
	return c.within(h.own).pageOf(query{kind: &bankAccounts.kind, key: indexKey{"account", h.id},
		keep: func(object) bool { return sort == "" || sort == bankAccounts.name }})
}

// bankInPath is the bank account that the path names, of the account it names.
func (c *call) bankInPath() (*holder, *bankAccount, error) {
	h, err := c.mayChange(c.id)
	if err != nil {
		return nil, nil, err
	}
	id := c.request.PathValue("sub")
	found, ok := bankAccounts.find(h.own, id)
	if !ok || value(found.Account) != h.id {
		return nil, nil, noSuch(http.StatusNotFound, "external account", id, "id")
	}
	return h, found, nil
}

func retrieveExternal(c *call) (any, error) {
	_, found, err := c.bankInPath()
	if err != nil {
		return nil, err
	}
	return found, nil
}

func updateExternal(c *call) (any, error) {
	h, found, err := c.bankInPath()
	if err != nil {
		return nil, err
	}
	before := *h.account()
	next := bankAccounts.edit(h.own, found.ID)
	c.setText("account_holder_name", &next.HolderName)
	c.setText("account_holder_type", &next.HolderType)
	if c.yes("default_for_currency") {
		h.makeDefault(next)
	}
	if err := c.setMetadata(&next.Metadata); err != nil {
		return nil, err
	}
	emitUpdated(h.own, "account.external_account.updated", next)
	h.review(&before)
	return next, nil
}

func deleteExternal(c *call) (any, error) {
	h, found, err := c.bankInPath()
	if err != nil {
		return nil, err
	}
	if found.DefaultForCurrency != nil && *found.DefaultForCurrency && strings.EqualFold(found.Currency, h.account().DefaultCurrency) {
		return nil, badState("", "You cannot delete the default external account for your default currency. Please make another external account the default using the `default_for_currency` param, and then delete this one.")
	}
	before := *h.account()
	emit(h.own, "account.external_account.deleted", found)
	left := bankAccounts.remove(h.own, found.ID, gone)
	h.review(&before)
	return left, nil
}
