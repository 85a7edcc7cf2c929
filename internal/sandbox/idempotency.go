package sandbox

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
)

const (
	// maxIdempotencyKey is the longest Idempotency-Key, in characters (Stripe §1.6).
	maxIdempotencyKey = 255
	// keyRetention is how long an answer is replayed, in seconds: 24 hours, the
	// least that Stripe promises. After it the same request runs again, which
	// is what clients must be ready for.
	keyRetention = 24 * 60 * 60
	// fingerprintBytes is how much is kept of a hash: 128 bits meet by chance
	// in no sandbox.
	fingerprintBytes = 16
)

// idempotency is the answer that the first request with a key got. Its id is the key.
type idempotency struct {
	head
	Method      string    `json:"method"`
	Path        string    `json:"path"`
	Fingerprint string    `json:"fingerprint"` // of the parameters, hex
	Status      int       `json:"status"`
	Body        string    `json:"body,omitempty"`
	Object      *snapshot `json:"answer,omitempty"` // in place of a body that is nothing but this
	Request     string    `json:"request"`          // id of the first request
	Created     int64     `json:"created"`
}

// body is the answer, byte for byte.
func (i *idempotency) body() []byte {
	if i.Object != nil {
		return i.Object.show()
	}
	return []byte(i.Body)
}

var idempotencies = declare[idempotency](kind{name: "idempotency_key", internal: true})

func idempotencyResource() *resource {
	return &resource{
		kind: &idempotencies.kind,
		due:  func(o object) int64 { return o.(*idempotency).Created + keyRetention },
		wake: func(w *work, id string) error {
			idempotencies.remove(w, id, gone)
			return nil
		},
	}
}

// replay answers for a key that was used before; nil means that the request is
// the first. The account's lock is held, and what was due is done.
func (x *exchange) replay() *answer {
	if x.key == "" {
		return nil
	}
	if x.account.running[x.key] {
		e := &apiError{Type: typeIdempotency, status: http.StatusConflict, unsaved: true,
			Message: fmt.Sprintf("There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): %s. Please try again later.", x.key)}
		return x.fail(e.withCode("idempotency_key_in_use"))
	}
	rec := x.account.table(&idempotencies.kind).get(x.key)
	if rec == nil {
		return nil
	}
	first := rec.object().(*idempotency)
	if e := x.mismatch(first); e != nil {
		return x.fail(e)
	}
	return &answer{status: first.Status, body: first.body(), original: first.Request, replayed: true}
}

func (x *exchange) mismatch(first *idempotency) *apiError {
	message := ""
	switch {
	case first.Method != x.request.Method || first.Path != x.request.URL.Path:
		message = fmt.Sprintf("Keys for idempotent requests can only be used for the same endpoint they were first used for ('%s' vs '%s'). Try using a key other than '%s' if you meant to execute a different request.", x.request.URL.Path, first.Path, x.key)
	case !strings.HasPrefix(first.Fingerprint, x.fingerprint()): // older keys have all of the hash
		message = fmt.Sprintf("Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '%s' if you meant to execute a different request.", x.key)
	default:
		return nil
	}
	return &apiError{Type: typeIdempotency, Message: message, status: http.StatusBadRequest, unsaved: true}
}

func (x *exchange) fingerprint() string {
	sum := x.sent.fingerprint()
	return hex.EncodeToString(sum[:fingerprintBytes])
}

// remember keeps the answer with the key, in the same commit as its effects.
func (x *exchange) remember(w *work, a *answer) {
	kept := idempotencies.add(w, &idempotency{
		head: head{ID: x.key}, Method: x.request.Method, Path: x.request.URL.Path, Fingerprint: x.fingerprint(),
		Status: a.status, Request: x.id, Created: w.wall,
	})
	if kept.Object = a.object; kept.Object == nil {
		kept.Body = string(a.body)
	}
}
