package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"florin/internal/clock"
	"florin/internal/config"
	"florin/internal/engine"
	"florin/internal/pay"
	"florin/internal/store"
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

// Advance moves the clock of Florin and of its sandbox on, and waits until what
// that caused is told and dealt with: what is under way while a month passes in a
// moment would come a month late.
func (s *Stage) Advance(ctx context.Context, by time.Duration) error {
	if err := s.settle(ctx); err != nil {
		return err
	}
	s.clock.Advance(by)
	// The sandbox's clock runs on this one; a second of its own wakes what waits.
	var at struct{}
	if err := s.ask(ctx, http.MethodPost, "/_sandbox/clock/advance", `{"seconds":1}`, &at); err != nil {
		return err
	}
	return s.settle(ctx)
}

const (
	// settleWithin is how long what was caused may take by the machine's clock.
	// Deliveries that a fault holds back are not waited for any longer.
	settleWithin = 20 * time.Second
	settleEvery  = 20 * time.Millisecond
	// settleLooks is how often in a row nothing may be under way: a delivery that
	// is being made is neither with the sandbox nor with Florin for a moment.
	settleLooks = 3
)

// settle waits until no event of the sandbox is on its way and none waits to be
// looked into.
func (s *Stage) settle(ctx context.Context) error {
	ticker := time.NewTicker(settleEvery)
	defer ticker.Stop()
	began := time.Now()
	for quiet := 0; quiet < settleLooks && time.Since(began) < settleWithin; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		busy, err := s.busy(ctx)
		if err != nil {
			return err
		}
		if quiet++; busy {
			quiet = 0
		}
	}
	return nil
}

func (s *Stage) busy(ctx context.Context) (bool, error) {
	var health struct {
		Waiting int `json:"waiting_deliveries"`
	}
	if err := s.ask(ctx, http.MethodGet, "/_sandbox/health", "", &health); err != nil || health.Waiting > 0 {
		return true, err
	}
	busy := false
	err := s.Server.Store.Glance(ctx, func(tx *store.Tx) error {
		waiting, err := tx.StaleProviderEvents(s.clock.Now().Add(time.Hour), 1)
		busy = len(waiting) > 0
		return err
	})
	return busy, err
}

// ask steers the sandbox.
func (s *Stage) ask(ctx context.Context, method, path, body string, into any) error {
	request, err := http.NewRequestWithContext(ctx, method, s.Server.Sandbox.URL()+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }() // it was read
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the sandbox answered %s to %s", answer.Status, path)
	}
	return json.NewDecoder(answer.Body).Decode(into)
}

// Close stops the program and removes its folder.
func (s *Stage) Close() error {
	s.stop()
	ran := <-s.done
	return errors.Join(ran, s.Server.Close(context.Background()), os.RemoveAll(s.folder))
}
