package pay

// Code names one kind of error; see Codes for what each means.
type Code string

// Kind groups codes by what the caller can do about them. api gives each kind
// one HTTP status.
type Kind string

// The kinds of error.
const (
	KindInvalid     Kind = "invalid"      // the request is wrong: change it
	KindUnsigned    Kind = "unsigned"     // no valid key or signature
	KindDeclined    Kind = "declined"     // the card was refused: ask for another
	KindForbidden   Kind = "forbidden"    // the key may not do this
	KindNotFound    Kind = "not_found"    // no such thing
	KindConflict    Kind = "conflict"     // not now, or not in this state
	KindMismatch    Kind = "mismatch"     // an idempotency key with another request
	KindTooLarge    Kind = "too_large"    // the body is over the limit
	KindTooMany     Kind = "too_many"     // slow down
	KindInternal    Kind = "internal"     // ours to mend
	KindProvider    Kind = "provider"     // Stripe's to mend, or ours towards Stripe
	KindUnavailable Kind = "unavailable"  // try again soon
	KindMethod      Kind = "method"       // the path does not know this method
	KindMediaType   Kind = "media_type"   // the body is not of a type that is read
	KindAcceptable  Kind = "unacceptable" // no answer of the type asked for
)

// The codes, in the order of Codes.
const (
	CodeInvalidBody         Code = "invalid_body"
	CodeUnknownField        Code = "unknown_field"
	CodeMissingField        Code = "missing_field"
	CodeInvalidField        Code = "invalid_field"
	CodeInvalidID           Code = "invalid_id"
	CodeInvalidAmount       Code = "invalid_amount"
	CodeAmountTooSmall      Code = "amount_too_small"
	CodeAmountTooLarge      Code = "amount_too_large"
	CodeInvalidCurrency     Code = "invalid_currency"
	CodeInvalidMode         Code = "invalid_mode"
	CodeInvalidName         Code = "invalid_name"
	CodeInvalidScope        Code = "invalid_scope"
	CodeInvalidMetadata     Code = "invalid_metadata"
	CodeInvalidCursor       Code = "invalid_cursor"
	CodeRawCardData         Code = "raw_card_data_not_allowed"
	CodeInvalidURL          Code = "invalid_url"
	CodeURLNotAllowed       Code = "url_not_allowed"
	CodeInvalidPaymentMeth  Code = "invalid_payment_method"
	CodeIdempotencyMissing  Code = "idempotency_key_missing"
	CodeIdempotencyInvalid  Code = "idempotency_key_invalid"
	CodeIdempotencyMismatch Code = "idempotency_mismatch"
	CodeIdempotencyInFlight Code = "idempotency_in_flight"
	CodeKeyMissing          Code = "api_key_missing"
	CodeKeyInvalid          Code = "api_key_invalid"
	CodeKeyRevoked          Code = "api_key_revoked"
	CodeKeyExpired          Code = "api_key_expired"
	CodeKeyIsStripes        Code = "api_key_is_stripes"
	CodeScopeMissing        Code = "scope_missing"
	CodeNotFound            Code = "not_found"
	CodeRouteNotFound       Code = "route_not_found"
	CodeMethodNotAllowed    Code = "method_not_allowed"
	CodeMediaType           Code = "unsupported_media_type"
	CodeNotAcceptable       Code = "not_acceptable"
	CodeBodyTooLarge        Code = "body_too_large"
	CodeRateLimited         Code = "rate_limited"
	CodeExists              Code = "already_exists"
	CodeLimitReached        Code = "limit_reached"
	CodeNotAuthorized       Code = "payment_not_authorized"
	CodeNotCaptured         Code = "payment_not_captured"
	CodeNotCancelable       Code = "payment_not_cancelable"
	CodeTooMuch             Code = "amount_exceeds_remaining"
	CodeInProgress          Code = "operation_in_progress"
	CodeNotRetryable        Code = "delivery_not_retryable"
	CodeCardDeclined        Code = "card_declined"
	CodeAuthRequired        Code = "authentication_required"
	CodeAuthFailed          Code = "authentication_failed"
	CodePaymentCanceled     Code = "payment_canceled"
	CodeSignatureInvalid    Code = "signature_invalid"
	CodeSignatureExpired    Code = "signature_expired"
	CodeProviderKeyInvalid  Code = "provider_key_invalid"
	CodeProviderKeyKind     Code = "provider_key_wrong_kind"
	CodeProviderKeyMode     Code = "provider_key_wrong_mode"
	CodeProviderKeyRights   Code = "provider_key_lacks_rights"
	CodeProviderMissing     Code = "provider_not_configured"
	CodeProviderUnreachable Code = "provider_unreachable"
	CodeProviderRefused     Code = "provider_refused"
	CodeProviderBusy        Code = "provider_busy"
	CodeProviderAbsent      Code = "provider_has_no_record"
	CodeReconcileNeeded     Code = "reconcile_needed"
	CodeOperationNotFound   Code = "operation_not_found"
	CodeOperationDenied     Code = "operation_not_allowed"
	CodeAmountOverLimit     Code = "amount_over_limit"
	CodeApprovalDenied      Code = "approval_denied"
	CodeApprovalExpired     Code = "approval_expired"
	CodeApprovalDecided     Code = "approval_already_decided"
	CodeApprovalOwn         Code = "approval_by_same_key"
	CodeAccountDisabled     Code = "account_disabled"
	CodeSessionEnded        Code = "session_ended"
	CodeBalanceTooLow       Code = "insufficient_balance"
	CodeNotTransferred      Code = "transfer_not_completed"
	CodePayoutFixed         Code = "payout_not_cancelable"
	CodePayoutNotOver       Code = "payout_not_retryable"
	CodePlanArchived        Code = "plan_archived"
	CodeSubscriptionEnded   Code = "subscription_ended"
	CodeInvoiceNotOpen      Code = "invoice_not_open"
	CodeConnectionInUse     Code = "connection_in_use"
	CodeConnectionKind      Code = "connection_wrong_kind"
	CodeConnectionAccount   Code = "connection_other_account"
	CodeConnectionOwner     Code = "connection_not_yours"
	CodeFlowPaused          Code = "flow_paused"
	CodeFlowInvalid         Code = "flow_invalid"
	CodeRunEnded            Code = "run_has_ended"
	CodeRunNotEnded         Code = "run_has_not_ended"
	CodeStepTimeout         Code = "step_timed_out"
	CodeTestTimeout         Code = "test_run_timed_out"
	CodeTargetRefused       Code = "target_refused"
	CodeTargetUnreachable   Code = "target_unreachable"
	CodeInDoubt             Code = "in_doubt"
	CodeUnavailable         Code = "unavailable"
	CodeInternal            Code = "internal_error"
)

// CodeInfo is one row of docs/errors.md.
type CodeInfo struct {
	Code    Code
	Kind    Kind
	Meaning string
	Remedy  string
}

// Codes is every code that a caller can meet. docs/errors.md is generated from
// it, and a test refuses a code that is not in it.
var Codes = []CodeInfo{
	{CodeInvalidBody, KindInvalid, "The body is not valid JSON, or not an object.", "Send one JSON object with `Content-Type: application/json`."},
	{CodeUnknownField, KindInvalid, "The body or query names a field that does not exist here.", "Check the spelling of `field` against `/docs`."},
	{CodeMissingField, KindInvalid, "A required field is absent or empty.", "Send `field`."},
	{CodeInvalidField, KindInvalid, "A field has a value that is not allowed.", "The message says which values are."},
	{CodeInvalidID, KindInvalid, "An id is not one: Florin's are UUIDs, Stripe's begin with what they are ids of.", "Send the id as it was returned; the message says where to find it."},
	{CodeInvalidAmount, KindInvalid, "The amount is not a decimal above zero with the digits of its currency.", "Send a number or string such as `10.00`; JPY has no decimals, KWD has three."},
	{CodeAmountTooSmall, KindInvalid, "The amount is below the smallest that can be charged in its currency.", "Charge more, or collect several amounts in one payment."},
	{CodeAmountTooLarge, KindInvalid, "The amount is above the largest that can be charged.", "Split the payment."},
	{CodeInvalidCurrency, KindInvalid, "The currency is not one that Florin and Stripe know.", "Send a three-letter ISO 4217 code such as `USD`."},
	{CodeInvalidMode, KindInvalid, "The mode is neither test nor live.", "Send `test` or `live`."},
	{CodeInvalidName, KindInvalid, "A name is empty, too long or has control characters.", "Send 1 to 100 plain characters."},
	{CodeInvalidScope, KindInvalid, "A scope does not exist.", "The message lists the scopes."},
	{CodeInvalidMetadata, KindInvalid, "Metadata has too many keys, or a key or value is too long.", "At most 45 keys of 40 characters with values of 500; keys beginning with `florin_` are ours."},
	{CodeInvalidCursor, KindInvalid, "The cursor is not one that this list gave out.", "Start again without `cursor`, with the same filters."},
	{CodeRawCardData, KindInvalid, "The request holds what looks like a card number or security code.", "Collect cards with Stripe.js and send the `pm_…` it returns; card data must never reach this service."},
	{CodeInvalidURL, KindInvalid, "A URL is not absolute, not http(s), or holds credentials.", "Send an absolute https URL."},
	{CodeURLNotAllowed, KindInvalid, "A webhook URL points to a private or reserved address.", "Use a public https address, or allow private targets with `--allow-private-endpoints`."},
	{CodeInvalidPaymentMeth, KindInvalid, "Stripe does not know this payment method, or it cannot be used again.", "Create a new `pm_…` on the client and send that."},
	{CodeIdempotencyMissing, KindInvalid, "This write needs an `Idempotency-Key` header.", "Send a key that is unique for the order, such as `order-123`."},
	{CodeIdempotencyInvalid, KindInvalid, "The `Idempotency-Key` is empty, over 255 characters or has control characters.", "Send 1 to 255 printable ASCII characters, quoted or bare."},
	{CodeIdempotencyMismatch, KindMismatch, "This `Idempotency-Key` was used with another request; `fields` names what differs.", "Send the first request again unchanged, or choose a new key."},
	{CodeIdempotencyInFlight, KindConflict, "The first request with this `Idempotency-Key` is still running.", "Ask again after `Retry-After` seconds."},
	{CodeKeyMissing, KindUnsigned, "There is no API key in the request.", "Send `X-API-Key: sk_test_flr_…` (or `Authorization: Bearer …`)."},
	{CodeKeyInvalid, KindUnsigned, "The API key is not one of Florin's, or was mistyped.", "Copy the key again, or make one with `florin apikey create`."},
	{CodeKeyRevoked, KindUnsigned, "The API key was revoked.", "Make a new key with `florin apikey create`."},
	{CodeKeyExpired, KindUnsigned, "The API key has expired, or its rotation overlap is over.", "Use the newer key."},
	{CodeKeyIsStripes, KindUnsigned, "The key is Stripe's, not Florin's.", "Send a Florin key (`sk_test_flr_…`) here; Stripe's key belongs in `PUT /v1/merchant/providers`."},
	{CodeScopeMissing, KindForbidden, "The API key lacks the scope that this route needs.", "The message names the scope; make a key that has it."},
	{CodeNotFound, KindNotFound, "You have no such thing, in this mode.", "Check the id, and whether the key is of the same mode."},
	{CodeRouteNotFound, KindNotFound, "There is no such route.", "See `/docs`."},
	{CodeMethodNotAllowed, KindMethod, "The route does not know this method.", "See the `Allow` header and `/docs`."},
	{CodeMediaType, KindMediaType, "The body is not of a type that is read here.", "Send `Content-Type: application/json`."},
	{CodeNotAcceptable, KindAcceptable, "No answer of the type that `Accept` asks for exists.", "Accept `application/json`; lists of payments also `text/csv`."},
	{CodeBodyTooLarge, KindTooLarge, "The body is over the limit.", "Send less; the message names the limit in bytes."},
	{CodeRateLimited, KindTooMany, "Too many requests with this key or from this address.", "Wait `Retry-After` seconds."},
	{CodeExists, KindConflict, "Something with this name exists already.", "Choose another name, or use what exists."},
	{CodeLimitReached, KindConflict, "You have as many of these as there may be.", "Delete one first."},
	{CodeNotAuthorized, KindConflict, "Only an authorised payment can be captured, and this one is not.", "Look at its status; create it with `capture: manual` to authorise first."},
	{CodeNotCaptured, KindConflict, "Nothing of this payment was captured, so nothing can be refunded.", "Cancel an authorised payment instead."},
	{CodeNotCancelable, KindConflict, "The payment can no longer be canceled.", "Refund a completed payment instead."},
	{CodeTooMuch, KindInvalid, "The amount is more than is left to capture or refund.", "The message says how much is left."},
	{CodeInProgress, KindConflict, "Another change of this payment has no answer from Stripe yet.", "Ask again after `Retry-After` seconds."},
	{CodeNotRetryable, KindConflict, "The delivery cannot be tried again now.", "Deliveries of a deleted endpoint are not repeated; enable the endpoint first when it is disabled."},
	{CodeCardDeclined, KindDeclined, "The card was declined; `decline_code` says why.", "Ask the customer for another payment method."},
	{CodeAuthRequired, KindDeclined, "The bank wants the customer to authenticate, and the customer is not present.", "Bring the customer back and pay with `return_url`."},
	{CodeAuthFailed, KindDeclined, "The customer did not pass the bank's authentication.", "Ask the customer to try again or to pay another way."},
	{CodePaymentCanceled, KindConflict, "The payment was canceled before it was paid.", "Create a new payment."},
	{CodeSignatureInvalid, KindUnsigned, "The webhook's signature does not match any secret we have.", "Set `webhook_secret` to the endpoint's signing secret, and send the body unchanged."},
	{CodeSignatureExpired, KindUnsigned, "The webhook's timestamp is more than 300 seconds away.", "Check the clocks of both machines."},
	{CodeProviderKeyInvalid, KindInvalid, "Stripe does not accept this secret key.", "Copy the key from Stripe's dashboard again."},
	{CodeProviderKeyKind, KindInvalid, "This is not a secret or restricted key (`sk_…`, `rk_…`).", "A publishable key (`pk_…`) belongs in the browser; send the secret key."},
	{CodeProviderKeyMode, KindInvalid, "The Stripe key is of the other mode than the API key.", "Use a test API key for test keys and a live one for live keys."},
	{CodeProviderKeyRights, KindInvalid, "The restricted Stripe key lacks rights that Florin needs.", "The message names them: grant them in Stripe's dashboard."},
	{CodeProviderMissing, KindConflict, "The merchant has no Stripe credentials in this mode.", "Send them with `PUT /v1/merchant/providers`."},
	{CodeProviderUnreachable, KindProvider, "Stripe could not be reached, and nothing was sent.", "Nothing was charged: try again with a new `Idempotency-Key`."},
	{CodeProviderRefused, KindProvider, "Stripe refused the request for a reason that has no code here.", "The message is Stripe's."},
	{CodeProviderBusy, KindUnavailable, "Stripe asked us to slow down and did nothing.", "Nothing was charged: try again with a new `Idempotency-Key` after `Retry-After` seconds."},
	{CodeProviderAbsent, KindProvider, "The request got no answer, and Stripe has no record of it.", "Nothing was charged: try again with a new `Idempotency-Key`."},
	{CodeReconcileNeeded, KindConflict, "The outcome of this call is not known, and Stripe may have forgotten its key: sending it again could do it twice.", "Look at Stripe whether it was done, and only if it was not use a new `Idempotency-Key`, or begin a new run of the flow."},
	{CodeOperationNotFound, KindNotFound, "There is no such operation.", "The message names the nearest; `GET /v1/operations` lists all."},
	{CodeOperationDenied, KindForbidden, "The API key may not run this operation.", "Use another key, or make one that allows it with `florin apikey create --allow`."},
	{CodeAmountOverLimit, KindForbidden, "The amount is above what the API key may move, by call or by day, or its currency is not one that the key may move.", "The message says what is left."},
	{CodeApprovalDenied, KindForbidden, "A person denied this write; nothing was sent.", "The message has their note."},
	{CodeApprovalExpired, KindForbidden, "Nobody approved this write in time; nothing was sent.", "Ask again with a new `Idempotency-Key`."},
	{CodeApprovalDecided, KindConflict, "The approval was decided already, or has expired.", "Read it to see how."},
	{CodeApprovalOwn, KindForbidden, "The API key that asked for an approval cannot give it.", "Decide with another key."},
	{CodeSessionEnded, KindUnsigned, "The dashboard's session or sign-in link is over.", "Sign in again; `florin dashboard` prints a link."},
	{CodeAccountDisabled, KindConflict, "The partner's account may take no money.", "The message says why; an onboarding link lets the partner give what is missing."},
	{CodeBalanceTooLow, KindConflict, "The partner's in-app balance does not allow this.", "Take less, wait until pending money is available, or raise the account's `debt_limit`."},
	{CodeNotTransferred, KindConflict, "The transfer did not come about, or not yet: there is nothing to take back.", "Read the transfer; wait while it is `pending`."},
	{CodePayoutFixed, KindConflict, "The payout cannot be canceled: the bank has it, or it has ended.", "Read the payout; one that failed can be tried again with `POST /v1/payouts/{id}/retry`."},
	{CodePayoutNotOver, KindConflict, "The payout has not failed: there is nothing to try again.", "Read the payout, and wait for `payout.paid` or `payout.failed`."},
	{CodePlanArchived, KindConflict, "The plan takes no new subscriptions.", "Use another plan, or make it active again with `PATCH /v1/plans/{id}`."},
	{CodeSubscriptionEnded, KindConflict, "The subscription has ended.", "Make a new one."},
	{CodeInvoiceNotOpen, KindConflict, "The invoice is not waiting to be paid.", "Read it to see how it stands."},
	{CodeConnectionInUse, KindConflict, "Something still uses the connection.", "The message names what; change that first."},
	{CodeConnectionKind, KindInvalid, "The connection is of a kind that cannot do this.", "The message says which kind is needed."},
	{CodeConnectionAccount, KindConflict, "The credentials belong to another account: new ones to another than those before, or those of now to another than the write was meant for.", "When rotating, send `allow_other_account: true` if that is meant. For a write, the message says what is known of it."},
	{CodeConnectionOwner, KindForbidden, "The connection is shared with the merchant and belongs to another API key.", "Change it with the key that made it."},
	{CodeFlowPaused, KindConflict, "The flow is paused: nothing starts it.", "Resume the flow, then ask again."},
	{CodeFlowInvalid, KindInvalid, "The flow's document is wrong; `problems` has each fault with its line and column.", "Mend the document and apply it again."},
	{CodeRunEnded, KindConflict, "The run has come to its end.", "Read what became of it, or run it again from one of its steps."},
	{CodeRunNotEnded, KindConflict, "The run has not come to its end.", "Wait for its end, or cancel it first."},
	{CodeTestTimeout, KindUnavailable, "A test run took longer than ten minutes.", "Shorten the flow's waits for the test, or run the flow itself."},
	{CodeStepTimeout, KindUnavailable, "An attempt at a step took longer than its timeout.", "Give the step more time, or look at what it asks."},
	{CodeTargetRefused, KindProvider, "A server, database or mail server refused what a flow's step asked of it.", "The message has its words; mend the step or the other side, and run it again from there."},
	{CodeTargetUnreachable, KindUnavailable, "A server, database or mail server that a flow's step needs gave no answer, or was busy.", "The step is tried again by itself; its `retry` says how often."},
	{CodeInDoubt, KindUnavailable, "Stripe gave no clear answer; the outcome will be known soon.", "Do not repeat with another key: ask again with the same key, or wait for the webhook."},
	{CodeUnavailable, KindUnavailable, "Florin is starting, stopping or overloaded.", "Try again after `Retry-After` seconds."},
	{CodeInternal, KindInternal, "Something went wrong on our side.", "Send us the `request_id`."},
}

// InfoOf is the row of Codes for a code; an unknown code is an internal error.
func InfoOf(code Code) CodeInfo {
	for _, info := range Codes {
		if info.Code == code {
			return info
		}
	}
	return CodeInfo{Code: CodeInternal, Kind: KindInternal}
}
