package sandbox

import (
	"net/http"
	"net/url"
	"slices"
)

// maxEndpoints is how many endpoints an account may have (§2.23).
const maxEndpoints = 16

// webhookEndpoint is where an account wants its events sent (§2.23).
type webhookEndpoint struct {
	head
	APIVersion    *string           `json:"api_version"`
	Application   *string           `json:"application"`
	Created       int64             `json:"created"`
	Description   *string           `json:"description"`
	EnabledEvents []string          `json:"enabled_events"`
	Livemode      bool              `json:"livemode"`
	Metadata      map[string]string `json:"metadata"`
	Secret        string            `json:"secret,omitempty"` // only in the answer to its creation
	Status        string            `json:"status"`
	URL           string            `json:"url"`

	hidden endpointSecret
}

type endpointSecret struct {
	Secret  string `json:"secret"`
	Connect bool   `json:"connect,omitempty"` // told of what happens in connected accounts, not in the own one
}

func (e *webhookEndpoint) private() any     { return &e.hidden }
func (e *webhookEndpoint) createdAt() int64 { return e.Created }

// Statuses of an endpoint.
const (
	endpointEnabled  = "enabled"
	endpointDisabled = "disabled"
)

var webhookEndpoints = declare[webhookEndpoint](kind{name: "webhook_endpoint", prefix: "we_1", length: 23, noun: "webhook endpoint", handy: true})

func webhookEndpointResource() *resource {
	id := &webhookEndpoints.kind
	return &resource{kind: id, routes: []route{
		{method: http.MethodPost, path: "/v1/webhook_endpoints", title: "Create a webhook endpoint; its secret is answered this once", returns: id,
			params: []param{text("url").must(), list("enabled_events", text("")).must(), text("api_version"), boolean("connect"),
				text("description"), metadata()}, do: createEndpoint},
		{method: http.MethodGet, path: "/v1/webhook_endpoints", title: "List webhook endpoints", returns: id, list: true,
			params: paged(), do: func(c *call) (any, error) { return c.pageOf(query{kind: id}) }},
		{method: http.MethodGet, path: "/v1/webhook_endpoints/{id}", title: "Retrieve a webhook endpoint", returns: id, do: webhookEndpoints.retrieve},
		{method: http.MethodPost, path: "/v1/webhook_endpoints/{id}", title: "Update a webhook endpoint", returns: id,
			params: []param{text("url"), list("enabled_events", text("")), boolean("disabled"), text("description"), metadata()}, do: updateEndpoint},
		{method: http.MethodDelete, path: "/v1/webhook_endpoints/{id}", title: "Delete a webhook endpoint", do: deleteEndpoint},
	}}
}

func createEndpoint(c *call) (any, error) {
	if len(c.account.table(&webhookEndpoints.kind).places(indexKey{})) >= maxEndpoints {
		return nil, badState("", "You have reached the maximum of 16 test webhook endpoints.")
	}
	made := webhookEndpoints.add(c.work, &webhookEndpoint{
		Created: c.now, Metadata: map[string]string{}, Status: endpointEnabled,
		hidden: endpointSecret{"whsec_" + c.sandbox.ids.text(hookSecretLength), c.yes("connect")},
	})
	if made.hidden.Connect {
		made.Application = pointer(c.account.application())
	}
	if version := c.text("api_version"); version != "" {
		if !validVersion(version) {
			return nil, badParam("api_version", "", "Invalid api_version: "+version)
		}
		made.APIVersion = &version
	}
	if err := made.set(c); err != nil {
		return nil, err
	}
	shown := *made
	shown.Secret = made.hidden.Secret
	return &shown, nil
}

func (e *webhookEndpoint) set(c *call) error {
	if c.has("url") {
		to, err := url.Parse(c.text("url"))
		if err != nil || to.Host == "" || (to.Scheme != "http" && to.Scheme != "https") {
			return badParam("url", "url_invalid", "Invalid URL: An explicit scheme (such as https) must be provided.")
		}
		e.URL = c.text("url")
	}
	if c.has("enabled_events") {
		e.EnabledEvents = c.params.list("enabled_events")
		if len(e.EnabledEvents) == 0 {
			return badParam("enabled_events", "parameter_invalid_empty", "You must enable at least one event.")
		}
	}
	if c.has("disabled") {
		e.Status = endpointEnabled
		if c.yes("disabled") {
			e.Status = endpointDisabled
		}
	}
	c.setText("description", &e.Description)
	return c.setMetadata(&e.Metadata)
}

func updateEndpoint(c *call) (any, error) {
	if _, err := webhookEndpoints.fromPath(c); err != nil {
		return nil, err
	}
	next := webhookEndpoints.edit(c.work, c.id)
	return next, next.set(c)
}

func deleteEndpoint(c *call) (any, error) {
	if _, err := webhookEndpoints.fromPath(c); err != nil {
		return nil, err
	}
	return webhookEndpoints.remove(c.work, c.id, gone), nil
}

// wants says whether the endpoint is told of events of this type.
func (e *webhookEndpoint) wants(name string) bool {
	return e.Status == endpointEnabled && (slices.Contains(e.EnabledEvents, "*") || slices.Contains(e.EnabledEvents, name))
}

// addressee is an endpoint, of the account itself or of its platform.
type addressee struct {
	id       string
	platform bool
}

// endpointsFor is the endpoints that an event goes to: the account's own, and
// those that its platform has for connected accounts (§2.23).
func endpointsFor(w *work, name string) []addressee {
	out := wanting(nil, w.account, name, false)
	if w.account.connected() {
		out = wanting(out, w.account.platform, name, true)
	}
	return out
}

func wanting(out []addressee, a *account, name string, connect bool) []addressee {
	t := a.table(&webhookEndpoints.kind)
	for _, at := range t.places(indexKey{}) {
		if e := t.at(at).object().(*webhookEndpoint); e.hidden.Connect == connect && e.wants(name) {
			out = append(out, addressee{e.ID, connect})
		}
	}
	return out
}
