package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
)

// maxStatements is how many prepared statements a connection keeps: about twice
// the texts there are, river's included, so that none is thrown out in practice
// while a defect that makes texts without end cannot fill the memory.
const maxStatements = 512

// preparing makes every connection of a SQLite driver prepare each text once:
// parsing costs more than running most of our statements. River's statements
// gain as well, since they come through the same connections.
type preparing struct{ driver.Connector }

// Connect opens a connection that keeps its statements.
func (p preparing) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := p.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := conn.(sqliteConn)
	if !ok {
		return nil, errors.Join(errors.New("store: the SQLite driver lacks a method"), conn.Close())
	}
	return &preparedConn{sqliteConn: full, idle: make(map[string]driver.Stmt), placed: make(map[string]placed)}, nil
}

// sqliteConn is what the driver's connections can do.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// preparedConn is a connection with its statements. database/sql uses it from
// one goroutine at a time. A statement whose rows are still being read is not
// among the idle ones: a second use of the text prepares another.
type preparedConn struct {
	sqliteConn
	idle   map[string]driver.Stmt
	placed map[string]placed
}

// take is an idle statement of the text, or a new one.
func (c *preparedConn) take(ctx context.Context, text string) (driver.Stmt, error) {
	if stmt, ok := c.idle[text]; ok {
		delete(c.idle, text)
		return stmt, nil
	}
	return c.PrepareContext(ctx, c.place(text).text)
}

// place is how SQLite is given a text.
func (c *preparedConn) place(text string) placed {
	p, known := c.placed[text]
	if !known {
		p = nameless(text)
		if len(c.placed) < maxStatements {
			c.placed[text] = p
		}
	}
	return p
}

// give puts a statement back, or drops it when there is one or too many are.
func (c *preparedConn) give(text string, stmt driver.Stmt) error {
	if _, taken := c.idle[text]; taken || len(c.idle) >= maxStatements {
		return stmt.Close()
	}
	c.idle[text] = stmt
	return nil
}

// ExecContext runs a statement that returns no rows.
func (c *preparedConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	stmt, err := c.take(ctx, text)
	if err != nil {
		return nil, err
	}
	result, err := stmt.(driver.StmtExecContext).ExecContext(ctx, c.place(text).arrange(args))
	return result, errors.Join(err, c.give(text, stmt))
}

// QueryContext runs a statement; its rows give it back when they are closed.
func (c *preparedConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	stmt, err := c.take(ctx, text)
	if err != nil {
		return nil, err
	}
	found, err := stmt.(driver.StmtQueryContext).QueryContext(ctx, c.place(text).arrange(args))
	if err != nil {
		return nil, errors.Join(err, c.give(text, stmt))
	}
	return &preparedRows{Rows: found, conn: c, text: text, stmt: stmt}, nil
}

// Close drops the statements with the connection.
func (c *preparedConn) Close() error {
	var all error
	for text, stmt := range c.idle {
		all = errors.Join(all, stmt.Close())
		delete(c.idle, text)
	}
	return errors.Join(all, c.sqliteConn.Close())
}

// preparedRows give their statement back when they are closed.
type preparedRows struct {
	driver.Rows
	conn *preparedConn
	text string
	stmt driver.Stmt
}

// Close ends the query; a second time it does nothing.
func (r *preparedRows) Close() error {
	if r.stmt == nil {
		return nil
	}
	err := r.Rows.Close()
	stmt := r.stmt
	r.stmt = nil
	return errors.Join(err, r.conn.give(r.text, stmt))
}

// Next reads a row.
func (r *preparedRows) Next(dest []driver.Value) error {
	if r.stmt == nil {
		return io.EOF
	}
	return r.Rows.Next(dest)
}
