package api

import (
	"net/http"

	"florin/internal/engine"
	"florin/internal/pay"
)

// NamedConnection is a merchant's way to Stripe or to another system, without
// its secrets.
type NamedConnection struct {
	ID          string          `json:"id" format:"uuid"`
	Name        string          `json:"name" example:"books"`
	Kind        string          `json:"kind" enum:"stripe,sandbox,http,database,smtp"`
	Mode        string          `json:"mode" enum:"test,live"`
	Default     bool            `json:"default" doc:"Set with PUT /v1/merchant/providers; payments use it."`
	Shared      bool            `json:"shared" doc:"Every key of the merchant may use it."`
	Own         bool            `json:"own" doc:"The API key of this request made it, or a key that was rotated to it, and may change it."`
	Target      string          `json:"target" doc:"What it leads to, shortened; secrets are never returned." example:"sk_test_…1234"`
	AccountID   *string         `json:"account_id" doc:"Of Stripe; null for other kinds, and where a restricted key may not show it." example:"acct_1abc"`
	AccountName *string         `json:"account_name"`
	Check       ConnectionCheck `json:"check"`
	CreatedAt   string          `json:"created_at" format:"date-time"`
	UpdatedAt   string          `json:"updated_at" format:"date-time"`
}

// ConnectionCheck is what the last test of a connection found.
type ConnectionCheck struct {
	At      *string `json:"at" format:"date-time" doc:"Null when it was never tried."`
	OK      bool    `json:"ok"`
	Code    *string `json:"code" doc:"Of the problem."`
	Problem *string `json:"problem"`
	Rights  []Right `json:"rights" doc:"Of a restricted key, as far as was tried; empty for a key that may do everything."`
}

// Right is whether a restricted key may do something.
type Right struct {
	Area  string `json:"area" example:"Charges and Refunds"`
	Level string `json:"level" enum:"read,write"`
	Has   bool   `json:"has"`
}

func namedConnectionView(c pay.Connection, seenBy pay.APIKey) NamedConnection {
	view := NamedConnection{
		ID: string(c.ID), Name: c.Name, Kind: string(c.Kind), Mode: string(c.Owner.Mode), Default: c.Default && c.OwnerKey == "",
		Shared: c.Shared || c.OwnerKey == "", Own: c.OwnedBy(seenBy.Lineage), Target: c.KeyHint,
		AccountID: orNull(c.AccountRef), AccountName: orNull(c.AccountName), CreatedAt: stamp(c.CreatedAt), UpdatedAt: stamp(c.UpdatedAt),
		Check: ConnectionCheck{
			At: stampOrNull(c.Checked.At), OK: c.Checked.OK, Code: orNull(string(c.Checked.Code)), Problem: orNull(c.Checked.Problem), Rights: []Right{},
		},
	}
	for _, right := range c.Checked.Rights {
		view.Check.Rights = append(view.Check.Rights, Right(right))
	}
	return view
}

// NamedConnection is the reply to a write of a connection.
func (Presenter) NamedConnection(c pay.Connection, seenBy pay.APIKey, standing engine.Standing) engine.Reply {
	return reply(c.ID, namedConnectionView(c, seenBy), standing, pay.Failure{})
}

// ConnectionDeleted is the reply to the removal of a connection.
func (Presenter) ConnectionDeleted(id pay.ID) engine.Reply {
	return reply(id, Deleted{ID: string(id), Deleted: true}, engine.StandingDone, pay.Failure{})
}

// StripeKey is how Stripe is reached.
type StripeKey struct {
	SecretKey string `json:"secret_key" minLength:"1" maxLength:"255" doc:"A secret (sk_…) or restricted (rk_…) key of the same mode as the API key."`
}

// HTTPAccess is how an HTTP API is reached.
type HTTPAccess struct {
	BaseURL string            `json:"base_url" minLength:"1" maxLength:"2048" doc:"https; http for this machine only." example:"https://api.example.com"`
	Headers map[string]string `json:"headers,omitempty" doc:"Sent with every request and never shown again, such as Authorization."`
}

// DatabaseAccess is how a database is reached.
type DatabaseAccess struct {
	URL string `json:"url" minLength:"1" maxLength:"2048" example:"postgres://user:password@host/name"`
}

// SMTPAccess is how mail is sent.
type SMTPAccess struct {
	URL  string `json:"url" minLength:"1" maxLength:"2048" example:"smtp://user:password@host:587"`
	From string `json:"from" minLength:"1" maxLength:"254" example:"Shop <billing@example.com>"`
}

// ConnectionAccess is the credentials of a connection, of its kind.
type ConnectionAccess struct {
	Stripe   *StripeKey      `json:"stripe,omitempty"`
	HTTP     *HTTPAccess     `json:"http,omitempty"`
	Database *DatabaseAccess `json:"database,omitempty"`
	SMTP     *SMTPAccess     `json:"smtp,omitempty"`
}

func (a ConnectionAccess) secret() pay.ConnectionSecret {
	var s pay.ConnectionSecret
	if a.Stripe != nil {
		s.StripeKey = pay.NewSecret(a.Stripe.SecretKey)
	}
	if a.HTTP != nil {
		s.BaseURL, s.Headers = a.HTTP.BaseURL, map[string]pay.Secret{}
		for name, value := range a.HTTP.Headers {
			s.Headers[name] = pay.NewSecret(value)
		}
	}
	if a.Database != nil {
		s.Database = pay.NewSecret(a.Database.URL)
	}
	if a.SMTP != nil {
		s.SMTP, s.From = pay.NewSecret(a.SMTP.URL), a.SMTP.From
	}
	return s
}

// CreateConnection is the body of POST /v1/connections.
type CreateConnection struct {
	Name   string `json:"name" minLength:"1" maxLength:"64" example:"books"`
	Kind   string `json:"kind" enum:"stripe,sandbox,http,database,smtp"`
	Shared bool   `json:"shared,omitempty" doc:"Let every key of the merchant use it; only the key that makes it may, otherwise."`
	ConnectionAccess
}

// RotateCredentials is the body of PUT /v1/connections/{connection}/credentials.
type RotateCredentials struct {
	AllowOtherAccount bool `json:"allow_other_account,omitempty" doc:"The credentials may belong to another Stripe account."`
	ConnectionAccess
}

// ConnectionChange is the body of PATCH /v1/connections/{connection}.
type ConnectionChange struct {
	Name   *string `json:"name,omitempty" minLength:"1" maxLength:"64" doc:"Flows know connections by name."`
	Shared *bool   `json:"shared,omitempty"`
}

// Force is the query of DELETE /v1/connections/{connection}.
type Force struct {
	Force bool `json:"force,omitempty" doc:"Delete it although something uses it."`
}

// connectionWrite is a write whose body has type B about the connection in the
// path, if one is there.
func connectionWrite[B any](r Route, f func(s *server, in *intake, ref string, body B) (engine.Reply, error)) Route {
	var zero B
	return r.taking(zero, func(s *server, in *intake) (engine.Reply, error) {
		var body B
		if err := in.body(&body); err != nil {
			return engine.Reply{}, err
		}
		return f(s, in, in.r.PathValue("connection"), body)
	})
}

func createConnection(s *server, in *intake, _ string, body CreateConnection) (engine.Reply, error) {
	return s.engine.CreateConnection(in.ctx(), in.ask(), in.key, engine.NewConnection{
		Name: body.Name, Kind: pay.ConnectionKind(body.Kind), Shared: body.Shared, Secret: body.secret(),
	})
}

func changeConnection(s *server, in *intake, ref string, body ConnectionChange) (engine.Reply, error) {
	return s.engine.ChangeConnection(in.ctx(), in.ask(), in.key, ref, engine.ConnectionChange(body))
}

func rotateConnection(s *server, in *intake, ref string, body RotateCredentials) (engine.Reply, error) {
	return s.engine.RotateConnection(in.ctx(), in.ask(), in.key, engine.Rotation{
		Connection: ref, Secret: body.secret(), OtherAccount: body.AllowOtherAccount,
	})
}

func deleteConnection(s *server, in *intake, ref string, _ nothing) (engine.Reply, error) {
	var query Force
	if err := in.query(&query); err != nil {
		return engine.Reply{}, err
	}
	return s.engine.DeleteConnection(in.ctx(), in.ask(), in.key, ref, query.Force)
}

// testConnection answers with what was found: that a connection cannot be used
// is no error of the request. Each request tries it anew.
func testConnection(s *server, in *intake) error {
	if err := in.body(&nothing{}); err != nil {
		return err
	}
	found, err := s.engine.TestConnection(in.ctx(), in.key, in.r.PathValue("connection"))
	if err != nil {
		return err
	}
	in.sendData(namedConnectionView(found, in.key))
	return nil
}

func connection(s *server, in *intake) error {
	found, err := s.engine.Connection(in.ctx(), in.key, in.r.PathValue("connection"))
	if err != nil {
		return err
	}
	in.sendData(namedConnectionView(found, in.key))
	return nil
}

func connections(s *server, in *intake) error {
	var query Page
	if err := in.query(&query); err != nil {
		return err
	}
	found, err := s.engine.Connections(in.ctx(), in.key, query.page())
	if err != nil {
		return err
	}
	in.sendList(views(found.Items, func(c pay.Connection) NamedConnection { return namedConnectionView(c, in.key) }), found.Next)
	return nil
}

const connectionsTag = "Connections"

// keyCodes are what trying a Stripe key can find.
var keyCodes = []pay.Code{
	pay.CodeProviderKeyInvalid, pay.CodeProviderKeyKind, pay.CodeProviderKeyMode, pay.CodeProviderUnreachable, pay.CodeProviderBusy, pay.CodeInvalidURL,
}

var namedConnectionRoutes = []Route{
	connectionWrite(Route{
		Method: http.MethodPost, Path: "/v1/connections", Scope: pay.ScopeConnectionsWrite, Key: KeyHonoured,
		Tag: connectionsTag, Name: "createConnection", Status: http.StatusCreated, Gives: NamedConnection{},
		Summary: "Keep a connection",
		Detail: "The credentials are tried, kept encrypted, and never returned. The connection belongs to the API key that makes it, and to those that the key is rotated to; " +
			"shared lets every key of the merchant use it. Send the credentials under the name of the kind: stripe, http, database or smtp.",
		Codes: append([]pay.Code{pay.CodeInvalidName, pay.CodeExists, pay.CodeLimitReached}, keyCodes...),
	}, createConnection),
	{
		Method: http.MethodGet, Path: "/v1/connections", Scope: pay.ScopeConnectionsRead, Key: KeyUnused,
		Tag: connectionsTag, Name: "listConnections", Status: http.StatusOK, Gives: NamedConnection{}, List: true,
		Summary: "List the connections that the API key may use", Detail: "Newest first.", Codes: []pay.Code{pay.CodeInvalidCursor},
		asks: typeOf[Page](), handle: connections,
	},
	{
		Method: http.MethodGet, Path: "/v1/connections/{connection}", Scope: pay.ScopeConnectionsRead, Key: KeyUnused,
		Tag: connectionsTag, Name: "getConnection", Status: http.StatusOK, Gives: NamedConnection{},
		Summary: "Read a connection", Detail: "By its id or name; default is the one that payments use.", Codes: []pay.Code{pay.CodeNotFound}, handle: connection,
	},
	connectionWrite(Route{
		Method: http.MethodPatch, Path: "/v1/connections/{connection}", Scope: pay.ScopeConnectionsWrite, Key: KeyHonoured,
		Tag: connectionsTag, Name: "changeConnection", Status: http.StatusOK, Gives: NamedConnection{},
		Summary: "Rename or share a connection", Codes: []pay.Code{pay.CodeNotFound, pay.CodeConnectionOwner, pay.CodeInvalidName, pay.CodeExists},
	}, changeConnection),
	connectionWrite(Route{
		Method: http.MethodPut, Path: "/v1/connections/{connection}/credentials", Scope: pay.ScopeConnectionsWrite, Key: KeyHonoured,
		Tag: connectionsTag, Name: "rotateConnection", Status: http.StatusOK, Gives: NamedConnection{},
		Summary: "Replace a connection's credentials",
		Detail:  "They are tried first. Credentials of another Stripe account are refused unless allow_other_account is sent. Flows go on with the new ones.",
		Codes:   append([]pay.Code{pay.CodeNotFound, pay.CodeConnectionOwner, pay.CodeConnectionAccount}, keyCodes...),
	}, rotateConnection),
	{
		Method: http.MethodPost, Path: "/v1/connections/{connection}/test", Scope: pay.ScopeConnectionsWrite, Key: KeyHonoured,
		Tag: connectionsTag, Name: "testConnection", Status: http.StatusOK, Gives: NamedConnection{},
		Summary: "Try a connection now", Detail: "The answer's check says whether it works, and which rights a restricted key has.",
		Codes: []pay.Code{pay.CodeNotFound}, takes: typeOf[nothing](), handle: testConnection,
	},
	connectionWrite(Route{
		Method: http.MethodDelete, Path: "/v1/connections/{connection}", Scope: pay.ScopeConnectionsWrite, Key: KeyHonoured,
		Tag: connectionsTag, Name: "deleteConnection", Status: http.StatusOK, Gives: Deleted{},
		Summary: "Forget a connection's credentials", Detail: "Refused while a flow uses it, unless forced.",
		Codes: []pay.Code{pay.CodeNotFound, pay.CodeConnectionOwner, pay.CodeConnectionInUse}, asks: typeOf[Force](),
	}, deleteConnection),
}
