package seal_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"florin/internal/pay"
	"florin/internal/seal"
)

func newSealer(t require.TestingT, masters ...string) *seal.Sealer {
	sealer, err := seal.New(pay.NewSecret(strings.Join(masters, ",")))
	require.NoError(t, err)
	return sealer
}

func TestSealedOpensUnderItsContextOnly(t *testing.T) {
	t.Parallel()
	sealer := newSealer(t, seal.NewMasterKey())
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOfN(rapid.Byte(), 0, 2000).Draw(t, "plain")
		context := rapid.StringN(1, 60, 200).Draw(t, "context")
		other := rapid.StringN(1, 60, 200).Filter(func(s string) bool { return s != context }).Draw(t, "other")

		sealed, err := sealer.Seal(plain, context)
		require.NoError(t, err)
		opened, err := sealer.Open(sealed, context)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(plain, opened))

		_, err = sealer.Open(sealed, other)
		assert.Error(t, err, "a ciphertext moved to another row must not open")
	})
}

func TestSealedHidesItsText(t *testing.T) {
	t.Parallel()
	sealer := newSealer(t, seal.NewMasterKey())
	first, err := sealer.Seal([]byte("sk_live_CANARY"), "connection/1")
	require.NoError(t, err)
	second, err := sealer.Seal([]byte("sk_live_CANARY"), "connection/1")
	require.NoError(t, err)
	assert.NotContains(t, string(first), "CANARY")
	assert.NotEqual(t, first, second, "equal secrets must not look equal")
}

func TestEveryChangedByteIsNoticed(t *testing.T) {
	t.Parallel()
	sealer := newSealer(t, seal.NewMasterKey())
	sealed, err := sealer.Seal([]byte("whsec_secret"), "endpoint/1")
	require.NoError(t, err)
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		_, err := sealer.Open(changed, "endpoint/1")
		assert.Error(t, err, "byte %d", i)
		_, err = sealer.Open(sealed[:i], "endpoint/1")
		assert.Error(t, err, "cut to %d bytes", i)
	}
}

func TestContextIsNeeded(t *testing.T) {
	t.Parallel()
	sealer := newSealer(t, seal.NewMasterKey())
	_, err := sealer.Seal([]byte("x"), "")
	require.Error(t, err)
	_, err = sealer.Open([]byte("x"), "")
	require.Error(t, err)
}

func TestRotation(t *testing.T) {
	t.Parallel()
	older, newer := seal.NewMasterKey(), seal.NewMasterKey()
	before, during, after := newSealer(t, older), newSealer(t, newer, older), newSealer(t, newer)

	sealedBefore, err := before.Seal([]byte("kept"), "row/1")
	require.NoError(t, err)
	opened, err := during.Open(sealedBefore, "row/1")
	require.NoError(t, err, "during a rotation the old key still opens")
	assert.Equal(t, "kept", string(opened))

	sealedDuring, err := during.Seal(opened, "row/1")
	require.NoError(t, err)
	opened, err = after.Open(sealedDuring, "row/1")
	require.NoError(t, err, "the first key seals")
	assert.Equal(t, "kept", string(opened))

	_, err = before.Open(sealedDuring, "row/1")
	require.Error(t, err)
	_, err = after.Open(sealedBefore, "row/1")
	require.Error(t, err, "a dropped key opens nothing")
}

func TestSameMasterKeyOpensAfterARestart(t *testing.T) {
	t.Parallel()
	master := seal.NewMasterKey()
	sealed, err := newSealer(t, master).Seal([]byte("kept"), "row/1")
	require.NoError(t, err)
	opened, err := newSealer(t, " "+master+"\n").Open(sealed, "row/1")
	require.NoError(t, err)
	assert.Equal(t, "kept", string(opened))
}

// The ciphertext was made by the first released version; it guards the labels
// and the key's derivation, without which old databases could not be read.
func TestOldCiphertextStillOpens(t *testing.T) {
	t.Parallel()
	master := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))
	sealed, err := base64.StdEncoding.DecodeString(oldCiphertext)
	require.NoError(t, err)
	opened, err := newSealer(t, master).Open(sealed, "connection/1/secret_key")
	require.NoError(t, err)
	assert.Equal(t, "sk_test_kept", string(opened))
}

const oldCiphertext = "AbcVILCUJuRZTU67cF+k5OAjCXa1DeeWmJuyokq+ZBcR1FAP2jSKiNDOQDQJ"

func TestPeppers(t *testing.T) {
	t.Parallel()
	older, newer := seal.NewMasterKey(), seal.NewMasterKey()
	before, during := newSealer(t, older), newSealer(t, newer, older)
	assert.Len(t, before.Pepper(), 32)
	assert.Equal(t, before.Pepper(), newSealer(t, older).Pepper(), "it is the same after a restart")
	assert.Equal(t, [][]byte{during.Pepper(), before.Pepper()}, during.Peppers())
	raw, err := base64.StdEncoding.DecodeString(older)
	require.NoError(t, err)
	assert.NotEqual(t, raw, before.Pepper(), "it tells nothing of the master key")

	before.Pepper()[0] ^= 1
	assert.Equal(t, before.Pepper(), during.Peppers()[1], "callers cannot change it")
}

func TestWrongMasterKeys(t *testing.T) {
	t.Parallel()
	good := seal.NewMasterKey()
	for name, text := range map[string]string{
		"empty": "", "short": base64.StdEncoding.EncodeToString(make([]byte, 31)), "not base64": "CANARY!" + good,
		"an empty second": good + ",", "twice the same": good + "," + good, "too many": strings.Repeat(good+",", 9) + good,
	} {
		_, err := seal.New(pay.NewSecret(text))
		require.Error(t, err, name)
		assert.NotContains(t, err.Error(), "CANARY")
		assert.NotContains(t, err.Error(), good)
	}
}
