package sandbox

import (
	"net/http"
)

// Statuses of a subscription (§2.17.1).
const (
	subIncomplete = "incomplete"
	subExpired    = "incomplete_expired"
	subTrialing   = "trialing"
	subActive     = "active"
	subPastDue    = "past_due"
	subUnpaid     = "unpaid"
	subPaused     = "paused"
	subCanceled   = "canceled"
)

// subscription bills a customer at every interval (§2.17).
type subscription struct {
	head
	Application              none                        `json:"application"`
	ApplicationFeePercent    *percent                    `json:"application_fee_percent"`
	AutomaticTax             subscriptionTax             `json:"automatic_tax"`
	BillingCycleAnchor       int64                       `json:"billing_cycle_anchor"`
	BillingCycleAnchorConfig none                        `json:"billing_cycle_anchor_config"`
	BillingMode              billingMode                 `json:"billing_mode"`
	BillingSchedules         []none                      `json:"billing_schedules"`
	BillingThresholds        none                        `json:"billing_thresholds"`
	CancelAt                 *int64                      `json:"cancel_at"`
	CancelAtPeriodEnd        bool                        `json:"cancel_at_period_end"`
	CanceledAt               *int64                      `json:"canceled_at"`
	CancellationDetails      cancellationDetails         `json:"cancellation_details"`
	CollectionMethod         string                      `json:"collection_method"`
	Created                  int64                       `json:"created"`
	Currency                 string                      `json:"currency"`
	Customer                 string                      `json:"customer" expand:"customer"`
	CustomerAccount          none                        `json:"customer_account"`
	DaysUntilDue             *int64                      `json:"days_until_due"`
	DefaultPaymentMethod     *string                     `json:"default_payment_method" expand:"payment_method"`
	DefaultSource            none                        `json:"default_source"`
	DefaultTaxRates          []none                      `json:"default_tax_rates"`
	Description              *string                     `json:"description"`
	Discounts                []string                    `json:"discounts" expand:"discount"`
	EndedAt                  *int64                      `json:"ended_at"`
	InvoiceSettings          subscriptionInvoices        `json:"invoice_settings"`
	Items                    listOf[*subscriptionItem]   `json:"items"`
	LatestInvoice            *string                     `json:"latest_invoice" expand:"invoice"`
	Livemode                 bool                        `json:"livemode"`
	Metadata                 map[string]string           `json:"metadata"`
	NextPendingInvoice       none                        `json:"next_pending_invoice_item_invoice"`
	OnBehalfOf               *string                     `json:"on_behalf_of" expand:"account"`
	PauseCollection          *pauseCollection            `json:"pause_collection"`
	PaymentSettings          subscriptionPaymentSettings `json:"payment_settings"`
	PendingInvoiceInterval   none                        `json:"pending_invoice_item_interval"`
	PendingSetupIntent       *string                     `json:"pending_setup_intent" expand:"setup_intent"`
	PendingUpdate            none                        `json:"pending_update"`
	Plan                     *plan                       `json:"plan"`
	Quantity                 *int64                      `json:"quantity"`
	Schedule                 none                        `json:"schedule"`
	StartDate                int64                       `json:"start_date"`
	Status                   string                      `json:"status"`
	TestClock                *string                     `json:"test_clock" expand:"test_helpers.test_clock"`
	TransferData             *subscriptionTransfer       `json:"transfer_data"`
	TrialEnd                 *int64                      `json:"trial_end"`
	TrialSettings            trialSettings               `json:"trial_settings"`
	TrialStart               *int64                      `json:"trial_start"`

	secret subscriptionSecret
}

// subscriptionSecret is what was already told, so that it is told once, and who
// else is to be told.
type subscriptionSecret struct {
	TrialNoticed bool   `json:"trial_noticed,omitempty"`
	UpcomingTold int64  `json:"upcoming_told,omitempty"` // the period end (Unix seconds) that invoice.upcoming was about
	Checkout     string `json:"checkout,omitempty"`      // the session that waits for its first payment
}

type subscriptionTax struct {
	DisabledReason none `json:"disabled_reason"`
	Enabled        bool `json:"enabled"`
	Liability      none `json:"liability"`
}

type billingMode struct {
	Flexible  flexibleBilling `json:"flexible"`
	Type      string          `json:"type"`
	UpdatedAt int64           `json:"updated_at"`
}

type flexibleBilling struct {
	ProrationDiscounts string `json:"proration_discounts"`
}

type cancellationDetails struct {
	Comment  *string `json:"comment"`
	Feedback *string `json:"feedback"`
	Reason   *string `json:"reason"`
}

type subscriptionInvoices struct {
	AccountTaxIDs none   `json:"account_tax_ids"`
	Issuer        issuer `json:"issuer"`
}

type pauseCollection struct {
	Behavior  string `json:"behavior"`
	ResumesAt *int64 `json:"resumes_at"`
}

type subscriptionPaymentSettings struct {
	PaymentMethodOptions     none     `json:"payment_method_options"`
	PaymentMethodTypes       []string `json:"payment_method_types"`
	SaveDefaultPaymentMethod string   `json:"save_default_payment_method"`
}

type subscriptionTransfer struct {
	AmountPercent *percent `json:"amount_percent"`
	Destination   string   `json:"destination" expand:"account"`
}

type trialSettings struct {
	EndBehavior trialEndBehavior `json:"end_behavior"`
}

type trialEndBehavior struct {
	MissingPaymentMethod string `json:"missing_payment_method"`
}

func (s *subscription) private() any      { return &s.secret }
func (s *subscription) createdAt() int64  { return s.Created }
func (s *subscription) testClock() string { return value(s.TestClock) }

// over says whether nothing can happen to the subscription any more.
func (s *subscription) over() bool { return s.Status == subCanceled || s.Status == subExpired }

// interval is how often all items recur.
func (s *subscription) interval() interval { return s.Items.Data[0].Price.interval() }

// current is the period that the items are in.
func (s *subscription) current() period {
	first := s.Items.Data[0]
	return period{first.CurrentPeriodEnd, first.CurrentPeriodStart}
}

var subscriptions = declare[subscription](kind{name: "subscription", prefix: "sub_1", length: 23})

var (
	paymentBehaviors  = enum("payment_behavior", "allow_incomplete", "default_incomplete", "error_if_incomplete")
	prorationParams   = []param{enum("proration_behavior", "always_invoice", "create_prorations", "none"), integer("proration_date")}
	cancellationParam = hash("cancellation_details", text("comment"), enum("feedback", "customer_service", "low_quality", "missing_features", "other",
		"switched_service", "too_complex", "too_expensive", "unused").clearable())
	itemFields   = []param{text("price"), text("plan"), priceData, integer("quantity"), metadata(), discountsParam}
	extraItems   = list("add_invoice_items", hash("", text("price"), priceData, integer("quantity"), metadata(), discountsParam))
	updatedItems = list("items", hash("", allParams([]param{text("id"), boolean("deleted")}, itemFields)...))
	// subscriptionParams may be set when creating and when updating.
	subscriptionParams = allParams([]param{
		extraItems, text("application_fee_percent"), integer("cancel_at").clearable(), boolean("cancel_at_period_end"),
		enum("collection_method", chargeAutomatically, sendInvoice), integer("days_until_due"), text("default_payment_method"), text("description"),
		discountsParam, metadata(), boolean("off_session"), text("on_behalf_of"), paymentBehaviors,
		hash("payment_settings", list("payment_method_types", text("")), anything("payment_method_options"), enum("save_default_payment_method", "off", "on_subscription")),
		hash("transfer_data", text("amount_percent"), text("destination").must()), text("trial_end"), boolean("trial_from_plan"),
		hash("trial_settings", hash("end_behavior", enum("missing_payment_method", "cancel", "create_invoice", "pause").must()).must()),
	}, prorationParams)
)

func subscriptionResource() *resource {
	id := &subscriptions.kind
	return &resource{
		kind: id,
		indexes: func(o object) []indexKey {
			s := o.(*subscription)
			keys := append(metadataKeys(s.Metadata), indexKey{"customer", s.Customer}, indexKey{"test_clock", s.testClock()})
			for _, item := range s.Items.Data {
				keys = append(keys, indexKey{"item", item.ID}, indexKey{"price", item.Price.ID})
			}
			return keys
		},
		due:  func(o object) int64 { return o.(*subscription).dueAt() },
		wake: wakeSubscription,
		routes: []route{
			{method: http.MethodPost, path: "/v1/subscriptions", title: "Start a subscription", returns: id,
				params: allParams([]param{text("customer").must(), text("currency"), integer("billing_cycle_anchor"), integer("trial_period_days"),
					list("items", hash("", itemFields...)).must(), hash("billing_mode", enum("type", "classic", "flexible").must())}, subscriptionParams), do: createSubscription},
			{method: http.MethodGet, path: "/v1/subscriptions", title: "List subscriptions; ended ones only when asked for", returns: id, list: true,
				params: paged(text("customer"), text("price"), text("status"), text("collection_method"), text("test_clock")), do: listSubscriptions},
			{method: http.MethodGet, path: "/v1/subscriptions/search", title: "Search subscriptions", returns: id, list: true,
				params: searchParams, do: searching(id)},
			{method: http.MethodGet, path: "/v1/subscriptions/{id}", title: "Retrieve a subscription", returns: id, do: subscriptions.retrieve},
			{method: http.MethodPost, path: "/v1/subscriptions/{id}", title: "Change a subscription; differences are prorated", returns: id,
				params: allParams([]param{updatedItems, enum("billing_cycle_anchor", "now", "unchanged"), cancellationParam,
					hash("pause_collection", enum("behavior", "keep_as_draft", "mark_uncollectible", "void").must(), integer("resumes_at"))}, subscriptionParams),
				do: updateSubscription},
			{method: http.MethodDelete, path: "/v1/subscriptions/{id}", title: "Cancel a subscription now", returns: id,
				params: []param{cancellationParam, boolean("invoice_now"), boolean("prorate")}, do: cancelSubscription},
			{method: http.MethodPost, path: "/v1/subscriptions/{id}/resume", title: "Resume a paused subscription", returns: id,
				params: allParams([]param{enum("billing_cycle_anchor", "now", "unchanged")}, prorationParams), do: resumeSubscription},
		},
	}
}

func listSubscriptions(c *call) (any, error) {
	wanted := c.text("status")
	return c.pageOf(query{kind: &subscriptions.kind, key: c.filtered("customer", "price", "test_clock"), keep: func(o object) bool {
		s := o.(*subscription)
		shown := s.Status == wanted || wanted == "all" || wanted == "" && !s.over() || wanted == "ended" && s.over()
		return shown && c.equals("customer", s.Customer) && c.equals("collection_method", s.CollectionMethod)
	}})
}

// subscriptionsOf is customer.subscriptions, for expand[].
func subscriptionsOf(v *view, o object) any {
	id := o.identity().ID
	out := &page{url: "/v1/customers/" + id + "/subscriptions"}
	for _, s := range subscriptions.where(v.work, indexKey{"customer", id}) {
		if !s.over() {
			out.objects = append([]object{s}, out.objects...)
		}
	}
	return out
}

// set changes what the parameters name, for create and update alike.
func (s *subscription) set(c *call) error {
	if how := c.text("collection_method"); how != "" {
		s.CollectionMethod = how
	}
	c.setInteger("days_until_due", &s.DaysUntilDue)
	if (s.CollectionMethod == sendInvoice) != (s.DaysUntilDue != nil) {
		return badParam("days_until_due", "", "`days_until_due` is required when, and only allowed when, `collection_method` is `send_invoice`.")
	}
	if err := s.setShares(c); err != nil {
		return err
	}
	if err := c.setDefaultMethod(&s.DefaultPaymentMethod, s.Customer); err != nil {
		return err
	}
	c.setText("description", &s.Description)
	pay := c.hash("payment_settings")
	if types := pay.list("payment_method_types"); types != nil {
		s.PaymentSettings.PaymentMethodTypes = types
	}
	if how := pay.text("save_default_payment_method"); how != "" {
		s.PaymentSettings.SaveDefaultPaymentMethod = how
	}
	if how := c.hash("trial_settings").hash("end_behavior").text("missing_payment_method"); how != "" {
		s.TrialSettings.EndBehavior.MissingPaymentMethod = how
	}
	if c.has("discounts") {
		owner, _ := customers.find(c.work, s.Customer)
		given, err := redeem(c, c.params, owner, func(d *discount) { d.Subscription = &s.ID })
		if err != nil {
			return err
		}
		s.Discounts = given
	}
	return c.setMetadata(&s.Metadata)
}

// setShares changes who else gets a part of each payment.
func (s *subscription) setShares(c *call) error {
	if c.has("application_fee_percent") {
		part, err := c.percent("application_fee_percent", 0)
		if err != nil {
			return err
		}
		s.ApplicationFeePercent = part
	}
	c.setText("on_behalf_of", &s.OnBehalfOf)
	if !c.has("transfer_data") {
		return nil
	}
	s.TransferData = nil
	sent := c.hash("transfer_data")
	if !sent.isHash() {
		return nil
	}
	part, err := sent.percent("amount_percent", 0)
	s.TransferData = &subscriptionTransfer{part, sent.text("destination")}
	return err
}

// setCancel plans the end, or takes the plan back.
func (s *subscription) setCancel(c *call) error {
	sent := c.hash("cancellation_details")
	sent.setText("comment", &s.CancellationDetails.Comment)
	sent.setText("feedback", &s.CancellationDetails.Feedback)
	if c.has("cancel_at") && c.has("cancel_at_period_end") {
		return badParam("cancel_at", "parameters_exclusive", "You may only specify one of these parameters: cancel_at, cancel_at_period_end.")
	}
	switch at, ok := c.integer("cancel_at"); {
	case ok && at <= c.now:
		return badParam("cancel_at", "", "cancel_at must be a timestamp in the future.")
	case ok:
		s.planEnd(c.now, at, false)
	case c.yes("cancel_at_period_end"):
		s.planEnd(c.now, s.current().End, true)
	case c.has("cancel_at") || c.has("cancel_at_period_end") && s.CancelAtPeriodEnd:
		s.CancelAt, s.CancelAtPeriodEnd, s.CanceledAt, s.CancellationDetails.Reason = nil, false, nil, nil
	}
	return nil
}

func (s *subscription) planEnd(now, at int64, atPeriodEnd bool) {
	s.CancelAt, s.CancelAtPeriodEnd, s.CanceledAt = &at, atPeriodEnd, &now
	s.CancellationDetails.Reason = pointer("cancellation_requested")
}

func cancelSubscription(c *call) (any, error) {
	old, err := subscriptions.fromPath(c)
	if err != nil {
		return nil, err
	}
	if old.over() {
		return nil, noSuch(http.StatusNotFound, "subscription", c.id, "id")
	}
	c.follow(old.TestClock)
	s := subscriptions.edit(c.work, c.id)
	sent := c.hash("cancellation_details")
	sent.setText("comment", &s.CancellationDetails.Comment)
	sent.setText("feedback", &s.CancellationDetails.Feedback)
	if c.yes("prorate") && s.Status != subTrialing {
		for _, item := range s.Items.Data {
			s.credit(c.work, item, c.now)
		}
	}
	s.cancel(c.work, "cancellation_requested")
	if c.yes("invoice_now") {
		if err := s.billNow(c, nil, true); err != nil {
			return nil, err
		}
	}
	return s, nil
}
