package automation

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"florin/internal/clock"
	"florin/internal/engine"
	"florin/internal/pay"
	"florin/internal/store"
)

// Triggers is the catalogue of triggers, as this room needs it.
type Triggers interface {
	// Triggers is all of them, in the order of the documentation.
	Triggers() []pay.Trigger
	// Aim checks a trigger's options and says which list they lead to.
	//
	// Errors: invalid_field, unknown_field.
	Aim(name string, options json.RawMessage) (pay.TriggerAim, error)
	// Judge says what an object of the list is to the trigger.
	//
	// Errors: invalid_body, when it is not what the list should hold.
	Judge(name string, options, item json.RawMessage) (pay.TriggerFind, error)
	// Request is how a page of a list is asked for.
	Request(path string) pay.Wire
}

// Lists reads Stripe's lists; engine.Engine is such.
type Lists interface {
	// UsableConnection is a connection by its name.
	//
	// Errors: not_found, provider_not_configured.
	UsableConnection(ctx context.Context, o pay.Owner, key pay.APIKey, name string) (pay.Connection, error)
	// ReadList asks for a page, unless operations need the account: then wait
	// is above zero, and nothing was asked.
	ReadList(ctx context.Context, c pay.Connection, wire pay.Wire) (answer pay.OperationAnswer, wait time.Duration, err error)
}

// Starting is a run to be begun: what it is called, of which a flow begins one
// only, and what it is given.
type Starting struct {
	Key   string
	Input json.RawMessage
	Ref   string // of the object at Stripe, or of whatever caused it, for people
}

// Starter begins a run of a watch's flow in an open transaction. The run is
// empty when the flow has no use for the input; fresh is false when the flow
// has had this key before.
//
// Errors: those of kind invalid say that the input is at fault and leave the
// transaction usable; after any other it must end.
type Starter func(tx *store.Tx, w pay.Watch, s Starting) (run pay.ID, fresh bool, err error)

// WatchPresenter writes what merchants read of triggers.
type WatchPresenter interface {
	// TriggerEvent tells that a trigger does not work, or works again.
	TriggerEvent(e pay.Event, w pay.Watch, reason string) []byte
	// HookSecret shows the new secret of a flow's webhook.
	HookSecret(secret string, w pay.Watch) engine.Reply
}

// Gate does a write once for its idempotency key; engine.Engine is such.
type Gate interface {
	Record(ctx context.Context, ask engine.Ask, work func(tx *store.Tx) (engine.Reply, error)) (engine.Reply, error)
}

// WatcherConfig is what a watcher is made of. All of it is required but Logger
// and MinEvery.
type WatcherConfig struct {
	Store    *store.Store
	Clock    clock.Clock
	Triggers Triggers
	Lists    Lists
	Sealer   engine.Sealer
	Start    Starter
	Teller   Teller
	Present  WatchPresenter
	Gate     Gate
	Logger   *slog.Logger

	CallTimeout time.Duration // the longest one call to Stripe may take
	MinEvery    time.Duration // the shortest interval that a flow may ask for; 0: pay.MinEvery
	Dice        func() float64
}

// Watcher finds out when flows should run: it reads Stripe's lists, keeps
// schedules, and takes what is posted to flows. Its state is in the store; any
// number of watchers, in any number of processes, share the work.
type Watcher struct {
	store    *store.Store
	clock    clock.Clock
	triggers Triggers
	lists    Lists
	sealer   engine.Sealer
	start    Starter
	log      *slog.Logger
	cfg      WatcherConfig
}

// NewWatcher makes a watcher.
//
// Errors: when a part is missing, which is a defect of the caller.
func NewWatcher(c WatcherConfig) (*Watcher, error) {
	if c.Store == nil || c.Clock == nil || c.Triggers == nil || c.Lists == nil || c.Sealer == nil || c.Start == nil || c.Teller == nil || c.Present == nil || c.Gate == nil || c.CallTimeout <= 0 {
		return nil, errors.New("automation: a part of the watcher is missing")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.MinEvery <= 0 {
		c.MinEvery = pay.MinEvery
	}
	if c.Dice == nil {
		c.Dice = dice
	}
	return &Watcher{
		store: c.Store, clock: c.Clock, triggers: c.Triggers, lists: c.Lists, sealer: c.Sealer, start: c.Start, log: c.Logger, cfg: c,
	}, nil
}

// Declarations is every trigger of the catalogue, in the order of the
// documentation.
func (w *Watcher) Declarations() []pay.Trigger { return w.triggers.Triggers() }

// Chores is what a watcher does every so often, on any number of workers.
func (w *Watcher) Chores() []engine.Chore {
	return []engine.Chore{
		{Name: "poll_lists", Every: min(time.Second, w.cfg.MinEvery), Do: w.Poll},
		{Name: "run_schedules", Every: time.Second, Do: w.RunSchedules},
		{Name: "sweep_lists", Every: 10 * time.Minute, Do: w.Sweep},
		{Name: "reap_polls", Every: time.Hour, Do: w.Reap},
	}
}

// newID makes an id that sorts by time.
func newID() pay.ID { return pay.ID(uuid.Must(uuid.NewV7()).String()) }
