package automation_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
)

// TestARunWhoseJobDiedIsGivenAnother: a worker that was killed with a job in
// hand, and had not begun it, leaves a job behind that stands for the run. One
// that has long been due gets a job of another number.
func TestARunWhoseJobDiedIsGivenAnother(t *testing.T) {
	carriers(t, func(t *testing.T, c *carrier) {
		c.keeps("flow: lost\non: manual\nsteps:\n  - id: one\n    do: test.do\n    with: {a: 1}\n")
		id := c.asks("lost", `{}`)
		fence := func() int64 { return c.history(id).Run.Fence }
		revive := func() {
			_, err := c.flows.Revive(context.Background())
			require.NoError(t, err)
		}
		before := fence()
		revive()
		assert.Equal(t, before, fence(), "its job may still come")
		c.pass(time.Minute)
		revive()
		assert.Equal(t, before+1, fence())
		assert.Equal(t, pay.RunSucceeded, c.ends(id).Run.State)
		ended := fence()
		c.pass(time.Hour)
		revive()
		assert.Equal(t, ended, fence())
	})
}
