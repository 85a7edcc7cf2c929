package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"florin/internal/client"
	"florin/internal/config"
	"florin/internal/pay"
)

// usageError is a command that cannot be understood as it was written.
type usageError struct{ reason string }

func (u usageError) Error() string { return u.reason }

func usagef(format string, args ...any) error {
	return usageError{reason: fmt.Sprintf(format, args...)}
}

// errSilent ends a command that has said itself what went wrong.
var errSilent = errors.New("failed")

// report tells a person what went wrong, and scripts how it ended.
func (p *program) report(ctx context.Context, called *cobra.Command, err error) int {
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errSilent):
		return exitFailure
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintln(p.Err, "error: interrupted")
		return exitFailure
	}
	fmt.Fprintln(p.Err, "error: "+wording(err))
	if !p.isUsage(err) {
		return exitFailure
	}
	fmt.Fprintf(p.Err, "see: %s --help\n", called.CommandPath())
	return exitUsage
}

// isUsage reports whether the command line or the settings are to blame: what
// cobra refuses before a command runs, and values that are not allowed.
func (p *program) isUsage(err error) bool {
	var (
		usage    usageError
		problems config.Problems
		refused  *client.Error
	)
	code := pay.CodeOf(err)
	if errors.As(err, &refused) {
		code = pay.Code(refused.Code)
	}
	return !p.started || errors.As(err, &usage) || errors.As(err, &problems) || pay.InfoOf(code).Kind == pay.KindInvalid
}

// wording is an error on one line; settings have one line each.
func wording(err error) string {
	var problems config.Problems
	if errors.As(err, &problems) {
		return problems.Error()
	}
	text := err.Error()
	var (
		ours    *pay.Error
		refused *client.Error
	)
	switch { // one that is wrapped has words around it that belong there
	case errors.As(err, &ours) && ours.Error() == text:
		text = coded(string(ours.Code), ours.Message, ours.Field)
		if ours.Cause != nil {
			text += ": " + ours.Cause.Error()
		}
	case errors.As(err, &refused) && refused.Error() == text:
		text = coded(refused.Code, refused.Message, refused.Field)
	}
	return strings.ReplaceAll(strings.TrimSpace(text), "\n", "; ")
}

// coded is an error as the API has it, on one line.
func coded(code, message, field string) string {
	if field == "" {
		return code + ": " + message
	}
	return code + ": " + message + " (" + field + ")"
}
