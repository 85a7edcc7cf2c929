package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

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
	)
	return !p.started || errors.As(err, &usage) || errors.As(err, &problems) || pay.InfoOf(pay.CodeOf(err)).Kind == pay.KindInvalid
}

// wording is an error on one line; settings have one line each.
func wording(err error) string {
	var problems config.Problems
	if errors.As(err, &problems) {
		return problems.Error()
	}
	text := err.Error()
	var e *pay.Error
	if errors.As(err, &e) && e.Error() == text { // else it has words around it that belong there
		text = payWording(e)
	}
	return strings.ReplaceAll(strings.TrimSpace(text), "\n", "; ")
}

func payWording(e *pay.Error) string {
	text := string(e.Code) + ": " + e.Message
	if e.Field != "" {
		text += " (" + e.Field + ")"
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}
