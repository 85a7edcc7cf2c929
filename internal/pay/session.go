package pay

import "time"

// How long a person stays signed in to the dashboard (OWASP ASVS 4.0, 3.3).
const (
	SessionIdle  = 30 * time.Minute // without a request
	SessionSpan  = 12 * time.Hour   // at the longest
	SessionProof = 5 * time.Minute  // after the key was shown, for secrets and payouts
	SignInSpan   = 12 * time.Hour   // a link to sign in with, used once
)

// Session is a person who is signed in to the dashboard in the name of an API
// key: it may what the key may, and ends with it.
type Session struct {
	ID        ID
	Owner     Owner
	Key       string // the API key's public id
	Hash      []byte // HMAC-SHA-256 of the token that the browser holds
	Link      bool   // not signed in yet: the token is one that a link carries
	CreatedAt time.Time
	SeenAt    time.Time // of the last request, to the minute
	ProvedAt  time.Time // when the key itself was last shown; zero for a session that began with a link
}

// Check says whether the session, or the link, still holds.
//
// Errors: session_ended.
func (s Session) Check(now time.Time) error {
	switch {
	case s.Link && now.Sub(s.CreatedAt) >= SignInSpan:
		return Errorf(CodeSessionEnded, "the link has expired; make another with florin dashboard")
	case !s.Link && (now.Sub(s.CreatedAt) >= SessionSpan || now.Sub(s.SeenAt) >= SessionIdle):
		return Errorf(CodeSessionEnded, "you were signed out; sign in again")
	}
	return nil
}

// Proved reports whether the key was shown recently enough for what matters
// most: secrets, credentials and money that leaves.
func (s Session) Proved(now time.Time) bool {
	return !s.ProvedAt.IsZero() && now.Sub(s.ProvedAt) < SessionProof
}
