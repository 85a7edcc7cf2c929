package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pgtest"
)

// applies keeps a flow.
func (w *world) applies(source string) answer {
	w.t.Helper()
	body, err := json.Marshal(map[string]string{"source": source})
	require.NoError(w.t, err)
	return w.post("/v1/flows", string(body))
}

// runOf runs a flow to its end.
func (w *world) runOf(flow, input string) answer {
	w.t.Helper()
	id := w.post("/v1/flows/"+flow+"/run", `{"input":`+input+`}`).want(201).text("data.id")
	var a answer
	require.Eventually(w.t, func() bool {
		a = w.get("/v1/runs/" + id).want(200)
		return a.at("data.ended_at") != nil
	}, patience, 10e6)
	return a
}

const everyAction = `
flow: every-action
on: manual
steps:
  - id: ask
    do: http.request
    connection: api
    with: { url: /things, query: { q: [a, b] }, form: { amount: "${trigger.amount}" }, accept: [201] }
  - id: rows
    do: db.query
    connection: books
    with: { query: "SELECT id, amount FROM charges WHERE amount >= $1 ORDER BY id", parameters: ["${trigger.amount}"], limit: 1 }
  - id: copy
    do: db.insert
    connection: books
    with: { table: public.copies, unique: [id], rows: "${map(steps.rows.rows, {{id: #.id, raw: #}})}" }
  - id: line
    do: csv.append
    with: { file: copies.csv, columns: [id, amount], values: { amount: "${trigger.amount}", id: "=${steps.rows.rows[0].id}" } }
  - id: mail
    do: mail.send
    with: { to: a@example.com, subject: "${steps.rows.count} rows", text: "See ${steps.ask.body.name}" }
`

// TestEveryBuiltInAction has one flow use all of them, with secrets of
// connections that appear nowhere.
func TestEveryBuiltInAction(t *testing.T) {
	t.Parallel()
	books := pgtest.Start(t)
	db, err := pgx.Connect(t.Context(), books)
	require.NoError(t, err)
	defer func() { _ = db.Close(t.Context()) }()
	_, err = db.Exec(t.Context(), `CREATE TABLE charges (id TEXT, amount BIGINT); CREATE TABLE copies (id TEXT PRIMARY KEY, raw JSONB);
		INSERT INTO charges VALUES ('ch_1', 9007199254740993), ('ch_2', 9007199254740994), ('ch_0', 1)`)
	require.NoError(t, err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		assert.Equal(t, "POST /base/things?q=a&q=b", r.Method+" "+r.RequestURI)
		assert.Equal(t, "amount=9007199254740993", string(body))
		assert.Equal(t, "Bearer canary", r.Header.Get("Authorization"))
		assert.NotEmpty(t, r.Header.Get("Idempotency-Key"))
		w.WriteHeader(201)
		_, _ = w.Write([]byte(`{"name":"it"}`))
	}))
	defer server.Close()
	data := t.TempDir()
	w := newWorld(t, databases["sqlite"](t), "--data-dir", data)
	w.post("/v1/connections", fmt.Sprintf(`{"name":"api","kind":"http","http":{"base_url":"%s/base","headers":{"Authorization":"Bearer canary"}}}`, server.URL)).want(201)
	w.post("/v1/connections", fmt.Sprintf(`{"name":"books","kind":"database","database":{"url":%q}}`, books)).want(201)
	w.applies(everyAction).want(200)
	run := w.runOf("every-action", `{"amount":9007199254740993}`)
	require.Equal(t, "succeeded", run.text("data.state"), "%s", run.body)
	assert.NotContains(t, string(run.body), "canary")
	assert.JSONEq(t, `{"rows":[{"id":"ch_1","amount":9007199254740993}],"count":1,"more":true}`, marshal(t, run.at("data.steps.1.output")))
	assert.JSONEq(t, `{"inserted":1,"present":0}`, marshal(t, run.at("data.steps.2.output")))
	var raw string
	require.NoError(t, db.QueryRow(t.Context(), `SELECT raw::text FROM copies`).Scan(&raw))
	assert.JSONEq(t, `{"id":"ch_1","amount":9007199254740993}`, raw)
	lines, err := filepath.Glob(filepath.Join(data, "exports", "*", "test", "copies.csv"))
	require.NoError(t, err)
	require.Len(t, lines, 1)
	text, err := os.ReadFile(lines[0])
	require.NoError(t, err)
	assert.Equal(t, "florin_key,id,amount\nrun/"+run.text("data.id")+"/line,'=ch_1,9007199254740993\n", string(text))
	letters, err := filepath.Glob(filepath.Join(data, "outbox", "*", "test", run.text("data.steps.4.output.kept")))
	require.NoError(t, err)
	assert.Len(t, letters, 1)
	assert.Equal(t, 409, w.request("DELETE", "/v1/connections/books", "").status, "a flow uses it")
}

func marshal(t *testing.T, v any) string {
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	return string(raw)
}

// TestWhatActionsRefuse is said when the flow is applied where it can be, and
// by the run where it cannot.
func TestWhatActionsRefuse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, databases["sqlite"](t))
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) { http.Error(out, "no such thing", http.StatusNotFound) }))
	defer server.Close()
	w.post("/v1/connections", fmt.Sprintf(`{"name":"api","kind":"http","http":{"base_url":"%s/base","headers":{"Authorization":"Bearer canary"}}}`, server.URL)).want(201)
	wrong := w.applies("flow: wrong\non: manual\nsteps:\n  - do: db.query\n    connection: api\n    with: { query: \"SELECT '${trigger.name}'\" }\n").want(400)
	assert.Equal(t, "flow_invalid", wrong.text("error.code"))
	assert.Equal(t, "6", fmt.Sprint(wrong.at("error.problems.0.line")))
	assert.Contains(t, wrong.text("error.problems.0.message"), "cannot hold an expression")
	for step, code := range map[string]string{
		"do: http.request\n    connection: api\n    with: { url: /x }":                                                   "target_refused",
		"do: http.request\n    connection: api\n    with: { url: \"http://127.0.0.1:1/x\" }":                             "url_not_allowed",
		"do: http.request\n    with: { url: \"http://10.0.0.1/x\" }":                                                     "url_not_allowed",
		"do: db.query\n    connection: api\n    with: { query: SELECT 1 }":                                               "connection_wrong_kind",
		"do: db.query\n    with: { query: SELECT 1 }":                                                                    "missing_field",
		"do: csv.append\n    with: { file: ../x.csv, values: { a: 1 } }":                                                 "invalid_field",
		"do: mail.send\n    with: { to: nobody, subject: a, text: b }":                                                   "invalid_field",
		"do: db.insert\n    connection: api\n    with: { table: t, unique: [id], values: { id: 1 }, rows: [{ id: 2 }] }": "invalid_field",
		"do: http.request\n    retry: { attempts: 1 }\n    with: { url: \"http://127.0.0.1:1/x\", body: { a: 1 } }":      "target_unreachable",
	} {
		name := "refused-" + strings.ReplaceAll(code, "_", "-")
		w.applies("flow: " + name + "\non: manual\nsteps:\n  - id: one\n    " + step + "\n").want(200)
		run := w.runOf(name, `{}`)
		assert.Equal(t, "failed", run.text("data.state"), step)
		assert.Equal(t, code, run.text("data.error.code"), "%s: %s", step, run.body)
		assert.NotContains(t, string(run.body), "canary")
	}
}
