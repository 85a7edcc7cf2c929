package stripe

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	stripego "github.com/stripe/stripe-go/v85"

	"florin/internal/pay"
)

// Perform sends an operation's request byte for byte, under its idempotency key
// when it has one, and says what came of it. sent says that the same bytes went
// out before and that their outcome is not known.
func (g *Gateway) Perform(ctx context.Context, access pay.Access, wire pay.Wire, key string, sent bool) pay.OperationAnswer {
	r := reader{g: g, access: access, name: "operation"}
	got, verdict := r.ask(ctx, request{access: access, wire: wire, key: key, sent: sent})
	if wire.Method == http.MethodDelete && got.doubt && got.status == http.StatusNotFound {
		got, verdict = r.whatIsGone(ctx, wire, got)
	}
	result := pay.OperationAnswer{
		Outcome: verdict, Status: got.status, RequestRef: got.requestRef(),
		Replayed: got.header.Get("Idempotent-Replayed") == "true", StripeTime: got.time(),
	}
	switch verdict {
	case pay.OutcomeDone:
		result.Body = got.body
		return result
	case pay.OutcomeRefused:
		result.Err = got.operationRefusal()
	case pay.OutcomeInDoubt:
		result.Err, result.Note = doubtful(got.note()).Because(got.err), got.note()
	default:
		result.Err = got.unsent()
	}
	result.Err.ProviderCode, result.Err.RequestRef = string(got.problem().Code), got.requestRef()
	return result
}

// whatIsGone settles a DELETE that was repeated and found nothing: it was done
// the first time. Stripe keeps no answers to DELETEs by their keys; what it
// still says of the object is the answer, and else that it is gone.
func (r reader) whatIsGone(ctx context.Context, wire pay.Wire, gone answer) (answer, pay.Outcome) {
	address, _, _ := strings.Cut(wire.Path, "?")
	look := wire
	look.Method, look.Path = http.MethodGet, address
	got, verdict := r.ask(ctx, request{access: r.access, wire: look})
	if verdict == pay.OutcomeRefused && got.status == http.StatusNotFound {
		id, err := url.PathUnescape(path.Base(address))
		if err != nil {
			return gone, pay.OutcomeInDoubt
		}
		got.body, err = json.Marshal(map[string]any{"id": id, "deleted": true})
		if err != nil {
			return gone, pay.OutcomeInDoubt
		}
		return got, pay.OutcomeDone
	}
	if verdict != pay.OutcomeDone {
		return gone, pay.OutcomeInDoubt
	}
	return got, verdict
}

// time is Stripe's clock, or zero.
func (a answer) time() time.Time {
	at, err := http.ParseTime(a.header.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

// operationRefusal is a definite no, with the parameter as Stripe names it:
// what the caller calls it is known to the catalogue only.
func (a answer) operationRefusal() *pay.Error {
	problem := a.problem()
	switch {
	case a.status == http.StatusUnauthorized:
		return pay.Errorf(pay.CodeProviderKeyInvalid, "%s", problem.Message)
	case a.status == http.StatusForbidden:
		return pay.Errorf(pay.CodeProviderKeyRights, "%s", problem.Message)
	case problem.Type == stripego.ErrorTypeCard || a.status == http.StatusPaymentRequired:
		return problem.decline().At(problem.Param)
	case a.status == http.StatusNotFound:
		return pay.Invalid(pay.CodeNotFound, problem.Param, "%s", problem.Message)
	}
	if blame, ok := blameByCode[problem.Code]; ok {
		return pay.Invalid(blame.code, problem.Param, "%s", problem.Message)
	}
	if problem.Param != "" {
		return pay.Invalid(pay.CodeInvalidField, problem.Param, "%s", problem.Message)
	}
	return pay.Errorf(pay.CodeProviderRefused, "%s", problem.Message)
}
