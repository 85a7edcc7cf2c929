package api

import (
	"bytes"
	"encoding/json"
	"net/http"

	"florin/internal/engine"
)

// success is the envelope of an answer.
type success struct {
	Success bool  `json:"success"`
	Data    any   `json:"data"`
	Meta    *Meta `json:"meta,omitempty"`
}

// Meta leads to the next page of a list.
type Meta struct {
	NextCursor string `json:"next_cursor" doc:"Send it as cursor to get the next page; empty on the last."`
	HasMore    bool   `json:"has_more"`
}

const typeJSON = "application/json"

// encode writes JSON as it is meant to be read: without HTML's escapes, and
// without a newline at the end. Views hold nothing that cannot be encoded; a
// failure is a defect, which Requests turns into a 500.
func encode(v any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic("api: a view cannot be encoded: " + err.Error())
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// sendJSON answers with v.
func sendJSON(w http.ResponseWriter, status int, v any) { sendBytes(w, status, encode(v)) }

// sendBytes answers with JSON that is there already.
func sendBytes(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", typeJSON)
	w.WriteHeader(status)
	_, _ = w.Write(body) // the caller may be gone, which is no news here
}

// sendData answers a read.
func (in *intake) sendData(data any) {
	sendJSON(in.w, http.StatusOK, success{Success: true, Data: data})
}

// sendList answers with a page.
func (in *intake) sendList(items any, next string) {
	sendJSON(in.w, http.StatusOK, success{Success: true, Data: items, Meta: &Meta{NextCursor: next, HasMore: next != ""}})
}

// keptRetryAfter is when to try again after a kept reply of 503, in seconds:
// Stripe's limits are by the second.
const keptRetryAfter = "1"

// sendReply answers with what the engine kept, byte for byte.
func (in *intake) sendReply(reply engine.Reply) {
	if reply.Replayed {
		in.w.Header().Set("Idempotent-Replayed", "true")
	}
	if reply.Status == http.StatusServiceUnavailable {
		in.w.Header().Set("Retry-After", keptRetryAfter)
	}
	sendBytes(in.w, reply.Status, reply.Body)
}
