// Package database writes to and reads from databases that are not Florin's:
// the ones of merchants, named by connections, which flows copy records to.
//
// Names are quoted and values are parameters: nothing that comes from a run
// ever becomes text of a statement.
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"modernc.org/sqlite"

	"florin/internal/pay"
	"florin/internal/webhook"
)

const (
	// connectTimeout bounds the way to a database; the step's own timeout
	// bounds the rest.
	connectTimeout = 5 * time.Second
	// sqliteBusy is how long a statement waits for other writers of a file.
	sqliteBusy = 10 * time.Second
	// maxName is Postgres's longest identifier in bytes; SQLite has no limit.
	maxName = 63
)

// Config says what may be reached.
type Config struct {
	Passage *webhook.Passage // lets connections to servers through
	Denied  string           // folder whose files are Florin's own; empty: none
}

// Databases opens a database for each use: flows write now and then, and a
// pool for each merchant's would hold more connections than it saves time.
type Databases struct{ cfg Config }

// New makes one.
func New(c Config) *Databases { return &Databases{cfg: c} }

// Probe tries a connection.
//
// Errors: what is wrong, in words for the merchant.
func (d *Databases) Probe(ctx context.Context, secret pay.ConnectionSecret) error {
	err := d.with(ctx, secret.Database, toRead, func(db *sql.DB, _ dialect) error { return db.PingContext(ctx) })
	var known *pay.Error
	if errors.As(err, &known) {
		return errors.New(known.Message)
	}
	return err
}

// dialect is where the two kinds of database differ.
type dialect struct {
	postgres bool
}

// purpose is what a database is opened for.
type purpose string

const (
	toWrite purpose = "immediate" // SQLite's lock is taken at once, so that it is never asked for halfway
	toRead  purpose = "deferred"
)

// with opens a database for the length of one use.
//
// Errors: url_not_allowed; target_refused, target_unreachable.
func (d *Databases) with(ctx context.Context, secret pay.Secret, p purpose, use func(*sql.DB, dialect) error) error {
	db, kind, err := d.open(secret.Reveal(), p)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // nothing is open any more
	db.SetMaxOpenConns(1)
	return translate(ctx, use(db, kind))
}

func (d *Databases) open(text string, p purpose) (*sql.DB, dialect, error) {
	if file, isFile := strings.CutPrefix(text, "sqlite:"); isFile {
		db, err := d.openFile(file, p)
		return db, dialect{}, err
	}
	cfg, err := pgx.ParseConfig(text)
	if err != nil {
		return nil, dialect{}, pay.Invalid(pay.CodeInvalidURL, "connection", "the connection's URL cannot be read")
	}
	cfg.DialFunc = d.cfg.Passage.Dial
	cfg.ConnectTimeout = connectTimeout
	cfg.DefaultQueryExecMode = pgx.QueryExecModeExec // values go as text, and the database reads them as the column's type
	for _, fallback := range cfg.Fallbacks {
		if strings.HasPrefix(fallback.Host, "/") {
			return nil, dialect{}, errSocket
		}
	}
	if strings.HasPrefix(cfg.Host, "/") {
		return nil, dialect{}, errSocket
	}
	return stdlib.OpenDB(*cfg), dialect{postgres: true}, nil
}

var errSocket = pay.Invalid(pay.CodeURLNotAllowed, "connection", "a database is reached over the network here, not by a socket file")

// openFile opens a SQLite file that exists, is not Florin's own, and only where
// this machine's own things may be reached at all.
func (d *Databases) openFile(file string, p purpose) (*sql.DB, error) {
	if !d.cfg.Passage.Local() {
		return nil, pay.Invalid(pay.CodeURLNotAllowed, "connection", "files of this machine may not be reached; see --allow-private-endpoints")
	}
	real, err := filepath.EvalSymlinks(file)
	if err == nil {
		_, err = os.Stat(real)
	}
	if err != nil {
		return nil, pay.Errorf(pay.CodeTargetRefused, "there is no such SQLite file; make it with its tables first")
	}
	if own, err := filepath.EvalSymlinks(d.cfg.Denied); d.cfg.Denied != "" && (err != nil || real == own || strings.HasPrefix(real, own+string(filepath.Separator))) {
		return nil, pay.Invalid(pay.CodeURLNotAllowed, "connection", "this file is Florin's own")
	}
	settings := []string{fmt.Sprintf("busy_timeout(%d)", sqliteBusy.Milliseconds()), "foreign_keys(ON)", "synchronous(FULL)"}
	if p == toRead {
		settings = append(settings, "query_only(ON)")
	}
	address := url.URL{Scheme: "file", Path: real, RawQuery: url.Values{
		"_pragma": settings, "_txlock": {string(p)}, "mode": {"rw"},
	}.Encode()}
	return sql.Open("sqlite", address.String())
}

// quote makes a name part of a statement and nothing else.
//
// Errors: invalid_field.
func quote(name, field string) (string, error) {
	if name == "" || len(name) > maxName || strings.ContainsRune(name, 0) {
		return "", pay.Invalid(pay.CodeInvalidField, field, "%q is no name of a table or column", name)
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`, nil
}

func quoteAll(names []string, field string) (string, error) {
	quoted := make([]string, len(names))
	for i, name := range names {
		var err error
		if quoted[i], err = quote(name, field); err != nil {
			return "", err
		}
	}
	return strings.Join(quoted, ", "), nil
}

// translate says whose fault an error is. A refusal has the database's words,
// which may hold values of the row, but no credentials.
func translate(ctx context.Context, err error) error {
	var (
		known *pay.Error
		said  *pgconn.PgError
		lite  *sqlite.Error
	)
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &said) && mayPass(said.Code):
		return pay.Errorf(pay.CodeTargetUnreachable, "the database is busy: %s", said.Message).Because(err)
	case errors.As(err, &said) && said.Code == "42P10": // invalid_column_reference: ON CONFLICT finds no index
		return pay.Invalid(pay.CodeTargetRefused, "unique", "the table has no unique index on exactly these columns; make one, so that a row cannot be written twice")
	case errors.As(err, &said):
		return pay.Errorf(pay.CodeTargetRefused, "the database refused: %s (%s)", said.Message, said.Code).Because(err)
	case errors.As(err, &lite) && lite.Code()&0xff == sqliteBusyCode:
		return pay.Errorf(pay.CodeTargetUnreachable, "another program has the database file locked").Because(err)
	case errors.As(err, &lite) && strings.Contains(lite.Error(), "ON CONFLICT"):
		return pay.Invalid(pay.CodeTargetRefused, "unique", "the table has no unique index on exactly these columns; make one, so that a row cannot be written twice")
	case errors.As(err, &lite):
		return pay.Errorf(pay.CodeTargetRefused, "the database refused: %s", lite.Error()).Because(err)
	}
	text, refused := webhook.Explain(err)
	if refused {
		return pay.Invalid(pay.CodeURLNotAllowed, "connection", "%s", text)
	}
	return pay.Errorf(pay.CodeTargetUnreachable, "the database cannot be reached: %s", text).Because(err)
}

// sqliteBusyCode is SQLITE_BUSY (sqlite.org/rescode.html).
const sqliteBusyCode = 5

// mayPass are classes of Postgres's errors that the same statement can get past
// later: connection, rollback by a conflict, resources, intervention, system
// (postgresql.org/docs/current/errcodes-appendix.html).
func mayPass(code string) bool {
	for _, class := range []string{"08", "40", "53", "57", "58"} {
		if strings.HasPrefix(code, class) {
			return true
		}
	}
	return code == "55P03" // lock_not_available
}
