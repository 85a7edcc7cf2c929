package pay

import (
	"slices"
	"time"
)

// EndpointStatus is whether events are sent to an endpoint.
type EndpointStatus string

// The statuses of an endpoint.
const (
	EndpointEnabled  EndpointStatus = "enabled"
	EndpointDisabled EndpointStatus = "disabled" // by its owner, by 410, or after days of failures
)

// MaxEndpoints is how many endpoints a merchant may have in one mode, as many
// as Stripe allows: each event costs one delivery an endpoint.
const MaxEndpoints = 16

// Endpoint is where a merchant is told of events.
type Endpoint struct {
	ID             ID
	Owner          Owner
	URL            string
	Events         []EventType // empty: all
	Description    string
	Default        bool // the one that PUT /v1/merchant/webhook sets
	Status         EndpointStatus
	DisabledReason string
	Secret         []byte // sealed
	PreviousSecret []byte // sealed; signs too until PreviousUntil
	PreviousUntil  time.Time
	FailingSince   time.Time // the first of an unbroken row of failures; zero when the last try went well
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// Wants reports whether the endpoint is told of such events.
func (e Endpoint) Wants(t EventType) bool {
	return e.Status == EndpointEnabled && (len(e.Events) == 0 || slices.Contains(e.Events, t))
}

// DeliveryStatus is how far a delivery has come.
type DeliveryStatus string

// The statuses of a delivery.
const (
	DeliveryPending   DeliveryStatus = "pending"   // not yet, or to be tried again
	DeliveryDelivered DeliveryStatus = "delivered" // answered with 2xx
	DeliveryFailed    DeliveryStatus = "failed"    // all tries used up, or the endpoint is gone
)

// Delivery is one event for one endpoint.
type Delivery struct {
	ID         ID
	Owner      Owner
	Event      ID
	EventType  EventType
	Endpoint   ID
	Status     DeliveryStatus
	Attempts   int       // so far
	Round      int       // tries since it was last started by hand; decides the wait
	NextAt     time.Time // when it is tried next; zero when it is not
	LastStatus int       // HTTP status of the last answer; 0 when there was none
	LastError  string
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// Fault says who a failed attempt is to be blamed on.
type Fault string

// Whose fault a failed attempt is.
const (
	FaultNone     Fault = ""
	FaultAddress  Fault = "address"  // the URL's host is unknown or not allowed
	FaultConnect  Fault = "connect"  // nobody listens, or TLS failed
	FaultTimeout  Fault = "timeout"  // no whole answer in time
	FaultResponse Fault = "response" // an answer other than 2xx
	FaultOurs     Fault = "ours"     // we could not even try
)

// Attempt is one try of a delivery.
type Attempt struct {
	Delivery   ID
	Number     int // from 1
	At         time.Time
	Duration   time.Duration
	StatusCode int // 0 when there was no answer
	Fault      Fault
	Error      string
	Response   []byte // the first bytes of the answer, for the receiver's own debugging
	RetryAfter time.Duration
}

// deliveryWaits are the waits before tries 2 to 10, as the Standard Webhooks
// specification recommends: ten tries in 75 hours.
var deliveryWaits = []time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
	10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

// MaxDeliveryAttempts is how often a delivery is tried before it is given up.
const MaxDeliveryAttempts = 10

// MaxRetryAfter is the longest that a receiver may put us off.
const MaxRetryAfter = 24 * time.Hour

// NextDelivery is how long to wait after the given number of failed tries,
// and false when there is no next one. A receiver's Retry-After counts when it
// is longer than the wait.
func NextDelivery(tries int, retryAfter time.Duration) (time.Duration, bool) {
	if tries < 1 || tries >= MaxDeliveryAttempts {
		return 0, false
	}
	return max(deliveryWaits[tries-1], min(retryAfter, MaxRetryAfter)), true
}

// EndpointPatience is how long an endpoint may fail without a break before it
// is disabled (Standard Webhooks: "notify and disable"; Svix waits 5 days).
const EndpointPatience = 5 * 24 * time.Hour
