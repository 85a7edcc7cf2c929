package sandbox

import (
	"net/http"
	"net/url"
)

// Where an account's owner tells who it is, and where an Express account's
// owner sees its money; on Stripe these are connect.stripe.com.
const (
	onboardingPath = "/connect/onboarding"
	expressPath    = "/connect/express"
)

const (
	// linkLife is how long an unvisited link works, in seconds: Stripe says a
	// few minutes.
	linkLife = 5 * 60
	// linkKept is how long an old link still leads back to the platform, in
	// seconds, and how long an open form may be filled in: a day.
	linkKept = 24 * 60 * 60
	// linkTokenLength is how long the secret in a link is, in characters.
	linkTokenLength = 24
)

// accountLink is a page's address for one visit (§2.11).
type accountLink struct {
	Object    string `json:"object"`
	Created   int64  `json:"created"`
	ExpiresAt int64  `json:"expires_at"`
	URL       string `json:"url"`
}

// loginLink is the address of an Express account's own page.
type loginLink struct {
	Object  string `json:"object"`
	Created int64  `json:"created"`
	URL     string `json:"url"`
}

// invitation is what the sandbox keeps of a link; its id is the secret in the
// address.
type invitation struct {
	head
	Account    string `json:"account"`
	Created    int64  `json:"created"`
	ExpiresAt  int64  `json:"expires_at"`
	RefreshURL string `json:"refresh_url"`
	ReturnURL  string `json:"return_url"`
	Session    string `json:"session"` // proves that a form came from the one visit; empty before it
	Login      bool   `json:"login"`
}

var invitations = declare[invitation](kind{name: "account_link", internal: true})

func accountLinkResource() *resource {
	return &resource{
		kind: &invitations.kind,
		due:  func(o object) int64 { return o.(*invitation).ExpiresAt + linkKept },
		wake: func(w *work, id string) error {
			invitations.remove(w, id, gone)
			return nil
		},
		routes: []route{
			{method: http.MethodPost, path: "/v1/account_links", title: "Make a link to the page where an account's owner tells who it is",
				params: []param{text("account").must(), enum("type", "account_onboarding", "account_update").must(), text("refresh_url"), text("return_url"),
					enum("collect", "currently_due", "eventually_due"), anything("collection_options")}, do: createAccountLink},
			{method: http.MethodPost, path: "/v1/accounts/{id}/login_links", title: "Make a link to an Express account's own page", do: createLoginLink},
		},
	}
}

func createAccountLink(c *call) (any, error) {
	h, err := c.mayChange(c.text("account"))
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"refresh_url", "return_url"} {
		if to, err := url.Parse(c.text(name)); err != nil || to.Scheme == "" || to.Host == "" {
			return nil, badParam(name, "url_invalid", "Not a valid URL")
		}
	}
	if c.text("type") == "account_update" && h.account().Controller.RequirementCollection != "application" {
		return nil, badParam("type", "", "You cannot create `account_update` type Account Links for this account. Account Links of this type can only be created for accounts where your platform is responsible for collecting requirements, including Custom accounts. You can only create `account_onboarding` type Account Links for this account.")
	}
	made := invitations.add(h.home, &invitation{head: head{ID: c.sandbox.ids.text(linkTokenLength)}, Account: h.id, Created: c.now,
		ExpiresAt: c.now + linkLife, RefreshURL: c.text("refresh_url"), ReturnURL: c.text("return_url")})
	return &accountLink{"account_link", c.now, made.ExpiresAt, made.address(c, onboardingPath)}, nil
}

func createLoginLink(c *call) (any, error) {
	h, err := c.mayChange(c.id)
	if err != nil {
		return nil, err
	}
	switch a := h.account(); {
	case a.Controller.StripeDashboard.Type != "express":
		return nil, badState("", "Cannot create a login link for an account without access to the Express Dashboard.")
	case !a.DetailsSubmitted:
		return nil, badState("", "Cannot create a login link for an account that has not completed onboarding.")
	}
	made := invitations.add(h.home, &invitation{head: head{ID: c.sandbox.ids.text(linkTokenLength)}, Account: h.id, Created: c.now,
		ExpiresAt: c.now + linkLife, Login: true})
	return &loginLink{"login_link", c.now, made.address(c, expressPath)}, nil
}

func (i *invitation) address(c *call, path string) string {
	return c.sandbox.baseFor(c.request) + path + "/" + i.Account + "/" + i.ID
}

// invited runs f for the account and the link that a page's address names,
// under the family's lock. Nobody who cannot know the secret learns that the
// account exists.
func (s *Sandbox) invited(r *http.Request, f func(*holder, *invitation)) (ticket, bool) {
	s.gate.RLock()
	defer s.gate.RUnlock()
	s.mu.RLock()
	a := s.accounts[r.PathValue("account")]
	s.mu.RUnlock()
	if a == nil || !a.connected() {
		return 0, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.latest = a.instant(s.seconds())
	s.catchUp(a, a.latest)
	home := s.newWork(a.platform, a.latest)
	link, ok := invitations.find(home, r.PathValue("token"))
	if _, live := accounts.find(home, a.id); !ok || !live || link.Account != a.id {
		return 0, false
	}
	f(&holder{home, home.on(a), a.id}, link)
	return home.commit(), true
}

// showExpress is an Express account's own page: what it has, and that it is so.
func (s *Sandbox) showExpress(w http.ResponseWriter, r *http.Request) {
	var text hostedText
	_, found := s.invited(r, func(h *holder, link *invitation) {
		if !link.Login || link.ExpiresAt <= h.home.now {
			return
		}
		text.Title = "Balance of " + h.account().Settings.Dashboard.DisplayName
		sums := h.own.account.ledger.show()
		for at := range sums.Available {
			currency := sums.Available[at].Currency
			text.Text += spell(sums.Available[at].Amount, currency) + " " + currency + " available, " + spell(sums.Pending[at].Amount, currency) + " " + currency + " on its way. "
		}
	})
	if !found || text.Title == "" {
		s.page(w, http.StatusNotFound, hostedText{Title: "This link does not work", Text: "It may be mistyped, or too old: a link works for a few minutes."})
		return
	}
	s.page(w, http.StatusOK, text)
}
