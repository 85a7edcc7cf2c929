package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"florin/internal/client"
)

func (p *program) accountCommand() *cobra.Command {
	return group("account", "Connect partners who are paid, and see what they may do",
		"An account is a partner's connected Stripe account: a driver, an author, a shop.\nA new one takes no money until Stripe knows who the partner is; florin account\nlink makes the page where they tell it."+apiHelp,
		p.accountCreateCommand(), p.accountListCommand(), p.accountShowCommand(), p.accountUpdateCommand(), p.accountLinkCommand(),
		p.accountBalanceCommand(), p.accountDebitCommand(), p.accountCreditCommand(),
		p.accountRejectCommand(), p.accountDeleteCommand(), p.accountBankCommand())
}

// accountWork makes a command out of something that ends with an account,
// which is shown.
func (p *program) accountWork(cmd *cobra.Command, o *apiOptions, work func(ctx context.Context, c *client.Client, args []string) (client.Account, error)) *cobra.Command {
	asJSON := cmd.Flags().Bool("json", false, "Print JSON.")
	cmd.RunE = p.run(func(ctx context.Context, args []string) error {
		return p.ask(ctx, o, func(ctx context.Context, c *client.Client) error {
			a, err := work(ctx, c, args)
			if err != nil {
				return err
			}
			if *asJSON {
				return printJSON(p.Out, a)
			}
			p.printAccount(a)
			return nil
		})
	})
	return cmd
}

func (p *program) printAccount(a client.Account) {
	rows := [][]any{
		{"id", a.ID}, {"name", a.Name}, {"e-mail", a.Email}, {"type", a.Type + ", " + a.Mode + " mode"}, {"status", a.Status},
		{"at Stripe", a.ProviderRef}, {"country", strings.TrimSpace(a.Country + " " + a.Currency)}, {"may", strings.Join(abilities(a), ", ")},
	}
	needs := a.Requirements
	if needs.DisabledReason != nil {
		rows = append(rows, []any{"disabled", *needs.DisabledReason})
	}
	for _, list := range []struct {
		what  string
		names []string
	}{{"wanted now", needs.CurrentlyDue}, {"being checked", needs.PendingVerification}, {"wanted later", needs.EventuallyDue}} {
		if len(list.names) > 0 {
			rows = append(rows, []any{list.what, strings.Join(list.names, "\n")})
		}
	}
	if a.Error != nil {
		rows = append(rows, []any{"error", a.Error.Message})
	}
	printTable(p.Out, []any{"field", "value"}, rows)
}

// abilities is what an account may do, in words.
func abilities(a client.Account) []string {
	var can []string
	for _, one := range []struct {
		has  bool
		what string
	}{{a.ChargesEnabled, "take direct charges"}, {a.TransfersEnabled, "take transfers"}, {a.PayoutsEnabled, "be paid out"}} {
		if one.has {
			can = append(can, one.what)
		}
	}
	if len(can) == 0 {
		return []string{"nothing yet"}
	}
	return can
}

func (p *program) accountCreateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "create", Short: "Connect a partner",
		Long: "Makes a connected account at Stripe: standard (the partner's own Stripe account),\nexpress (Stripe asks the partner on its pages) or custom (you tell Stripe all).\n" +
			"With --existing, an account that is connected already is taken over." + apiHelp,
		Example: "  florin account create --type express --email driver@example.com --name \"Jenny Rosen\"\n" +
			"  florin account create --type custom --business-type individual --capability transfers --details @jenny.json\n" +
			"  florin account create --existing acct_1abc",
		Args: cobra.NoArgs,
	}
	o, f := api(cmd), cmd.Flags()
	var n client.NewAccount
	var details, key string
	f.StringVar(&n.Type, "type", "", "standard, express or custom.")
	f.StringVar(&n.ProviderRef, "existing", "", "Stripe's `id` of an account that is connected already, acct_….")
	f.StringVar(&n.Country, "country", "", "The `country`, as US or DE; your own when left out.")
	f.StringVar(&n.Email, "email", "", "The partner's e-mail `address`.")
	f.StringVar(&n.Name, "name", "", "What you call the partner.")
	f.StringVar(&n.BusinessType, "business-type", "", "individual, company, non_profit or government_entity.")
	f.StringSliceVar(&n.Capabilities, "capability", nil, "What to ask Stripe for; card_payments and transfers when left out.")
	f.StringVar(&details, "details", "", "What Stripe must know, as `JSON` in Stripe's names; @file or - for standard input.")
	f.Int64Var(&n.DebtLimit, "debt-limit", 0, "How far its in-app balance may be below zero, in `minor` units.")
	f.StringToStringVar(&n.Metadata, "metadata", nil, "Your own `key=value`; repeat it.")
	f.StringVar(&key, "idempotency-key", "", "Do it once, however often it is asked with this `key`.")
	return p.accountWork(cmd, o, func(ctx context.Context, c *client.Client, _ []string) (client.Account, error) {
		var err error
		if n.Details, err = p.details(details); err != nil {
			return client.Account{}, err
		}
		return c.CreateAccount(ctx, n, client.IdempotencyKey(key))
	})
}

// details reads what a partner's details are given as.
func (p *program) details(given string) (map[string]any, error) {
	if given == "" {
		return nil, nil
	}
	text, err := p.secretText(given)
	if err != nil {
		return nil, err
	}
	var tree map[string]any
	if err := json.Unmarshal([]byte(text), &tree); err != nil {
		return nil, usagef("--details: %v; write JSON such as {\"individual\":{\"first_name\":\"Jenny\"}}", err)
	}
	return tree, nil
}

func (p *program) accountListCommand() *cobra.Command {
	var statuses []string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List accounts, newest first", Long: "Lists partners' accounts, newest first." + apiHelp,
		Example: "  florin account list\n  florin account list --status pending,restricted --json", Args: cobra.NoArgs,
	}
	o := api(cmd)
	cmd.Flags().StringSliceVar(&statuses, "status", nil, "Only of these: pending, enabled, restricted, rejected, failed, removed.")
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print a JSON array.")
	cmd.RunE = p.run(func(ctx context.Context, _ []string) error {
		return p.ask(ctx, o, func(ctx context.Context, c *client.Client) error {
			list, err := client.Collect(c.Accounts(ctx, statuses...))
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(p.Out, append([]client.Account{}, list...))
			}
			var rows [][]any
			for _, a := range list {
				rows = append(rows, []any{a.ID, a.Name, a.Type, a.Status, a.ProviderRef, moment(a.CreatedAt)})
			}
			if len(rows) == 0 {
				fmt.Fprintln(p.Out, "No partner is connected. Next: florin account create --type express")
				return nil
			}
			printTable(p.Out, []any{"id", "name", "type", "status", "at stripe", "created"}, rows)
			return nil
		})
	})
	return cmd
}

func (p *program) accountShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show ID", Short: "Show an account: what it may do, and what is missing", Long: "Shows a partner's account." + apiHelp,
		Example: "  florin account show 018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90", Args: cobra.ExactArgs(1),
	}
	return p.accountWork(cmd, api(cmd), func(ctx context.Context, c *client.Client, args []string) (client.Account, error) {
		return c.Account(ctx, args[0])
	})
}

func (p *program) accountUpdateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "update ID", Short: "Change an account", Long: "Changes what is given, and leaves the rest." + apiHelp,
		Example: "  florin account update 018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90 --name Jen --debt-limit 5000", Args: cobra.ExactArgs(1),
	}
	o, f := api(cmd), cmd.Flags()
	var change client.AccountChange
	var name, email, details string
	var debt int64
	f.StringVar(&name, "name", "", "What you call the partner.")
	f.StringVar(&email, "email", "", "The partner's e-mail `address`.")
	f.StringVar(&change.BusinessType, "business-type", "", "individual, company, non_profit or government_entity.")
	f.StringSliceVar(&change.Capabilities, "capability", nil, "More to ask Stripe for.")
	f.StringVar(&details, "details", "", "What Stripe must know, as `JSON` in Stripe's names; @file or - for standard input.")
	f.Int64Var(&debt, "debt-limit", 0, "How far its in-app balance may be below zero, in `minor` units.")
	f.StringToStringVar(&change.Metadata, "metadata", nil, "Takes the place of all there is: `key=value`; repeat it.")
	return p.accountWork(cmd, o, func(ctx context.Context, c *client.Client, args []string) (client.Account, error) {
		if f.Changed("name") {
			change.Name = &name
		}
		if f.Changed("email") {
			change.Email = &email
		}
		if f.Changed("debt-limit") {
			change.DebtLimit = &debt
		}
		var err error
		if change.Details, err = p.details(details); err != nil {
			return client.Account{}, err
		}
		return c.UpdateAccount(ctx, args[0], change)
	})
}

func (p *program) accountLinkCommand() *cobra.Command {
	var back, refresh string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "link ID", Short: "Make a link to the page where the partner tells who they are",
		Long:    "Prints the address of Stripe's page for one visit; it works for a few minutes." + apiHelp,
		Example: "  florin account link 018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90", Args: cobra.ExactArgs(1),
	}
	o := api(cmd)
	cmd.Flags().StringVar(&back, "return-url", "", "Where the partner comes back to, a `url`.")
	cmd.Flags().StringVar(&refresh, "refresh-url", "", "Where a link leads that is too old, a `url`.")
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print JSON.")
	cmd.RunE = p.run(func(ctx context.Context, args []string) error {
		return p.ask(ctx, o, func(ctx context.Context, c *client.Client) error {
			link, err := c.CreateOnboardingLink(ctx, args[0], back, refresh)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(p.Out, link)
			}
			fmt.Fprintln(p.Out, link.URL)
			fmt.Fprintln(p.Err, "It works once, until "+moment(link.ExpiresAt)+".")
			return nil
		})
	})
	return cmd
}

func (p *program) accountRejectCommand() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: "reject ID", Short: "Reject a partner for good", Long: "After this no money moves to or through the account, and nothing undoes it." + apiHelp,
		Example: "  florin account reject 018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90 --reason fraud", Args: cobra.ExactArgs(1),
	}
	o := api(cmd)
	cmd.Flags().StringVar(&reason, "reason", "", "fraud, terms_of_service or other.")
	return p.accountWork(cmd, o, func(ctx context.Context, c *client.Client, args []string) (client.Account, error) {
		return c.RejectAccount(ctx, args[0], reason)
	})
}

func (p *program) accountDeleteCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "delete ID", Short: "Delete an account at Stripe", Long: "Stripe refuses while the account has a balance. Here it stays as removed." + apiHelp,
		Example: "  florin account delete 018f3c1e-7b1a-7c5e-9d0a-2f6b8c4d1e90", Args: cobra.ExactArgs(1),
	}
	return p.accountWork(cmd, api(cmd), func(ctx context.Context, c *client.Client, args []string) (client.Account, error) {
		return c.DeleteAccount(ctx, args[0])
	})
}
