package engine

import (
	"context"
	"time"

	"florin/internal/pay"
	"florin/internal/store"
)

// sessionTokenLength is how many base-62 digits a token has: 256 bits of
// chance, as OWASP asks for at least 64.
const sessionTokenLength = 43

// seenEvery is how often a session's last request is written down.
const seenEvery = time.Minute

// Visitor is who a browser's request comes from.
type Visitor struct {
	Session pay.Session
	Key     pay.APIKey
}

// SignIn begins a session for whoever shows an API key. The token goes to the
// browser and is never kept.
//
// Errors: those of Authenticate.
func (e *Engine) SignIn(ctx context.Context, shown string) (token string, err error) {
	key, err := e.Authenticate(ctx, shown)
	if err != nil {
		return "", err
	}
	now := e.clock.Now()
	return e.begin(ctx, pay.Session{Owner: key.Owner, Key: key.ID, SeenAt: now, ProvedAt: now})
}

// NewSignInLink makes a token that signs in once, in the name of a key. Only
// the operator's command line and the first start make them.
//
// Errors: not_found (the key).
func (e *Engine) NewSignInLink(ctx context.Context, key pay.APIKey) (token string, err error) {
	return e.begin(ctx, pay.Session{Owner: key.Owner, Key: key.ID, Link: true})
}

func (e *Engine) begin(ctx context.Context, s pay.Session) (token string, err error) {
	token = randomBase62(sessionTokenLength)
	s.ID, s.Hash = newID(), hashKey(e.cfg.Peppers[0], token)
	return token, e.store.Write(ctx, func(tx *store.Tx) error {
		s.CreatedAt = tx.Now()
		return tx.InsertSession(s)
	})
}

// FollowSignInLink uses a link up and begins the session that it stands for.
//
// Errors: session_ended, when it was used or has expired, and those of
// APIKey.Check.
func (e *Engine) FollowSignInLink(ctx context.Context, linkToken string) (token string, err error) {
	visitor, err := e.visitor(ctx, linkToken, true)
	if err != nil {
		return "", err
	}
	token = randomBase62(sessionTokenLength)
	return token, e.store.Write(ctx, func(tx *store.Tx) error {
		mine, err := tx.DeleteSession(visitor.Session.Owner, visitor.Session.ID)
		if err != nil {
			return err
		}
		if !mine {
			return errLinkUsed
		}
		return tx.InsertSession(pay.Session{
			ID: newID(), Owner: visitor.Session.Owner, Key: visitor.Key.ID, Hash: hashKey(e.cfg.Peppers[0], token),
			CreatedAt: tx.Now(), SeenAt: tx.Now(),
		})
	})
}

var errLinkUsed = pay.Errorf(pay.CodeSessionEnded, "the link was used; make another with florin dashboard, or sign in with an API key")

// Visitor is who holds a session's token.
//
// Errors: session_ended, api_key_revoked, api_key_expired.
func (e *Engine) Visitor(ctx context.Context, token string) (Visitor, error) {
	visitor, err := e.visitor(ctx, token, false)
	if err != nil || e.clock.Now().Sub(visitor.Session.SeenAt) < seenEvery {
		return visitor, err
	}
	visitor.Session.SeenAt = e.clock.Now()
	err = e.store.Write(ctx, func(tx *store.Tx) error { return tx.UpdateSession(visitor.Session) })
	if pay.Is(err, pay.CodeNotFound) {
		return Visitor{}, errSignedOut // meanwhile, in another window
	}
	return visitor, err
}

var errSignedOut = pay.Errorf(pay.CodeSessionEnded, "you are not signed in")

// visitor finds the session or the link of a token, under every pepper, since
// it outlives the rotation of the master key.
func (e *Engine) visitor(ctx context.Context, token string, link bool) (Visitor, error) {
	if len(token) != sessionTokenLength {
		return Visitor{}, errSignedOut
	}
	return read(ctx, e, func(tx *store.Tx) (Visitor, error) {
		for _, pepper := range e.cfg.Peppers {
			session, err := tx.SessionByHash(hashKey(pepper, token))
			if pay.Is(err, pay.CodeNotFound) || err == nil && session.Link != link {
				continue
			}
			if err != nil {
				return Visitor{}, err
			}
			if err := session.Check(e.clock.Now()); err != nil {
				return Visitor{}, err
			}
			key, err := tx.APIKey(session.Key)
			if err != nil {
				return Visitor{}, err
			}
			return Visitor{session, key}, key.Check(e.clock.Now())
		}
		if link {
			return Visitor{}, errLinkUsed
		}
		return Visitor{}, errSignedOut
	})
}

// Prove takes the key that a signed-in person shows again before a thing that
// matters.
//
// Errors: those of Authenticate; api_key_invalid, when it is another key.
func (e *Engine) Prove(ctx context.Context, visitor Visitor, shown string) error {
	key, err := e.Authenticate(ctx, shown)
	if err != nil {
		return err
	}
	if key.ID != visitor.Key.ID {
		return pay.Errorf(pay.CodeKeyInvalid, "this is another key than the one that you signed in with (%s)", visitor.Key.Hint)
	}
	visitor.Session.ProvedAt = e.clock.Now()
	return e.store.Write(ctx, func(tx *store.Tx) error { return tx.UpdateSession(visitor.Session) })
}

// SignOut ends a session; ending it twice is no error.
func (e *Engine) SignOut(ctx context.Context, visitor Visitor) error {
	return e.store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.DeleteSession(visitor.Session.Owner, visitor.Session.ID)
		return err
	})
}

// ForgetSessions drops sessions and links that are over.
func (e *Engine) ForgetSessions(ctx context.Context) (dropped int, err error) {
	err = e.store.Write(ctx, func(tx *store.Tx) error {
		dropped, err = tx.ReapSessions(tx.Now().Add(-max(pay.SessionSpan, pay.SignInSpan)), reapBatch)
		return err
	})
	return dropped, err
}
