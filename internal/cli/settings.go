package cli

import (
	"context"
	"errors"
	"log/slog"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"florin/internal/app"
	"florin/internal/config"
	"florin/internal/telemetry"
)

// storedSettings are the settings of commands that open the database and
// serve nothing.
var storedSettings = []string{"data-dir", "database-url", "master-key"}

// settings adds the named settings to a command, or all of them when none is
// named, and returns the set that config.Load reads. It is a set of its own,
// because a command may have flags that are called like another setting.
func settings(cmd *cobra.Command, names ...string) *pflag.FlagSet {
	all := pflag.NewFlagSet("", pflag.ContinueOnError)
	config.Bind(all)
	chosen := pflag.NewFlagSet("", pflag.ContinueOnError)
	all.VisitAll(func(flag *pflag.Flag) {
		for _, name := range names {
			if flag.Name == name {
				chosen.AddFlag(flag)
			}
		}
	})
	if len(names) == 0 {
		chosen = all
	}
	cmd.Flags().AddFlagSet(chosen)
	return chosen
}

// withParts opens the database for a command that works beside a running
// server, and closes it whatever happens. Only warnings are logged: the
// command's own words are what a person wants to read.
func (p *program) withParts(ctx context.Context, flags *pflag.FlagSet, work func(parts *app.Parts) error) (err error) {
	cfg, err := config.Load(flags, p.Getenv)
	if err != nil {
		return err
	}
	parts, err := app.Open(ctx, cfg, telemetry.Logger(p.Err, string(cfg.LogFormat), slog.LevelWarn))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, parts.Close(context.WithoutCancel(ctx))) }()
	return work(parts)
}
