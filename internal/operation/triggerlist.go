package operation

import (
	"encoding/json"

	"florin/internal/pay"
)

// declaredTriggers is the whole catalogue. What is new is what a list of
// Stripe's gains; only where no list tells, as with a payment that succeeds
// some time after it was made, its events are read. Refunds in particular are
// read from their list: which events tell of them differs between accounts.
func declaredTriggers() []trigger {
	return []trigger{
		{Trigger: pay.Trigger{
			Name: "new-charge", Title: "New Charge", Resource: "charges", Path: "/v1/charges",
			Summary: "Each new charge, whatever became of it; status narrows that down, by how it is when it is first seen.",
			Hints: []string{
				"charge.succeeded", "charge.failed", "charge.pending", "payment_intent.succeeded", "payment_intent.payment_failed",
				"payment_intent.processing", "payment_intent.amount_capturable_updated",
			},
			Output: fieldSchema(chargeFields, chargeRest), Sample: json.RawMessage(chargeSample),
		}, statuses: chargeStatuses},
		{Trigger: pay.Trigger{
			Name: "new-refund", Title: "New Refund", Resource: "refunds", Path: "/v1/refunds",
			Summary: "Each new refund, full or partial, whatever its status.",
			Hints:   []string{"refund.created", "charge.refunded", "charge.refund.updated", "refund.updated"},
			Output:  fieldSchema(refundFields, refundRest), Sample: json.RawMessage(refundSample),
		}},
		{Trigger: pay.Trigger{
			Name: "new-customer", Title: "New Customer", Resource: "customers", Path: "/v1/customers",
			Summary: "Each new customer.", Hints: []string{"customer.created"},
			Output: fieldSchema(customerFields, customerRest), Sample: json.RawMessage(customerSample),
		}},
		{Trigger: pay.Trigger{
			Name: "new-payment", Title: "New Payment", Resource: "payments", Path: "/v1/payment_intents",
			Summary: "Each new payment intent, paid or not.",
			Hints:   []string{"payment_intent.created", "payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.requires_action"},
			Output:  fieldSchema(intentFields, intentRest), Sample: json.RawMessage(intentSample),
		}},
		{Trigger: pay.Trigger{
			Name: "payment-succeeded", Title: "Payment Succeeded", Resource: "payments", Path: "/v1/events",
			Summary: "Each payment intent that succeeds, once, however long after it was made.", Hints: []string{"payment_intent.succeeded"},
			Output: fieldSchema(intentFields, intentRest), Sample: json.RawMessage(intentSample),
		}, event: "payment_intent.succeeded", payload: true, byObject: true},
		{Trigger: pay.Trigger{
			Name: "payment-failed", Title: "Payment Failed", Resource: "payments", Path: "/v1/events",
			Summary: "Each failed attempt to pay a payment intent.", Hints: []string{"payment_intent.payment_failed"},
			Output: fieldSchema(intentFields, intentRest), Sample: json.RawMessage(failedIntentSample),
		}, event: "payment_intent.payment_failed", payload: true},
		{Trigger: pay.Trigger{
			Name: "new-dispute", Title: "New Dispute", Resource: "disputes", Path: "/v1/disputes",
			Summary: "Each new dispute of a charge.", Hints: []string{"charge.dispute.created", "charge.dispute.funds_withdrawn"},
			Output: fieldSchema(disputeFields, disputeRest), Sample: json.RawMessage(disputeSample),
		}},
		{Trigger: pay.Trigger{
			Name: "new-payout", Title: "New Payout", Resource: "payouts", Path: "/v1/payouts",
			Summary: "Each new payout to the bank.", Hints: []string{"payout.created", "payout.paid"},
			Output: fieldSchema(payoutFields, payoutRest), Sample: json.RawMessage(payoutSample),
		}},
		{Trigger: pay.Trigger{
			Name: "new-subscription", Title: "New Subscription", Resource: "subscriptions", Path: "/v1/subscriptions",
			Summary: "Each new subscription, in whatever status.", Hints: []string{"customer.subscription.created"},
			Output: fieldSchema(subscriptionFields, subscriptionRest), Sample: json.RawMessage(subscriptionSample),
		}, query: "status=all"},
		{Trigger: pay.Trigger{
			Name: "stripe-event", Title: "Stripe Event", Resource: "events", Path: "/v1/events",
			Summary: "Each Stripe event of the types named, up to 20, or of one with a star. Stripe keeps events for 30 days.",
			Output:  fieldSchema(eventFields, eventRest), Sample: json.RawMessage(eventSample),
		}, anyEvent: true},
	}
}

// Samples, in the shape of Stripe's own examples.
const (
	chargeSample = `{"id":"ch_sample","object":"charge","amount":12500,"amount_captured":12500,"amount_refunded":0,"balance_transaction":"txn_sample",
		"billing_details":{"email":"jenny@example.com","name":"Jenny Rosen"},"captured":true,"created":1767225600,"currency":"usd","customer":"cus_sample",
		"description":"Order 1001","disputed":false,"failure_code":null,"failure_message":null,"invoice":null,"livemode":false,"metadata":{"order":"1001"},
		"outcome":{"network_status":"approved_by_network","type":"authorized"},"paid":true,"payment_intent":"pi_sample","payment_method":"pm_sample",
		"receipt_email":null,"receipt_url":null,"refunded":false,"status":"succeeded"}`
	refundSample = `{"id":"re_sample","object":"refund","amount":2500,"balance_transaction":"txn_sample","charge":"ch_sample","created":1767225700,
		"currency":"usd","metadata":{},"payment_intent":"pi_sample","reason":"requested_by_customer","status":"succeeded"}`
	customerSample = `{"id":"cus_sample","object":"customer","address":null,"balance":0,"created":1767225600,"currency":null,"description":null,
		"email":"jenny@example.com","livemode":false,"metadata":{},"name":"Jenny Rosen","phone":null,"shipping":null}`
	intentSample = `{"id":"pi_sample","object":"payment_intent","amount":12500,"amount_received":12500,"created":1767225600,"currency":"usd",
		"customer":"cus_sample","description":"Order 1001","last_payment_error":null,"latest_charge":"ch_sample","livemode":false,"metadata":{"order":"1001"},
		"payment_method":"pm_sample","receipt_email":null,"status":"succeeded"}`
	failedIntentSample = `{"id":"pi_sample","object":"payment_intent","amount":12500,"amount_received":0,"created":1767225600,"currency":"usd",
		"customer":"cus_sample","description":"Order 1001","last_payment_error":{"code":"card_declined","decline_code":"insufficient_funds","type":"card_error"},
		"latest_charge":"ch_sample","livemode":false,"metadata":{"order":"1001"},"payment_method":null,"receipt_email":null,"status":"requires_payment_method"}`
	disputeSample = `{"id":"dp_sample","object":"dispute","amount":12500,"charge":"ch_sample","created":1767225800,"currency":"usd","livemode":false,
		"metadata":{},"payment_intent":"pi_sample","reason":"fraudulent","status":"needs_response"}`
	payoutSample = `{"id":"po_sample","object":"payout","amount":98000,"arrival_date":1767312000,"automatic":true,"created":1767225900,"currency":"usd",
		"description":"STRIPE PAYOUT","livemode":false,"metadata":{},"method":"standard","status":"in_transit","type":"bank_account"}`
	subscriptionSample = `{"id":"sub_sample","object":"subscription","cancel_at_period_end":false,"canceled_at":null,"created":1767225600,"currency":"usd",
		"customer":"cus_sample","items":{"object":"list","data":[]},"latest_invoice":"in_sample","livemode":false,"metadata":{},"status":"active","trial_end":null}`
	eventSample = `{"id":"evt_sample","object":"event","api_version":"2026-03-25.dahlia","created":1767225600,
		"data":{"object":{"id":"ch_sample","object":"charge","amount":12500}},"livemode":false,"pending_webhooks":0,
		"request":{"id":"req_sample","idempotency_key":null},"type":"charge.succeeded"}`
)
