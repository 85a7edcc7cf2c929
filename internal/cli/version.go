package cli

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"florin/internal/app"
)

// versionView is what a bug report needs.
type versionView struct {
	Version string `json:"version"`
	Commit  string `json:"commit"` // empty when the build knows none
	Go      string `json:"go"`
	System  string `json:"system"`
}

func (p *program) versionCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Say which Florin this is",
		Long:    "Prints the version, the commit that it was built from, and what it was built with.",
		Example: "  florin version\n  florin version --json",
		Args:    cobra.NoArgs,
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print JSON.")
	cmd.RunE = p.run(func(context.Context, []string) error {
		v := versionView{Version: app.Version, Commit: commit(), Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH}
		if asJSON {
			return printJSON(p.Out, v)
		}
		fmt.Fprintf(p.Out, "florin %s", v.Version)
		if v.Commit != "" {
			fmt.Fprintf(p.Out, " (%s)", v.Commit)
		}
		fmt.Fprintf(p.Out, ", %s, %s\n", v.Go, v.System)
		return nil
	})
	return cmd
}

// shortCommit is as much of a commit's name as git shows.
const shortCommit = 12

// commit is what the Go tool wrote into the binary.
func commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			return setting.Value[:min(shortCommit, len(setting.Value))]
		}
	}
	return ""
}
