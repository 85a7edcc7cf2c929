package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"florin/internal/config"
	"florin/internal/sandbox"
	"florin/internal/telemetry"
)

// sandboxFolder holds the sandbox's state within the data folder.
const sandboxFolder = "sandbox"

// sandboxDrain is how long open requests to the sandbox may take to finish.
const sandboxDrain = 2 * time.Second

// LocalStripeConfig says where the sandbox listens and keeps its state.
type LocalStripeConfig struct {
	Listen string // host:port
	Dir    string // the data folder; empty keeps nothing
	Logger *slog.Logger
}

// LocalStripe is the sandbox with a listener of its own.
type LocalStripe struct {
	sandbox  *sandbox.Sandbox
	listener net.Listener
	http     *http.Server
}

// OpenSandbox takes the address and loads the state.
//
// Errors: an address that is taken, or state that cannot be read.
func OpenSandbox(c LocalStripeConfig) (*LocalStripe, error) {
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen for the sandbox: %w (choose another address with --sandbox-listen, or off)", err)
	}
	dir := c.Dir
	if dir != "" {
		dir = filepath.Join(dir, sandboxFolder)
	}
	box, err := sandbox.Open(sandbox.Config{Dir: dir, BaseURL: config.PublicURLFor(listener.Addr().String()), Logger: c.Logger})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the sandbox: %w", err), listener.Close())
	}
	return &LocalStripe{sandbox: box, listener: listener, http: &http.Server{
		Handler:           telemetry.Requests(c.Logger, nil)(box),
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(c.Logger.Handler(), slog.LevelWarn),
	}}, nil
}

// Addr is the address that the sandbox listens on.
func (l *LocalStripe) Addr() string { return l.listener.Addr().String() }

// URL is where the sandbox is reached.
func (l *LocalStripe) URL() string { return config.PublicURLFor(l.Addr()) }

// Run answers like Stripe until ctx is done.
func (l *LocalStripe) Run(ctx context.Context) error {
	group, failed := errgroup.WithContext(ctx)
	group.Go(func() error { return l.sandbox.Run(failed) })
	group.Go(func() error { return ignoreClosed(l.http.Serve(l.listener)) })
	group.Go(func() error {
		<-failed.Done()
		stop, cancel := context.WithTimeout(context.Background(), sandboxDrain)
		defer cancel()
		if l.http.Shutdown(stop) != nil {
			return l.http.Close()
		}
		return nil
	})
	return ignoreCanceled(group.Wait())
}

// Close writes the state down for good.
func (l *LocalStripe) Close() error {
	return errors.Join(ignoreClosed(l.listener.Close()), l.sandbox.Close())
}
