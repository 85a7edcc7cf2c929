package sandbox

import (
	"net/http"
	"net/url"
	"strconv"
)

// maxLinkLines is how many lines a payment link may have (§2.21).
const maxLinkLines = 20

// paymentLink is an address where anybody can buy the same things (§2.21):
// each visit begins a checkout session.
type paymentLink struct {
	head
	Active                    bool              `json:"active"`
	AfterCompletion           afterCompletion   `json:"after_completion"`
	AllowPromotionCodes       bool              `json:"allow_promotion_codes"`
	Application               none              `json:"application"`
	ApplicationFeeAmount      *int64            `json:"application_fee_amount"`
	ApplicationFeePercent     *percent          `json:"application_fee_percent"`
	AutomaticTax              linkTax           `json:"automatic_tax"`
	BillingAddressCollection  string            `json:"billing_address_collection"`
	ConsentCollection         none              `json:"consent_collection"`
	Currency                  string            `json:"currency"`
	CustomFields              []none            `json:"custom_fields"`
	CustomText                checkoutText      `json:"custom_text"`
	CustomerCreation          string            `json:"customer_creation"`
	InactiveMessage           *string           `json:"inactive_message"`
	InvoiceCreation           none              `json:"invoice_creation"`
	Livemode                  bool              `json:"livemode"`
	Metadata                  map[string]string `json:"metadata"`
	OnBehalfOf                *string           `json:"on_behalf_of" expand:"account"`
	PaymentIntentData         none              `json:"payment_intent_data"`
	PaymentMethodCollection   string            `json:"payment_method_collection"`
	PaymentMethodTypes        []string          `json:"payment_method_types"`
	PhoneNumberCollection     checkoutPhone     `json:"phone_number_collection"`
	Restrictions              *linkRestrictions `json:"restrictions"`
	ShippingAddressCollection none              `json:"shipping_address_collection"`
	ShippingOptions           []none            `json:"shipping_options"`
	SubmitType                string            `json:"submit_type"`
	SubscriptionData          none              `json:"subscription_data"`
	TaxIDCollection           linkTaxIDs        `json:"tax_id_collection"`
	TransferData              *linkTransfer     `json:"transfer_data"`
	URL                       string            `json:"url"`

	secret linkSecret
}

// linkSecret is the parameters of every session that the link begins,
// form-encoded, and what is sold.
type linkSecret struct {
	Created int64           `json:"created"`
	Session string          `json:"session"`
	Lines   []*checkoutLine `json:"lines"`
}

type afterCompletion struct {
	HostedConfirmation *linkConfirmation `json:"hosted_confirmation,omitempty"`
	Redirect           *linkRedirect     `json:"redirect,omitempty"`
	Type               string            `json:"type"`
}

type linkConfirmation struct {
	CustomMessage *string `json:"custom_message"`
}

type linkRedirect struct {
	URL string `json:"url"`
}

type linkTax struct {
	Enabled   bool `json:"enabled"`
	Liability none `json:"liability"`
}

type linkTaxIDs struct {
	Enabled  bool   `json:"enabled"`
	Required string `json:"required"`
}

type linkRestrictions struct {
	CompletedSessions linkLimit `json:"completed_sessions"`
}

type linkLimit struct {
	Count int64 `json:"count"`
	Limit int64 `json:"limit"`
}

type linkTransfer struct {
	Amount      *int64 `json:"amount"`
	Destination string `json:"destination" expand:"account"`
}

func (p *paymentLink) private() any     { return &p.secret }
func (p *paymentLink) createdAt() int64 { return p.secret.Created }

var paymentLinks = declare[paymentLink](kind{name: "payment_link", prefix: "plink_1", length: 23, noun: "payment link", param: "payment_link"})

// linkParams may be changed later; what is sold may not.
var linkParams = []param{
	boolean("active"), hash("after_completion", enum("type", "hosted_confirmation", "redirect").must(), hash("redirect", text("url").must()),
		hash("hosted_confirmation", text("custom_message"))), boolean("allow_promotion_codes"), enum("customer_creation", "always", "if_required"),
	text("inactive_message"), metadata(), hash("restrictions", hash("completed_sessions", integer("limit").must()).must()),
}

func paymentLinkResource() *resource {
	id := &paymentLinks.kind
	return &resource{
		kind: id,
		include: map[string]func(*view, object) any{"line_items": func(_ *view, o object) any {
			return &page{url: "/v1/payment_links/" + o.identity().ID + "/line_items", objects: toObjects(o.(*paymentLink).secret.Lines)}
		}},
		routes: []route{
			{method: http.MethodPost, path: "/v1/payment_links", title: "Create a payment link", returns: id,
				params: allParams([]param{required(lineItemParams), integer("application_fee_amount"), text("application_fee_percent"), text("on_behalf_of"),
					hash("transfer_data", text("destination").must(), integer("amount")), list("payment_method_types", text("")),
					enum("submit_type", "auto", "book", "donate", "pay", "subscribe")}, sessionDataParams, linkParams), do: createLink},
			{method: http.MethodGet, path: "/v1/payment_links", title: "List payment links", returns: id, list: true,
				params: paged(boolean("active")), do: listLinks},
			{method: http.MethodGet, path: "/v1/payment_links/{id}", title: "Retrieve a payment link", returns: id, do: paymentLinks.retrieve},
			{method: http.MethodPost, path: "/v1/payment_links/{id}", title: "Update a payment link", returns: id, params: linkParams, do: updateLink},
			{method: http.MethodGet, path: "/v1/payment_links/{id}/line_items", title: "List what a payment link sells", list: true, params: paged(), do: listLinkLines},
		},
	}
}

func createLink(c *call) (any, error) {
	mode := modePayment
	var lines []*checkoutLine
	rows := c.each("line_items")
	if len(rows) > maxLinkLines {
		return nil, badParam("line_items", "", "A payment link can have at most 20 line items.")
	}
	form := url.Values{}
	for at, row := range rows {
		line, err := sessionLine(c, row, join("line_items", strconv.Itoa(at)))
		if err != nil {
			return nil, err
		}
		line.AmountTotal = line.AmountSubtotal
		if line.Price.Recurring != nil {
			mode = modeSubscription
		}
		lines = append(lines, line)
		path := join("line_items", strconv.Itoa(at))
		form.Set(join(path, "price"), line.Price.ID)
		form.Set(join(path, "quantity"), strconv.FormatInt(line.Quantity, 10))
	}
	form.Set("mode", mode)
	for _, name := range []string{"payment_intent_data", "subscription_data", "submit_type", "payment_method_types"} {
		if node := c.node(name); node != nil {
			spread(form, name, node)
		}
	}
	made := paymentLinks.add(c.work, &paymentLink{
		Active: true, AfterCompletion: afterCompletion{HostedConfirmation: &linkConfirmation{}, Type: "hosted_confirmation"}, BillingAddressCollection: "auto",
		Currency: lines[0].Currency, CustomFields: []none{}, CustomerCreation: "if_required", Metadata: map[string]string{}, PaymentMethodCollection: "always",
		ShippingOptions: []none{}, SubmitType: "auto", TaxIDCollection: linkTaxIDs{Required: "never"}, secret: linkSecret{Created: c.wall, Lines: lines},
	})
	if err := made.share(c, form); err != nil {
		return nil, err
	}
	made.secret.Session = form.Encode()
	made.URL = c.sandbox.baseFor(c.request) + linkPath + "/" + c.account.id + "/" + made.ID
	if err := made.set(c); err != nil {
		return nil, err
	}
	emit(c.work, "payment_link.created", made)
	return made, nil
}

// share keeps who else gets a part of each payment.
func (p *paymentLink) share(c *call, form url.Values) error {
	part, err := c.percent("application_fee_percent", 0)
	if err != nil {
		return err
	}
	p.ApplicationFeePercent = part
	c.setInteger("application_fee_amount", &p.ApplicationFeeAmount)
	c.setText("on_behalf_of", &p.OnBehalfOf)
	into := "payment_intent_data"
	if form.Get("mode") == modeSubscription {
		into = "subscription_data"
	}
	if part != nil {
		form.Set(join(into, "application_fee_percent"), part.String())
	}
	if fee := c.text("application_fee_amount"); fee != "" {
		form.Set(join(into, "application_fee_amount"), fee)
	}
	if p.OnBehalfOf != nil {
		form.Set(join(into, "on_behalf_of"), *p.OnBehalfOf)
	}
	if to := c.hash("transfer_data"); to.values != nil {
		p.TransferData = &linkTransfer{Destination: to.text("destination")}
		to.setInteger("amount", &p.TransferData.Amount)
		spread(form, join(into, "transfer_data"), to.values)
	}
	return nil
}

// set changes what may be changed of a link.
func (p *paymentLink) set(c *call) error {
	if c.has("active") {
		p.Active = c.yes("active")
	}
	if c.has("allow_promotion_codes") {
		p.AllowPromotionCodes = c.yes("allow_promotion_codes")
	}
	if how := c.text("customer_creation"); how != "" {
		p.CustomerCreation = how
	}
	c.setText("inactive_message", &p.InactiveMessage)
	if after := c.hash("after_completion"); after.values != nil {
		p.AfterCompletion = afterCompletion{HostedConfirmation: &linkConfirmation{textOrNil(after.hash("hosted_confirmation").text("custom_message"))}, Type: "hosted_confirmation"}
		if to := after.hash("redirect").text("url"); after.text("type") == "redirect" {
			if to == "" {
				return missingParam("after_completion[redirect][url]")
			}
			p.AfterCompletion = afterCompletion{Redirect: &linkRedirect{to}, Type: "redirect"}
		}
	}
	if limit, ok := c.hash("restrictions").hash("completed_sessions").integer("limit"); ok {
		sold := int64(0)
		if p.Restrictions != nil {
			sold = p.Restrictions.CompletedSessions.Count
		}
		p.Restrictions = &linkRestrictions{linkLimit{sold, limit}}
	}
	return c.setMetadata(&p.Metadata)
}

func updateLink(c *call) (any, error) {
	if _, err := paymentLinks.fromPath(c); err != nil {
		return nil, err
	}
	next := paymentLinks.edit(c.work, c.id)
	if err := next.set(c); err != nil {
		return nil, err
	}
	emitUpdated(c.work, "payment_link.updated", next)
	return next, nil
}

func listLinks(c *call) (any, error) {
	return c.pageOf(query{kind: &paymentLinks.kind, keep: func(o object) bool { return c.agrees("active", o.(*paymentLink).Active) }})
}

func listLinkLines(c *call) (any, error) {
	found, err := paymentLinks.fromPath(c)
	if err != nil {
		return nil, err
	}
	return c.pageIn(toObjects(found.secret.Lines))
}

// spent says whether the link has brought as many sales as it may.
func (p *paymentLink) spent() bool {
	return p.Restrictions != nil && p.Restrictions.CompletedSessions.Count >= p.Restrictions.CompletedSessions.Limit
}

// followLink begins a session, and goes to its page.
func (s *Sandbox) followLink(w http.ResponseWriter, r *http.Request) {
	s.shopping(w, r, func(c *call) visitOutcome {
		p, ok := paymentLinks.find(c.work, r.PathValue("link"))
		if !ok || !p.Active || p.spent() {
			return visitOutcome{}
		}
		form := prepared(p.secret.Session, map[string]string{"customer_creation": p.CustomerCreation, "allow_promotion_codes": strconv.FormatBool(p.AllowPromotionCodes)})
		form.Set("success_url", p.URL+"/thanks")
		if to := p.AfterCompletion.Redirect; to != nil {
			form.Set("success_url", to.URL)
		}
		made, err := createSession(c.ask("", form))
		if err != nil {
			c.discard()
			return visitOutcome{}
		}
		next := made.(*checkoutSession)
		next.PaymentLink = &p.ID
		if p.AfterCompletion.Redirect == nil {
			next.SuccessURL = nil // the page itself says thank you
		}
		return visitOutcome{to: *next.URL, found: true}
	})
}
