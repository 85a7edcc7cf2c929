package pay

import "time"

// Interval is the unit in which a plan recurs.
type Interval string

// The units in which a plan recurs (docs.stripe.com/api/prices/create,
// "recurring.interval").
const (
	IntervalDay   Interval = "day"
	IntervalWeek  Interval = "week"
	IntervalMonth Interval = "month"
	IntervalYear  Interval = "year"
)

// longestInterval is three years in each unit, which is Stripe's limit.
var longestInterval = map[Interval]int{IntervalDay: 3 * 365, IntervalWeek: 156, IntervalMonth: 36, IntervalYear: 3}

// MaxTrialDays is the longest trial: two years, as Stripe allows.
const MaxTrialDays = 730

// PlanStatus is whether a plan can be subscribed to.
type PlanStatus string

// The statuses of a plan.
const (
	PlanPending  PlanStatus = "pending"  // being made at Stripe
	PlanActive   PlanStatus = "active"   // can be subscribed to
	PlanArchived PlanStatus = "archived" // takes no new subscriptions; those there are go on
	PlanFailed   PlanStatus = "failed"   // Stripe refused to make it
)

// PlanStatuses is every status, in the order of a plan's life.
var PlanStatuses = []PlanStatus{PlanPending, PlanActive, PlanArchived, PlanFailed}

// PlanMoves is every legal change of a plan, and the event each one emits.
var PlanMoves = Moves[PlanStatus]{
	{PlanPending, PlanActive, EventPlanCreated},
	{PlanPending, PlanFailed, EventPlanFailed},
	{PlanActive, PlanArchived, EventPlanArchived},
	{PlanArchived, PlanActive, EventPlanRestored},
}

// Plan is what can be subscribed to: an amount at every interval, and who gets
// what of it. At Stripe it is a price with a product of its own. All but its
// name and whether it is active stays as it was made, because subscriptions
// rest on it.
type Plan struct {
	ID              ID
	Owner           Owner
	Connection      ID
	Name            string
	Amount          Money // of each interval
	Interval        Interval
	IntervalCount   int     // intervals between two invoices
	TrialDays       int     // of each new subscription; 0: none
	Account         ID      // the partner who gets the rest; empty: all stays with the merchant
	PlatformPercent Percent // what the merchant keeps of each invoice, when there is an account
	Metadata        map[string]string
	IdempotencyKey  string
	CreatedAt       time.Time

	Status      PlanStatus
	ProviderRef string // price_…; empty until Stripe answered
	ProductRef  string // prod_…
	Failure     Failure
	Sequence    int64
	UpdatedAt   time.Time
}

// Check says whether the plan can be made at all.
//
// Errors: invalid_amount and the like; invalid_field (interval,
// interval_count, trial_days, platform_percent); missing_field (account_id).
func (p Plan) Check() error {
	if err := p.Amount.CheckCharge(); err != nil {
		return err
	}
	longest, known := longestInterval[p.Interval]
	switch {
	case !known:
		return Invalid(CodeInvalidField, "interval", "interval is day, week, month or year")
	case p.IntervalCount < 1 || p.IntervalCount > longest:
		return Invalid(CodeInvalidField, "interval_count", "interval_count is from 1 to %d for %s: three years at most", longest, p.Interval)
	case p.TrialDays < 0 || p.TrialDays > MaxTrialDays:
		return Invalid(CodeInvalidField, "trial_days", "trial_days is from 0 to %d", MaxTrialDays)
	case p.PlatformPercent != 0 && p.Account == "":
		return Invalid(CodeMissingField, "account_id", "platform_percent is what you keep of a partner's sale; send account_id too")
	}
	return nil
}

// PlanReport is what Stripe says of a plan's price.
type PlanReport struct {
	PlanID      ID // ours, as Stripe kept it for us
	ProviderRef string
	ProductRef  string
	Active      bool
}

// PlanFilter is which plans are wanted; empty fields do not filter.
type PlanFilter struct {
	Statuses []PlanStatus
	Account  ID
}
