package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// longestStart is how long initdb and the first start may take; they take
	// about two seconds on two cores.
	longestStart = 90 * time.Second

	// betweenAsks is how long to wait before asking again whether it is up.
	// Postgres has no way to call back.
	betweenAsks = 20 * time.Millisecond

	// mostPorts is how many ports are tried: another program may take a free
	// port between our look and Postgres's start.
	mostPorts = 5

	// mostLog is how many bytes of Postgres's log an error repeats.
	mostLog = 4 << 10
)

// watchdog runs Postgres for as long as somebody holds its standard input
// open, then ends it and removes its folder. So the server ends with the
// program that started it, even when that one is killed. QUIT is Postgres's
// immediate shutdown: nobody will want to recover the folder.
const watchdog = `
bin=$1 dir=$2; shift 2
exec 3<&0 </dev/null
"$bin/postgres" -D "$dir/data" "$@" 3<&- &
server=$!
( cat <&3 >/dev/null; kill -QUIT $server ) &
exec 3<&-
wait $server
cd /; rm -rf "$dir"
`

// Server is a private Postgres.
type Server struct {
	URL string // postgres://… of a superuser, on a port of 127.0.0.1

	lifeline io.Closer
	ended    chan struct{}
}

// plan is one attempt to start a server.
type plan struct {
	bin, dir string
	password string
	account  *syscall.SysProcAttr
	durable  bool
}

// StartServer makes a cluster in a temporary folder and starts it. It answers
// on 127.0.0.1, under a random password. Unless durable is set, commits do not
// wait for the disk: tests lose nothing but time by that, measurements need it.
// Call Stop; when the program dies without, the server stops by itself.
//
// Errors: ErrMissing; or a server that will not start, with the end of its log.
func StartServer(ctx context.Context, durable bool) (*Server, error) {
	ctx, cancel := context.WithTimeout(ctx, longestStart)
	defer cancel()
	bin, err := Find(ctx)
	if err != nil {
		return nil, err
	}
	p := plan{bin: bin, password: rand.Text(), durable: durable}
	if p.account, err = unprivileged(); err != nil {
		return nil, err
	}
	for range mostPorts {
		if err = p.createCluster(ctx); err != nil {
			return nil, errors.Join(err, os.RemoveAll(p.dir))
		}
		var server *Server
		if server, err = p.run(ctx); err == nil {
			return server, nil
		}
		err = errors.Join(err, os.RemoveAll(p.dir))
	}
	return nil, err
}

// Stop ends the server and waits until its folder is gone.
func (s *Server) Stop() error {
	err := s.lifeline.Close()
	<-s.ended
	return err
}

// unprivileged is an account for Postgres when we are root, as which it
// refuses to run. It is in a session of its own, so that a Ctrl-C in the
// terminal reaches us and not the server that our tests still use.
func unprivileged() (*syscall.SysProcAttr, error) {
	if os.Geteuid() != 0 {
		return &syscall.SysProcAttr{Setsid: true}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(account.Uid, 10, 32)
		if err != nil {
			continue
		}
		gid, err := strconv.ParseUint(account.Gid, 10, 32)
		if err != nil {
			continue
		}
		return &syscall.SysProcAttr{Setsid: true, Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
	}
	return nil, errors.New("postgres refuses to run as root, and there is no user postgres or nobody; run the tests as another user")
}

// command is a program that runs as the unprivileged user.
func (p plan) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, program, args...)
	command.SysProcAttr = p.account
	command.Dir = p.dir
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "HOME=" + p.dir}
	return command
}

// createCluster runs initdb in a new folder, which only its user can read.
func (p *plan) createCluster(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "florin-postgres-")
	if err != nil {
		return err
	}
	p.dir = dir
	password := filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte(p.password), 0o600); err != nil {
		return err
	}
	if who := p.account.Credential; who != nil {
		if err := errors.Join(os.Chown(dir, int(who.Uid), int(who.Gid)), os.Chown(password, int(who.Uid), int(who.Gid))); err != nil {
			return err
		}
	}
	initdb := p.command(ctx, filepath.Join(p.bin, "initdb"), "--pgdata="+filepath.Join(dir, "data"), "--username=florin",
		"--pwfile="+password, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync")
	if said, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb failed; is the temporary folder %s readable for other users? %w\n%s", os.TempDir(), err, said)
	}
	return nil
}

// run starts the server on a free port and waits until it answers.
func (p plan) run(ctx context.Context) (*Server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(filepath.Join(p.dir, "log"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	dog := p.command(context.Background(), "/bin/sh", append([]string{"-c", watchdog, "watchdog", p.bin, p.dir}, p.settings(port)...)...)
	dog.Stdout, dog.Stderr = log, log // a pipe of ours would keep go test waiting
	lifeline, err := dog.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := dog.Start(); err != nil {
		return nil, err
	}
	server := &Server{URL: p.url(port), lifeline: lifeline, ended: make(chan struct{})}
	go func() {
		_ = dog.Wait() // says only how the shell was ended
		close(server.ended)
	}()
	if err := server.await(ctx); err != nil {
		said := tail(log)
		return nil, errors.Join(fmt.Errorf("postgres does not start: %w\n%s", err, said), server.Stop())
	}
	return server, nil
}

// settings are for many small databases side by side on a small machine.
func (p plan) settings(port string) []string {
	settings := []string{
		"-c", "listen_addresses=127.0.0.1", "-c", "port=" + port, "-c", "unix_socket_directories=",
		"-c", "max_connections=400", "-c", "shared_buffers=128MB", "-c", "max_wal_size=2GB",
	}
	if !p.durable {
		settings = append(settings, "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off")
	}
	return settings
}

func (p plan) url(port string) string {
	address := url.URL{
		Scheme: "postgres", User: url.UserPassword("florin", p.password),
		Host: net.JoinHostPort("127.0.0.1", port), Path: "/postgres", RawQuery: "sslmode=disable",
	}
	return address.String()
}

// await asks until the server answers, has ended, or time is up.
func (s *Server) await(ctx context.Context) error {
	for {
		connection, err := pgx.Connect(ctx, s.URL)
		if err == nil {
			return connection.Close(ctx)
		}
		select {
		case <-s.ended:
			return errors.New("it ended at once")
		case <-ctx.Done():
			return err
		case <-time.After(betweenAsks):
		}
	}
}

func freePort() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	return port, errors.Join(err, listener.Close())
}

// tail is the end of the log, through a file that is already removed.
func tail(log *os.File) []byte {
	info, err := log.Stat()
	if err != nil {
		return nil
	}
	text := make([]byte, min(info.Size(), mostLog))
	n, _ := log.ReadAt(text, info.Size()-int64(len(text))) // the server may still write
	return text[:n]
}
