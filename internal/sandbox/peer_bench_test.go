package sandbox_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-mock/embedded"
	"github.com/stripe/stripe-mock/server"

	"florin/internal/sandbox"
)

// peerVariable tells the test binary to be a server for BenchmarkPeers: one of
// the sandbox's two ways to keep state, or Stripe's official mock.
const (
	peerVariable = "FLORIN_SANDBOX_TEST_PEER"
	peerMemory   = "memory"
	peerDurable  = "durable"
	peerOfficial = "official"
)

// peerClients is how many clients ask at once.
const peerClients = 16

// serveAsPeer is the whole life of such a server.
func serveAsPeer(name string) {
	out := os.Stdout
	var handler http.Handler
	if name == peerOfficial {
		null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
		must(err)
		os.Stdout = null // as it is run in earnest: every request is printed, and nobody reads it
		fixtures, err := server.LoadFixtures(embedded.OpenAPIFixtures, "")
		must(err)
		document, err := server.LoadSpec(embedded.OpenAPISpec, "")
		must(err)
		stub, err := server.NewStubServer(fixtures, document, false, false)
		must(err)
		handler = http.HandlerFunc(stub.HandleRequest)
	} else {
		debug.SetGCPercent(sandbox.GCPercent) // as florin sandbox does
		box, err := sandbox.Open(sandbox.Config{Dir: os.Getenv("FLORIN_SANDBOX_TEST_PEER_DIR")})
		must(err)
		handler = box
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	fmt.Fprintln(out, l.Addr())
	panic(http.Serve(l, handler))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// peer is a running server and its clients.
type peer struct {
	*testing.B
	address string
	pid     int
	wires   chan *wire // idle connections
	count   atomic.Int64
}

// wire is one client: a connection that is kept, and nothing around it. The
// clients share the processor with the server, so what they cost hides how
// much one server is faster than another.
type wire struct {
	conn   net.Conn
	reader *bufio.Reader
	body   []byte
}

// startPeer starts a server, and says how long it took until it answered.
func startPeer(b *testing.B, name string) (*peer, time.Duration) {
	dir := ""
	if name == peerDurable {
		dir = b.TempDir()
	}
	cmd := exec.CommandContext(b.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), peerVariable+"="+name, "FLORIN_SANDBOX_TEST_PEER_DIR="+dir)
	out, err := cmd.StdoutPipe()
	require.NoError(b, err)
	began := time.Now()
	require.NoError(b, cmd.Start())
	b.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	address, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(b, err)
	p := &peer{B: b, address: strings.TrimSpace(address), pid: cmd.Process.Pid, wires: make(chan *wire, peerClients)}
	for range peerClients {
		conn, err := net.Dial("tcp", p.address)
		require.NoError(b, err)
		b.Cleanup(func() { _ = conn.Close() })
		p.wires <- &wire{conn: conn, reader: bufio.NewReaderSize(conn, 64<<10)}
	}
	p.ask("GET", "/v1/customers", "")
	return p, time.Since(began)
}

// ask makes a request that has to succeed, and answers its body.
func (p *peer) ask(method, path, form string) string {
	w := <-p.wires
	defer func() { p.wires <- w }()
	head := method + " " + path + " HTTP/1.1\r\nHost: " + p.address + "\r\nAuthorization: Bearer sk_test_bench\r\n"
	if method == "POST" {
		head += "Content-Type: application/x-www-form-urlencoded\r\nIdempotency-Key: bench " + strconv.FormatInt(p.count.Add(1), 10) + "\r\n"
	}
	_, err := w.conn.Write([]byte(head + "Content-Length: " + strconv.Itoa(len(form)) + "\r\n\r\n" + form))
	require.NoError(p, err)
	status, body, err := w.read()
	require.NoError(p, err)
	if status != "HTTP/1.1 200 OK" {
		require.Fail(p, status, body)
	}
	return body
}

// read takes an answer off the wire.
func (w *wire) read() (status, body string, err error) {
	length := 0
	for at := 0; ; at++ {
		line, err := w.reader.ReadSlice('\n')
		if err != nil {
			return "", "", err
		}
		switch text := strings.TrimRight(string(line), "\r\n"); {
		case at == 0:
			status = text
		case text == "":
			w.body = slices.Grow(w.body[:0], length)[:length]
			_, err := io.ReadFull(w.reader, w.body)
			return status, string(w.body), err
		case len(text) > 16 && strings.EqualFold(text[:16], "Content-Length: "):
			if length, err = strconv.Atoi(text[16:]); err != nil {
				return "", "", err
			}
		}
	}
}

var idInBody = regexp.MustCompile(`"id":\s*"(\w+)"`)

// megabytes is the server's resident memory.
func (p *peer) megabytes() float64 {
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.pid), "status"))
	require.NoError(p, err)
	found := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(status)
	require.NotNil(p, found)
	kilobytes, err := strconv.Atoi(string(found[1]))
	require.NoError(p, err)
	return float64(kilobytes) / 1024
}

// processor is how much processor time the server has used, in all its threads.
func (p *peer) processor() time.Duration {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.pid), "stat"))
	require.NoError(p, err)
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest) // from the third field of proc(5) on
	user, errUser := strconv.Atoi(fields[11])
	system, errSystem := strconv.Atoi(fields[12])
	require.NoError(p, errors.Join(errUser, errSystem))
	const tick = 10 * time.Millisecond // USER_HZ is 100 on every Linux
	return time.Duration(user+system) * tick
}

// together runs n tasks with all clients, and answers how long each took,
// shortest first, and all of them together.
func (p *peer) together(n int, task func()) (each []time.Duration, all time.Duration) {
	var next atomic.Int64
	each = make([]time.Duration, n)
	var clients sync.WaitGroup
	began := time.Now()
	for range peerClients {
		clients.Go(func() {
			for at := next.Add(1) - 1; at < int64(n); at = next.Add(1) - 1 {
				start := time.Now()
				task()
				each[at] = time.Since(start)
			}
		})
	}
	clients.Wait()
	all = time.Since(began)
	slices.Sort(each)
	return each, all
}

// BenchmarkPeers compares the sandbox, in memory and durable, with Stripe's
// official mock, on the same machine in the same run: units per second and the
// 99th percentile at 16 clients, the time until the first answer, and resident
// memory. The clients share the machine, which costs all alike.
func BenchmarkPeers(b *testing.B) {
	for _, name := range []string{peerMemory, peerDurable, peerOfficial} {
		b.Run(name, func(b *testing.B) {
			p, ready := startPeer(b, name)
			b.Run("start", func(b *testing.B) {
				b.ReportMetric(float64(ready.Microseconds())/1000, "ms-ready")
				b.ReportMetric(p.megabytes(), "MB-idle")
			})
			id := idInBody.FindStringSubmatch(p.ask("POST", "/v1/customers", "name=Ann"))[1]
			create := func() { p.ask("POST", "/v1/customers", "name=Ann&email=a@example.org") }
			list := func() { p.ask("GET", "/v1/customers?limit=10", "") }
			p.measure(b, "create", create)
			p.measure(b, "get", func() { p.ask("GET", "/v1/customers/"+id, "") })
			p.fill(1_000, create)
			p.measure(b, "list-1000", list)
			p.measure(b, "pay", p.pay)
			p.fill(100_000, create)
			p.measure(b, "list-100000", list)
			b.Run("after-10000-payments", func(b *testing.B) {
				fresh, _ := startPeer(b, name) // how much the other rows made depends on how fast they were
				fresh.fill(10_000, fresh.pay)
				b.ReportMetric(fresh.megabytes(), "MB-after")
			})
		})
	}
}

// pay makes a payment in two requests, create and confirm.
func (p *peer) pay() {
	made := p.ask("POST", "/v1/payment_intents", "amount=1000&currency=usd&payment_method_types[]=card")
	p.ask("POST", "/v1/payment_intents/"+idInBody.FindStringSubmatch(made)[1]+"/confirm", "payment_method=pm_card_visa")
}

// fill makes at least n objects; the official mock keeps none.
func (p *peer) fill(n int, make func()) { p.together(n, make) }

func (p *peer) measure(b *testing.B, name string, task func()) {
	b.Run(name, func(b *testing.B) {
		before := p.processor()
		each, all := p.together(b.N, task)
		b.ReportMetric(float64((p.processor()-before).Microseconds())/float64(b.N), "cpu-µs/unit")
		b.ReportMetric(float64(b.N)/all.Seconds(), "units/s")
		b.ReportMetric(float64(each[len(each)*99/100].Microseconds())/1000, "ms-p99")
	})
}
