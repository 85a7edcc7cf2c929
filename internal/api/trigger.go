package api

import (
	"encoding/json"
	"net/http"
	"time"

	"florin/internal/engine"
	"florin/internal/engine/automation"
	"florin/internal/pay"
)

// maxHookBody bounds what is posted to a flow, in bytes: senders of webhooks
// keep to a few tens of KiB, and a run carries its input along.
const maxHookBody = 256 << 10

// TriggerDeclaration is one thing that can start a flow.
type TriggerDeclaration struct {
	Name     string          `json:"name" example:"new-charge"`
	Title    string          `json:"title" example:"New Charge"`
	Summary  string          `json:"summary"`
	Resource string          `json:"resource" example:"charges"`
	Path     string          `json:"path" doc:"Of the list that is read at Stripe." example:"/v1/charges"`
	Events   []string        `json:"events" doc:"Stripe events that have it read at once, where they reach this server."`
	Options  json.RawMessage `json:"options" doc:"JSON Schema of its own options, beside every, start and connection."`
	Output   json.RawMessage `json:"output" doc:"JSON Schema of what a run is given."`
	Sample   json.RawMessage `json:"sample" doc:"An output."`
}

func triggerDeclaration(t pay.Trigger) TriggerDeclaration {
	return TriggerDeclaration{
		Name: t.Name, Title: t.Title, Summary: t.Summary, Resource: t.Resource, Path: t.Path, Events: texts(t.Hints),
		Options: t.Options, Output: t.Output, Sample: t.Sample,
	}
}

// Trigger is what there is to know of a flow's trigger.
type Trigger struct {
	Kind          string        `json:"kind" enum:"poll,schedule,webhook,manual"`
	Name          string        `json:"name" example:"new-charge"`
	State         string        `json:"state" enum:"on,paused,broken" doc:"Broken: it needs somebody's doing, which reason says. Nothing is passed over meanwhile."`
	Reason        *string       `json:"reason"`
	Connection    string        `json:"connection" doc:"Whose Stripe is read."`
	EverySeconds  *float64      `json:"every_seconds" doc:"The interval that the flow asks for; null when it has none."`
	CallsADay     CallsADay     `json:"calls_a_day"`
	From          *string       `json:"from" format:"date-time" doc:"What was created before does not count, by Stripe's clock."`
	NextAt        *string       `json:"next_at" format:"date-time" doc:"The next time of a schedule."`
	Address       *string       `json:"address" doc:"Where a webhook's posts go, below this server's address."`
	Found         int64         `json:"found" doc:"Runs that it has begun."`
	LastFoundAt   *string       `json:"last_found_at" format:"date-time"`
	Parked        int64         `json:"parked" doc:"Objects that no run could be made of; they wait to be tried again."`
	ParkedObjects []ParkedFind  `json:"parked_objects" doc:"The oldest 20 of them."`
	Poll          *PollState    `json:"poll" doc:"The reading of the list, which flows share; null when there is none."`
	BackFills     []BackFilling `json:"back_fills" doc:"Readings of what came before, as long as they last."`
}

// CallsADay is what polling costs, in requests to Stripe.
type CallsADay struct {
	Alone  int64 `json:"alone" doc:"What the flow's own interval would cost: 15 s are 5,760, an hour is 24."`
	Shared int64 `json:"shared" doc:"What the poll costs now, for all flows that share it. Bursts of more than 100 objects cost more."`
}

// ParkedFind is an object that no run could be made of.
type ParkedFind struct {
	Ref       string  `json:"ref"`
	Error     string  `json:"error"`
	CreatedAt *string `json:"created_at" format:"date-time"`
	ParkedAt  string  `json:"parked_at" format:"date-time"`
}

// PollState is where the reading of a list has come to.
type PollState struct {
	List            string  `json:"list" example:"/v1/charges"`
	State           string  `json:"state" enum:"going,broken,paused,done"`
	Reason          *string `json:"reason" doc:"Why it is broken, or what the last failure was."`
	Flows           int     `json:"flows" doc:"How many share it."`
	IntervalSeconds float64 `json:"interval_seconds" doc:"As it is now: longer than asked for while Stripe is busy, or while its events come in time."`
	Throttled       bool    `json:"throttled" doc:"Stripe asked us to slow down lately."`
	Hinted          bool    `json:"hinted" doc:"Stripe's events announce what is new, so that polling is the safety net."`
	Floor           *string `json:"floor" format:"date-time" doc:"All that was created up to here has been read, by Stripe's clock."`
	LagSeconds      float64 `json:"lag_seconds" doc:"How far that is behind Stripe's clock."`
	AskedAt         *string `json:"asked_at" format:"date-time"`
	AnsweredAt      *string `json:"answered_at" format:"date-time" doc:"When Stripe last gave a page."`
	DueAt           *string `json:"due_at" format:"date-time"`
	Failures        int64   `json:"failures" doc:"One after the other, until now."`
	Calls           int64   `json:"calls" doc:"Requests to Stripe so far."`
	Found           int64   `json:"found" doc:"Objects seen so far."`
	Missed          int64   `json:"missed" doc:"Of them, those that only the daily sweep of the last two days found: should be 0."`
	SweptAt         *string `json:"swept_at" format:"date-time" doc:"When the last sweep began."`
}

// BackFilling is a reading of what came before.
type BackFilling struct {
	State  string  `json:"state" enum:"going,broken,paused"`
	Reason *string `json:"reason"`
	From   string  `json:"from" format:"date-time"`
	Until  string  `json:"until" format:"date-time"`
	Floor  string  `json:"floor" format:"date-time" doc:"Read up to here."`
}

func triggerView(s automation.TriggerState, now time.Time) Trigger {
	w := s.Watch
	shared, alone := s.CallsADay()
	view := Trigger{
		Kind: string(w.Kind), Name: w.Trigger, State: string(s.State), Reason: orNull(s.Reason), Connection: w.Connection,
		CallsADay: CallsADay{Alone: alone, Shared: shared}, From: stampOrNull(w.From), NextAt: stampOrNull(w.NextAt),
		Found: w.Found, LastFoundAt: stampOrNull(w.FoundAt), Parked: w.Parked,
		ParkedObjects: views(s.Parked, parkedView), BackFills: views(s.BackFill, backFillView),
	}
	if w.Every > 0 {
		view.EverySeconds = new(w.Every.Seconds())
	}
	if w.Token != "" {
		view.Address = new("/v1/hooks/" + w.Token)
	}
	if s.Live != nil {
		view.Poll = pollView(s, now)
	}
	return view
}

func parkedView(f pay.ParkedFind) ParkedFind {
	return ParkedFind{Ref: f.Ref, Error: f.Error, CreatedAt: stampOrNull(f.Created), ParkedAt: stamp(f.At)}
}

func backFillView(p pay.Poll) BackFilling {
	return BackFilling{State: string(p.State), Reason: orNull(p.Reason), From: stamp(p.Start), Until: stamp(p.Until), Floor: stamp(p.Floor)}
}

func pollView(s automation.TriggerState, now time.Time) *PollState {
	p := *s.Live
	view := &PollState{
		List: p.List, State: string(p.State), Reason: orNull(p.Reason), Flows: s.Sharing, IntervalSeconds: p.Interval().Seconds(),
		Throttled: p.Throttled > 1, Hinted: p.Hinted, Floor: stampOrNull(p.Floor), LagSeconds: s.Lag(now).Seconds(),
		AskedAt: stampOrNull(p.AskedAt), AnsweredAt: stampOrNull(p.AnswerAt), DueAt: stampOrNull(p.DueAt),
		Failures: p.Failures, Calls: p.Calls, Found: p.Found, Missed: p.Missed,
	}
	if s.Sweep != nil {
		view.SweptAt = stampOrNull(s.Sweep.CreatedAt)
	}
	return view
}

// CatchUp is the body of POST /v1/flows/{flow}/trigger/catch-up.
type CatchUp struct {
	Missed string `json:"missed,omitempty" enum:"catch_up,from_now" doc:"What becomes of what came while the trigger was broken; catch_up when absent, unless that was for more than 30 days."`
}

// RetriedParked is how many parked objects went, and how the trigger is now.
type RetriedParked struct {
	Trigger
	Retried int `json:"retried" doc:"Objects that went this time; the others are parked still."`
}

// HookSecret is a flow's new webhook secret.
type HookSecret struct {
	Secret string `json:"secret" doc:"Signs posts by Standard Webhooks, or is sent as a bearer token. It is shown this once."`
}

// Posted is the answer to a post to a flow.
type Posted struct {
	Run       *string `json:"run" doc:"Id of the run that it began; null when the flow has no use for such a post."`
	Duplicate bool    `json:"duplicate" doc:"The same webhook-id or Idempotency-Key came before: the run is that of the first."`
}

func triggers(s *server, in *intake) error {
	in.sendList(views(s.flows.Watcher.Declarations(), triggerDeclaration), "")
	return nil
}

func trigger(s *server, in *intake) error {
	state, err := s.flows.Trigger(in.ctx(), in.key.Owner, in.r.PathValue("flow"))
	return s.sendTrigger(in, state, err)
}

func (s *server) sendTrigger(in *intake, state automation.TriggerState, err error) error {
	if err != nil {
		return err
	}
	in.sendData(triggerView(state, s.clock.Now()))
	return nil
}

func catchUp(s *server, in *intake) error {
	var body CatchUp
	if err := in.body(&body); err != nil {
		return err
	}
	state, err := s.flows.CatchUp(in.ctx(), in.key, in.r.PathValue("flow"), pay.Resume(body.Missed))
	return s.sendTrigger(in, state, err)
}

func retryParked(s *server, in *intake) error {
	if err := in.body(&nothing{}); err != nil {
		return err
	}
	went, state, err := s.flows.RetryParked(in.ctx(), in.key, in.r.PathValue("flow"))
	if err != nil {
		return err
	}
	in.sendData(RetriedParked{Trigger: triggerView(state, s.clock.Now()), Retried: went})
	return nil
}

func rotateHookSecret(s *server, in *intake) error {
	var body Rotation
	if err := in.body(&body); err != nil {
		return err
	}
	made, err := s.flows.RotateSecret(in.ctx(), in.ask(), in.r.PathValue("flow"), body.overlap())
	if err != nil {
		return err
	}
	in.sendReply(made)
	return nil
}

// HookSecret is the reply that shows a new secret.
func (Presenter) HookSecret(secret string, w pay.Watch) engine.Reply {
	return reply(w.ID, HookSecret{Secret: secret}, engine.StandingDone, pay.Failure{})
}

// receivePost takes a post to a flow in. The signature is over the raw bytes,
// so nothing is parsed before it was checked.
func receivePost(s *server, in *intake) error {
	body, err := readLimited(in.w, in.r, maxHookBody)
	if err != nil {
		return err
	}
	run, fresh, err := s.flows.Watcher.Receive(in.ctx(), automation.Posted{Token: in.r.PathValue("token"), Header: in.r.Header, Body: body})
	if err != nil {
		return err
	}
	sendJSON(in.w, http.StatusAccepted, success{Success: true, Data: Posted{Run: orNull(string(run)), Duplicate: run != "" && !fresh}})
	return nil
}

const triggersTag = "Triggers"

var triggerRoutes = []Route{
	{
		Method: http.MethodGet, Path: "/v1/triggers", Scope: pay.ScopeFlowsRead, Key: KeyUnused,
		Tag: triggersTag, Name: "listTriggers", Status: http.StatusOK, Gives: TriggerDeclaration{}, List: true,
		Summary: "List what can start a flow", Detail: "Beside these there are schedule, webhook and manual.", handle: triggers,
	},
	{
		Method: http.MethodGet, Path: "/v1/flows/{flow}/trigger", Scope: pay.ScopeFlowsRead, Key: KeyUnused,
		Tag: triggersTag, Name: "getTrigger", Status: http.StatusOK, Gives: Trigger{},
		Summary: "Read the state of a flow's trigger", Detail: "Where its poll has come to, what it costs, and what is wrong with it.",
		Codes: []pay.Code{pay.CodeNotFound}, handle: trigger,
	},
	{
		Method: http.MethodPost, Path: "/v1/flows/{flow}/trigger/catch-up", Scope: pay.ScopeFlowsWrite, Key: KeyHonoured,
		Tag: triggersTag, Name: "catchUpTrigger", Status: http.StatusOK, Gives: Trigger{},
		Summary: "Set a broken trigger going, or poll now",
		Detail:  "A trigger whose connection leads to another account takes from_now only: what it had read means nothing there.",
		Codes:   []pay.Code{pay.CodeNotFound, pay.CodeFlowPaused, pay.CodeInvalidField, pay.CodeProviderMissing},
		takes:   typeOf[CatchUp](), handle: catchUp,
	},
	{
		Method: http.MethodPost, Path: "/v1/flows/{flow}/trigger/retry-parked", Scope: pay.ScopeFlowsWrite, Key: KeyHonoured,
		Tag: triggersTag, Name: "retryParked", Status: http.StatusOK, Gives: RetriedParked{},
		Summary: "Try again the objects that no run could be made of", Detail: "After the flow was mended, for example. At most 200 at once.",
		Codes: []pay.Code{pay.CodeNotFound}, takes: typeOf[nothing](), handle: retryParked,
	},
	{
		Method: http.MethodPost, Path: "/v1/flows/{flow}/trigger/rotate-secret", Scope: pay.ScopeFlowsWrite, Key: KeyHonoured,
		Tag: triggersTag, Name: "rotateHookSecret", Status: http.StatusOK, Gives: HookSecret{},
		Summary: "Give a flow's webhook a new secret", Detail: "For the length of the overlap the old one lets in too.",
		Codes: []pay.Code{pay.CodeNotFound, pay.CodeInvalidField}, takes: typeOf[Rotation](), handle: rotateHookSecret,
	},
	{
		Method: http.MethodPost, Path: "/v1/hooks/{token}", Open: true, Key: KeyUnused,
		Tag: triggersTag, Name: "postToFlow", Status: http.StatusAccepted, Gives: Posted{},
		Summary: "Post to a flow",
		Detail: "For whoever is to start a flow that has on: webhook. Sign the post by Standard Webhooks (webhook-id, webhook-timestamp, webhook-signature) or send the flow's " +
			"secret as a bearer token. The JSON body, at most 256 KiB, is what the run is given. A webhook-id or Idempotency-Key that came before begins no second run.",
		Codes: []pay.Code{
			pay.CodeNotFound, pay.CodeSignatureInvalid, pay.CodeSignatureExpired, pay.CodeInvalidBody, pay.CodeInvalidField, pay.CodeBodyTooLarge,
			pay.CodeFlowPaused, pay.CodeIdempotencyInvalid,
		},
		handle: receivePost,
	},
}
