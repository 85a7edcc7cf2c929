package operation_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pageOf is a page as callers read it.
type pageOf struct {
	Data []struct {
		ID string `json:"id"`
	} `json:"data"`
	HasMore        bool    `json:"has_more"`
	NextCursor     *string `json:"next_cursor"`
	PreviousCursor *string `json:"previous_cursor"`
}

func (w *world) page(t *testing.T, name, input string) (pageOf, []string) {
	t.Helper()
	var page pageOf
	require.NoError(t, json.Unmarshal(w.do(t, name, input), &page))
	var ids []string
	for _, item := range page.Data {
		ids = append(ids, item.ID)
	}
	return page, ids
}

// TestCursorsLeadThroughLists reads on, comes to the end, and goes back.
func TestCursorsLeadThroughLists(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var made []string // newest first
	for i := range 3 {
		made = append([]string{w.make(t, "create-customer", fmt.Sprintf(`{"email": "c%d@example.com", "name": "C", "metadata": {"of": "three"}}`, i))}, made...)
	}
	first, ids := w.page(t, "list-customers", `{"limit": 2}`)
	assert.Equal(t, made[:2], ids)
	require.True(t, first.HasMore)
	require.NotNil(t, first.NextCursor)

	last, ids := w.page(t, "list-customers", `{"limit": 2, "starting_after": "`+*first.NextCursor+`"}`)
	assert.Equal(t, made[2:], ids)
	assert.False(t, last.HasMore)
	assert.Nil(t, last.NextCursor)
	require.NotNil(t, last.PreviousCursor)

	_, ids = w.page(t, "list-customers", `{"limit": 2, "ending_before": "`+*last.PreviousCursor+`"}`)
	assert.Equal(t, made[:2], ids)

	found, ids := w.page(t, "search-customers", `{"limit": 2, "query": "metadata[\"of\"]:\"three\""}`)
	assert.Equal(t, made[:2], ids)
	require.NotNil(t, found.NextCursor)
	_, ids = w.page(t, "search-customers", `{"limit": 2, "query": "metadata[\"of\"]:\"three\"", "page": "`+*found.NextCursor+`"}`)
	assert.Equal(t, made[2:], ids)

	empty, _ := w.page(t, "list-charges", `{}`)
	assert.Equal(t, pageOf{Data: empty.Data}, empty, "an empty list has no cursors")
}
