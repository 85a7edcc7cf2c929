package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// maxDays keeps a mistyped number of days from overflowing a duration.
const maxDays = 10_000

// parseSpan reads a length of time as Go writes it (90m, 1h30m), with days in
// front where a person wants them (30d, 1d12h). A day is 24 hours.
func parseSpan(text string) (time.Duration, error) {
	bad := fmt.Errorf("%q is no length of time; write 90m, 24h, 30d or 1d12h", text)
	var days int
	rest := text
	if before, after, ok := strings.Cut(text, "d"); ok {
		n, err := strconv.Atoi(before)
		if err != nil || n < 0 || n > maxDays {
			return 0, bad
		}
		days, rest = n, after
	}
	if rest == "" && days > 0 {
		return time.Duration(days) * 24 * time.Hour, nil
	}
	span, err := time.ParseDuration(rest)
	if err != nil || span < 0 {
		return 0, bad
	}
	return time.Duration(days)*24*time.Hour + span, nil
}
