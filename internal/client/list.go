package client

import (
	"context"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Page is one page of a list.
type Page[T any] struct {
	Items []T
	Next  string // the cursor of the next page; empty on the last
}

// listPage reads the page of a list that a query says.
func listPage[T any](ctx context.Context, c *Client, path string, query url.Values) (Page[T], error) {
	var items []T
	said, err := c.do(ctx, call{method: http.MethodGet, path: path, query: query}, &items)
	return Page[T]{Items: items, Next: said.Meta.NextCursor}, err
}

// each goes through all pages of a list, asking for the next only when it is
// wanted. An error ends it.
func each[T any](ctx context.Context, c *Client, path string, query url.Values) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		query := maps.Clone(query)
		for {
			page, err := listPage[T](ctx, c, path, query)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range page.Items {
				if !yield(item, nil) {
					return
				}
			}
			if page.Next == "" {
				return
			}
			query.Set("cursor", page.Next)
		}
	}
}

// Collect puts all that an iterator yields into a list, and stops at the first
// error.
func Collect[T any](all iter.Seq2[T, error]) ([]T, error) {
	var items []T
	for item, err := range all {
		if err != nil {
			return items, err
		}
		items = append(items, item)
	}
	return items, nil
}

// parameters builds a query out of what is set.
type parameters url.Values

func (p parameters) text(name, value string) parameters {
	if value != "" {
		url.Values(p).Set(name, value)
	}
	return p
}

func (p parameters) number(name string, value int) parameters {
	if value != 0 {
		url.Values(p).Set(name, strconv.Itoa(value))
	}
	return p
}

func (p parameters) moment(name string, value time.Time) parameters {
	if !value.IsZero() {
		url.Values(p).Set(name, value.UTC().Format(time.RFC3339Nano))
	}
	return p
}

func (p parameters) list(name string, values []string) parameters {
	return p.text(name, strings.Join(values, ","))
}

func (p parameters) entries(name string, values map[string]string) parameters {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		url.Values(p).Set(name+"["+key+"]", values[key])
	}
	return p
}
