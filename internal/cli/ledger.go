package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/spf13/cobra"

	"florin/internal/app"
	"florin/internal/pay"
)

const ledgerHelp = `The ledger is double entry: every transaction sums to zero in each currency and
is never changed. What a payment says was captured, refunded and kept by Stripe
must be what its entries say. Minutes later bookings are sealed in blocks, each
with a hash over them and over the block before.`

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
	Blocks       int           `json:"blocks"`
	Heads        []headView    `json:"heads"`    // the last block of each owner
	Broken       int           `json:"broken"`   // problems in all
	Problems     []problemView `json:"problems"` // the first hundred
}

// headView is the last block of an owner's chain.
type headView struct {
	Merchant pay.ID   `json:"merchant_id"`
	Mode     pay.Mode `json:"mode"`
	Number   int64    `json:"number"`
	Hash     string   `json:"hash"`
}

type problemView struct {
	Merchant    pay.ID   `json:"merchant_id"`
	Mode        pay.Mode `json:"mode"`
	Payment     pay.ID   `json:"payment_id,omitempty"`
	Transaction pay.ID   `json:"transaction_id,omitempty"`
	Message     string   `json:"message"`
}

func (p *program) ledgerVerifyCommand() *cobra.Command {
	var asJSON bool
	var heads []string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Prove the books: payments, balances, chain",
		Long: "Walks every payment of every merchant with its entries, adds up every balance anew,\n" +
			"and follows the chain of hashes that bookings are sealed in, beside a running server\n" +
			"if there is one. Ends with 1 when anything does not add up. The hash of the last\n" +
			"block stands for all before it: note it elsewhere, and give it with --head later.",
		Example: "  florin ledger verify\n  florin ledger verify --json\n  florin ledger verify --head 9f86d081884c7d65…",
		Args:    cobra.NoArgs,
	}
	flags := settings(cmd, storedSettings...)
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print JSON.")
	cmd.Flags().StringSliceVar(&heads, "head", nil, "A `hash` that was noted earlier: its block must still be there.")
	cmd.RunE = p.run(func(ctx context.Context, _ []string) error {
		noted, err := parseHashes(heads)
		if err != nil {
			return err
		}
		return p.withParts(ctx, flags, func(parts *app.Parts) error {
			view, err := verifyLedger(ctx, parts, noted)
			if err != nil {
				return err
			}
			return p.printLedger(view, asJSON)
		})
	})
	return cmd
}

// parseHashes reads hashes as they were printed.
func parseHashes(texts []string) ([][]byte, error) {
	var hashes [][]byte
	for _, text := range texts {
		raw, err := hex.DecodeString(text)
		if err != nil || len(raw) != sha256.Size {
			return nil, usagef("--head is a block's hash of %d hexadecimal digits, as verify prints it, not %q", 2*sha256.Size, text)
		}
		hashes = append(hashes, raw)
	}
	return hashes, nil
}

func verifyLedger(ctx context.Context, parts *app.Parts, noted [][]byte) (ledgerView, error) {
	report, err := parts.Store.VerifyLedger(ctx, noted...)
	view := ledgerView{
		OK: report.Broken == 0, Payments: report.Payments, Transactions: report.Transactions, Entries: report.Entries,
		Blocks: report.Blocks, Heads: []headView{}, Broken: report.Broken, Problems: []problemView{},
	}
	for _, head := range report.Heads {
		view.Heads = append(view.Heads, headView{Merchant: head.Owner.Merchant, Mode: head.Owner.Mode, Number: head.Number, Hash: hex.EncodeToString(head.Hash)})
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
		fmt.Fprintf(p.Out, "%d payments, %d transactions, %d entries, %d sealed blocks: ", view.Payments, view.Transactions, view.Entries, view.Blocks)
		fmt.Fprintln(p.Out, verdict(view.Broken))
		for _, found := range view.Problems {
			fmt.Fprintf(p.Out, "  %s (%s): %s\n", found.about(), found.Mode, found.Message)
		}
		for _, head := range view.Heads {
			fmt.Fprintf(p.Out, "  merchant %s (%s): block %d is %s\n", head.Merchant, head.Mode, head.Number, head.Hash)
		}
	}
	if !view.OK {
		return errSilent
	}
	return nil
}

// about is what a problem is about, in words.
func (v problemView) about() string {
	switch {
	case v.Payment != "":
		return "payment " + string(v.Payment)
	case v.Transaction != "":
		return "transaction " + string(v.Transaction)
	case v.Merchant != "":
		return "merchant " + string(v.Merchant)
	}
	return "the chains"
}

func verdict(broken int) string {
	if broken == 0 {
		return "all is right"
	}
	return fmt.Sprintf("%d problems", broken)
}
