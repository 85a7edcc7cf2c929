package cli_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"florin/internal/cli"
)

// TestExitCodes tells what was mistyped from what failed.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]int{
		"":                                       0,
		"version":                                0,
		"merchant list":                          0,
		"ledger verify":                          0,
		"frobnicate":                             2,
		"merchant":                               2,
		"merchant create":                        2,
		"merchant create a b":                    2,
		"serve --listen nowhere":                 2,
		"serve --no-such-flag":                   2,
		"apikey create --mode play":              2,
		"apikey create --scopes everything":      2,
		"apikey rotate x --overlap soon":         2,
		"listen":                                 2,
		"listen --key k --url nowhere":           2,
		"listen --key k --forward nowhere":       2,
		"apikey create --merchant nobody":        1,
		"apikey revoke nosuchkey12":              1,
		"merchant create default":                1,
		"healthcheck --url http://127.0.0.1:1":   1,
		"sandbox reset --url http://127.0.0.1:1": 1,
	} {
		t.Run(strings.ReplaceAll(line, "/", "_"), func(t *testing.T) {
			t.Parallel()
			said, data := newTranscript(), t.TempDir()
			getenv := func(name string) string {
				if name == "FLORIN_DATA_DIR" {
					return data
				}
				return ""
			}
			run := func(line string) int {
				return cli.Main(context.Background(), strings.Fields(line), cli.IO{Out: said, Err: said, Getenv: getenv})
			}
			if strings.HasSuffix(line, " default") {
				assert.Zero(t, run("apikey create"), said.all()) // makes the default merchant
			}
			assert.Equal(t, want, run(line), said.all())
		})
	}
}
