package sandbox

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Golden vectors 4 to 6 of §9.8, and months that are too short.
func TestPeriodsEndOnTheAnchorsDay(t *testing.T) {
	t.Parallel()
	month := interval{"month", 1}
	for from, to := range map[int64]int64{1774905649: 1777584049, 1762799364: 1765391364, 1528820423: 1531412423} {
		require.Equal(t, to, month.next(from, from))
	}
	at := func(text string) int64 {
		parsed, err := time.Parse(time.DateTime, text)
		require.NoError(t, err)
		return parsed.Unix()
	}
	anchor := at("2027-01-31 10:20:30")
	for n, want := range []string{"2027-01-31 10:20:30", "2027-02-28 10:20:30", "2027-03-31 10:20:30", "2027-04-30 10:20:30"} {
		require.Equal(t, at(want), month.after(anchor, int64(n)))
	}
	require.Equal(t, at("2028-02-29 00:00:00"), interval{"year", 4}.after(at("2024-02-29 00:00:00"), 1))
	require.Equal(t, at("2025-02-28 00:00:00"), interval{"year", 1}.after(at("2024-02-29 00:00:00"), 1))
}

// The next end is always the first after now, however far the anchor lies.
func TestNextPeriodIsTheFirst(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		every := interval{rapid.SampledFrom([]string{"day", "week", "month", "year"}).Draw(rt, "unit"), rapid.Int64Range(1, 3).Draw(rt, "count")}
		anchor := rapid.Int64Range(1500000000, 2000000000).Draw(rt, "anchor")
		now := rapid.Int64Range(1400000000, 2400000000).Draw(rt, "now")
		next := every.next(anchor, now)
		require.Greater(rt, next, now)
		n := int64(-500)
		for every.after(anchor, n) <= now {
			n += 100
		}
		for every.after(anchor, n-1) > now {
			n--
		}
		require.Equal(rt, every.after(anchor, n), next)
	})
}
