package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"florin/internal/app"
	"florin/internal/pay"
)

const reconcileHelp = `Compares your books with Stripe's balance transactions, for every merchant and
mode that has Stripe credentials: Stripe's lists of the time are read anew,
payments that were made at Stripe are taken into the books, and what is behind is
read again. What still differs is told with its cause, and as the event
reconciliation.difference. Nothing of Stripe's is changed.

The same is done once a day by itself, for the last three days. It works beside a
running server. Ends with 1 when anything differs.`

// reconciliationView is what a comparison found.
type reconciliationView struct {
	Merchant     pay.ID                `json:"merchant_id"`
	Mode         pay.Mode              `json:"mode"`
	OK           bool                  `json:"ok"`
	Transactions int                   `json:"transactions"`
	Fresh        int                   `json:"fresh"`
	Payments     int                   `json:"payments"`
	Others       int                   `json:"others"`
	Adopted      int                   `json:"adopted"`
	Mended       int                   `json:"mended"`
	InTransit    int                   `json:"in_transit"`
	Differences  []differenceFoundView `json:"differences"`
}

type differenceFoundView struct {
	Cause    string `json:"cause"`
	Account  string `json:"account,omitempty"`
	Payment  pay.ID `json:"payment_id,omitempty"`
	Source   string `json:"source"`
	Currency string `json:"currency"`
	Ours     string `json:"ours"`
	Theirs   string `json:"theirs"`
	Note     string `json:"note"`
}

func (p *program) reconcileCommand() *cobra.Command {
	var from, to string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "reconcile", Short: "Compare your books with Stripe's", Long: reconcileHelp,
		Example: "  florin reconcile\n  florin reconcile --from 2026-11-01 --to 2026-11-30 --json", Args: cobra.NoArgs,
	}
	flags := settings(cmd, append(storedSettings, "stripe-api-base", "sandbox-listen", "call-timeout")...)
	cmd.Flags().StringVar(&from, "from", "", "From this `date` on; three days ago when left out.")
	cmd.Flags().StringVar(&to, "to", "", "Up to and with this `date`; no end when left out.")
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print JSON, one merchant and mode on a line.")
	cmd.RunE = p.run(func(ctx context.Context, _ []string) error {
		begin, end, err := span(from, to)
		if err != nil {
			return err
		}
		return p.withParts(ctx, flags, func(parts *app.Parts) error { return p.reconcile(ctx, parts, begin, end, asJSON) })
	})
	return cmd
}

// span is the days between two dates, both included.
func span(from, to string) (begin, end time.Time, err error) {
	begin, end = time.Now().UTC().AddDate(0, 0, -3), time.Time{}
	if from != "" {
		if begin, err = time.Parse(time.DateOnly, from); err != nil {
			return begin, end, usagef("--from is a date such as 2026-11-01, not %q", from)
		}
	}
	if to != "" {
		if end, err = time.Parse(time.DateOnly, to); err != nil {
			return begin, end, usagef("--to is a date such as 2026-11-30, not %q", to)
		}
		end = end.AddDate(0, 0, 1)
	}
	if !end.IsZero() && !begin.Before(end) {
		return begin, end, usagef("--from must not be after --to")
	}
	return begin, end, nil
}

func (p *program) reconcile(ctx context.Context, parts *app.Parts, from, to time.Time, asJSON bool) error {
	owners, err := parts.Engine.ConnectedOwners(ctx)
	if err != nil {
		return err
	}
	differ := false
	for _, o := range owners {
		found, err := parts.Engine.Reconcile(ctx, o, from, to)
		if err != nil {
			return err
		}
		view := reconciliationOf(o, found)
		differ = differ || !view.OK
		if err := p.printReconciliation(view, asJSON); err != nil {
			return err
		}
	}
	if len(owners) == 0 {
		fmt.Fprintln(p.Err, "No merchant has Stripe credentials yet; there is nothing to compare.")
	}
	if differ {
		return errSilent
	}
	return nil
}

func reconciliationOf(o pay.Owner, r pay.Reconciliation) reconciliationView {
	view := reconciliationView{
		Merchant: o.Merchant, Mode: o.Mode, OK: len(r.Differences) == 0, Transactions: r.Transactions, Fresh: r.Fresh, Payments: r.Payments,
		Others: r.Others, Adopted: r.Adopted, Mended: r.Mended, InTransit: r.InTransit, Differences: []differenceFoundView{},
	}
	for _, d := range r.Differences {
		view.Differences = append(view.Differences, differenceFoundView{
			Cause: string(d.Cause), Account: d.AccountRef, Payment: d.Payment, Source: d.Source, Currency: string(d.Ours.Currency),
			Ours: d.Ours.Decimal(), Theirs: d.Theirs.Decimal(), Note: d.Note,
		})
	}
	return view
}

func (p *program) printReconciliation(v reconciliationView, asJSON bool) error {
	if asJSON {
		return printJSON(p.Out, v)
	}
	fmt.Fprintf(p.Out, "%s (%s): %d balance transactions, %d of them new here; %d payments and %d others compared: ",
		v.Merchant, v.Mode, v.Transactions, v.Fresh, v.Payments, v.Others)
	if v.OK {
		fmt.Fprint(p.Out, "every cent is right")
	} else {
		fmt.Fprintf(p.Out, "%d differences", len(v.Differences))
	}
	fmt.Fprintf(p.Out, "\n  %d payments made at Stripe were adopted, %d that were behind were read again, %d are too new to tell\n", v.Adopted, v.Mended, v.InTransit)
	if v.OK {
		return nil
	}
	rows := make([][]any, len(v.Differences))
	for i, d := range v.Differences {
		rows[i] = []any{d.Cause, d.Source, d.Account, d.Ours, d.Theirs, d.Currency, d.Note}
	}
	printTable(p.Out, []any{"cause", "source", "account", "ours", "theirs", "currency", "note"}, rows)
	return nil
}
