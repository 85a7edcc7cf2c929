package stripe

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	stripego "github.com/stripe/stripe-go/v85"

	"florin/internal/pay"
)

// maxSubscriptionPages bounds the subscriptions of one customer that are read:
// Stripe allows 500 that have not ended, and a search may see as many that have.
const maxSubscriptionPages = 10

// StartSubscription writes the request that starts a subscription. When its first
// payment fails there is a subscription all the same, whose invoice can be paid
// within 23 hours.
func (g *Gateway) StartSubscription(order pay.SubscriptionOrder) (pay.Wire, error) {
	s := order.Subscription
	wire := compose("/v1/subscriptions", &stripego.SubscriptionCreateParams{
		Customer:             stripego.String(order.CustomerRef),
		DefaultPaymentMethod: optional(order.MethodRef),
		Items:                []*stripego.SubscriptionCreateItemParams{{Price: stripego.String(order.PriceRef)}},
		Metadata:             tagged(s.Metadata, map[string]string{keySubscription: string(s.ID), keyMerchant: string(s.Owner.Merchant)}),
		OffSession:           stripego.Bool(true),
		PaymentBehavior:      stripego.String("allow_incomplete"),
	})
	if order.TrialDays > 0 {
		wire.Body += "&trial_period_days=" + strconv.Itoa(order.TrialDays)
	}
	wire.Body += shareForm(order.AccountRef, s.PlatformPercent)
	return wire, nil
}

// shareForm says who gets what of each invoice, as a destination charge. The
// percentage is written from basis points, and passes through no float.
func shareForm(accountRef string, percent pay.Percent) string {
	if accountRef == "" {
		return ""
	}
	return "&transfer_data[destination]=" + url.QueryEscape(accountRef) + "&application_fee_percent=" + percent.String()
}

var prorations = map[pay.Proration]string{
	pay.ProrationNext: "create_prorations", pay.ProrationNow: "always_invoice", pay.ProrationNone: "none",
}

// ChangeSubscription writes the request that changes a subscription.
func (g *Gateway) ChangeSubscription(s pay.Subscription, wish pay.SubscriptionWish) (pay.Wire, error) {
	params := &stripego.SubscriptionUpdateParams{
		CancelAtPeriodEnd: wish.CancelAtPeriodEnd, DefaultPaymentMethod: optional(wish.Card.ProviderRef), OffSession: stripego.Bool(true),
	}
	if wish.Plan.ID != "" {
		params.Items = []*stripego.SubscriptionUpdateItemParams{{ID: stripego.String(s.ItemRef), Price: stripego.String(wish.Plan.ProviderRef)}}
		params.ProrationBehavior = stripego.String(prorations[wish.Proration])
	}
	wire := compose(subscriptionPath(s), params)
	if wish.Plan.ID != "" {
		wire.Body += shareForm(wish.AccountRef, wish.Plan.PlatformPercent)
	}
	return wire, nil
}

func subscriptionPath(s pay.Subscription) string {
	return stripego.FormatURLPath("/v1/subscriptions/%s", s.ProviderRef)
}

// PauseSubscription writes the request that stops collecting. until may be
// zero.
func (g *Gateway) PauseSubscription(s pay.Subscription, behavior pay.PauseBehavior, until time.Time) (pay.Wire, error) {
	pause := &stripego.SubscriptionUpdatePauseCollectionParams{Behavior: stripego.String(string(behavior))}
	if !until.IsZero() {
		pause.ResumesAt = stripego.Int64(until.Unix())
	}
	return compose(subscriptionPath(s), &stripego.SubscriptionUpdateParams{PauseCollection: pause}), nil
}

// ResumeSubscription writes the request that collects again. A subscription
// that was paused for want of a card is resumed in another way than one whose
// collecting was paused.
func (g *Gateway) ResumeSubscription(s pay.Subscription) (pay.Wire, error) {
	if s.Pause == "" {
		return compose(subscriptionPath(s)+"/resume", &stripego.SubscriptionResumeParams{}), nil
	}
	wire := compose(subscriptionPath(s), &stripego.SubscriptionUpdateParams{})
	wire.Body = "pause_collection="
	return wire, nil
}

// CancelSubscription writes the request that ends a subscription now. prorate
// credits the time that was paid for and is left.
func (g *Gateway) CancelSubscription(s pay.Subscription, prorate bool) (pay.Wire, error) {
	path := subscriptionPath(s)
	if prorate {
		path += "?prorate=true"
	}
	return pay.Wire{Method: http.MethodDelete, Path: path, APIVersion: stripego.APIVersion}, nil
}

// FindSubscription reads a subscription by its ref or, when that is empty, by
// our id among those of its customer.
//
// Errors: those of a read, and not_found only when the whole list was seen.
func (g *Gateway) FindSubscription(ctx context.Context, access pay.Access, sought pay.SubscriptionSought) (pay.SubscriptionReport, error) {
	r := reader{g: g, access: access, name: "find_subscription"}
	if sought.Ref != "" {
		body, err := r.get(ctx, stripego.FormatURLPath("/v1/subscriptions/%s", sought.Ref))
		if err != nil {
			return pay.SubscriptionReport{}, err
		}
		return readSubscription(body)
	}
	var found json.RawMessage
	path := "/v1/subscriptions?status=all&customer=" + url.QueryEscape(sought.CustomerRef) + "&"
	err := r.walk(ctx, path, maxSubscriptionPages, func(item json.RawMessage) (bool, error) {
		if metadataOf(item)[keySubscription] == string(sought.ID) {
			found = item
		}
		return found != nil, nil
	})
	switch {
	case err != nil:
		return pay.SubscriptionReport{}, err
	case found == nil:
		return pay.SubscriptionReport{}, pay.NotFound("subscription of", sought.ID)
	}
	return readSubscription(found)
}

// FindClock reads the time of a test clock or, when ref is empty, of Stripe
// itself: that is the sandbox's, which can be put ahead.
//
// Errors: those of a read.
func (g *Gateway) FindClock(ctx context.Context, access pay.Access, ref string) (time.Time, error) {
	r := reader{g: g, access: access, name: "find_clock"}
	if ref == "" {
		wire := pay.Wire{Method: http.MethodGet, Path: "/v1/balance", APIVersion: stripego.APIVersion}
		got, verdict := r.ask(ctx, request{access: access, wire: wire})
		if verdict != pay.OutcomeDone || got.time().IsZero() {
			return time.Time{}, got.failure(verdict, "")
		}
		return got.time(), nil
	}
	body, err := r.get(ctx, stripego.FormatURLPath("/v1/test_helpers/test_clocks/%s", ref))
	if err != nil {
		return time.Time{}, err
	}
	var clock struct {
		FrozenTime int64 `json:"frozen_time"`
	}
	if err := json.Unmarshal(body, &clock); err != nil || clock.FrozenTime == 0 {
		return time.Time{}, doubtful("its test clock cannot be read").Because(err)
	}
	return unix(clock.FrozenTime), nil
}

func intoSubscription(result *pay.Answer, body []byte) error {
	report, err := readSubscription(body)
	result.Subscribed = &report
	return err
}

// subscription is what is read of a Subscription.
type subscription struct {
	ID                   string            `json:"id"`
	Status               string            `json:"status"`
	Customer             reference         `json:"customer"`
	DefaultPaymentMethod reference         `json:"default_payment_method"`
	Metadata             map[string]string `json:"metadata"`
	TrialEnd             int64             `json:"trial_end"`
	CancelAtPeriodEnd    bool              `json:"cancel_at_period_end"`
	CancelAt             int64             `json:"cancel_at"`
	CanceledAt           int64             `json:"canceled_at"`
	EndedAt              int64             `json:"ended_at"`
	TestClock            reference         `json:"test_clock"`
	ApplicationFee       json.Number       `json:"application_fee_percent"`
	TransferData         *struct {
		Destination reference `json:"destination"`
	} `json:"transfer_data"`
	PauseCollection *struct {
		Behavior  pay.PauseBehavior `json:"behavior"`
		ResumesAt int64             `json:"resumes_at"`
	} `json:"pause_collection"`
	Items struct {
		Data []struct {
			ID                 string    `json:"id"`
			CurrentPeriodStart int64     `json:"current_period_start"`
			CurrentPeriodEnd   int64     `json:"current_period_end"`
			Price              reference `json:"price"`
		} `json:"data"`
	} `json:"items"`
}

// readSubscription decodes a Subscription.
//
// Errors: in_doubt, when it cannot be read.
func readSubscription(body []byte) (pay.SubscriptionReport, error) {
	var s subscription
	if err := json.Unmarshal(body, &s); err != nil || s.ID == "" || s.Status == "" {
		return pay.SubscriptionReport{}, doubtful("its subscription cannot be read").Because(err)
	}
	report := pay.SubscriptionReport{
		SubscriptionID: ourID(s.Metadata[keySubscription]), ProviderRef: s.ID, CustomerRef: string(s.Customer),
		MethodRef: string(s.DefaultPaymentMethod), Status: s.status(),
		SubscriptionDetails: pay.SubscriptionDetails{
			TrialEnd: unix(s.TrialEnd), CancelAtPeriodEnd: s.CancelAtPeriodEnd, CancelAt: unix(s.CancelAt), CanceledAt: unix(s.CanceledAt),
			EndedAt: unix(s.EndedAt), ClockRef: string(s.TestClock),
		},
	}
	if to := s.TransferData; to != nil {
		report.AccountRef = string(to.Destination)
		report.Percent, _ = pay.ParsePercent(s.ApplicationFee.String(), "") // none is nothing; Stripe takes no finer ones
	}
	if p := s.PauseCollection; p != nil {
		report.Pause, report.ResumesAt = p.Behavior, unix(p.ResumesAt)
	}
	if len(s.Items.Data) > 0 {
		first := s.Items.Data[0]
		report.ItemRef, report.PriceRef = first.ID, string(first.Price)
		report.PeriodStart, report.PeriodEnd = unix(first.CurrentPeriodStart), unix(first.CurrentPeriodEnd)
	}
	return report, nil
}

// status sorts Stripe's statuses into ours. Paused collecting is no status of
// Stripe's; a subscription that is behind shows that it is.
func (s subscription) status() pay.SubscriptionStatus {
	switch status := pay.SubscriptionStatus(s.Status); {
	case s.Status == "incomplete_expired":
		return pay.SubscriptionExpired
	case s.PauseCollection != nil && (status == pay.SubscriptionActive || status == pay.SubscriptionTrialing):
		return pay.SubscriptionPaused
	default:
		return status // one that is new to us moves nothing: no table has it
	}
}

// unix is a time of Stripe's; none is zero.
func unix(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}
