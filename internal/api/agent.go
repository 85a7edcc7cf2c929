package api

import (
	"net/http"

	"florin/internal/pay"
)

// AgentsPath is where agents ask, in a protocol of their own: what they are
// answered is not in the envelope of the API, and not in its document. They
// come through the same door as everyone else.
const AgentsPath = "/mcp"

// admitAgents lets requests of agents in by their API key.
func (s *server) admitAgents(agents func(key pay.APIKey) http.Handler) http.Handler {
	door := Route{Path: AgentsPath, Scope: pay.ScopeOperationsRead}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key, err := s.authenticate(w, r, door)
		if err != nil {
			sendError(w, r, err)
			return
		}
		agents(key).ServeHTTP(w, r)
	})
}
