package telemetry

import (
	"context"
	"log/slog"
)

// Recorded is one log line as a test sees it: after scrubbing.
type Recorded struct {
	Name   string
	Level  slog.Level
	Fields map[string]any // groups are joined with a dot
}

// Recorder is a logger's other end for tests: they wait for a line on Lines
// instead of sleeping until one may have been written.
type Recorder struct {
	lines  chan Recorded
	prefix string
	attrs  []slog.Attr
}

// NewRecorder keeps up to capacity lines that nobody has read yet; a line over
// it is dropped, because logging never blocks work.
func NewRecorder(capacity int) *Recorder {
	return &Recorder{lines: make(chan Recorded, capacity)}
}

// Logger writes into the recorder, through the scrubber as in production.
func (r *Recorder) Logger() *slog.Logger { return slog.New(Scrub(recording{r})) }

// Lines are the lines in the order in which they were written.
func (r *Recorder) Lines() <-chan Recorded { return r.lines }

// recording keeps slog's handler methods out of what tests see.
type recording struct{ *Recorder }

func (recording) Enabled(context.Context, slog.Level) bool { return true }

func (r recording) Handle(_ context.Context, record slog.Record) error {
	line := Recorded{Name: record.Message, Level: record.Level, Fields: map[string]any{}}
	for _, attr := range r.attrs {
		flatten(line.Fields, "", attr)
	}
	record.Attrs(func(attr slog.Attr) bool {
		flatten(line.Fields, r.prefix, attr)
		return true
	})
	select {
	case r.lines <- line:
	default:
	}
	return nil
}

func (r recording) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := *r.Recorder
	next.attrs = append([]slog.Attr(nil), r.attrs...)
	for _, attr := range attrs {
		next.attrs = append(next.attrs, slog.Attr{Key: r.prefix + attr.Key, Value: attr.Value})
	}
	return recording{&next}
}

func (r recording) WithGroup(name string) slog.Handler {
	next := *r.Recorder
	next.prefix = r.prefix + name + "."
	return recording{&next}
}

func flatten(into map[string]any, prefix string, attr slog.Attr) {
	if attr.Value.Kind() != slog.KindGroup {
		into[prefix+attr.Key] = attr.Value.Any()
		return
	}
	for _, inner := range attr.Value.Group() {
		flatten(into, prefix+attr.Key+".", inner)
	}
}
