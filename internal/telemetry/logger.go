package telemetry

import (
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/lmittmann/tint"
	"github.com/mattn/go-isatty"
)

// Logger writes scrubbed lines to w. The format is "json", "text", or "auto":
// text where w is a terminal that a person looks at, and JSON elsewhere,
// where machines read.
func Logger(w io.Writer, format string, level slog.Level) *slog.Logger {
	terminal := isTerminal(w)
	if format == "text" || format == "auto" && terminal {
		return slog.New(Scrub(tint.NewTextHandler(w, &tint.Options{
			Level: level, TimeFormat: time.TimeOnly, NoColor: !terminal,
		})))
	}
	return slog.New(Scrub(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level})))
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && isatty.IsTerminal(file.Fd())
}
