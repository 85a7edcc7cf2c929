package stripe

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	stripego "github.com/stripe/stripe-go/v85"

	"florin/internal/pay"
)

// busyWait is when to ask again after Stripe turned a request away, since it
// does not say: its limits are a second long (docs.stripe.com/rate-limits).
const busyWait = 2 * time.Second

// problem is Stripe's error object. It is read field by field, and the objects
// within it only when they are wanted, so that one oddity in them does not hide
// that the request was refused.
type problem struct {
	Type          stripego.ErrorType   `json:"type"`
	Code          stripego.ErrorCode   `json:"code"`
	DeclineCode   stripego.DeclineCode `json:"decline_code"`
	Message       string               `json:"message"`
	Param         string               `json:"param"`
	PaymentIntent json.RawMessage      `json:"payment_intent"`
	SetupIntent   json.RawMessage      `json:"setup_intent"`
	PaymentMethod json.RawMessage      `json:"payment_method"`
}

// problem reads the error of an answer; without one it is empty.
func (a answer) problem() problem {
	var envelope struct {
		Error problem `json:"error"`
	}
	if json.Unmarshal(a.body, &envelope) != nil {
		return problem{}
	}
	return envelope.Error
}

// verdict is what an answer means for the request, given what is known of
// earlier tries.
func (a answer) verdict() pay.Outcome {
	switch {
	case a.err != nil && a.connected:
		return pay.OutcomeInDoubt
	case a.err != nil:
		return a.unless(pay.OutcomeNotSent)
	case a.isGood() && a.isObject():
		return pay.OutcomeDone
	case a.isGood():
		return pay.OutcomeInDoubt // cut off, or not Stripe's
	default:
		return a.verdictOfError()
	}
}

// verdictOfError judges answers other than 2xx. Only an error object of
// Stripe's can refuse: anything else came from something between us and them,
// which may have passed the request on.
func (a answer) verdictOfError() pay.Outcome {
	problem := a.problem()
	switch {
	case problem.Type == "":
		return pay.OutcomeInDoubt
	case a.status == http.StatusTooManyRequests, problem.Code == stripego.ErrorCodeRateLimit:
		return a.unless(pay.OutcomeNotSent)
	case a.status == http.StatusUnauthorized, a.status == http.StatusForbidden:
		return a.unless(pay.OutcomeRefused)
	case problem.Type == stripego.ErrorTypeIdempotency:
		return pay.OutcomeInDoubt // the effect, if any, is of other bytes
	case a.status == http.StatusConflict, a.status == http.StatusFailedDependency, problem.Type == stripego.ErrorTypeAPI:
		return pay.OutcomeInDoubt
	case a.status >= 400 && a.status < 500:
		return pay.OutcomeRefused
	default:
		return pay.OutcomeInDoubt
	}
}

// unless is for answers given before Stripe looks at the idempotency key: they
// say nothing of an earlier try, so its doubt stays. (All other answers would
// have been the earlier try's own, replayed.)
func (a answer) unless(outcome pay.Outcome) pay.Outcome {
	if a.doubt {
		return pay.OutcomeInDoubt
	}
	return outcome
}

// note says in words for people what is known of an answer in doubt.
func (a answer) note() string {
	switch problem := a.problem(); {
	case errors.Is(a.err, errTooLarge):
		return fmt.Sprintf("Stripe's answer is larger than %d bytes", maxAnswer)
	case a.err != nil:
		return "no whole answer came: " + a.err.Error()
	case problem.Type == stripego.ErrorTypeIdempotency && a.status != http.StatusConflict:
		return "Stripe knows the idempotency key from another request: " + problem.Message
	case problem.Type != "":
		return fmt.Sprintf("Stripe answered HTTP %d: %s", a.status, problem.Message)
	case a.isGood():
		return fmt.Sprintf("Stripe answered HTTP %d with something that cannot be read", a.status)
	default:
		return fmt.Sprintf("HTTP %d, not in Stripe's form", a.status)
	}
}

// failure is the error of an answer that is not done, given its verdict.
func (a answer) failure(verdict pay.Outcome, action pay.Action) *pay.Error {
	switch verdict {
	case pay.OutcomeRefused:
		return a.refusal(action)
	case pay.OutcomeInDoubt:
		return doubtful(a.note()).Because(a.err)
	default:
		return a.unsent()
	}
}

// doubtful is an answer in doubt, as an error.
func doubtful(note string) *pay.Error {
	return pay.Errorf(pay.CodeInDoubt, "Stripe gave no clear answer (%s)", note)
}

// unsent is why a request did nothing at all.
func (a answer) unsent() *pay.Error {
	if a.err != nil {
		return pay.Errorf(pay.CodeProviderUnreachable, "Stripe could not be reached; nothing was sent").Because(a.err)
	}
	busy := pay.Errorf(pay.CodeProviderBusy, "Stripe asked us to slow down and did nothing")
	busy.RetryAfter = busyWait
	if seconds, err := strconv.Atoi(a.header.Get("Retry-After")); err == nil && seconds > 0 {
		busy.RetryAfter = min(time.Duration(seconds)*time.Second, time.Minute)
	}
	return busy
}

// isObject reports whether a body is one whole JSON object.
func (a answer) isObject() bool {
	return a.whole && bytes.HasPrefix(bytes.TrimSpace(a.body), []byte("{"))
}
