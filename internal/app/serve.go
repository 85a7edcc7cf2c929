package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"florin/internal/config"
)

// Limits of the listeners. A write may wait for one call to Stripe, and an
// export for its pages.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 30 * time.Second
	writeSlack        = 60 * time.Second // on top of one call to Stripe
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 32 << 10
)

// Server is the program as `florin serve` runs it.
type Server struct {
	*Parts
	Sandbox *LocalStripe // nil when none is served
	Key     string       // what a newcomer may use; empty without a sandbox
	SignIn  string       // a link to the dashboard that signs a newcomer in, once; empty without a sandbox

	cfg      config.Config
	listener net.Listener
	http     *http.Server
	draining chan struct{}
	release  func() error
}

// NewServer takes its addresses and its data folder, and puts everything
// together; nothing is answered before Run.
//
// Errors: an address or data folder that is taken, and those of Open.
func NewServer(ctx context.Context, cfg config.Config, logger *slog.Logger, options ...Option) (s *Server, err error) {
	s = &Server{draining: make(chan struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close(context.WithoutCancel(ctx)))
		}
	}()
	if s.release, err = lock(cfg); err != nil {
		return s, err
	}
	if s.listener, err = net.Listen("tcp", cfg.Listen); err != nil {
		return s, fmt.Errorf("listen: %w (choose another address with --listen)", err)
	}
	cfg.Listen = s.listener.Addr().String()
	if cfg.PublicURL == "" {
		cfg.PublicURL = config.PublicURLFor(cfg.Listen)
	}
	if cfg.ServesSandbox() {
		if s.Sandbox, err = OpenSandbox(LocalStripeConfig{Listen: cfg.SandboxListen, Dir: cfg.DataDir, Logger: logger, Clock: timeOf(options)}); err != nil {
			return s, err
		}
		cfg.SandboxListen = s.Sandbox.Addr()
	}
	if s.Parts, err = Open(ctx, cfg, logger, options...); err != nil {
		return s, err
	}
	s.cfg = s.Parts.Config
	return s, s.prepare(ctx)
}

// prepare makes what the first request needs.
func (s *Server) prepare(ctx context.Context) error {
	if _, err := s.Engine.EnsureDefaultMerchant(ctx); err != nil {
		return err
	}
	if err := errors.Join(s.Engine.Recover(ctx), s.Flows.Recover(ctx)); err != nil {
		return err
	}
	if s.Sandbox != nil {
		key, err := s.NewcomerKey(ctx)
		if err != nil {
			return err
		}
		s.Key = key
		if s.SignIn, err = s.SignInLink(ctx, key); err != nil {
			return err
		}
	}
	answers, err := s.handler()
	if err != nil {
		return err
	}
	s.http = &http.Server{
		Handler:           answers,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      s.cfg.CallTimeout + writeSlack,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(s.Logger.Handler(), slog.LevelWarn),
	}
	return nil
}

// URL is where the server is reached.
func (s *Server) URL() string { return s.cfg.PublicURL }

// Run answers and works until ctx is done; then it takes nothing new, lets
// open requests and jobs finish within the drain timeout, and returns.
func (s *Server) Run(ctx context.Context) error {
	// Workers outlive ctx by the drain: requests in flight may still need them.
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	group, failed := errgroup.WithContext(work)
	if s.Sandbox != nil {
		group.Go(func() error { return s.Sandbox.Run(failed) })
	}
	group.Go(func() error { return ignoreClosed(s.http.Serve(s.listener)) })
	if s.cfg.Role != config.RoleAPI {
		group.Go(func() error { return s.work(failed) })
	}
	if s.Sandbox != nil {
		if err := s.Engine.RefreshSandbox(ctx); err != nil && ctx.Err() == nil {
			s.Logger.WarnContext(ctx, "the sandbox could not be refreshed", "error", err)
		}
	}
	select {
	case <-ctx.Done():
	case <-failed.Done():
	}
	drained := s.drain()
	stopWork()
	return errors.Join(drained, ignoreCanceled(group.Wait()))
}

// drain stops taking requests and waits for those in flight.
func (s *Server) drain() error {
	close(s.draining)
	ctx, cancel := context.WithTimeout(context.Background(), s.cfg.DrainTimeout)
	defer cancel()
	if err := s.http.Shutdown(ctx); err != nil {
		return fmt.Errorf("requests were cut off after %s: %w", s.cfg.DrainTimeout, s.http.Close())
	}
	return nil
}

// Close gives back what NewServer took. Run must have returned.
func (s *Server) Close(ctx context.Context) error {
	var errs []error
	if s.listener != nil {
		errs = append(errs, ignoreClosed(s.listener.Close()))
	}
	if s.Parts != nil {
		errs = append(errs, s.Parts.Close(ctx))
	}
	if s.Sandbox != nil {
		errs = append(errs, s.Sandbox.Close())
	}
	if s.release != nil {
		errs = append(errs, s.release())
	}
	return errors.Join(errs...)
}

func ignoreClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func ignoreCanceled(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
