package sandbox

import (
	"net/http"
	"slices"
)

// stripeAccount is a business at Stripe (§2.11): the platform that a key
// belongs to, which may do everything, or one that it connected, which must
// say who it is before money flows.
type stripeAccount struct {
	head
	BusinessProfile    businessProfile   `json:"business_profile"`
	BusinessType       *string           `json:"business_type"`
	Capabilities       map[string]string `json:"capabilities"`
	ChargesEnabled     bool              `json:"charges_enabled"`
	Company            *company          `json:"company,omitempty"`
	Controller         *controller       `json:"controller,omitempty"`
	Country            string            `json:"country"`
	Created            int64             `json:"created"`
	DefaultCurrency    string            `json:"default_currency"`
	DetailsSubmitted   bool              `json:"details_submitted"`
	Email              *string           `json:"email"`
	ExternalAccounts   *bankList         `json:"external_accounts,omitempty"`
	FutureRequirements *requirements     `json:"future_requirements,omitempty"`
	Individual         *person           `json:"individual,omitempty"`
	Metadata           map[string]string `json:"metadata"`
	PayoutsEnabled     bool              `json:"payouts_enabled"`
	Requirements       *requirements     `json:"requirements,omitempty"`
	Settings           accountSettings   `json:"settings"`
	TOSAcceptance      *tosAcceptance    `json:"tos_acceptance,omitempty"`
	Type               string            `json:"type"`

	secret accountSecret
}

// accountSecret is what Stripe knows of an account and does not show.
type accountSecret struct {
	Rejected  string           `json:"rejected,omitempty"`  // why, once it was rejected
	Requested map[string]int64 `json:"requested,omitempty"` // when each capability was asked for, Unix seconds
	Onboarded bool             `json:"onboarded,omitempty"` // the hosted form was submitted
	TaxID     string           `json:"tax_id,omitempty"`    // the company's
}

func (a *stripeAccount) private() any     { return &a.secret }
func (a *stripeAccount) createdAt() int64 { return a.Created }

type businessProfile struct {
	AnnualRevenue        none           `json:"annual_revenue"`
	EstimatedWorkerCount none           `json:"estimated_worker_count"`
	MCC                  *string        `json:"mcc"`
	Name                 *string        `json:"name"`
	ProductDescription   *string        `json:"product_description,omitempty"`
	SupportAddress       *postalAddress `json:"support_address"`
	SupportEmail         *string        `json:"support_email"`
	SupportPhone         *string        `json:"support_phone"`
	SupportURL           *string        `json:"support_url"`
	URL                  *string        `json:"url"`
}

// company is a business that is not one person.
type company struct {
	Address            postalAddress `json:"address"`
	DirectorsProvided  bool          `json:"directors_provided"`
	ExecutivesProvided bool          `json:"executives_provided"`
	Name               *string       `json:"name"`
	OwnersProvided     bool          `json:"owners_provided"`
	Phone              *string       `json:"phone"`
	Structure          string        `json:"structure,omitempty"`
	TaxIDProvided      bool          `json:"tax_id_provided"`
}

// controller says who is responsible for a connected account: who pays
// Stripe's fees, who bears losses, who collects what must be known (§2.11).
type controller struct {
	Fees                  *feePayer   `json:"fees,omitempty"`
	IsController          bool        `json:"is_controller,omitempty"`
	Losses                *lossBearer `json:"losses,omitempty"`
	RequirementCollection string      `json:"requirement_collection,omitempty"`
	StripeDashboard       *dashboard  `json:"stripe_dashboard,omitempty"`
	Type                  string      `json:"type"`
}

type feePayer struct {
	Payer string `json:"payer"`
}

type lossBearer struct {
	Payments string `json:"payments"`
}

type dashboard struct {
	Type string `json:"type"`
}

type tosAcceptance struct {
	Date             *int64  `json:"date"`
	IP               *string `json:"ip"`
	ServiceAgreement *string `json:"service_agreement,omitempty"`
	UserAgent        *string `json:"user_agent"`
}

type accountSettings struct {
	Branding     brandingSettings  `json:"branding"`
	CardPayments cardSettings      `json:"card_payments"`
	Dashboard    dashboardSettings `json:"dashboard"`
	Payments     paymentSettings   `json:"payments"`
	Payouts      *payoutSettings   `json:"payouts,omitempty"`
}

type brandingSettings struct {
	Icon           none    `json:"icon"`
	Logo           none    `json:"logo"`
	PrimaryColor   *string `json:"primary_color"`
	SecondaryColor *string `json:"secondary_color"`
}

type cardSettings struct {
	DeclineOn        declineOn `json:"decline_on"`
	DescriptorPrefix *string   `json:"statement_descriptor_prefix"`
}

type declineOn struct {
	AVSFailure bool `json:"avs_failure"`
	CVCFailure bool `json:"cvc_failure"`
}

type dashboardSettings struct {
	DisplayName string `json:"display_name"`
	Timezone    string `json:"timezone"`
}

type paymentSettings struct {
	StatementDescriptor *string `json:"statement_descriptor"`
}

var accounts = declare[stripeAccount](kind{name: "account", prefix: "acct_1", length: accountIDLength - 1, handy: true})

// The kinds of connected accounts that Stripe's older parameter names.
const (
	standardAccount = "standard"
	expressAccount  = "express"
	customAccount   = "custom"
	otherAccount    = "none" // its controller matches none of them
)

// controllers is what each kind of account means (§2.11).
var controllers = map[string]controller{
	standardAccount: newController("account", "stripe", "stripe", "full"),
	expressAccount:  newController("application_express", "application", "stripe", "express"),
	customAccount:   newController("application_custom", "application", "application", "none"),
}

func newController(fees, losses, collection, board string) controller {
	return controller{&feePayer{fees}, true, &lossBearer{losses}, collection, &dashboard{board}, "application"}
}

const platformName = "Florin Sandbox"

// newStripeAccount is the account of a key: a US platform that may do everything.
func newStripeAccount(id string, now int64) *stripeAccount {
	return &stripeAccount{
		head:            head{ID: id},
		BusinessProfile: businessProfile{Name: pointer(platformName)},
		Capabilities:    map[string]string{cardPayments: capabilityActive, transferring: capabilityActive},
		ChargesEnabled:  true, Controller: &controller{Type: "account"}, Country: "US", Created: now, DefaultCurrency: "usd", DetailsSubmitted: true,
		Metadata: map[string]string{}, PayoutsEnabled: true, Type: standardAccount,
		Settings: accountSettings{
			Dashboard: dashboardSettings{platformName, "Etc/UTC"}, Payments: paymentSettings{pointer(statementDescriptor)},
			Payouts: &payoutSettings{Schedule: payoutSchedule{Interval: manualPayouts, DelayDays: fundsDelay}},
		},
	}
}

// isPlatform says whether the account is the key's own.
func (a *stripeAccount) isPlatform() bool {
	return a.Controller == nil || a.Controller.Type == "account"
}

func accountResource() *resource {
	id := &accounts.kind
	return &resource{kind: id,
		indexes: func(o object) []indexKey {
			if o.(*stripeAccount).isPlatform() {
				return nil
			}
			return []indexKey{{"connected", ""}}
		},
		routes: []route{
			{method: http.MethodGet, path: "/v1/account", title: "Retrieve the account of the key", returns: id,
				do: func(c *call) (any, error) { return c.self(), nil }},
			{method: http.MethodPost, path: "/v1/accounts", title: "Create a connected account", returns: id, params: allParams(creationParams, accountParams), do: createAccount},
			{method: http.MethodGet, path: "/v1/accounts", title: "List connected accounts", returns: id, list: true, params: paged(), do: listAccounts},
			{method: http.MethodGet, path: "/v1/accounts/{id}", title: "Retrieve an account", returns: id, do: retrieveAccount},
			{method: http.MethodPost, path: "/v1/accounts/{id}", title: "Update a connected account", returns: id, params: accountParams, do: updateAccount},
			{method: http.MethodDelete, path: "/v1/accounts/{id}", title: "Delete a connected account", do: deleteAccount},
			{method: http.MethodPost, path: "/v1/accounts/{id}/reject", title: "Reject a connected account: nothing moves any more", returns: id,
				params: []param{named("reason").must()}, do: rejectAccount},
		}}
}

// holder is an account as a request meets it: home is the change where the
// account object is kept, its platform's world, and own that in its own world.
type holder struct {
	home, own *work
	id        string
}

// holder finds an account that the key may use.
//
// Errors: account_invalid.
func (c *call) holder(id string) (*holder, error) {
	home := c.platform()
	if _, ok := accounts.find(home, id); !ok || c.account.connected() && id != c.account.id {
		return nil, foreignAccount(id)
	}
	if id == home.account.id {
		return &holder{home, home, id}, nil
	}
	return &holder{home, home.in(id), id}, nil
}

// within is the same request in another world of the family.
func (c *call) within(w *work) *call {
	inner := *c
	inner.work = w
	return &inner
}

func (h *holder) account() *stripeAccount {
	found, _ := accounts.find(h.home, h.id)
	return found
}

func (h *holder) edit() *stripeAccount { return accounts.edit(h.home, h.id) }

func retrieveAccount(c *call) (any, error) {
	h, err := c.holder(c.id)
	if err != nil {
		return nil, err
	}
	return h.account(), nil
}

func listAccounts(c *call) (any, error) {
	return c.pageOf(query{kind: &accounts.kind, key: indexKey{"connected", ""}})
}

func createAccount(c *call) (any, error) {
	if c.account.connected() {
		return nil, badState("platform_account_required", "Only Stripe Connect platforms can work with other accounts.")
	}
	control, sort, err := c.controller()
	if err != nil {
		return nil, err
	}
	country := c.text("country")
	if country == "" {
		country = "US"
	}
	if len(country) != len("US") {
		return nil, badParam("country", "country_unsupported", "Country '"+country+"' is unknown. Try using a 2-character alphanumeric country code instead, such as 'US', 'EG', or 'GB'.")
	}
	made := accounts.add(c.work, &stripeAccount{
		Capabilities: map[string]string{}, Controller: control, Country: country, Created: c.now, DefaultCurrency: currencyIn(country),
		FutureRequirements: noRequirements(), Metadata: map[string]string{}, Requirements: noRequirements(), TOSAcceptance: &tosAcceptance{}, Type: sort,
		Settings: accountSettings{
			Dashboard: dashboardSettings{Timezone: "Etc/UTC"},
			Payouts: &payoutSettings{DebitNegativeBalances: control.Losses.Payments == "application",
				Schedule: payoutSchedule{Interval: dailyPayouts, DelayDays: usualDelay}},
		},
	})
	h := &holder{c.work, c.in(made.ID), made.ID}
	if err := h.set(c); err != nil {
		return nil, err
	}
	h.review(nil)
	return made, nil
}

// controller reads who is responsible, from the older type or from the
// controller's properties; what they leave open is as for a standard account.
func (c *call) controller() (*controller, string, error) {
	if sort := c.text("type"); sort != "" {
		if c.has("controller") {
			return nil, "", badParam("type", "parameters_exclusive", "You may only specify one of these parameters: type, controller.")
		}
		return pointer(controllers[sort]), sort, nil
	}
	sent, made := c.hash("controller"), newController("account", "stripe", "stripe", "full")
	for name, field := range map[string]*string{"fees": &made.Fees.Payer, "losses": &made.Losses.Payments, "stripe_dashboard": &made.StripeDashboard.Type} {
		inner := map[string]string{"fees": "payer", "losses": "payments", "stripe_dashboard": "type"}[name]
		if text := sent.hash(name).text(inner); text != "" {
			*field = text
		}
	}
	if who := sent.text("requirement_collection"); who != "" {
		made.RequirementCollection = who
	}
	for sort, known := range controllers {
		payer := made.Fees.Payer
		if payer == "application" && sort != standardAccount {
			payer = known.Fees.Payer
		}
		if payer == known.Fees.Payer && *made.Losses == *known.Losses && made.RequirementCollection == known.RequirementCollection && *made.StripeDashboard == *known.StripeDashboard {
			return &made, sort, nil
		}
	}
	return &made, otherAccount, nil
}

// mayChange refuses what is no business of the caller: the platform's own
// account is not changed through the API.
func (c *call) mayChange(id string) (*holder, error) {
	h, err := c.holder(id)
	if err != nil {
		return nil, err
	}
	if h.account().isPlatform() {
		return nil, badState("", "You cannot perform this action on your own account. Use the Dashboard instead.")
	}
	return h, nil
}

func updateAccount(c *call) (any, error) {
	h, err := c.mayChange(c.id)
	if err != nil {
		return nil, err
	}
	before := *h.account()
	if err := h.set(c); err != nil {
		return nil, err
	}
	h.review(&before)
	return h.account(), nil
}

func deleteAccount(c *call) (any, error) {
	h, err := c.mayChange(c.id)
	if err != nil {
		return nil, err
	}
	sums := h.own.account.ledger.show()
	for _, funds := range [][]fund{sums.Available, sums.Pending} {
		if slices.ContainsFunc(funds, func(f fund) bool { return f.Amount != 0 }) {
			return nil, badState("balance_invalid_parameter", "This account cannot be deleted because its balance is not zero.")
		}
	}
	emit(h.own, "account.application.deauthorized", &application{head{h.home.account.application(), "application"}, platformName})
	return accounts.remove(h.home, c.id, deleted), nil
}

// application is a platform as its connected accounts see it.
type application struct {
	head
	Name string `json:"name"`
}

// rejections are the reasons for which a platform may reject an account.
var rejections = []string{"fraud", "terms_of_service", "other"}

func rejectAccount(c *call) (any, error) {
	h, err := c.mayChange(c.id)
	if err != nil {
		return nil, err
	}
	reason := c.text("reason")
	if !slices.Contains(rejections, reason) {
		return nil, badParam("reason", "", "Invalid reason: must be "+oneOf(rejections))
	}
	before := *h.account()
	h.edit().secret.Rejected = reason
	h.review(&before)
	return h.account(), nil
}
