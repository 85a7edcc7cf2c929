package pay_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"florin/internal/pay"
)

func TestAnIdentityCanAlwaysBeAKey(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "conductor/w-1/ref__2/0", pay.Identity("conductor", "w-1", "ref__2", "0"))
	long := pay.Identity("conductor", strings.Repeat("w", 300), "a")
	assert.Len(t, long, len("conductor/")+64)
	assert.NotEqual(t, long, pay.Identity("conductor", strings.Repeat("w", 300), "b"))
	rapid.Check(t, func(t *rapid.T) {
		parts := append([]string{"flow"}, rapid.SliceOfN(rapid.String(), 1, 4).Draw(t, "parts")...)
		id := pay.Identity(parts...)
		key, err := pay.ParseIdempotencyKey(id)
		assert.NoError(t, err)
		assert.Equal(t, id, key)
	})
}
