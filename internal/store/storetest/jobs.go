package storetest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
	"florin/internal/store"
)

// patience is the longest that a test waits for a job: they take a tenth of a
// second, on a machine where nothing else runs.
const patience = time.Minute

// crew works jobs and tells of each.
type crew struct {
	t    *testing.T
	done chan store.Job
	seen chan error // what Observe was told
}

// hire starts to work jobs of both kinds by the given work.
func hire(t *testing.T, s *store.Store, work store.Work) *crew {
	t.Helper()
	c := &crew{t: t, done: make(chan store.Job, 1000), seen: make(chan error, 1000)}
	do := func(ctx context.Context, job store.Job) (time.Duration, error) {
		again, err := work(ctx, job)
		if err == nil && again == 0 {
			c.done <- job
		}
		return again, err
	}
	stop, err := s.StartJobs(t.Context(), map[store.JobKind]store.Work{store.JobDeliver: do, store.JobProviderEvent: do}, store.JobOptions{
		Observe: func(_ store.JobKind, _ time.Duration, err error) { c.seen <- err },
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		assert.NoError(t, stop(ctx))
	})
	return c
}

// next is the next job that was done.
func (c *crew) next() store.Job {
	c.t.Helper()
	select {
	case job := <-c.done:
		return job
	case <-time.After(patience):
		c.t.Fatal("no job was done")
		return store.Job{}
	}
}

func simply(context.Context, store.Job) (time.Duration, error) { return 0, nil }

// testJobs enqueues 200 jobs, half of them in transactions that are rolled
// back: exactly the others are done, each once, of either kind.
func testJobs(t *testing.T, s *store.Store) {
	const total = 200
	w := NewWorld(t, s)
	c := hire(t, s, simply)
	var mu sync.Mutex
	want := map[store.Job]bool{}
	var group sync.WaitGroup
	for i := range total {
		group.Go(func() {
			kind := []store.JobKind{store.JobDeliver, store.JobProviderEvent}[i/2%2]
			job := store.Job{Kind: kind, Owner: w.Owner, ID: NewID()}
			err := s.Write(t.Context(), func(tx *store.Tx) error {
				for range 2 { // a second one of the same is not made
					if err := tx.Enqueue(job, tx.Now()); err != nil {
						return err
					}
				}
				if i%2 == 0 {
					return errPlanned
				}
				return nil
			})
			assert.Equal(t, i%2 == 0, errors.Is(err, errPlanned), "%v", err)
			if err == nil {
				mu.Lock()
				want[job] = true
				mu.Unlock()
			}
		})
	}
	group.Wait()
	require.Len(t, want, total/2)
	got := map[store.Job]bool{}
	for range total / 2 {
		got[c.next()] = true
	}
	assert.Equal(t, want, got)
	quiet(c, w)
}

// quiet checks that nothing else is done: a last job comes out last.
func quiet(c *crew, w *World) {
	c.t.Helper()
	last := store.Job{Kind: store.JobDeliver, Owner: w.Owner, ID: NewID()}
	w.Write(c.t, func(tx *store.Tx) error { return tx.Enqueue(last, tx.Now()) })
	assert.Equal(c.t, last, c.next())
	assert.Empty(c.t, c.done)
}

// testJobTimes puts a job off, and brings it forward.
func testJobTimes(t *testing.T, s *store.Store) {
	w := NewWorld(t, s)
	c := hire(t, s, simply)
	job := store.Job{Kind: store.JobProviderEvent, Owner: w.Owner, ID: NewID()}
	w.Write(t, func(tx *store.Tx) error { return tx.Enqueue(job, tx.Now().Add(time.Hour)) })
	quiet(c, w)
	w.Write(t, func(tx *store.Tx) error { return tx.Enqueue(job, tx.Now().Add(time.Minute)) })
	quiet(c, w)
	w.Write(t, func(tx *store.Tx) error { return tx.Enqueue(job, tx.Now()) })
	assert.Equal(t, job, c.next(), "brought forward")
	require.Eventually(t, func() bool { // river notes a little later that the job was done, and nobody tells when
		w.Write(t, func(tx *store.Tx) error { return tx.Enqueue(job, tx.Now()) })
		return len(c.done) > 0
	}, patience, 50*time.Millisecond, "done jobs do not stand in the way of new ones")
	_, err := s.StartJobs(t.Context(), nil, store.JobOptions{})
	assert.Error(t, err)
	_, err = s.StartJobs(t.Context(), map[store.JobKind]store.Work{"unknown": simply}, store.JobOptions{})
	assert.Error(t, err)
}

// testJobFailures lets a job fail and be put off before it is done.
func testJobFailures(t *testing.T, s *store.Store) {
	w := NewWorld(t, s)
	var mu sync.Mutex
	tries := map[pay.ID]int{}
	c := hire(t, s, func(_ context.Context, job store.Job) (time.Duration, error) {
		mu.Lock()
		defer mu.Unlock()
		tries[job.ID]++
		switch tries[job.ID] {
		case 1:
			return 10 * time.Millisecond, nil
		case 2:
			return 0, errPlanned
		}
		return 0, nil
	})
	job := store.Job{Kind: store.JobDeliver, Owner: w.Owner, ID: NewID()}
	w.Write(t, func(tx *store.Tx) error { return tx.Enqueue(job, tx.Now()) })
	assert.NoError(t, <-c.seen)
	assert.ErrorIs(t, <-c.seen, errPlanned)
	w.Write(t, func(tx *store.Tx) error { return tx.Enqueue(job, tx.Now()) }) // does not wait for the retry's time
	assert.Equal(t, job, c.next())
	assert.Equal(t, 3, tries[job.ID])
}
