package app_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/app"
	"florin/internal/flow"
)

// TestTheFlowsOfThePageAreRightInThisProgram reads each flow on docs/flows.md
// against what the program really has.
func TestTheFlowsOfThePageAreRightInThisProgram(t *testing.T) {
	t.Parallel()
	catalogue, err := app.FlowCatalogue()
	require.NoError(t, err)
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "flows.md"))
	require.NoError(t, err)
	flows := regexp.MustCompile("(?s)```yaml\n(flow:.*?)```").FindAllSubmatch(page, -1)
	require.NotEmpty(t, flows)
	for _, source := range flows {
		_, err := flow.Parse(source[1], catalogue)
		assert.NoError(t, err)
	}
}

// TestEveryTriggersSampleFitsItsSchema makes a flow of each trigger and tests
// it with the trigger's sample.
func TestEveryTriggersSampleFitsItsSchema(t *testing.T) {
	t.Parallel()
	catalogue, err := app.FlowCatalogue()
	require.NoError(t, err)
	for _, trigger := range catalogue.Triggers() {
		settings := "{}"
		if trigger.Name == "stripe-event" {
			settings = "{ types: [charge.succeeded] }"
		}
		f, err := flow.Parse([]byte("flow: a\non: { "+trigger.Name+": "+settings+" }\nsteps: [do: get-balance]"), catalogue)
		if assert.NoError(t, err, trigger.Name) {
			assert.NoError(t, f.CheckTrigger(trigger.Sample), trigger.Name)
		}
	}
}
