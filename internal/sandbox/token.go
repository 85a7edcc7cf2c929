package sandbox

import (
	"cmp"
	"net"
	"net/http"
	"strings"
)

// tokenAlias begins the test tokens that stand for a new card each time they
// are used (§3.1).
const tokenAlias = "tok_"

// token stands for something secret, once (§2.2): a browser trades a card for
// one, and a server, which must not see the card, uses it.
type token struct {
	head
	BankAccount *bankAccount `json:"bank_account,omitempty"`
	Card        *sourceCard  `json:"card,omitempty"`
	ClientIP    *string      `json:"client_ip"`
	Created     int64        `json:"created"`
	Livemode    bool         `json:"livemode"`
	Type        string       `json:"type"`
	Used        bool         `json:"used"`

	secret tokenSecret
}

// tokenSecret is what the token stands for and does not show.
type tokenSecret struct {
	BankNumber string `json:"bank_number,omitempty"`
}

func (t *token) private() any     { return &t.secret }
func (t *token) createdAt() int64 { return t.Created }

var tokens = declare[token](kind{name: "token", prefix: "tok_1", length: 23, param: "token"})

// tokenTypes are the parameters that a token can be made of, of which a
// request names one, and the prefixes of the tokens' ids.
var tokenTypes = []struct{ param, prefix string }{
	{"card", "tok_1"}, {"bank_account", "btok_1"}, {"pii", "pii_1"}, {"account", "ct_1"}, {"person", "cpt_1"}, {"cvc_update", "cvctok_1"},
}

func tokenResource() *resource {
	id := &tokens.kind
	return &resource{kind: id, routes: []route{
		{method: http.MethodPost, path: "/v1/tokens", title: "Create a single-use token of a card, a bank account or other secrets", returns: id, browser: true,
			params: []param{cardHashParams.orToken(), bankParams.orToken(), text("customer"), hash("pii", text("id_number")), anything("account"), anything("person"),
				hash("cvc_update", shortText("cvc", 5).must())}, do: createToken},
		{method: http.MethodGet, path: "/v1/tokens/{id}", title: "Retrieve a token; a test token makes a new one", returns: id, mints: true, do: retrieveToken},
	}}
}

func createToken(c *call) (any, error) {
	made, err := newToken(c)
	if err != nil {
		return nil, err
	}
	if host, _, err := net.SplitHostPort(c.request.RemoteAddr); err == nil {
		made.ClientIP = &host
	}
	return tokens.add(c.work, made), nil
}

func newToken(c *call) (*token, error) {
	made := &token{Created: c.now}
	if c.has("customer") {
		return made, made.clone(c)
	}
	for _, row := range tokenTypes {
		switch {
		case !c.has(row.param):
			continue
		case made.Type != "":
			return nil, badParam(row.param, "parameters_exclusive", "You may only specify one of these parameters: "+made.Type+", "+row.param+".")
		}
		made.Type, made.ID = row.param, row.prefix+c.sandbox.ids.text(tokens.length)
	}
	switch made.Type {
	case "":
		return nil, invalidRequest("You must supply either a card, customer, PII data, bank account, or account legal entity to create a token.")
	case "card":
		kept, err := newCard(c, c.hash("card"), "card")
		if err != nil {
			return nil, err
		}
		made.Card = cardOf(kept)
	case "bank_account":
		bank, err := bankOf(c, c.hash("bank_account"), "bank_account")
		if err != nil {
			return nil, err
		}
		made.setBank(c.work, bank)
	}
	return made, nil
}

// clone makes the token of what a customer of the platform has saved, for the
// connected account that asks to charge: the card or bank account that is named,
// or the customer's default (docs.stripe.com/connect/cloning-saved-payment-methods).
//
// Errors: the platform asks for itself; resource_missing.
func (t *token) clone(c *call) error {
	if !c.account.connected() {
		return badParam("customer", "", "You can only create a token of a saved customer for a connected account: send the Stripe-Account header.")
	}
	owner, ok := customers.find(c.platform(), c.text("customer"))
	if !ok {
		return noSuch(http.StatusBadRequest, "customer", c.text("customer"), "customer")
	}
	id := cmp.Or(c.text("card"), c.text("bank_account"), value(owner.DefaultSource))
	if card, ok := paymentMethods.find(c.platform(), id); ok && value(card.Customer) == owner.ID {
		t.Type, t.ID, t.Card = "card", tokens.prefix+c.sandbox.ids.text(tokens.length), cardOf(keepCard(c.work, copyOf(c.work, card)))
		return nil
	}
	bank, ok := bankAccounts.find(c.platform(), id)
	if !ok || value(bank.Customer) != owner.ID {
		return noSuch(http.StatusBadRequest, "source", id, "card")
	}
	copied := *bank
	copied.Customer, copied.Metadata = nil, map[string]string{}
	t.Type, t.ID = "bank_account", "btok_1"+c.sandbox.ids.text(tokens.length)
	t.setBank(c.work, &copied)
	return nil
}

// setBank shows a bank account in the token; it becomes a stored one when the
// token is used.
func (t *token) setBank(w *work, bank *bankAccount) {
	bank.head = head{bankAccounts.prefix + w.sandbox.ids.text(bankAccounts.length), bankAccounts.name}
	t.BankAccount, t.secret.BankNumber = bank, bank.secret.Number
}

func retrieveToken(c *call) (any, error) {
	if alias, is := strings.CutPrefix(c.id, tokenAlias); is && cards.byAlias[alias] != nil {
		card := mintCard(c.work, cards.byAlias[alias])
		return tokens.add(c.work, &token{Card: cardOf(card), Created: c.now, Type: "card"}), nil
	}
	return tokens.retrieve(c)
}

// spend uses a token up.
//
// Errors: resource_missing, token_already_used.
func spend(c *call, id, param string) (*token, error) {
	found, ok := tokens.find(c.work, id)
	switch {
	case !ok:
		return nil, noSuch(http.StatusBadRequest, "token", id, param)
	case found.Used:
		return nil, badState("token_already_used", "You cannot use a Stripe token more than once: "+id+".").withParam(param)
	}
	next := tokens.edit(c.work, id)
	next.Used = true
	return next, nil
}

// cardOfToken is the card that a token stands for, stored and without an owner.
func cardOfToken(c *call, id, param string) (*paymentMethod, error) {
	if alias, is := strings.CutPrefix(id, tokenAlias); is && cards.byAlias[alias] != nil {
		return mintCard(c.work, cards.byAlias[alias]), nil
	}
	spent, err := spend(c, id, param)
	switch {
	case err != nil:
		return nil, err
	case spent.Card == nil:
		return nil, badParam(param, "", "The token "+id+" does not stand for a card.")
	}
	card, _ := paymentMethods.find(c.work, spent.Card.ID)
	return card, nil
}

// testBankNumber and testRouting are the US bank account that always works (§3.10).
const (
	testBankNumber = "000123456789"
	testRouting    = "110000000"
)

// testBanks are the test tokens of bank accounts (§3.10): their numbers decide
// how payouts to them end.
var testBanks = map[string]struct{ number, status string }{
	"btok_us":                             {testBankNumber, bankNew},
	"btok_us_verified":                    {testBankNumber, bankVerified},
	"btok_us_verified_noAccount":          {"000111111116", bankVerified},
	"btok_us_verified_accountClosed":      {"000111111113", bankVerified},
	"btok_us_verified_insufficientFunds":  {"000222222227", bankVerified},
	"btok_us_verified_debitNotAuthorized": {"000333333335", bankVerified},
	"btok_us_verified_invalidCurrency":    {"000444444440", bankVerified},
	"btok_us_verified_lateFailure":        {lateBank, bankVerified},
}

// bankOfToken is the bank account that a token stands for, not yet stored: the
// caller gives it an owner and adds it.
func bankOfToken(c *call, id, param string) (*bankAccount, error) {
	if test, is := testBanks[id]; is {
		return &bankAccount{
			Country: "US", Currency: "usd", BankName: pointer("STRIPE TEST BANK"), HolderName: pointer("Jane Austen"), HolderType: pointer("individual"),
			Fingerprint: pointer(fingerprintOf(c.account.id, testRouting+test.number)), Last4: test.number[len(test.number)-4:],
			Metadata: map[string]string{}, RoutingNumber: pointer(testRouting), Status: test.status,
			secret: bankSecret{Number: test.number, Created: c.now},
		}, nil
	}
	spent, err := spend(c, id, param)
	switch {
	case err != nil:
		return nil, err
	case spent.BankAccount == nil:
		return nil, badParam(param, "", "The token "+id+" does not stand for a bank account.")
	}
	bank := *spent.BankAccount
	bank.secret = bankSecret{Number: spent.secret.BankNumber, Created: c.now}
	return &bank, nil
}
