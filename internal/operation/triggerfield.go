package operation

import (
	"encoding/json"
	"strings"
)

// Fields of the objects, a name and a type each; a question mark says that it
// may be null.
const (
	chargeFields = `id:string object:string amount:integer amount_captured:integer amount_refunded:integer balance_transaction:string?
		billing_details:object captured:boolean created:integer currency:string customer:string? description:string? disputed:boolean
		failure_code:string? failure_message:string? invoice:string? livemode:boolean metadata:object outcome:object? paid:boolean
		payment_intent:string? payment_method:string? receipt_email:string? receipt_url:string? refunded:boolean status:string`
	refundFields = `id:string object:string amount:integer balance_transaction:string? charge:string? created:integer currency:string
		metadata:object payment_intent:string? reason:string? status:string?`
	customerFields = `id:string object:string address:object? balance:integer created:integer currency:string? description:string?
		email:string? livemode:boolean metadata:object name:string? phone:string? shipping:object?`
	intentFields = `id:string object:string amount:integer amount_received:integer created:integer currency:string customer:string?
		description:string? last_payment_error:object? latest_charge:string? livemode:boolean metadata:object payment_method:string?
		receipt_email:string? status:string`
	disputeFields = `id:string object:string amount:integer charge:string created:integer currency:string livemode:boolean
		metadata:object payment_intent:string? reason:string status:string`
	payoutFields = `id:string object:string amount:integer arrival_date:integer automatic:boolean created:integer currency:string
		description:string? livemode:boolean metadata:object method:string status:string type:string`
	subscriptionFields = `id:string object:string cancel_at_period_end:boolean canceled_at:integer? created:integer currency:string
		customer:string items:object latest_invoice:string? livemode:boolean metadata:object status:string trial_end:integer?`
	eventFields = `id:string object:string api_version:string? created:integer data:object livemode:boolean pending_webhooks:integer
		request:object? type:string`
)

// What else Stripe's OpenAPI document gives the objects. A flow may use it
// unchecked; the names are known so that a misspelt one can be told.
const (
	chargeRest = `application application_fee application_fee_amount calculated_statement_descriptor failure_balance_transaction fraud_details
		on_behalf_of payment_method_details presentment_details radar_options receipt_number refunds review shipping source_transfer
		statement_descriptor statement_descriptor_suffix transfer transfer_data transfer_group`
	refundRest = `customer customer_account description destination_details failure_balance_transaction failure_reason instructions_email
		next_action payment_method pending_reason presentment_details receipt_number source_transfer_reversal transfer_reversal`
	customerRest = `business_name cash_balance customer_account default_source delinquent discount individual_name invoice_credit_balance
		invoice_prefix invoice_settings next_invoice_sequence preferred_locales sources subscriptions tax tax_exempt tax_ids test_clock`
	intentRest = `allowed_payment_method_types amount_capturable amount_details application application_fee_amount automatic_payment_methods
		canceled_at cancellation_reason capture_method client_secret confirmation_method customer_account excluded_payment_method_types
		hooks managed_payments next_action on_behalf_of payment_details payment_method_configuration_details payment_method_options
		payment_method_types presentment_details processing review setup_future_usage shipping statement_descriptor
		statement_descriptor_suffix transfer_data transfer_group`
	disputeRest = `balance_transactions enhanced_eligibility_types evidence evidence_details is_charge_refundable payment_method_details`
	payoutRest  = `application_fee application_fee_amount balance_transaction destination failure_balance_transaction failure_code failure_message
		original_payout payout_method reconciliation_status reversed_by source_type statement_descriptor trace_id`
	subscriptionRest = `application application_fee_percent automatic_tax billing_cycle_anchor billing_cycle_anchor_config billing_mode
		billing_schedules billing_thresholds cancel_at cancellation_details collection_method customer_account days_until_due
		default_payment_method default_source default_tax_rates description discounts ended_at invoice_settings managed_payments
		next_pending_invoice_item_invoice on_behalf_of pause_collection payment_settings pending_invoice_item_interval
		pending_setup_intent pending_update presentment_details schedule start_date test_clock transfer_data trial_settings trial_start`
	eventRest = `account context`
)

// fieldSchema makes a JSON Schema of a list of fields, and of names of which only
// that they exist is said.
func fieldSchema(fields, rest string) json.RawMessage {
	properties, required := map[string]any{}, []string{}
	for _, field := range strings.Fields(fields) {
		name, kind, _ := strings.Cut(field, ":")
		plain, mayBeNull := strings.CutSuffix(kind, "?")
		if mayBeNull {
			properties[name] = map[string]any{"type": []string{plain, "null"}}
			continue
		}
		properties[name] = map[string]any{"type": plain}
		required = append(required, name)
	}
	for _, name := range strings.Fields(rest) {
		properties[name] = map[string]any{}
	}
	raw, err := json.Marshal(map[string]any{"type": "object", "properties": properties, "required": required})
	if err != nil {
		panic(err) // the maps above are plain
	}
	return raw
}
