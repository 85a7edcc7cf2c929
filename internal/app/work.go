package app

import (
	"context"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"florin/internal/engine"
	"florin/internal/store"
	"florin/internal/telemetry"
)

// work runs the jobs and the chores until ctx is done.
func (s *Server) work(ctx context.Context) error {
	ctx = telemetry.WithLogger(ctx, s.Logger)
	stopJobs, err := s.Store.StartJobs(ctx, s.toldJobs(), store.JobOptions{
		Observe: func(kind store.JobKind, took time.Duration, err error) {
			s.Metrics.ObserveJob(string(kind), result(err), took)
		},
	})
	if err != nil {
		return err
	}
	group, failed := errgroup.WithContext(ctx)
	for _, chore := range slices.Concat(s.Engine.Chores(), s.Flows.Chores()) {
		group.Go(func() error { return s.repeat(failed, chore) })
	}
	err = group.Wait()
	stopped, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.DrainTimeout)
	defer cancel()
	if stopErr := stopJobs(stopped); stopErr != nil {
		return stopErr
	}
	return ignoreCanceled(err)
}

func result(err error) string {
	if err != nil {
		return "failed"
	}
	return "done"
}

// toldJobs wraps each kind of job in its wide log line.
func (s *Server) toldJobs() map[store.JobKind]store.Work {
	told := map[store.JobKind]store.Work{}
	jobs := s.Engine.Jobs()
	maps.Copy(jobs, s.Flows.Jobs())
	for kind, work := range jobs {
		told[kind] = func(ctx context.Context, job store.Job) (again time.Duration, err error) {
			ctx, span := s.Traces.Start(ctx, "job "+string(kind))
			defer span.End()
			ctx, line := telemetry.Start(telemetry.WithLogger(ctx, s.Logger), "job")
			line.Set("kind", string(kind))
			line.Set("id", string(job.ID))
			line.Set(telemetry.FieldMerchant, string(job.Owner.Merchant))
			defer func() {
				if again > 0 {
					line.Set("again_seconds", again.Seconds())
				}
				line.Finish(err)
			}()
			return work(ctx, job)
		}
	}
	return told
}

// repeat does a chore over and over. A failure is told, and the next round
// tries again: chores are how failures are mended.
func (s *Server) repeat(ctx context.Context, chore engine.Chore) error {
	ticker := time.NewTicker(chore.Every)
	defer ticker.Stop()
	for {
		if err := s.round(ctx, chore); err != nil && ctx.Err() == nil {
			s.Logger.ErrorContext(ctx, "a chore failed", "chore", chore.Name, "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// round does a chore once, with a line when there was something to do.
func (s *Server) round(ctx context.Context, chore engine.Chore) error {
	began := time.Now()
	done, err := chore.Do(ctx)
	if done > 0 || err != nil {
		s.Metrics.ObserveJob(chore.Name, result(err), time.Since(began))
	}
	if done > 0 {
		s.Logger.InfoContext(ctx, "chore", "kind", chore.Name, "done", done, "took_ms", time.Since(began).Milliseconds())
	}
	return err
}
