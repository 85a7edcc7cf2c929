package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
)

// redacted stands where a secret was.
const redacted = "[redacted]"

// deepest is how far the scrubber follows a logged value into itself. JSON
// that is deeper was sent by somebody who wishes us ill, and is not logged.
const deepest = 16

// deniedNames are attributes whose value is a secret or a card's data whatever
// it looks like. Names are compared in lower case with dashes as underscores,
// so that header names match as well.
var deniedNames = map[string]bool{
	"authorization": true, "proxy_authorization": true, "cookie": true, "set_cookie": true,
	"x_api_key": true, "api_key": true, "apikey": true, "stripe_signature": true, "webhook_signature": true,
	"secret": true, "password": true, "passwd": true, "token": true, "access_token": true, "refresh_token": true,
	"secret_key": true, "master_key": true, "private_key": true, "client_secret": true, "webhook_secret": true,
	"signing_secret": true, "database_url": true, "smtp_url": true, "dsn": true,
	"card_number": true, "number": true, "pan": true, "cvc": true, "cvv": true, "account_number": true, "iban": true,
}

// Scrub wraps a handler so that no secret passes it: attributes with a denied
// name, keys and signing secrets, passwords in URLs and card numbers in any
// text, at any depth. It is the last line of defence and not the first: a
// pay.Secret redacts itself, and rooms do not log bodies.
func Scrub(next slog.Handler) slog.Handler { return &scrubber{next: next} }

type scrubber struct{ next slog.Handler }

func (s *scrubber) Enabled(ctx context.Context, level slog.Level) bool {
	return s.next.Enabled(ctx, level)
}

func (s *scrubber) Handle(ctx context.Context, record slog.Record) error {
	clean := slog.NewRecord(record.Time, record.Level, scrubText(record.Message), record.PC)
	attrs := make([]slog.Attr, 0, record.NumAttrs())
	record.Attrs(func(attr slog.Attr) bool {
		attrs = append(attrs, scrubAttr(attr))
		return true
	})
	clean.AddAttrs(attrs...)
	return s.next.Handle(ctx, clean)
}

func (s *scrubber) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &scrubber{next: s.next.WithAttrs(scrubAttrs(attrs))}
}

func (s *scrubber) WithGroup(name string) slog.Handler {
	return &scrubber{next: s.next.WithGroup(name)}
}

func scrubAttrs(attrs []slog.Attr) []slog.Attr {
	clean := make([]slog.Attr, len(attrs))
	for i, attr := range attrs {
		clean[i] = scrubAttr(attr)
	}
	return clean
}

func scrubAttr(attr slog.Attr) slog.Attr {
	value := attr.Value.Resolve() // a type that redacts itself does so here
	if denied(attr.Key) && value.Kind() != slog.KindGroup {
		return slog.String(attr.Key, redacted)
	}
	switch value.Kind() {
	case slog.KindString:
		value = slog.StringValue(scrubText(value.String()))
	case slog.KindInt64:
		if number := value.Int64(); number >= lowestCard && isCardNumber(value.String()) {
			value = slog.StringValue(redacted)
		}
	case slog.KindUint64:
		if number := value.Uint64(); number >= lowestCard && isCardNumber(value.String()) {
			value = slog.StringValue(redacted)
		}
	case slog.KindGroup:
		value = slog.GroupValue(scrubAttrs(value.Group())...)
	case slog.KindAny:
		value = scrubAny(value.Any())
	}
	return slog.Attr{Key: attr.Key, Value: value}
}

// scrubAny reads a value as the JSON that would be written of it. What cannot
// be written as JSON is scrubbed as the text that fmt makes of it.
func scrubAny(value any) slog.Value {
	if err, ok := value.(error); ok {
		return slog.StringValue(scrubText(err.Error()))
	}
	text, err := json.Marshal(value)
	if err != nil {
		return slog.StringValue(scrubText(fmt.Sprintf("%+v", value)))
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return slog.StringValue(redacted)
	}
	clean := scrubTree(tree, deepest)
	if text, ok := clean.(string); ok {
		return slog.StringValue(text)
	}
	return slog.AnyValue(clean)
}

// scrubTree scrubs decoded JSON in place.
func scrubTree(tree any, depth int) any {
	if depth == 0 {
		return redacted
	}
	switch node := tree.(type) {
	case string:
		return scrubText(node)
	case json.Number:
		if isCardNumber(node.String()) {
			return redacted
		}
	case []any:
		for i := range node {
			node[i] = scrubTree(node[i], depth-1)
		}
	case map[string]any:
		for name := range node {
			if denied(name) {
				node[name] = redacted
				continue
			}
			node[name] = scrubTree(node[name], depth-1)
		}
	}
	return tree
}

func denied(name string) bool {
	plain := name
	if !isPlain(name) { // most names are, and cost no copy
		plain = strings.ReplaceAll(strings.ToLower(name), "-", "_")
	}
	return deniedNames[plain] || strings.HasSuffix(plain, "_secret") || strings.HasSuffix(plain, "_password")
}

func isPlain(name string) bool {
	for i := range len(name) {
		if c := name[i]; c == '-' || c >= 'A' && c <= 'Z' || c >= 0x80 {
			return false
		}
	}
	return true
}
