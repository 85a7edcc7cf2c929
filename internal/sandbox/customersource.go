package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

// sourceRoutes are a customer's older means of payment (§2.2): cards, bank
// accounts and sources, one of which is the default that a charge of the
// customer takes. The same things answer at …/cards and …/bank_accounts.
func sourceRoutes() []route {
	var out []route
	for _, at := range []string{"sources", "cards", "bank_accounts"} {
		all := "/v1/customers/{id}/" + at
		one := all + "/{source}"
		out = append(out,
			route{method: http.MethodPost, path: all, title: "Add a card, a bank account or a source to a customer", do: createSource,
				params: []param{text("source"), cardHashParams.orToken(), bankParams.orToken(), text("alipay_account"), metadata(), boolean("validate")}},
			route{method: http.MethodGet, path: all, title: "List a customer's cards, bank accounts and sources", list: true,
				params: append([]param{text("object")}, pageParams...), do: listSources},
			route{method: http.MethodGet, path: one, title: "Retrieve one of a customer's sources", do: retrieveCustomerSource},
			route{method: http.MethodPost, path: one, title: "Update the expiry, the holder or the metadata of a customer's source", do: updateCustomerSource,
				params: []param{text("account_holder_name"), enum("account_holder_type", "company", "individual").clearable(), text("address_city"),
					text("address_country"), text("address_line1"), text("address_line2"), text("address_state"), text("address_zip"),
					text("exp_month"), text("exp_year"), metadata(), text("name"), anything("owner")}},
			route{method: http.MethodDelete, path: one, title: "Delete one of a customer's sources; the newest left becomes the default", do: deleteCustomerSource},
			route{method: http.MethodPost, path: one + "/verify", title: "Verify a bank account by the amounts of two deposits", do: verifyBankAccount,
				params: []param{list("amounts", integer(""))}},
		)
	}
	return out
}

// createSource adds what the token or the hash stands for.
func createSource(c *call) (any, error) {
	owner, err := customers.fromPath(c)
	if err != nil {
		return nil, err
	}
	made, err := addSource(c, owner.ID)
	if err != nil {
		return nil, err
	}
	was := owner.DefaultSource
	settleDefault(c.work, owner.ID)
	tellSource(c.work, "customer.source.created", made, nil)
	if now, _ := customers.find(c.work, owner.ID); value(now.DefaultSource) != value(was) {
		emitUpdated(c.work, "customer.updated", now)
	}
	return made, nil
}

// addSource gives a customer what source=, card= or bank_account= names.
func addSource(c *call, owner string) (object, error) {
	switch {
	case c.text("source") != "":
		return addNamed(c, owner, c.text("source"), "source")
	case c.text("card") != "":
		return addNamed(c, owner, c.text("card"), "card")
	case c.text("bank_account") != "":
		return addNamed(c, owner, c.text("bank_account"), "bank_account")
	case c.has("card"):
		made, err := newCard(c, c.hash("card"), "card")
		if err != nil {
			return nil, err
		}
		return ownCard(c, owner, made)
	case c.has("bank_account"):
		bank, err := bankOf(c, c.hash("bank_account"), "bank_account")
		if err != nil {
			return nil, err
		}
		return ownBank(c, owner, bank)
	}
	return nil, missingParam("source")
}

// addNamed gives a customer what a token or a source's id stands for.
func addNamed(c *call, owner, id, param string) (object, error) {
	switch {
	case strings.HasPrefix(id, "btok_"):
		bank, err := bankOfToken(c, id, param)
		if err != nil {
			return nil, err
		}
		return ownBank(c, owner, bank)
	case strings.HasPrefix(id, sourcePrefix):
		return ownSource(c, owner, id, param)
	}
	card, err := cardOfToken(c, id, param)
	if err != nil {
		return nil, err
	}
	return ownCard(c, owner, card)
}

// ownCard attaches a card after the check that Stripe makes: a card that
// declines is refused.
func ownCard(c *call, owner string, card *paymentMethod) (object, error) {
	if refused := card.test().attach; refused != nil {
		return nil, refused.onInput()
	}
	next := paymentMethods.edit(c.work, card.ID)
	next.Customer = &owner
	next.check(card.test())
	return cardOf(next), c.setMetadataOf(&next.Metadata)
}

// setMetadataOf sets the metadata of a source, unless the request's metadata
// belongs to the customer that is created with it.
func (c *call) setMetadataOf(field *map[string]string) error {
	if c.path == "/v1/customers" || c.id == "" {
		return nil
	}
	return c.setMetadata(field)
}

func ownBank(c *call, owner string, bank *bankAccount) (object, error) {
	bank.Customer = &owner
	return bankAccounts.add(c.work, bank), c.setMetadataOf(&bank.Metadata)
}

// sourcesOf is all that a customer can be charged by in the older way, the
// newest last.
func sourcesOf(w *work, owner string) []object {
	var out []object
	key := indexKey{"customer", owner}
	for _, m := range paymentMethods.matching(w, key) {
		if isCard(m) {
			out = append(out, cardOf(m))
		}
	}
	for _, s := range sources.matching(w, key) {
		out = append(out, s)
	}
	for _, b := range bankAccounts.matching(w, key) {
		out = append(out, b)
	}
	return out
}

// settleDefault gives a customer without a default source the newest that is
// left, and takes away a default that is gone.
func settleDefault(w *work, owner string) {
	have, _ := customers.find(w, owner)
	all := sourcesOf(w, owner)
	is := func(o object) bool { return o.identity().ID == value(have.DefaultSource) }
	if have.DefaultSource != nil && slices.ContainsFunc(all, is) {
		return
	}
	var next *string
	if len(all) > 0 {
		next = pointer(all[len(all)-1].identity().ID)
	}
	if next != nil || have.DefaultSource != nil {
		customers.edit(w, owner).DefaultSource = next
	}
}

// sourceByID is one of a customer's sources, or Stripe's 404.
func (c *call) sourceByID() (object, error) {
	owner, err := customers.fromPath(c)
	if err != nil {
		return nil, err
	}
	id := c.request.PathValue("source")
	for _, o := range sourcesOf(c.work, owner.ID) {
		if o.identity().ID == id {
			return o, nil
		}
	}
	return nil, noSuch(http.StatusNotFound, "source", id, "id")
}

func retrieveCustomerSource(c *call) (any, error) { return c.sourceByID() }

// listSources pages through the few sources of a customer, newest first.
func listSources(c *call) (any, error) {
	owner, err := customers.fromPath(c)
	if err != nil {
		return nil, err
	}
	limit, err := c.limit()
	if err != nil {
		return nil, err
	}
	only := c.text("object")
	switch {
	case strings.HasSuffix(c.path, "/cards"):
		only = sourceCards.name
	case strings.HasSuffix(c.path, "/bank_accounts"):
		only = bankAccounts.name
	}
	all := sourcesOf(c.work, owner.ID)
	slices.Reverse(all)
	all = slices.DeleteFunc(all, func(o object) bool { return only != "" && o.identity().Object != only })
	return pageFrom(c, all, limit), nil
}

// pageFrom cuts a page out of a short list, by the cursors in the parameters.
func pageFrom(c *call, all []object, limit int) *page {
	at := func(param string) int {
		return slices.IndexFunc(all, func(o object) bool { return o.identity().ID == c.text(param) })
	}
	out := &page{url: c.path}
	if until := at("ending_before"); until >= 0 {
		from := max(0, until-limit)
		out.objects, out.more = all[from:until], from > 0
		return out
	}
	all = all[at("starting_after")+1:]
	out.objects, out.more = all[:min(limit, len(all))], len(all) > limit
	return out
}

func updateCustomerSource(c *call) (any, error) {
	found, err := c.sourceByID()
	if err != nil {
		return nil, err
	}
	before := marshal(found)
	var next object
	switch old := found.(type) {
	case *sourceCard:
		next, err = updateCard(c, old.ID)
	case *bankAccount:
		next, err = updateBank(c, old.ID)
	default:
		s := sources.edit(c.work, old.identity().ID)
		next, err = s, c.setMetadata(&s.Metadata)
	}
	if err != nil {
		return nil, err
	}
	tellSource(c.work, "customer.source.updated", next, before)
	return next, nil
}

func updateCard(c *call, id string) (object, error) {
	next := paymentMethods.edit(c.work, id)
	if err := next.setExpiry(c.params); err != nil {
		return nil, err
	}
	next.setFlat(c.params)
	if err := c.setMetadata(&next.Metadata); err != nil {
		return nil, err
	}
	return cardOf(next), nil
}

func updateBank(c *call, id string) (object, error) {
	next := bankAccounts.edit(c.work, id)
	c.setText("account_holder_name", &next.HolderName)
	c.setText("account_holder_type", &next.HolderType)
	return next, c.setMetadata(&next.Metadata)
}

func deleteCustomerSource(c *call) (any, error) {
	found, err := c.sourceByID()
	if err != nil {
		return nil, err
	}
	was, _ := customers.find(c.work, c.id)
	left := dropSource(c.work, found)
	settleDefault(c.work, c.id)
	if now, _ := customers.find(c.work, c.id); value(now.DefaultSource) != value(was.DefaultSource) {
		emitUpdated(c.work, "customer.updated", now)
	}
	return left, nil
}

// dropSource takes a source from its customer, and tells of it. A card stays
// known to the charges that it paid; a source can be read as consumed.
func dropSource(w *work, o object) any {
	tellSource(w, "customer.source.deleted", o, nil)
	id := o.identity().ID
	switch o.(type) {
	case *bankAccount:
		return bankAccounts.remove(w, id, gone)
	case *source:
		next := sources.edit(w, id)
		next.Customer, next.Status = "", sourceConsumed
		method := paymentMethods.edit(w, id)
		method.Customer, method.secret.Spent = nil, true
		return next
	}
	next := paymentMethods.edit(w, id)
	next.Customer, next.secret.Spent = nil, true
	return &deletedObject{head{id, sourceCards.name}, true}
}

func verifyBankAccount(c *call) (any, error) {
	found, err := c.sourceByID()
	if err != nil {
		return nil, err
	}
	if _, is := found.(*bankAccount); !is {
		return nil, badState("", "Only bank accounts can be verified by the amounts of deposits.")
	}
	before := marshal(found)
	next := bankAccounts.edit(c.work, found.identity().ID)
	if err := next.verify(c); err != nil {
		return nil, err
	}
	tellSource(c.work, "customer.source.updated", next, before)
	return next, nil
}

// tellSource emits an event about a source, with what changed since before
// when that is given.
func tellSource(w *work, name string, o object, before []byte) {
	raw := marshal(o)
	data := eventData{Object: w.snapshotOf(o)}
	if before != nil {
		data.PreviousAttributes = changes(before, raw)
	}
	tell(w, name, data)
}

// sourcesOfCustomer is the list that expand[]=sources adds to a customer.
func sourcesOfCustomer(v *view, o object) any {
	id := o.identity().ID
	all := sourcesOf(v.work, id)
	slices.Reverse(all)
	return &page{url: "/v1/customers/" + id + "/sources", objects: all[:min(defaultPage, len(all))], more: len(all) > defaultPage}
}

// setDefaultSource makes one of the customer's sources the default, as
// default_source= asks.
func (o *customer) setDefaultSource(c *call) error {
	id := c.text("default_source")
	if id == "" {
		return nil
	}
	for _, have := range sourcesOf(c.work, o.ID) {
		if have.identity().ID == id {
			o.DefaultSource = &id
			return nil
		}
	}
	return noSuch(http.StatusBadRequest, "source", id, "default_source")
}

// replaceSource is source= on a customer: it becomes the default, and takes
// the place of the card that was (§2.1).
func replaceSource(c *call, owner string) error {
	if c.text("source") == "" && !c.has("card") {
		return nil
	}
	made, err := addSource(c, owner)
	if err != nil {
		return err
	}
	have, _ := customers.find(c.work, owner)
	for _, old := range sourcesOf(c.work, owner) {
		if old.identity().ID == value(have.DefaultSource) {
			dropSource(c.work, old)
		}
	}
	customers.edit(c.work, owner).DefaultSource = pointer(made.identity().ID)
	tellSource(c.work, "customer.source.created", made, nil)
	return nil
}

// addFirstSource is source= while creating a customer: it becomes the default.
// The answer is nil when there is none.
func addFirstSource(c *call, owner *customer) (object, error) {
	if c.text("source") == "" && !c.has("card") {
		return nil, nil
	}
	made, err := addSource(c, owner.ID)
	if err != nil {
		return nil, err
	}
	owner.DefaultSource = pointer(made.identity().ID)
	return made, nil
}
