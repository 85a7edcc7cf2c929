package pay

import "time"

// WebRequest is what a flow's step asks of a server.
type WebRequest struct {
	Method  string
	URL     string            // absolute
	Headers map[string]string // of the step
	Secrets map[string]Secret // headers of the connection; they win over the step's
	Body    []byte            // empty sends none
	Key     string            // Idempotency-Key, unless the step sets one: the same for every attempt
}

// WebAnswer is what a server said.
type WebAnswer struct {
	Status     int
	Headers    map[string]string // by lower-case name; several values are joined with ", "
	Body       []byte
	RetryAfter time.Duration // as the server asks; zero when it does not
}

// Rows is what is put into a table of somebody's database.
type Rows struct {
	Table   string   // may name a schema: accounting.charges
	Columns []string // of every row, in order
	Values  [][]any  // by row: null, bool, number, text, or JSON for what has parts
	Unique  []string // columns by which a row is known to be there already; it is left as it is then
}

// RowsAnswer is how many rows were new.
type RowsAnswer struct {
	Inserted int64 `json:"inserted"`
	Present  int64 `json:"present"` // were there before, or came with an earlier attempt
}

// Query is what is asked of somebody's database. It cannot change anything.
type Query struct {
	Text       string // with $1, $2, … for the parameters
	Parameters []any
	Limit      int // of rows
}

// QueryAnswer is what a query found.
type QueryAnswer struct {
	Rows  []map[string]any `json:"rows"`
	Count int              `json:"count"`
	More  bool             `json:"more"` // there are rows beyond the limit
}

// Line is one line for a CSV file.
type Line struct {
	Owner   Owner
	File    string   // name without folders, ending in .csv
	Columns []string // the file's header, once
	Cells   []string
	Key     string // names the line: a second one of the same key is left out
}

// Letter is a mail that a flow sends.
type Letter struct {
	Owner   Owner
	From    string // empty: the server's own
	To      []string
	ReplyTo string
	Subject string
	Text    string
	HTML    string
	Key     string // makes the Message-ID, by which receivers know repetitions
}

// LetterAnswer is what became of a mail.
type LetterAnswer struct {
	MessageID string `json:"message_id"`
	Sent      bool   `json:"sent"`           // a server has taken it
	Kept      string `json:"kept,omitempty"` // the file it was put into instead, where there is no server
}
