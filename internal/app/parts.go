// Package app puts the parts of the program together, runs them and stops
// them. It is the one room that knows every other; it decides nothing about
// payments.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"

	"florin/internal/api"
	"florin/internal/clock"
	"florin/internal/config"
	"florin/internal/engine"
	"florin/internal/engine/automation"
	"florin/internal/operation"
	"florin/internal/pay"
	"florin/internal/seal"
	"florin/internal/store"
	"florin/internal/stripe"
	"florin/internal/telemetry"
	"florin/internal/webhook"
)

// Parts is the program without its listeners and workers: enough for commands
// that only look or set something up, also beside a running server.
type Parts struct {
	Config  config.Config
	Engine  *engine.Engine
	Flows   *automation.Automation
	Store   *store.Store
	Logger  *slog.Logger
	Metrics *telemetry.Metrics
	Traces  *telemetry.Traces

	clock clock.Clock
}

// Option changes how the parts are put together.
type Option func(*Parts)

// WithClock has the program and its sandbox go by another clock than the
// machine's, for those who let a month pass in a moment. Jobs that wait, and
// how often chores are done, go by the machine's all the same.
func WithClock(c clock.Clock) Option { return func(p *Parts) { p.clock = c } }

// timeOf is the clock that options ask for, or the machine's.
func timeOf(options []Option) clock.Clock {
	p := Parts{clock: clock.Real{}}
	for _, option := range options {
		option(&p)
	}
	return p.clock
}

// Open puts the parts together: the data folder and its key are made if need
// be, and the database is brought up to date.
//
// Errors: a setting that cannot work, or a database that cannot be opened;
// each says what to do.
func Open(ctx context.Context, cfg config.Config, logger *slog.Logger, options ...Option) (*Parts, error) {
	cfg, err := config.Prepare(cfg)
	if err != nil {
		return nil, err
	}
	sealer, err := seal.New(cfg.MasterKey)
	if err != nil {
		return nil, err
	}
	traces, err := telemetry.NewTraces(ctx, cfg.OTLPEndpoint, Version)
	if err != nil {
		return nil, err
	}
	now := timeOf(options)
	db, err := store.Open(ctx, store.Options{URL: cfg.DatabaseURL.Reveal(), Clock: now, Logger: logger})
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	p := &Parts{Config: cfg, Store: db, Logger: logger, Metrics: telemetry.NewMetrics(), Traces: traces, clock: now}
	reach := p.newOutside()
	if p.Engine, err = p.newEngine(sealer, reach); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if p.Flows, err = p.newAutomation(sealer, reach); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return p, nil
}

func (p *Parts) newEngine(sealer *seal.Sealer, reach outside) (*engine.Engine, error) {
	cfg := p.Config
	gateway := stripe.New(stripe.Config{
		Base: cfg.StripeAPIBase, SandboxBase: sandboxBase(cfg), CallTimeout: cfg.CallTimeout,
		Around: p.Traces.Transport,
		Observe: func(action string, outcome pay.Outcome, took time.Duration, _ string) {
			p.Metrics.ObserveStripeCall(action, string(outcome), took)
		},
	})
	catalogue, err := operation.New()
	if err != nil {
		return nil, err
	}
	return engine.New(engine.Config{
		Catalogue: catalogue, Performer: gateway, Probers: reach.probers(), Mailer: reach.mailer,
		Store: p.Store, Clock: p.clock, Stripe: gateway, Courier: p.newCourier(), Sealer: sealer,
		Present: api.Presenter{}, Logger: p.Logger, Peppers: sealer.Peppers(), CallTimeout: cfg.CallTimeout,
		Sandbox:   engine.Sandbox{Served: cfg.ServesSandbox(), TakesTestKey: cfg.ServesSandbox() && cfg.StripeAPIBase == ""},
		PublicURL: cfg.PublicURL,
	})
}

func sandboxBase(cfg config.Config) string {
	if !cfg.ServesSandbox() {
		return ""
	}
	return config.PublicURLFor(cfg.SandboxListen)
}

func (p *Parts) newCourier() *webhook.Courier {
	return webhook.New(webhook.Config{
		Private: webhook.Private(p.Config.AllowPrivateEndpoints),
		Version: Version,
		Observe: func(result string) { p.Metrics.CountDelivery(result) },
	})
}

// Close lets go of the database and sends what is left of traces.
func (p *Parts) Close(ctx context.Context) error {
	return errors.Join(p.Traces.Shutdown(ctx), p.Store.Close())
}

// lockFile marks a SQLite data folder that a server is at work on.
const lockFile = "florin.lock"

// lock makes sure that one server works on a SQLite database: two would send
// the same payments. Commands beside it only add rows, and need no lock.
//
// Errors: another server has the folder.
func lock(cfg config.Config) (release func() error, err error) {
	file, isSQLite := cfg.SQLiteFile()
	if !isSQLite {
		return func() error { return nil }, nil
	}
	path := filepath.Join(filepath.Dir(file), lockFile)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, err
	}
	l := flock.New(path, flock.SetPermissions(0o600))
	held, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if !held {
		return nil, fmt.Errorf("another florin serves the database %s; stop it, or choose another --data-dir (several servers need Postgres)", file)
	}
	return l.Unlock, nil
}

// KeyFile keeps the key that a newcomer's first start prints, so that later
// starts can print it again. It only ever opens test mode.
const KeyFile = "test_api_key"

// NewcomerKey is a test key of the default merchant with all rights, made at
// the first start and kept in the data folder.
func (p *Parts) NewcomerKey(ctx context.Context) (string, error) {
	path := filepath.Join(p.Config.DataDir, KeyFile)
	if text, err := os.ReadFile(path); err == nil {
		key, err := p.Engine.Authenticate(ctx, string(text))
		if err == nil && !slices.ContainsFunc(pay.Scopes, func(s pay.Scope) bool { return !key.Allows(s) }) {
			return string(text), nil // else it is of a version that knew fewer rights
		}
	}
	merchant, err := p.Engine.EnsureDefaultMerchant(ctx)
	if err != nil {
		return "", err
	}
	_, text, err := p.Engine.CreateAPIKey(ctx, pay.Owner{Merchant: merchant.ID, Mode: pay.Test}, pay.Scopes, pay.KeyLimits{})
	if err != nil {
		return "", err
	}
	return text, os.WriteFile(path, []byte(text), 0o600)
}

// SignInLink is the address of the dashboard that signs in, once, in the name
// of an API key.
//
// Errors: those of engine.Authenticate.
func (p *Parts) SignInLink(ctx context.Context, shown string) (string, error) {
	key, err := p.Engine.Authenticate(ctx, shown)
	if err != nil {
		return "", err
	}
	token, err := p.Engine.NewSignInLink(ctx, key)
	if err != nil {
		return "", err
	}
	return p.Config.PublicURL + "/sign-in/link?token=" + token, nil
}
