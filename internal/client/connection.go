package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Connection is a way to Stripe or to another system, without its secrets.
type Connection struct {
	ID          string          `json:"id"`
	Name        string          `json:"name"`
	Kind        string          `json:"kind"` // stripe, sandbox, http, database or smtp
	Mode        string          `json:"mode"`
	Default     bool            `json:"default"`
	Shared      bool            `json:"shared"`
	Own         bool            `json:"own"`    // the key that asks may change it
	Target      string          `json:"target"` // shortened
	AccountID   *string         `json:"account_id"`
	AccountName *string         `json:"account_name"`
	Check       ConnectionCheck `json:"check"`
	CreatedAt   time.Time       `json:"created_at"`
	UpdatedAt   time.Time       `json:"updated_at"`
}

// ConnectionCheck is what the last test of a connection found.
type ConnectionCheck struct {
	At      *time.Time `json:"at"`
	OK      bool       `json:"ok"`
	Code    *string    `json:"code"`
	Problem *string    `json:"problem"`
	Rights  []Right    `json:"rights"`
}

// Right is whether a restricted key may do something.
type Right struct {
	Area  string `json:"area"`
	Level string `json:"level"` // read or write
	Has   bool   `json:"has"`
}

// ConnectionAccess is the credentials of a connection; those of its kind are
// set.
type ConnectionAccess struct {
	StripeKey   string
	BaseURL     string            // http
	Headers     map[string]string // http
	DatabaseURL string
	SMTPURL     string
	From        string // smtp
}

// into adds the credentials to a body.
func (a ConnectionAccess) into(body map[string]any) map[string]any {
	if a.StripeKey != "" {
		body["stripe"] = map[string]any{"secret_key": a.StripeKey}
	}
	if a.BaseURL != "" {
		body["http"] = map[string]any{"base_url": a.BaseURL, "headers": a.Headers}
	}
	if a.DatabaseURL != "" {
		body["database"] = map[string]any{"url": a.DatabaseURL}
	}
	if a.SMTPURL != "" {
		body["smtp"] = map[string]any{"url": a.SMTPURL, "from": a.From}
	}
	return body
}

// NewConnection is what CreateConnection asks for.
type NewConnection struct {
	Name   string
	Kind   string
	Shared bool
	Access ConnectionAccess
}

// Connections goes through all connections that the key may use, newest first.
func (c *Client) Connections(ctx context.Context) iter.Seq2[Connection, error] {
	return each[Connection](ctx, c, "/v1/connections", url.Values{})
}

// Connection reads a connection by its name or id.
func (c *Client) Connection(ctx context.Context, ref string) (Connection, error) {
	return get[Connection](ctx, c, pathOf("/v1/connections/", ref, ""), nil)
}

// CreateConnection keeps a connection after trying it.
func (c *Client) CreateConnection(ctx context.Context, n NewConnection, options ...Option) (Connection, error) {
	body := n.Access.into(map[string]any{"name": n.Name, "kind": n.Kind, "shared": n.Shared})
	return send[Connection](ctx, c, call{method: http.MethodPost, path: "/v1/connections", body: body}, options)
}

// ConnectionChange is what may be changed of a connection; nil leaves it.
type ConnectionChange struct {
	Name   *string `json:"name,omitempty"`
	Shared *bool   `json:"shared,omitempty"`
}

// ChangeConnection renames or shares a connection.
func (c *Client) ChangeConnection(ctx context.Context, ref string, change ConnectionChange, options ...Option) (Connection, error) {
	return send[Connection](ctx, c, call{method: http.MethodPatch, path: pathOf("/v1/connections/", ref, ""), body: change}, options)
}

// RotateConnection replaces a connection's credentials; those of another
// account are refused unless otherAccount.
func (c *Client) RotateConnection(ctx context.Context, ref string, access ConnectionAccess, otherAccount bool, options ...Option) (Connection, error) {
	body := access.into(map[string]any{"allow_other_account": otherAccount})
	return send[Connection](ctx, c, call{method: http.MethodPut, path: pathOf("/v1/connections/", ref, "/credentials"), body: body}, options)
}

// TestConnection tries a connection now.
func (c *Client) TestConnection(ctx context.Context, ref string, options ...Option) (Connection, error) {
	return send[Connection](ctx, c, call{method: http.MethodPost, path: pathOf("/v1/connections/", ref, "/test")}, options)
}

// DeleteConnection forgets a connection's credentials; force does so although
// something uses it.
func (c *Client) DeleteConnection(ctx context.Context, ref string, force bool, options ...Option) error {
	what := call{method: http.MethodDelete, path: pathOf("/v1/connections/", ref, ""), query: url.Values{}}
	if force {
		what.query.Set("force", "true")
	}
	_, err := c.do(ctx, what, nil, options...)
	return err
}
