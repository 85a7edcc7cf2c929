// Command testenv gives the tests what they need of the world outside Go, and
// takes it away again: it installs what is missing, starts one private
// Postgres for all test programs, runs a command, stops Postgres, and ends with
// the command's own exit code.
//
//	testenv deps                    install what is missing
//	testenv run go test ./...       the same, then run the command
//	testenv run -durable CMD…       with commits that wait for the disk, to measure
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"florin/internal/pgtest"
)

// nodeEnv tells the tests where node finds the packages that sign and verify
// webhooks as other people's software does.
const nodeEnv = "FLORIN_TEST_NODE"

// patience is how long a command may take to end after it was told to; a
// second Ctrl-C is the usual way to say that it was too long.
const patience = 30 * time.Second

// usageCode and failureCode are what a shell expects of a program that was
// called wrongly, and of one that could not do its work.
const (
	failureCode = 1
	usageCode   = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code, err := do(ctx, os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "testenv:", err)
	}
	stop()
	os.Exit(code)
}

// do runs a subcommand and says with which code to end.
func do(ctx context.Context, args []string) (int, error) {
	if len(args) == 0 {
		return usageCode, errors.New("say deps, or run [-durable] COMMAND…")
	}
	switch args[0] {
	case "deps":
		if _, err := install(ctx); err != nil {
			return failureCode, err
		}
		return 0, nil
	case "run":
		return run(ctx, args[1:])
	}
	return usageCode, fmt.Errorf("%s is no subcommand; say deps or run", args[0])
}

func run(ctx context.Context, args []string) (code int, err error) {
	flags := flag.NewFlagSet("testenv run", flag.ContinueOnError)
	durable := flags.Bool("durable", false, "commits wait for the disk")
	if err := flags.Parse(args); err != nil || flags.NArg() == 0 {
		return usageCode, errors.Join(err, errors.New("name the command to run"))
	}
	packages, err := install(ctx)
	if err != nil {
		return failureCode, err
	}
	server, err := pgtest.StartServer(ctx, *durable)
	if err != nil {
		return failureCode, err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	return command(ctx, flags.Args(), pgtest.Env+"="+server.URL, nodeEnv+"="+packages)
}

// command runs a program with more environment. A signal to us is passed on
// once, and the program may still clean up.
func command(ctx context.Context, args []string, env ...string) (int, error) {
	program := exec.CommandContext(ctx, args[0], args[1:]...)
	program.Env = append(os.Environ(), env...)
	program.Stdout, program.Stderr = os.Stdout, os.Stderr
	program.Cancel = func() error { return program.Process.Signal(syscall.SIGTERM) }
	program.WaitDelay = patience
	err := program.Run()
	var failed *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &failed) && failed.ExitCode() > 0:
		return failed.ExitCode(), nil // it has said itself what was wrong
	}
	return failureCode, fmt.Errorf("%s: %w", args[0], err)
}
