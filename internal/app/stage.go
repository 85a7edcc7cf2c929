package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"

	"florin/internal/clock"
	"florin/internal/config"
	"florin/internal/engine"
	"florin/internal/pay"
)

// stageKey is the key of a stage's account at its sandbox: any will do there.
const stageKey = "sk_test_stage"

// Stage is a Florin of its own for a while: on free ports, with a sandbox and a
// clock that can be moved, in a folder that ends with it.
type Stage struct {
	Server    *Server
	StripeKey string // of the account at the sandbox

	clock  *clock.Movable
	folder string
	stop   context.CancelFunc
	done   chan error
}

// OpenStage starts one.
//
// Errors: when there is no folder or port to be had.
func OpenStage(ctx context.Context, logger *slog.Logger) (stage *Stage, err error) {
	s := &Stage{StripeKey: stageKey, clock: clock.NewMovable(clock.Real{}, 0), done: make(chan error, 1)}
	if s.folder, err = os.MkdirTemp("", "florin-stage-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(s.folder))
		}
	}()
	cfg, err := stageConfig(s.folder)
	if err != nil {
		return nil, err
	}
	if s.Server, err = NewServer(ctx, cfg, logger, WithClock(s.clock)); err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(ctx)
	s.stop = stop
	go func() { s.done <- s.Server.Run(running) }()
	if err := s.connect(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func stageConfig(folder string) (config.Config, error) {
	set := pflag.NewFlagSet("stage", pflag.ContinueOnError)
	config.Bind(set)
	if err := set.Parse([]string{
		"--database-url", "sqlite:" + filepath.Join(folder, "florin.db"), "--data-dir", folder,
		"--listen", "127.0.0.1:0", "--sandbox-listen", "127.0.0.1:0", "--rate-limit", "0",
	}); err != nil {
		return config.Config{}, err
	}
	return config.Load(set, func(string) string { return "" })
}

// connect gives the merchant an account at the sandbox whose key is known, and
// waits until that sends its events here.
func (s *Stage) connect(ctx context.Context) error {
	merchant, err := s.Server.Engine.EnsureDefaultMerchant(ctx)
	if err != nil {
		return err
	}
	_, err = s.Server.Engine.SetProvider(ctx, engine.Ask{Owner: pay.Owner{Merchant: merchant.ID, Mode: pay.Test}},
		engine.Credentials{SecretKey: pay.NewSecret(s.StripeKey)})
	return err
}

// Advance moves the clock of Florin and of its sandbox on.
func (s *Stage) Advance(ctx context.Context, by time.Duration) error {
	s.clock.Advance(by)
	// The sandbox's clock runs on this one; a second of its own wakes what waits.
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Server.Sandbox.URL()+"/_sandbox/clock/advance", bytes.NewReader([]byte(`{"seconds":1}`)))
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	if err := answer.Body.Close(); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the sandbox's clock was not moved: %s", answer.Status)
	}
	return nil
}

// Close stops the program and removes its folder.
func (s *Stage) Close() error {
	s.stop()
	ran := <-s.done
	return errors.Join(ran, s.Server.Close(context.Background()), os.RemoveAll(s.folder))
}
