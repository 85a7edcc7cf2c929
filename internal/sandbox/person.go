package sandbox

import (
	"encoding/json"
	"net/http"
	"strings"
)

// Test values that Stripe's check of a person refuses (§3.10).
const (
	wrongNumber  = "111111111"
	wrongAddress = "address_no_match"
)

// person is somebody behind an account: who owns it, or acts for it (§2.11).
type person struct {
	head
	Account            string            `json:"account"`
	Address            postalAddress     `json:"address"`
	Created            int64             `json:"created"`
	DOB                *birthday         `json:"dob,omitempty"`
	Email              *string           `json:"email"`
	FirstName          *string           `json:"first_name"`
	FutureRequirements *requirements     `json:"future_requirements"`
	Gender             *string           `json:"gender"`
	IDNumberProvided   bool              `json:"id_number_provided"`
	LastName           *string           `json:"last_name"`
	MaidenName         *string           `json:"maiden_name"`
	Metadata           map[string]string `json:"metadata"`
	Nationality        *string           `json:"nationality"`
	Phone              *string           `json:"phone"`
	PoliticalExposure  string            `json:"political_exposure,omitempty"`
	Relationship       relationship      `json:"relationship"`
	Requirements       *requirements     `json:"requirements"`
	SSNLast4Provided   bool              `json:"ssn_last_4_provided"`
	Verification       verification      `json:"verification"`

	secret personSecret
}

type personSecret struct {
	Number string `json:"number,omitempty"` // of the identity document, as sent
}

func (p *person) private() any     { return &p.secret }
func (p *person) createdAt() int64 { return p.Created }

type birthday struct {
	Day   *int64 `json:"day"`
	Month *int64 `json:"month"`
	Year  *int64 `json:"year"`
}

// relationship is what a person is to the account.
type relationship struct {
	Authorizer       bool         `json:"authorizer"`
	Director         bool         `json:"director"`
	Executive        bool         `json:"executive"`
	LegalGuardian    bool         `json:"legal_guardian"`
	Owner            bool         `json:"owner"`
	PercentOwnership *json.Number `json:"percent_ownership"`
	Representative   bool         `json:"representative"`
	Title            *string      `json:"title"`
}

func (r relationship) represents() bool { return r.Representative }

type verification struct {
	AdditionalDocument verifiedDocument `json:"additional_document"`
	Details            *string          `json:"details"`
	DetailsCode        *string          `json:"details_code"`
	Document           verifiedDocument `json:"document"`
	Status             string           `json:"status"`
}

type verifiedDocument struct {
	Back        none `json:"back"`
	Details     none `json:"details"`
	DetailsCode none `json:"details_code"`
	Front       none `json:"front"`
}

var persons = declare[person](kind{name: "person", prefix: "person_1", length: 13, param: "person"})

func personResource() *resource {
	id := &persons.kind
	const path = "/v1/accounts/{id}/persons"
	relations := hash("relationship", boolean("authorizer"), boolean("director"), boolean("executive"), boolean("legal_guardian"), boolean("owner"), boolean("representative"))
	return &resource{kind: id,
		indexes: func(o object) []indexKey { return []indexKey{{"account", o.(*person).Account}} },
		routes: []route{
			{method: http.MethodPost, path: path, title: "Add a person to an account", returns: id, params: personFields, do: createPerson},
			{method: http.MethodGet, path: path, title: "List the people of an account", returns: id, list: true, params: paged(relations), do: listPersons},
			{method: http.MethodGet, path: path + "/{sub}", title: "Retrieve a person", returns: id, do: retrievePerson},
			{method: http.MethodPost, path: path + "/{sub}", title: "Update a person", returns: id, params: personFields, do: updatePerson},
			{method: http.MethodDelete, path: path + "/{sub}", title: "Delete a person", do: deletePerson},
		}}
}

// set changes what the parameters name, and checks the person again.
func (p *person) set(sent params) error {
	for name, field := range map[string]**string{
		"email": &p.Email, "first_name": &p.FirstName, "gender": &p.Gender, "last_name": &p.LastName,
		"maiden_name": &p.MaidenName, "nationality": &p.Nationality, "phone": &p.Phone,
	} {
		sent.setText(name, field)
	}
	if sent.has("address") {
		p.Address = sent.hash("address").address()
	}
	if born := sent.hash("dob"); born.values != nil {
		p.DOB = &birthday{}
		born.setInteger("day", &p.DOB.Day)
		born.setInteger("month", &p.DOB.Month)
		born.setInteger("year", &p.DOB.Year)
	}
	if number := sent.text("id_number"); number != "" {
		p.secret.Number, p.IDNumberProvided, p.SSNLast4Provided = number, true, true
	}
	if sent.text("ssn_last_4") != "" {
		p.SSNLast4Provided = true
	}
	if sent.has("political_exposure") {
		p.PoliticalExposure = sent.text("political_exposure")
	}
	p.Relationship.set(sent.hash("relationship"))
	p.verify()
	return sent.setMetadata(&p.Metadata)
}

func (r *relationship) set(sent params) {
	for name, field := range map[string]*bool{
		"authorizer": &r.Authorizer, "director": &r.Director, "executive": &r.Executive,
		"legal_guardian": &r.LegalGuardian, "owner": &r.Owner, "representative": &r.Representative,
	} {
		sent.setBoolean(name, field)
	}
	sent.setText("title", &r.Title)
	if share := json.Number(sent.text("percent_ownership")); json.Valid([]byte(share)) {
		r.PercentOwnership = &share
	}
}

// verify compares what was told with the registers: test values decide (§3.10).
func (p *person) verify() {
	p.Verification = verification{Status: "unverified"}
	switch {
	case p.secret.Number == wrongNumber:
		p.Verification.DetailsCode = pointer("failed_keyed_identity")
		p.Verification.Details = pointer("The identity information you entered cannot be verified.")
	case value(p.Address.Line1) == wrongAddress:
		p.Verification.DetailsCode = pointer("failed_keyed_identity")
		p.Verification.Details = pointer("The address you entered cannot be verified.")
	case p.FirstName != nil && p.LastName != nil && p.DOB != nil && (p.SSNLast4Provided || p.IDNumberProvided):
		p.Verification.Status = "verified"
	}
}

// errors is what was found wrong about a person, for the account's requirements.
func (p *person) errors(of *stripeAccount) []requirementError {
	if p == nil || p.Verification.DetailsCode == nil {
		return nil
	}
	about := ofRepresentative
	if value(of.BusinessType) == "individual" {
		about = ofIndividual
	}
	return []requirementError{{"verification_failed_keyed_identity", *p.Verification.Details, about + "id_number"}}
}

func newPerson(c *call, of string) *person {
	return persons.add(c.work, &person{Account: of, Created: c.now, FutureRequirements: noRequirements(), Metadata: map[string]string{}, Requirements: noRequirements()})
}

// setIndividual is the person that an account of one person is.
func (h *holder) setIndividual(c *call, sent params) error {
	one := h.facts().person
	if one == nil {
		one = newPerson(c, h.id)
		one.Relationship.Representative = true
		if err := one.set(sent); err != nil {
			return err
		}
		emit(h.own, "person.created", one)
		return nil
	}
	next := persons.edit(h.own, one.ID)
	if err := next.set(sent); err != nil {
		return err
	}
	emitUpdated(h.own, "person.updated", next)
	return nil
}

func createPerson(c *call) (any, error) {
	h, err := c.mayChange(c.id)
	if err != nil {
		return nil, err
	}
	before := *h.account()
	made := newPerson(c.within(h.own), h.id)
	if err := made.set(c.params); err != nil {
		return nil, err
	}
	emit(h.own, "person.created", made)
	h.review(&before)
	return made, nil
}

// personInPath is the person that the path names, of the account that it names.
func (c *call) personInPath() (*holder, *person, error) {
	h, err := c.mayChange(c.id)
	if err != nil {
		return nil, nil, err
	}
	id := c.request.PathValue("sub")
	found, ok := persons.find(h.own, id)
	if !ok {
		return nil, nil, noSuch(http.StatusNotFound, persons.noun, id, persons.param)
	}
	return h, found, nil
}

func retrievePerson(c *call) (any, error) {
	_, found, err := c.personInPath()
	if err != nil {
		return nil, err
	}
	return found, nil
}

func updatePerson(c *call) (any, error) {
	h, found, err := c.personInPath()
	if err != nil {
		return nil, err
	}
	before := *h.account()
	next := persons.edit(h.own, found.ID)
	if err := next.set(c.params); err != nil {
		return nil, err
	}
	emitUpdated(h.own, "person.updated", next)
	h.review(&before)
	return next, nil
}

func deletePerson(c *call) (any, error) {
	h, found, err := c.personInPath()
	if err != nil {
		return nil, err
	}
	before := *h.account()
	emit(h.own, "person.deleted", found)
	left := persons.remove(h.own, found.ID, gone)
	h.review(&before)
	return left, nil
}

func listPersons(c *call) (any, error) {
	h, err := c.mayChange(c.id)
	if err != nil {
		return nil, err
	}
	wanted := c.hash("relationship")
	return c.within(h.own).pageOf(query{kind: &persons.kind, key: indexKey{"account", h.id}, keep: func(o object) bool {
		r := o.(*person).Relationship
		return wanted.agrees("representative", r.Representative) && wanted.agrees("owner", r.Owner) && wanted.agrees("director", r.Director) &&
			wanted.agrees("executive", r.Executive) && wanted.agrees("authorizer", r.Authorizer) && wanted.agrees("legal_guardian", r.LegalGuardian)
	}})
}

// trimmed is a form's text without the blanks around it.
func trimmed(s string) string { return strings.TrimSpace(s) }
