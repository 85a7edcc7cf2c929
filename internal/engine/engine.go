package engine

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"florin/internal/clock"
	"florin/internal/pay"
	"florin/internal/store"
)

// Gateway is Stripe, as the engine needs it; each part is used where only that
// part is needed.
type Gateway interface {
	Composer
	Sender
	Finder
	Statements
	Accounts
	Partners
	Signatures
	MoneyComposer
	MoneyFinder
	BillingComposer
	BillingFinder
}

// Config is what an engine is made of. All of it is required but Logger and Probers.
type Config struct {
	Store   *store.Store
	Clock   clock.Clock
	Stripe  Gateway
	Courier Courier
	Sealer  Sealer
	Present Presenter
	Logger  *slog.Logger

	Catalogue Catalogue
	Performer Performer
	Probers   map[pay.ConnectionKind]Prober // try connections that are not Stripe's; a kind without one is not tried

	Mailer Mailer // writes to customers; nil: nobody does

	Peppers     [][]byte      // key the hashes of API keys: the first hashes new ones, all are tried
	CallTimeout time.Duration // the longest one call to Stripe may take
	Sandbox     Sandbox
	PublicURL   string // where Stripe and browsers reach us, without a slash at the end
}

// Sandbox says for whom the local Stripe stands in.
type Sandbox struct {
	Served       bool // test-mode merchants without credentials use it
	TakesTestKey bool // so do test-mode merchants with credentials, because no other Stripe was named
}

// leaseSlack is how much longer a lease is than a call: time enough for the
// transaction that follows the call.
const leaseSlack = 10 * time.Second

// Engine carries out the use cases. It is safe for concurrent use and holds no
// state but what can be lost.
type Engine struct {
	store   *store.Store
	clock   clock.Clock
	stripe  Gateway
	courier Courier
	sealer  Sealer
	present Presenter
	log     *slog.Logger
	cfg     Config

	catalogue Catalogue
	performer Performer

	mailer Mailer // nil when nobody writes to customers

	connectionUses ConnectionUses // nil when nothing uses connections

	deeds  map[pay.Action]deed
	topics map[pay.Topic]topic

	sandboxMu sync.Mutex // one sandbox connection is made at a time
	keys      keyUse
	pace      *pace
	flights   flights
	poster    *poster
	hints     hints
}

// New puts an engine together.
//
// Errors: when a part is missing, which is a defect of the caller.
func New(c Config) (*Engine, error) {
	if c.Store == nil || c.Clock == nil || c.Stripe == nil || c.Courier == nil || c.Sealer == nil || c.Present == nil ||
		c.Catalogue == nil || c.Performer == nil {
		return nil, errors.New("engine: a part is missing")
	}
	if len(c.Peppers) == 0 || c.CallTimeout <= 0 {
		return nil, errors.New("engine: a pepper and a call timeout are needed")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	e := &Engine{
		store: c.Store, clock: c.Clock, stripe: c.Stripe, courier: c.Courier,
		sealer: c.Sealer, present: c.Present, log: c.Logger, cfg: c,
		mailer: c.Mailer, catalogue: c.Catalogue, performer: c.Performer, pace: newPace(c.Clock), poster: &poster{store: c.Store},
	}
	e.deeds, e.topics = e.deedsOf(), e.topicsOf()
	return e, nil
}

// Ask is one write of a caller.
type Ask struct {
	Owner          pay.Owner
	IdempotencyKey string // as pay.ParseIdempotencyKey read it; empty when there is none
	Method         string
	Path           string // as it was asked: /v1/payments/018f…/capture
	Body           []byte // the raw JSON; may be empty
}

// newID makes an id that sorts by time.
func newID() pay.ID { return pay.ID(uuid.Must(uuid.NewV7()).String()) }

// read runs queries on one snapshot and returns what they found.
func read[T any](ctx context.Context, e *Engine, query func(tx *store.Tx) (T, error)) (found T, err error) {
	err = e.store.Read(ctx, into(&found, query))
	return found, err
}

// glance runs a single query and returns what it found.
func glance[T any](ctx context.Context, e *Engine, query func(tx *store.Tx) (T, error)) (found T, err error) {
	err = e.store.Glance(ctx, into(&found, query))
	return found, err
}

// into makes a query put what it finds into found.
func into[T any](found *T, query func(tx *store.Tx) (T, error)) func(tx *store.Tx) error {
	return func(tx *store.Tx) (err error) {
		*found, err = query(tx)
		return err
	}
}
