package sandbox_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"florin/internal/sandbox"
)

// benchClients is how many clients ask at once, per processor: 16 on two.
const benchClients = 8

// BenchmarkRequests measures what a client sees over HTTP, client included, in
// memory and durable.
func BenchmarkRequests(b *testing.B) {
	for _, mode := range []string{"memory", "durable"} {
		for _, row := range []struct{ name, method, path, form string }{
			{"create", "POST", "/v1/customers", "name=Ann&email=a@example.org&metadata[k]=v"},
			{"get", "GET", "/v1/customers/%s", ""},
			{"list", "GET", "/v1/customers?limit=10", ""},
			{"pay", "POST", "/v1/payment_intents", payForm},
		} {
			b.Run(mode+"/"+row.name, func(b *testing.B) {
				dir := ""
				if mode == "durable" {
					dir = b.TempDir()
				}
				s, err := sandbox.Open(sandbox.Config{Dir: dir})
				require.NoError(b, err)
				server := httptest.NewServer(s)
				ask := asker(server, row.method, row.path, row.form)
				b.ReportAllocs()
				b.SetParallelism(benchClients)
				b.RunParallel(func(p *testing.PB) {
					for p.Next() {
						if err := ask(); err != nil {
							b.Error(err)
						}
					}
				})
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
				server.Close()
				require.NoError(b, s.Close())
			})
		}
	}
}

// asker makes requests; a path with a blank gets the id of a customer made for it.
func asker(server *httptest.Server, method, path, form string) func() error {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	var count atomic.Int64
	do := func(method, path, form string) (string, error) {
		request, err := http.NewRequest(method, server.URL+path, strings.NewReader(form))
		if err != nil {
			return "", err
		}
		request.Header.Set("Authorization", "Bearer sk_test_bench")
		if method == "POST" {
			request.Header.Set("Idempotency-Key", fmt.Sprint("bench ", count.Add(1)))
		}
		answer, err := client.Do(request)
		if err != nil {
			return "", err
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if answer.StatusCode != 200 {
			return "", fmt.Errorf("%d %s", answer.StatusCode, body)
		}
		return string(body), err
	}
	if strings.Contains(path, "%s") {
		made, _ := do("POST", "/v1/customers", "")
		_, rest, _ := strings.Cut(made, `"id":"`)
		id, _, _ := strings.Cut(rest, `"`)
		path = fmt.Sprintf(path, id)
	}
	return func() error {
		_, err := do(method, path, form)
		return err
	}
}
