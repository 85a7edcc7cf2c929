package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"florin/internal/clock"
	"florin/internal/config"
	"florin/internal/sandbox"
	"florin/internal/telemetry"
)

// sandboxFolder holds the sandbox's state within the data folder.
const sandboxFolder = "sandbox"

// sandboxDrain is how long open requests to the sandbox may take to finish.
const sandboxDrain = 2 * time.Second

// LocalStripeConfig says where the sandbox listens, where it keeps its state,
// and how strict it is.
type LocalStripeConfig struct {
	Listen   string      // host:port
	Dir      string      // the data folder; empty keeps nothing
	TLS      bool        // serve https and HTTP/2, with a certificate made now
	Strict   bool        // refuse with 501 what could only be answered with a fixture
	Phantoms bool        // answer ids that were never made with a fixture
	Alone    bool        // the process serves nothing else, and collects garbage as suits a sandbox
	Clock    clock.Clock // what its own clock is ahead of; nil: the machine's
	Logger   *slog.Logger
}

// LocalStripe is the sandbox with a listener of its own.
type LocalStripe struct {
	sandbox  *sandbox.Sandbox
	listener net.Listener
	http     *http.Server
	secure   bool
	identity *identity // nil unless secure
}

// OpenSandbox takes the address and loads the state.
//
// Errors: an address that is taken, or state that cannot be read.
func OpenSandbox(c LocalStripeConfig) (*LocalStripe, error) {
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen for the sandbox: %w (choose another address with --sandbox-listen, or off)", err)
	}
	l := &LocalStripe{listener: listener, secure: c.TLS}
	if err := l.open(c); err != nil {
		return nil, errors.Join(fmt.Errorf("open the sandbox: %w", err), listener.Close())
	}
	return l, nil
}

func (l *LocalStripe) open(c LocalStripeConfig) (err error) {
	if c.Alone && os.Getenv("GOGC") == "" { // who sets GOGC knows better
		debug.SetGCPercent(sandbox.GCPercent)
	}
	dir := c.Dir
	if dir != "" {
		dir = filepath.Join(dir, sandboxFolder)
	}
	if c.Clock == nil {
		c.Clock = clock.Real{}
	}
	l.sandbox, err = sandbox.Open(sandbox.Config{Clock: clock.NewMovable(c.Clock, 0), Dir: dir, BaseURL: l.URL(), Logger: c.Logger, Strict: c.Strict, Phantoms: c.Phantoms})
	if err != nil {
		return err
	}
	if c.TLS { // only now is the folder this sandbox's own
		if l.identity, err = newIdentity(dir, l.listener.Addr()); err != nil {
			return errors.Join(err, l.sandbox.Close())
		}
	}
	l.http = &http.Server{
		Handler:           telemetry.Requests(c.Logger, nil)(l.sandbox),
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(c.Logger.Handler(), slog.LevelWarn),
	}
	return nil
}

// Addr is the address that the sandbox listens on.
func (l *LocalStripe) Addr() string { return l.listener.Addr().String() }

// URL is where the sandbox is reached.
func (l *LocalStripe) URL() string {
	plain := config.PublicURLFor(l.Addr())
	if !l.secure {
		return plain
	}
	return "https" + strings.TrimPrefix(plain, "http")
}

// Certificate is the file of the certificate that clients have to trust; empty
// without TLS.
func (l *LocalStripe) Certificate() string {
	if l.identity == nil {
		return ""
	}
	return l.identity.file
}

// serve answers until the listener closes.
func (l *LocalStripe) serve() error {
	if l.identity == nil {
		return ignoreClosed(l.http.Serve(l.listener))
	}
	l.http.TLSConfig = l.identity.tls()
	return ignoreClosed(l.http.ServeTLS(l.listener, "", "")) // offers HTTP/2 too
}

// Run answers like Stripe until ctx is done.
func (l *LocalStripe) Run(ctx context.Context) error {
	group, failed := errgroup.WithContext(ctx)
	group.Go(func() error { return l.sandbox.Run(failed) })
	group.Go(l.serve)
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
	return errors.Join(ignoreClosed(l.listener.Close()), l.sandbox.Close(), l.identity.forget())
}
