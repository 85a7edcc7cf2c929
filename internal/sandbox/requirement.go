package sandbox

import (
	"slices"
	"strings"
)

// requirements is what must still be told about an account, a capability or a
// person, by the names of its parameters (§2.11).
type requirements struct {
	Alternatives        []struct{}         `json:"alternatives"`
	CurrentDeadline     *int64             `json:"current_deadline,omitempty"`
	CurrentlyDue        []string           `json:"currently_due"`
	DisabledReason      *string            `json:"disabled_reason,omitempty"`
	Errors              []requirementError `json:"errors"`
	EventuallyDue       []string           `json:"eventually_due"`
	PastDue             []string           `json:"past_due"`
	PendingVerification []string           `json:"pending_verification"`
}

type requirementError struct {
	Code        string `json:"code"`
	Reason      string `json:"reason"`
	Requirement string `json:"requirement"`
}

func noRequirements() *requirements {
	return &requirements{Alternatives: []struct{}{}, CurrentlyDue: []string{}, Errors: []requirementError{}, EventuallyDue: []string{},
		PastDue: []string{}, PendingVerification: []string{}}
}

// due is requirements of which some are missing: a new account's are past due
// at once, as in Stripe's recordings.
func due(names []string, errors []requirementError) *requirements {
	out := noRequirements()
	out.CurrentlyDue, out.EventuallyDue, out.PastDue = names, names, names
	out.Errors = append(out.Errors, errors...)
	return out
}

// facts is all that is known about an account when its requirements are counted.
type facts struct {
	account *stripeAccount
	person  *person // who represents it, nil when nobody does
	banks   int
}

// need is one thing that must be known: its parameter, for which types of
// business it is asked, and whether it is there.
type need struct {
	name  string
	of    string // individual or company; empty for both
	cards bool   // asked only for taking card payments
	met   func(facts) bool
}

// prefix of what is asked about the person who represents a company.
const (
	ofIndividual     = "individual."
	ofRepresentative = "representative."
)

// needs is what Stripe asks of a US account (§2.11).
var needs = []need{
	{name: "business_type", met: func(f facts) bool { return f.account.BusinessType != nil }},
	{name: "business_profile.mcc", cards: true, met: func(f facts) bool { return f.account.BusinessProfile.MCC != nil }},
	{name: "business_profile.url", met: func(f facts) bool {
		return f.account.BusinessProfile.URL != nil || f.account.BusinessProfile.ProductDescription != nil
	}},
	{name: "external_account", met: func(f facts) bool { return f.banks > 0 }},
	{name: "tos_acceptance.date", met: func(f facts) bool { return f.account.TOSAcceptance.Date != nil }},
	{name: "tos_acceptance.ip", met: func(f facts) bool { return f.account.TOSAcceptance.IP != nil }},
	{name: "company.name", of: "company", met: func(f facts) bool { return f.account.Company != nil && f.account.Company.Name != nil }},
	{name: "company.tax_id", of: "company", met: func(f facts) bool { return f.account.secret.TaxID != "" }},
	{name: "company.owners_provided", of: "company", met: func(f facts) bool { return f.account.Company != nil && f.account.Company.OwnersProvided }},
	{name: "company.address.line1", of: "company", met: func(f facts) bool { return f.account.Company != nil && f.account.Company.Address.Line1 != nil }},
	{name: "person.first_name", met: ofPerson(func(p *person) bool { return p.FirstName != nil })},
	{name: "person.last_name", met: ofPerson(func(p *person) bool { return p.LastName != nil })},
	{name: "person.dob.day", met: ofPerson(func(p *person) bool { return p.DOB != nil && p.DOB.Day != nil })},
	{name: "person.dob.month", met: ofPerson(func(p *person) bool { return p.DOB != nil && p.DOB.Month != nil })},
	{name: "person.dob.year", met: ofPerson(func(p *person) bool { return p.DOB != nil && p.DOB.Year != nil })},
	{name: "person.email", cards: true, met: ofPerson(func(p *person) bool { return p.Email != nil })},
	{name: "person.phone", cards: true, met: ofPerson(func(p *person) bool { return p.Phone != nil })},
	{name: "person.address.line1", cards: true, met: ofPerson(func(p *person) bool { return p.Address.Line1 != nil })},
	{name: "person.address.city", cards: true, met: ofPerson(func(p *person) bool { return p.Address.City != nil })},
	{name: "person.address.state", cards: true, met: ofPerson(func(p *person) bool { return p.Address.State != nil })},
	{name: "person.address.postal_code", cards: true, met: ofPerson(func(p *person) bool { return p.Address.PostalCode != nil })},
	{name: "person.ssn_last_4", cards: true, met: ofPerson(func(p *person) bool { return p.SSNLast4Provided || p.IDNumberProvided })},
}

func ofPerson(met func(*person) bool) func(facts) bool {
	return func(f facts) bool { return f.person != nil && met(f.person) }
}

// missing is the needs that are not met; cards says whether card payments are
// asked for. Until the type of business is known, only what all must tell is asked.
func (f facts) missing(cards bool) []string {
	sort := value(f.account.BusinessType)
	if sort == "non_profit" || sort == "government_entity" {
		sort = "company"
	}
	out := []string{}
	for _, one := range needs {
		about, isPerson := strings.CutPrefix(one.name, "person.")
		switch {
		case one.cards && !cards, one.of != "" && one.of != sort, isPerson && sort == "", one.met(f):
		case !isPerson:
			out = append(out, one.name)
		case sort == "individual":
			out = append(out, ofIndividual+about)
		default:
			out = append(out, ofRepresentative+about)
		}
	}
	slices.Sort(out)
	return out
}

// facts gathers what is known about the account now.
func (h *holder) facts() facts {
	f := facts{account: h.account(), banks: len(h.banks())}
	for _, one := range persons.where(h.own, indexKey{"account", h.id}) {
		if one.Relationship.represents() {
			f.person = one
		}
	}
	return f
}

// review counts again what is missing after a change, and with it what the
// account may do; it tells what changed. before is nil for a new account.
func (h *holder) review(before *stripeAccount) {
	a, f := h.edit(), h.facts()
	a.ExternalAccounts = h.bankList()
	a.Individual = nil
	if f.person != nil && value(a.BusinessType) == "individual" {
		a.Individual = f.person
	}
	a.Requirements = due(f.missing(a.asked(cardPayments)), f.person.errors(f.account))
	f.account = a
	was := a.Capabilities
	a.Capabilities = f.capabilities()
	a.judge(f)
	if a.PayoutsEnabled {
		h.own.account.planPayoutBy(a.Settings.Payouts.Schedule, h.home.now) // money may have waited for this
	}
	if before == nil {
		emit(h.own, "account.updated", a)
		return
	}
	emitChange(h.own, "account.updated", before, a)
	for name, status := range a.Capabilities {
		if was[name] != status {
			emit(h.own, "capability.updated", h.capability(name))
		}
	}
}

// judge sets what the account may do. Rejected ones may do nothing.
func (a *stripeAccount) judge(f facts) {
	waiting := len(a.Requirements.CurrentlyDue) > 0
	a.DetailsSubmitted = a.secret.Onboarded || a.Controller.RequirementCollection == "application" && !waiting
	a.ChargesEnabled = a.Capabilities[cardPayments] == capabilityActive && a.DetailsSubmitted
	a.PayoutsEnabled = f.banks > 0 && !waiting && a.DetailsSubmitted && a.secret.Rejected == ""
	a.Requirements.DisabledReason = nil
	switch {
	case a.secret.Rejected != "":
		a.Requirements.DisabledReason = pointer("rejected." + a.secret.Rejected)
	case waiting:
		a.Requirements.DisabledReason = pointer("requirements.past_due")
	}
}
