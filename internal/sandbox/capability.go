package sandbox

import (
	"net/http"
	"slices"
)

// The capabilities that move money here, and the statuses of one (§2.11).
const (
	cardPayments = "card_payments"
	transferring = "transfers"

	capabilityActive      = "active"
	capabilityInactive    = "inactive"
	capabilityUnrequested = "unrequested"
)

// capabilityNames are the capabilities that an account may ask for.
var capabilityNames = []string{
	"acss_debit_payments", "affirm_payments", "afterpay_clearpay_payments", "amazon_pay_payments", "bancontact_payments", "bank_transfer_payments",
	cardPayments, "card_issuing", "cartes_bancaires_payments", "cashapp_payments", "eps_payments", "fpx_payments", "ideal_payments",
	"jcb_payments", "klarna_payments", "legacy_payments", "link_payments", "p24_payments", "paynow_payments", "sepa_debit_payments",
	"tax_reporting_us_1099_k", "tax_reporting_us_1099_misc", transferring, "treasury", "us_bank_account_ach_payments",
}

// capability is one thing that an account asked to be allowed (§2.11). It is
// not stored: it is read out of its account.
type capability struct {
	head
	Account      string        `json:"account" expand:"account"`
	Requested    bool          `json:"requested"`
	RequestedAt  *int64        `json:"requested_at"`
	Requirements *requirements `json:"requirements"`
	Status       string        `json:"status"`
}

var capabilities = declare[capability](kind{name: "capability"})

func capabilityResource() *resource {
	id := &capabilities.kind
	return &resource{kind: id, routes: []route{
		{method: http.MethodGet, path: "/v1/accounts/{id}/capabilities", title: "List an account's capabilities", returns: id, list: true, do: listCapabilities},
		{method: http.MethodGet, path: "/v1/accounts/{id}/capabilities/{name}", title: "Retrieve a capability", returns: id, do: retrieveCapability},
		{method: http.MethodPost, path: "/v1/accounts/{id}/capabilities/{name}", title: "Ask for a capability, or give it up", returns: id,
			params: []param{boolean("requested")}, do: updateCapability},
	}}
}

// asked says whether the account wants a capability. A standard account is
// offered both once it has told who it is.
func (a *stripeAccount) asked(name string) bool {
	_, asked := a.secret.Requested[name]
	return asked || a.Controller.StripeDashboard.Type == "full" && (name == cardPayments || name == transferring)
}

// request notes which capabilities are asked for, at a time in Unix seconds.
func (a *stripeAccount) request(sent params, now int64) error {
	if sent.values == nil {
		return nil
	}
	for _, name := range sent.names {
		if !slices.Contains(capabilityNames, name) {
			return badParam("capabilities["+name+"]", "parameter_unknown", "Received unknown parameter: capabilities["+name+"]")
		}
		if one := sent.hash(name); one.has("requested") {
			a.ask(name, one.yes("requested"), now)
		}
	}
	return nil
}

func (a *stripeAccount) ask(name string, wanted bool, now int64) {
	next := map[string]int64{}
	for have, at := range a.secret.Requested {
		next[have] = at
	}
	if !wanted {
		delete(next, name)
	} else if _, already := next[name]; !already {
		next[name] = now
	}
	a.secret.Requested = next
}

// capabilities is the status of each capability that was asked for: active as
// soon as nothing is missing for it. A standard account's appear when its owner
// submitted the form.
func (f facts) capabilities() map[string]string {
	out := map[string]string{}
	for _, name := range capabilityNames {
		_, explicit := f.account.secret.Requested[name]
		if !f.account.asked(name) || !explicit && !f.account.secret.Onboarded {
			continue
		}
		out[name] = capabilityInactive
		if len(f.missing(name != transferring)) == 0 && f.account.secret.Rejected == "" && f.mayBeActive() {
			out[name] = capabilityActive
		}
	}
	return out
}

// mayBeActive says whether the one who collects what Stripe must know is done:
// the hosted form was submitted, unless the platform asks by itself; and no
// value was found wrong.
func (f facts) mayBeActive() bool {
	collects := f.account.Controller.RequirementCollection == "application" || f.account.secret.Onboarded
	return collects && len(f.account.Requirements.Errors) == 0
}

// capability shows one of an account's capabilities.
func (h *holder) capability(name string) *capability {
	a := h.account()
	out := &capability{head: head{name, capabilities.name}, Account: h.id, Requirements: noRequirements(), Status: capabilityUnrequested}
	if at, asked := a.secret.Requested[name]; asked {
		out.RequestedAt = &at
	}
	if status := a.Capabilities[name]; status != "" {
		out.Requested, out.Status = true, status
	}
	if out.Status == capabilityInactive && !a.isPlatform() {
		f := h.facts()
		out.Requirements = due(f.missing(name != transferring), a.Requirements.Errors)
		out.Requirements.DisabledReason = pointer("requirements.fields_needed")
	}
	return out
}

func retrieveCapability(c *call) (any, error) {
	h, name, err := c.capabilityInPath()
	if err != nil {
		return nil, err
	}
	return h.capability(name), nil
}

func (c *call) capabilityInPath() (*holder, string, error) {
	h, err := c.holder(c.id)
	name := c.request.PathValue("name")
	if err == nil && !slices.Contains(capabilityNames, name) {
		err = noSuch(http.StatusNotFound, "capability", name, "capability")
	}
	return h, name, err
}

func listCapabilities(c *call) (any, error) {
	h, err := c.holder(c.id)
	if err != nil {
		return nil, err
	}
	out := &page{url: c.path}
	for _, name := range capabilityNames {
		if h.account().Capabilities[name] != "" {
			out.objects = append(out.objects, h.capability(name))
		}
	}
	return out, nil
}

func updateCapability(c *call) (any, error) {
	h, name, err := c.capabilityInPath()
	if err == nil {
		h, err = c.mayChange(c.id)
	}
	if err != nil {
		return nil, err
	}
	before := *h.account()
	if c.has("requested") {
		h.edit().ask(name, c.yes("requested"), c.now)
	}
	h.review(&before)
	return h.capability(name), nil
}
