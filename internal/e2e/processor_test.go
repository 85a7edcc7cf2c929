package e2e

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// processor is the processor's time that each process of a benchmark has used.
// Unlike a rate it hardly depends on who else is at work on the machine, so
// that it compares two versions of a program, or tells who of several is slow.
type processor map[string]time.Duration

// clockTick is the unit of /proc/<pid>/stat: 100 a second on every machine
// that Go runs on (proc(5); sysconf(_SC_CLK_TCK)).
const clockTick = 10 * time.Millisecond

// measured is what every process of the rig has used until now. Linux alone
// tells; elsewhere nothing is measured.
func (r *rig) measured() processor {
	used := processor{}
	for name, pid := range r.processes {
		if name == "database" {
			used[name] = timeOf(pid) + timeOfChildren(pid)
			continue
		}
		used[name] = timeOf(pid)
	}
	return used
}

// timeOf is what a process has used, those of its children included that have
// ended.
func timeOf(pid int) time.Duration {
	fields := statOf(pid)
	if fields == nil {
		return 0
	}
	var ticks int64
	for _, field := range fields[11:15] { // utime stime cutime cstime
		n, _ := strconv.ParseInt(field, 10, 64)
		ticks += n
	}
	return time.Duration(ticks) * clockTick
}

// timeOfChildren is what the living children of a process have used: Postgres
// has one for each connection.
func timeOfChildren(parent int) (sum time.Duration) {
	found, _ := filepath.Glob("/proc/[0-9]*")
	for _, each := range found {
		pid, _ := strconv.Atoi(filepath.Base(each))
		if fields := statOf(pid); fields != nil && fields[1] == strconv.Itoa(parent) {
			sum += timeOf(pid)
		}
	}
	return sum
}

// statOf is /proc/<pid>/stat from the state on, which follows a name in
// brackets that may hold anything.
func statOf(pid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	return strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
}

// postmaster is the process that the server's others are children of.
func postmaster(b *testing.B, url string) int {
	conn, err := pgx.Connect(context.Background(), url)
	require.NoError(b, err)
	defer func() { require.NoError(b, conn.Close(context.Background())) }()
	var backend int
	require.NoError(b, conn.QueryRow(context.Background(), "SELECT pg_backend_pid()").Scan(&backend))
	fields := statOf(backend)
	if fields == nil {
		return 0
	}
	pid, err := strconv.Atoi(fields[1])
	require.NoError(b, err)
	return pid
}

// report prints what each process used for one of n payments since before, and
// how many processors all of them kept busy meanwhile.
func (r *rig) report(before processor, n float64) {
	var all time.Duration
	used := r.measured()
	for _, name := range slices.Sorted(maps.Keys(used)) {
		took := used[name] - before[name]
		all += took
		r.b.ReportMetric(milliseconds(took)/n, name+"-cpu-ms/payment")
	}
	r.b.ReportMetric(milliseconds(all)/n, "cpu-ms/payment")
	r.b.ReportMetric(all.Seconds()/benchSpan.Seconds(), "cores-busy")
}
