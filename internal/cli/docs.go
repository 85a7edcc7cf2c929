package cli

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"florin/internal/app"
	"florin/internal/config"
)

// documents are all pages that are written from the code, by file name: they
// cannot be out of date for longer than it takes to run the tests.
func (p *program) documents() (map[string][]byte, error) {
	pages, err := app.Documents()
	if err != nil {
		return nil, err
	}
	pages["configuration.md"] = []byte(config.Markdown())
	pages["cli.md"] = []byte(commandPage(p.rootCommand()))
	operations, err := app.Operations()
	if err != nil {
		return nil, err
	}
	pages["operations.md"] = []byte(operationPage(operations))
	return pages, nil
}

func (p *program) docsCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "docs",
		Short: "Write the generated documents",
		Long: "Writes the documents that come from the code: the settings, the commands, the\n" +
			"errors, the states, the operations and the OpenAPI document.",
		Example: "  florin docs --dir docs",
		Args:    cobra.NoArgs,
	}
	cmd.Flags().StringVar(&dir, "dir", "docs", "The `folder` to write them to.")
	cmd.RunE = p.run(func(context.Context, []string) error {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		pages, err := p.documents()
		if err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(pages)) {
			path := filepath.Join(dir, name)
			if err := os.WriteFile(path, pages[name], 0o644); err != nil { // documents are for everybody
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
	if cmd.Hidden || cmd.Annotations[operationNote] != "" || cmd.Name() == "help" || cmd.Name() == "completion" {
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
