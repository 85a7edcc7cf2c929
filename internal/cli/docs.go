package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"florin/internal/config"
)

// document is a page that is written from the code, so that it cannot be out
// of date for longer than it takes to run the tests.
type document struct {
	name  string
	write func() ([]byte, error)
}

// documents are all generated pages.
func (p *program) documents() []document {
	return []document{
		{"configuration.md", func() ([]byte, error) { return []byte(config.Markdown()), nil }},
		{"cli.md", func() ([]byte, error) { return []byte(commandPage(p.rootCommand())), nil }},
	}
}

func (p *program) docsCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "docs",
		Short: "Write the generated documents",
		Long: "Writes the documents that come from the code: the settings, the commands, the\n" +
			"errors, the states and the OpenAPI document.",
		Example: "  florin docs --dir docs",
		Args:    cobra.NoArgs,
	}
	cmd.Flags().StringVar(&dir, "dir", "docs", "The `folder` to write them to.")
	cmd.RunE = p.run(func(context.Context, []string) error {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		for _, page := range p.documents() {
			text, err := page.write()
			if err != nil {
				return fmt.Errorf("%s: %w", page.name, err)
			}
			path := filepath.Join(dir, page.name)
			if err := os.WriteFile(path, text, 0o644); err != nil { // documents are for everybody
				return err
			}
			fmt.Fprintln(p.Out, path)
		}
		return nil
	})
	return cmd
}

const commandPageHead = `# Commands

Every command has this page as its ` + "`--help`" + `. Settings that are flags are also environment variables; see
[configuration](configuration.md). A command ends with 0 when all went well, with 1 when it failed, and with 2 when it could
not be understood. What was asked for goes to standard output; logs, warnings and errors go to standard error.
`

// commandPage is docs/cli.md.
func commandPage(root *cobra.Command) string {
	var page strings.Builder
	page.WriteString(commandPageHead)
	describe(&page, root)
	return page.String()
}

// describe writes a command, and then those below it.
func describe(page *strings.Builder, cmd *cobra.Command) {
	if cmd.Hidden || cmd.Name() == "help" || cmd.Name() == "completion" {
		return
	}
	fmt.Fprintf(page, "\n## %s\n\n%s\n", cmd.CommandPath(), cmd.Long)
	if cmd.Runnable() && !cmd.HasSubCommands() || cmd.HasLocalFlags() {
		fmt.Fprintf(page, "\n    %s\n", cmd.UseLine())
	}
	if cmd.Example != "" {
		fmt.Fprintf(page, "\n```\n%s\n```\n", cmd.Example)
	}
	describeFlags(page, cmd.NonInheritedFlags())
	for _, below := range cmd.Commands() {
		describe(page, below)
	}
}

// describeFlags writes a table of flags; --help goes without saying.
func describeFlags(page *strings.Builder, flags *pflag.FlagSet) {
	var rows strings.Builder
	flags.VisitAll(func(flag *pflag.Flag) {
		if flag.Hidden || flag.Name == "help" || flag.Name == "version" {
			return
		}
		value, meaning := pflag.UnquoteUsage(flag)
		fmt.Fprintf(&rows, "| `--%s` | %s | %s |\n", strings.TrimSpace(flag.Name+" "+value), defaultOf(flag), cell(meaning))
	})
	if rows.Len() > 0 {
		fmt.Fprintf(page, "\n| Flag | Default | Meaning |\n|---|---|---|\n%s", rows.String())
	}
}

func defaultOf(flag *pflag.Flag) string {
	switch flag.DefValue {
	case "", "false", "0", "[]":
		return ""
	}
	return "`" + flag.DefValue + "`"
}

// cell keeps a text inside its table cell and out of the page's markup.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", ">", "&gt;").Replace(text)
}
