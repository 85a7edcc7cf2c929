package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"florin/internal/cli"
)

// patience is how long a test waits for a sign before it gives up: far more
// than anything takes on a busy machine.
const patience = 60 * time.Second

// programs are what scripts run, as processes with exec and within the test
// with start.
var programs = map[string]func(context.Context, []string, cli.IO) int{
	"florin":   cli.Main,
	"request":  request,
	"receiver": receive,
}

func TestMain(m *testing.M) {
	commands := map[string]func(){}
	for name, program := range programs {
		commands[name] = func() {
			io := cli.IO{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv}
			os.Exit(program(context.Background(), os.Args[1:], io))
		}
	}
	testscript.Main(m, commands)
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("FLORIN_DATA_DIR", env.WorkDir+"/data")
			env.Setenv("FLORIN_LISTEN", "127.0.0.1:0")
			env.Setenv("FLORIN_SANDBOX_LISTEN", "127.0.0.1:0")
			env.Values[runningKey{}] = map[string]*running{}
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"start": start, "await": await, "silent": silent, "halt": halt,
		},
	})
}

// running is a program that a script started.
type running struct {
	cancel context.CancelFunc
	ended  chan int
	output *transcript
}

type runningKey struct{}

// start NAME PROGRAM ARGS… runs a program until halt, or the script's end.
func start(ts *testscript.TestScript, _ bool, args []string) {
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{cancel: cancel, ended: make(chan int, 1), output: newTranscript()}
	go func() {
		r.ended <- programs[args[1]](ctx, args[2:], cli.IO{In: strings.NewReader(""), Out: r.output, Err: r.output, Getenv: ts.Getenv})
		close(r.ended)
		r.output.end()
	}()
	ts.Defer(func() { cancel(); <-r.ended })
	ts.Value(runningKey{}).(map[string]*running)[args[0]] = r
}

// await NAME REGEXP waits for a line that a running program prints, and keeps
// the named groups as variables.
func await(ts *testscript.TestScript, _ bool, args []string) {
	r := ts.Value(runningKey{}).(map[string]*running)[args[0]]
	wanted := regexp.MustCompile(args[1])
	line := r.output.find(wanted)
	if line == "" {
		ts.Fatalf("%s never said %s, but:\n%s", args[0], args[1], r.output.all())
	}
	for i, name := range wanted.SubexpNames() {
		if name != "" {
			ts.Setenv(name, wanted.FindStringSubmatch(line)[i])
		}
	}
}

// silent NAME REGEXP checks that a program has not said something so far.
func silent(ts *testscript.TestScript, _ bool, args []string) {
	said := ts.Value(runningKey{}).(map[string]*running)[args[0]].output.all()
	if regexp.MustCompile(args[1]).MatchString(said) {
		ts.Fatalf("%s said %s:\n%s", args[0], args[1], said)
	}
}

// halt NAME asks a program to stop, as a signal does, and checks that it ended
// well, or with ! that it did not.
func halt(ts *testscript.TestScript, neg bool, args []string) {
	r := ts.Value(runningKey{}).(map[string]*running)[args[0]]
	r.cancel()
	if code := <-r.ended; (code != 0) != neg {
		ts.Fatalf("%s ended with %d:\n%s", args[0], code, r.output.all())
	}
}

// transcript is what a program printed, for those who wait for a line of it.
type transcript struct {
	mu    sync.Mutex
	text  bytes.Buffer
	grown chan struct{}
	ended bool
}

func newTranscript() *transcript { return &transcript{grown: make(chan struct{})} }

func (t *transcript) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text.Write(b)
	close(t.grown)
	t.grown = make(chan struct{})
	return len(b), nil
}

func (t *transcript) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = true
	close(t.grown)
	t.grown = make(chan struct{})
}

func (t *transcript) all() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

// find waits for a line; it is empty when the program ends or patience does.
func (t *transcript) find(wanted *regexp.Regexp) string {
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		t.mu.Lock()
		text, grown, ended := t.text.String(), t.grown, t.ended
		t.mu.Unlock()
		text = text[:strings.LastIndex(text, "\n")+1] // whole lines only
		for line := range strings.SplitSeq(text, "\n") {
			if wanted.MatchString(line) {
				return line
			}
		}
		if ended {
			return ""
		}
		select {
		case <-grown:
		case <-deadline.C:
			return ""
		}
	}
}

// request METHOD URL [BODY] sends a request with the key in $KEY, and prints
// the status and the body.
func request(ctx context.Context, args []string, io_ cli.IO) int {
	body := ""
	if len(args) > 2 {
		body = args[2]
	}
	req, err := http.NewRequestWithContext(ctx, args[0], args[1], strings.NewReader(body))
	if err != nil {
		fmt.Fprintln(io_.Err, err)
		return 2
	}
	req.Header.Set("X-API-Key", io_.Getenv("KEY"))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", fmt.Sprint(time.Now().UnixNano()))
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		fmt.Fprintln(io_.Err, err)
		return 1
	}
	defer answer.Body.Close()
	said, _ := io.ReadAll(answer.Body)
	fmt.Fprintf(io_.Out, "%d %s\n", answer.StatusCode, said)
	return 0
}

// receive SECRET is a merchant's server: it prints its address, and every
// webhook that it could verify.
func receive(ctx context.Context, args []string, io_ cli.IO) int {
	verifier, err := standardwebhooks.NewWebhook(args[0])
	if err != nil {
		fmt.Fprintln(io_.Err, err)
		return 2
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(io_.Err, err)
		return 1
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if err := verifier.Verify(body, r.Header); err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintln(io_.Out, "refused", err)
			return
		}
		fmt.Fprintf(io_.Out, "verified %s\n", bytes.TrimSpace(body))
	})}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	fmt.Fprintf(io_.Out, "http://%s\n", listener.Addr())
	_ = server.Serve(listener)
	return 0
}

// lines reads a process's output line by line.
func lines(r io.Reader) *bufio.Scanner { return bufio.NewScanner(r) }

func post(t *testing.T, url, body string) string {
	t.Helper()
	answer, err := http.Post(url, "application/json", strings.NewReader(body))
	return read(t, answer, err)
}

func get(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url)
	return read(t, answer, err)
}

func read(t *testing.T, answer *http.Response, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s %s %v", answer.Status, body, err)
	}
	return string(body)
}
