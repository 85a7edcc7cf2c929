package dashboard

import (
	"strconv"
	"strings"
	"time"

	"florin/internal/pay"
)

// htmxConfig keeps htmx from doing what the policy forbids: it adds no style
// of its own and evaluates no text.
const htmxConfig = `{"includeIndicatorStyles":false,"allowEval":false}`

// stamp is a time on a page.
type stamp time.Time

func (s stamp) none() bool      { return time.Time(s).IsZero() }
func (s stamp) machine() string { return time.Time(s).UTC().Format(time.RFC3339Nano) }
func (s stamp) plain() string   { return time.Time(s).UTC().Format("2006-01-02 15:04:05 UTC") }

// words makes words of a name such as partially_refunded.
func words(name string) string { return strings.ReplaceAll(name, "_", " ") }

// plain takes the marks of code out of a text.
func plain(text string) string { return strings.ReplaceAll(text, "`", "") }

// isAt reports whether a page is within a section, and whether it is the
// section's own.
func isAt(path, section string) (within, exact bool) {
	if section == "/" {
		return path == "/", path == "/"
	}
	return path == section || strings.HasPrefix(path, section+"/"), path == section
}

func currentMark(exact bool) string {
	if exact {
		return "page"
	}
	return "true"
}

// short is an id as lists show it: its end tells ids of one moment apart.
func short(id pay.ID) string {
	text := string(id)
	if len(text) < 12 {
		return text
	}
	return "…" + text[len(text)-12:]
}

// percent is a part of a whole with one decimal.
func percent(part, all int64) string {
	tenths := part * 1000 / all
	return strconv.FormatInt(tenths/10, 10) + "." + strconv.FormatInt(tenths%10, 10) + " %"
}
