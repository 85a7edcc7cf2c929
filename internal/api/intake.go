package api

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2/negotiation"

	"florin/internal/engine"
	"florin/internal/pay"
)

// Limits of a request. A body of ours has a few hundred bytes and at most 45
// metadata values of 500; Stripe events carry whole invoices.
const (
	maxBody       = 64 << 10  // bytes
	maxStripeBody = 512 << 10 // bytes
	maxQuery      = 8 << 10   // bytes: 45 metadata filters would fit
)

// bodyTimeout is how long a body may take to arrive, so that a caller who
// sends a byte a minute holds nothing.
const bodyTimeout = 15 * time.Second

// typeCSV is what spreadsheets read (RFC 4180).
const typeCSV = "text/csv"

// intake is one request, taken in: who asks, and what.
type intake struct {
	w       http.ResponseWriter
	r       *http.Request
	route   Route
	schemas schemas
	key     pay.APIKey // zero for open routes

	idempotencyKey string
	raw            []byte
	fields         object
	params         object
	csv            bool // the answer is wanted as CSV
}

func (in *intake) ctx() context.Context { return in.r.Context() }

// ask is the request as the engine keeps it.
func (in *intake) ask() engine.Ask {
	return engine.Ask{
		Owner: in.key.Owner, IdempotencyKey: in.idempotencyKey,
		Method: in.r.Method, Path: in.r.URL.Path, Body: in.raw,
	}
}

// body fills into with the request's body.
func (in *intake) body(into any) error { return in.schemas.bind(in.fields, into) }

// query fills into with the request's query.
func (in *intake) query(into any) error { return in.schemas.bind(in.params, into) }

// id is the id in the path.
//
// Errors: invalid_id.
func (in *intake) id() (pay.ID, error) { return parseID(in.r.PathValue("id"), "id") }

// parseID reads an id that stands in the named field; an absent one is empty.
//
// Errors: invalid_id, naming the field.
func parseID(text, field string) (pay.ID, error) {
	if text == "" {
		return "", nil
	}
	id, err := pay.ParseID(text)
	return id, at(err, field)
}

// at names the field of the request that err, if any, is about.
func at(err error, field string) error {
	var known *pay.Error
	if errors.As(err, &known) {
		return known.At(field)
	}
	return err
}

// read takes the request apart. Card data is refused here, before anything
// could keep or log it.
//
// Errors: not_acceptable, body_too_large, unsupported_media_type,
// invalid_body, unknown_field, raw_card_data_not_allowed, idempotency_key_*.
func (in *intake) read() error {
	for _, step := range []func() error{in.negotiate, in.readQuery, in.readBody, in.readIdempotencyKey} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// negotiate decides what type the answer has.
func (in *intake) negotiate() error {
	accept := strings.Join(in.r.Header.Values("Accept"), ",")
	if accept == "" {
		return nil
	}
	offered := []string{typeJSON, "*/*", "application/*"}
	if in.route.CSV {
		offered = append(offered, typeCSV, "text/*")
	}
	chosen := negotiation.SelectQValue(strings.ToLower(accept), offered)
	if chosen == "" {
		return pay.Invalid(pay.CodeNotAcceptable, "Accept", "answers here are of the type %s only", strings.Join(in.route.types(), " or "))
	}
	in.csv = chosen == typeCSV || chosen == "text/*"
	return nil
}

// types is what the route can answer with.
func (r Route) types() []string {
	if r.CSV {
		return []string{typeJSON, typeCSV}
	}
	return []string{typeJSON}
}

func (in *intake) readQuery() error {
	if len(in.r.URL.RawQuery) > maxQuery {
		return pay.Errorf(pay.CodeBodyTooLarge, "the query may have at most %d bytes", maxQuery)
	}
	asks := in.route.asks
	if in.route.anyQuery {
		return nil
	}
	if asks == nil {
		asks = reflect.TypeFor[nothing]()
	}
	params, err := in.schemas.parseQuery(in.r.URL.RawQuery, asks)
	if err != nil {
		return err
	}
	in.params = params
	return refuseCardData(params)
}

func (in *intake) readBody() error {
	if in.route.takes == nil {
		return nil
	}
	raw, err := readLimited(in.w, in.r, cmp.Or(in.route.maxBody, maxBody))
	if err != nil {
		return err
	}
	if err := checkMediaType(in.r.Header.Get("Content-Type"), raw); err != nil {
		return err
	}
	fields, err := parseObject(raw)
	if err != nil {
		return err
	}
	in.raw, in.fields = raw, fields
	if in.route.runs != nil {
		return nil // the catalogue looks through the input: some operations take Stripe's test cards
	}
	return refuseCardData(fields)
}

// readLimited reads a body of at most limit bytes, in time.
//
// Errors: body_too_large, invalid_body.
func readLimited(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(bodyTimeout)) // a recorder in tests has no connection
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	_ = control.SetReadDeadline(time.Time{})
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, pay.Errorf(pay.CodeBodyTooLarge, "the body may have at most %d bytes", limit)
	case err != nil:
		return nil, pay.Errorf(pay.CodeInvalidBody, "the body did not arrive whole").Because(err)
	}
	return raw, nil
}

// checkMediaType lets JSON in, also without a word about it, and as curl's -d
// labels it.
//
// Errors: unsupported_media_type.
func checkMediaType(header string, raw []byte) error {
	if header == "" || len(raw) == 0 {
		return nil
	}
	kind, _, err := mime.ParseMediaType(header)
	switch {
	case err == nil && (kind == typeJSON || strings.HasSuffix(kind, "+json")):
		return nil
	case kind == "application/x-www-form-urlencoded" && bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")):
		return nil
	}
	return pay.Invalid(pay.CodeMediaType, "Content-Type", "the body must be application/json")
}

// readIdempotencyKey reads the header on routes that change something.
//
// Errors: idempotency_key_missing, idempotency_key_invalid,
// raw_card_data_not_allowed.
func (in *intake) readIdempotencyKey() error {
	const name = "Idempotency-Key"
	if in.route.Key == KeyUnused {
		return nil
	}
	key, err := pay.ParseIdempotencyKey(in.r.Header.Get(name))
	if err != nil {
		return err
	}
	if key == "" && in.route.Key == KeyRequired {
		return pay.Invalid(pay.CodeIdempotencyMissing, name, "this write needs an Idempotency-Key header, such as order-123")
	}
	if key == "" {
		return nil
	}
	if err := refuseCardData(object{name: key}); err != nil {
		return err
	}
	in.idempotencyKey = key
	in.w.Header().Set(name, in.r.Header.Get(name))
	return nil
}
