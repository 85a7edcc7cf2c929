package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"florin/internal/app"
	"florin/internal/pay"
)

const ledgerHelp = `The ledger is double entry: every transaction sums to zero in each currency and
is never changed. What a payment says was captured, refunded and kept by Stripe
must be what its entries say.`

func (p *program) ledgerCommand() *cobra.Command {
	return group("ledger", "Read the books, and prove that they are right", ledgerHelp, p.ledgerVerifyCommand(),
		p.ledgerBalancesCommand(), p.ledgerEntriesCommand(), p.ledgerStatementCommand())
}

// ledgerView is what a walk through the ledger found.
type ledgerView struct {
	OK           bool          `json:"ok"`
	Payments     int           `json:"payments"`
	Transactions int           `json:"transactions"`
	Entries      int           `json:"entries"`
	Broken       int           `json:"broken"`   // problems in all
	Problems     []problemView `json:"problems"` // the first hundred
}

type problemView struct {
	Merchant    pay.ID   `json:"merchant_id"`
	Mode        pay.Mode `json:"mode"`
	Payment     pay.ID   `json:"payment_id"`
	Transaction pay.ID   `json:"transaction_id,omitempty"`
	Message     string   `json:"message"`
}

func (p *program) ledgerVerifyCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check every entry against every payment",
		Long: "Walks every payment of every merchant with its ledger entries, beside a running\n" +
			"server if there is one. Ends with 1 when anything does not add up.",
		Example: "  florin ledger verify\n  florin ledger verify --json",
		Args:    cobra.NoArgs,
	}
	flags := settings(cmd, storedSettings...)
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print JSON.")
	cmd.RunE = p.run(func(ctx context.Context, _ []string) error {
		return p.withParts(ctx, flags, func(parts *app.Parts) error {
			view, err := verifyLedger(ctx, parts)
			if err != nil {
				return err
			}
			return p.printLedger(view, asJSON)
		})
	})
	return cmd
}

func verifyLedger(ctx context.Context, parts *app.Parts) (ledgerView, error) {
	report, err := parts.Store.VerifyLedger(ctx)
	view := ledgerView{
		OK: report.Broken == 0, Payments: report.Payments, Transactions: report.Transactions,
		Entries: report.Entries, Broken: report.Broken, Problems: []problemView{},
	}
	for _, found := range report.Problems {
		view.Problems = append(view.Problems, problemView{
			Merchant: found.Owner.Merchant, Mode: found.Owner.Mode, Payment: found.Payment,
			Transaction: found.Transaction, Message: found.Message,
		})
	}
	return view, err
}

func (p *program) printLedger(view ledgerView, asJSON bool) error {
	if asJSON {
		if err := printJSON(p.Out, view); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(p.Out, "%d payments, %d transactions, %d entries: ", view.Payments, view.Transactions, view.Entries)
		fmt.Fprintln(p.Out, verdict(view.Broken))
		for _, found := range view.Problems {
			fmt.Fprintf(p.Out, "  payment %s (%s): %s\n", found.Payment, found.Mode, found.Message)
		}
	}
	if !view.OK {
		return errSilent
	}
	return nil
}

func verdict(broken int) string {
	if broken == 0 {
		return "all is right"
	}
	return fmt.Sprintf("%d problems", broken)
}
