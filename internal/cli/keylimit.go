package cli

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"florin/internal/pay"
)

const limitHelp = `Limits are for keys that are given to agents and other programs that decide by
themselves. They hold for operations (florin stripe, /v1/operations, flows, MCP):
which may be run, how much one call and all calls of a day in UTC may move, and
which writes a person must approve first. Amounts count where an operation states
one, and must be stated then; others move what they move, so name what the key
may run with --allow as well. Rotation keeps limits.`

// limitedScopes are those of a key with limits, unless others are named: they
// are the ones that limits hold for.
const limitedScopes = "operations:read,operations:write"

// warnOfScopes tells of a limited key's rights that no limit holds for.
func (p *program) warnOfScopes(limits pay.KeyLimits, scopes []pay.Scope) {
	if !limits.IsZero() && slices.Contains(scopes, pay.ScopePaymentsWrite) {
		fmt.Fprintf(p.Err, "warning: limits hold for operations; with %s the key moves money without them\n", pay.ScopePaymentsWrite)
	}
}

// limitOptions are a key's limits on the command line.
type limitOptions struct {
	allow, maxAmount, maxPerDay []string
	approval                    string
}

func (o *limitOptions) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringSliceVar(&o.allow, "allow", nil, "The `operations` that it may run, or patterns such as get-*; all when left out.")
	f.StringSliceVar(&o.maxAmount, "max-amount", nil, "The most that one call may move, as `currency:amount` in minor units; repeat it for several.")
	f.StringSliceVar(&o.maxPerDay, "max-per-day", nil, "The most that all calls of a day may move, as `currency:amount`.")
	f.StringVar(&o.approval, "approval", "", "Which writes a person must approve: a `rule`, required, above:5000 (minor units) or never.")
}

// parse reads the limits.
//
// Errors: invalid_field, invalid_currency.
func (o *limitOptions) parse() (pay.KeyLimits, error) {
	var (
		limits pay.KeyLimits
		err    error
	)
	if limits.Operations, err = pay.ParseOperationGlobs(o.allow); err != nil {
		return limits, err
	}
	if limits.MaxAmount, err = pay.ParseAmountLimits("max-amount", o.maxAmount); err != nil {
		return limits, err
	}
	if limits.MaxPerDay, err = pay.ParseAmountLimits("max-per-day", o.maxPerDay); err != nil {
		return limits, err
	}
	limits.Approval, err = pay.ParseApprovalRule(o.approval)
	return limits, err
}

// limitsOf is a key's limits in JSON; nil when it has none.
func limitsOf(k pay.APIKey) *pay.KeyLimits {
	if k.Limits.IsZero() {
		return nil
	}
	return &k.Limits
}

// limitsIn is a key's limits in a table.
func limitsIn(v keyView) string {
	if v.Limits == nil {
		return "-"
	}
	return v.Limits.String()
}
