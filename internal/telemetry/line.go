package telemetry

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// longestText is how many bytes of one text a line keeps: a stack trace or a
// long error is cut so that one line cannot fill a disk.
const longestText = 4096

// mostFields is how many different keys a line keeps, so that a loop which
// adds fields cannot grow it without end. What is over it is counted.
const mostFields = 64

// The keys that rooms share, so that one search finds a merchant's or a key's
// requests and jobs alike.
const (
	FieldMerchant  = "merchant"   // id of the merchant who is served
	FieldKey       = "key_id"     // id of the API key that asked; never the key
	FieldRequestID = "request_id" // what X-Request-Id says to the caller
	FieldRoute     = "route"      // pattern of the route, with its method
	FieldError     = "error"      // what went wrong, for operators only
)

type contextKey int

const (
	loggerKey contextKey = iota
	lineKey
	requestKey
)

// WithLogger makes Start write its lines to logger. Without it they go to
// slog's default.
func WithLogger(ctx context.Context, logger *slog.Logger) context.Context {
	return context.WithValue(ctx, loggerKey, logger)
}

// LoggerFrom is the logger that WithLogger put in place.
func LoggerFrom(ctx context.Context) *slog.Logger {
	if logger, ok := ctx.Value(loggerKey).(*slog.Logger); ok {
		return logger
	}
	return slog.Default()
}

// Line is the one log line of a request or a job. All that is learnt on the
// way is added to it, and Finish writes it. Safe for several goroutines.
type Line struct {
	ctx    context.Context
	name   string
	logger *slog.Logger
	began  time.Time // the machine's own clock: a duration is measured, not decided by

	mu       sync.Mutex
	fields   []slog.Attr
	dropped  int
	finished bool
}

// Start begins the line called name. Whoever works under the returned context
// reaches it with Add, and must not finish it.
func Start(ctx context.Context, name string) (context.Context, *Line) {
	line := &Line{ctx: ctx, name: name, logger: LoggerFrom(ctx), began: time.Now()}
	return context.WithValue(ctx, lineKey, line), line
}

// Add sets a field of the line that ctx belongs to, from however deep. Where
// there is no line it does nothing: telling must never be why work fails.
func Add(ctx context.Context, key string, value any) {
	if line, ok := ctx.Value(lineKey).(*Line); ok {
		line.Set(key, value)
	}
}

// Set puts a field on the line; the last value of a key wins.
func (l *Line) Set(key string, value any) {
	attr := slog.Any(key, value)
	if attr.Value.Kind() == slog.KindString {
		attr = slog.String(key, cutText(attr.Value.String()))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.fields {
		if l.fields[i].Key == key {
			l.fields[i] = attr
			return
		}
	}
	if len(l.fields) == mostFields {
		l.dropped++
		return
	}
	l.fields = append(l.fields, attr)
}

// Finish writes the line, as an error when err is not nil. Only the first
// Finish counts, so that it may be deferred and called early as well.
func (l *Line) Finish(err error) {
	level := slog.LevelInfo
	if err != nil {
		level = slog.LevelError
		l.Set(FieldError, err.Error())
	}
	l.finish(level)
}

func (l *Line) finish(level slog.Level) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.finished {
		return
	}
	l.finished = true
	fields := append(l.fields, slog.Int64("duration_us", time.Since(l.began).Microseconds()))
	if l.dropped > 0 {
		fields = append(fields, slog.Int("dropped_fields", l.dropped))
	}
	l.logger.LogAttrs(l.ctx, level, l.name, fields...)
}

// cutText keeps the beginning of a long text, which says what it is.
func cutText(text string) string {
	if len(text) <= longestText {
		return text
	}
	return text[:longestText] + "…"
}
