package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"florin/internal/telemetry"
)

// recorded makes a context whose lines a test can read.
func recorded(t *testing.T) (context.Context, <-chan telemetry.Recorded) {
	recorder := telemetry.NewRecorder(8)
	return telemetry.WithLogger(t.Context(), recorder.Logger()), recorder.Lines()
}

// fields takes what differs from run to run out of a line.
func fields(line telemetry.Recorded) map[string]any {
	delete(line.Fields, "duration_us")
	return line.Fields
}

func TestAJobHasOneLine(t *testing.T) {
	t.Parallel()
	ctx, lines := recorded(t)
	ctx, line := telemetry.Start(ctx, "job")
	line.Set("kind", "deliver")
	telemetry.Add(ctx, "merchant", "m1")
	telemetry.Add(ctx, "kind", "deliver_event")
	telemetry.Add(ctx, "note", "sk_test_51CANARY")
	line.Finish(nil)
	line.Finish(errors.New("too late"))

	got := <-lines
	assert.Equal(t, slog.LevelInfo, got.Level)
	assert.Equal(t, "job", got.Name)
	assert.Contains(t, got.Fields, "duration_us")
	assert.Equal(t, map[string]any{"kind": "deliver_event", "merchant": "m1", "note": "sk_test_[redacted]"}, fields(got))
	assert.Empty(t, lines, "only the first Finish writes")
}

func TestAFailedJobIsAnError(t *testing.T) {
	t.Parallel()
	ctx, lines := recorded(t)
	_, line := telemetry.Start(ctx, "job")
	line.Finish(errors.New("refused with sk_live_51CANARY"))
	got := <-lines
	assert.Equal(t, slog.LevelError, got.Level)
	assert.Equal(t, map[string]any{"error": "refused with sk_live_[redacted]"}, fields(got))
}

func TestAJobInsideARequestHasItsOwnLine(t *testing.T) {
	t.Parallel()
	ctx, lines := recorded(t)
	outer, request := telemetry.Start(ctx, "request")
	inner, job := telemetry.Start(outer, "job")
	telemetry.Add(inner, "in", "job")
	telemetry.Add(outer, "in", "request")
	job.Finish(nil)
	request.Finish(nil)
	assert.Equal(t, map[string]any{"in": "job"}, fields(<-lines))
	assert.Equal(t, map[string]any{"in": "request"}, fields(<-lines))
	telemetry.Add(context.Background(), "nobody", "listens")
}

func TestALineHasLimits(t *testing.T) {
	t.Parallel()
	ctx, lines := recorded(t)
	ctx, line := telemetry.Start(ctx, "job")
	var wait sync.WaitGroup
	for i := range 100 {
		wait.Go(func() { telemetry.Add(ctx, fmt.Sprint("field", i), strings.Repeat("x", 10_000)) })
	}
	wait.Wait()
	line.Finish(nil)
	got := fields(<-lines)
	assert.EqualValues(t, 36, got["dropped_fields"])
	delete(got, "dropped_fields")
	assert.Len(t, got, 64)
	for _, value := range got {
		assert.Equal(t, strings.Repeat("x", 4096)+"…", value)
	}
}

func TestARecorderSeesWhatALoggerWasGiven(t *testing.T) {
	t.Parallel()
	recorder := telemetry.NewRecorder(1)
	logger := recorder.Logger().With("part", "worker").WithGroup("job").With("id", 7)
	logger.Warn("slow", slog.Group("took", "ms", 12))
	logger.Warn("dropped, because nobody read the first")
	assert.Equal(t, telemetry.Recorded{
		Name: "slow", Level: slog.LevelWarn,
		Fields: map[string]any{"part": "worker", "job.id": int64(7), "job.took.ms": int64(12)},
	}, <-recorder.Lines())
	assert.Empty(t, recorder.Lines())
}
