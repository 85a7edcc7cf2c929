package sandbox

import (
	crand "crypto/rand"
	"crypto/sha256"
	"math/rand/v2"
	"sync"
)

// idAlphabet is what Stripe's ids are made of after their prefix.
const idAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// Lengths of the random part of what is not an object id (Stripe's §1.16 shapes).
const (
	requestIDLength    = 14
	clientSecretLength = 25
	hookSecretLength   = 32
	attemptIDLength    = 24
)

// ids makes ids and secrets. ChaCha8 keyed from the operating system cannot be
// guessed from earlier output, which client secrets need, and a given seed
// makes a run repeatable. Safe for concurrent use.
type ids struct {
	mu     sync.Mutex
	source *rand.ChaCha8
}

// newIDs keys the generator with a seed, or with the operating system's
// randomness when there is none.
func newIDs(text string) *ids {
	if text != "" {
		return seededIDs(sha256.Sum256([]byte(text)))
	}
	var seed [32]byte
	_, _ = crand.Read(seed[:]) // never fails since Go 1.24: it aborts the program instead
	return seededIDs(seed)
}

func seededIDs(seed [32]byte) *ids { return &ids{source: rand.NewChaCha8(seed)} }

// text is n random characters of the id alphabet, without modulo bias.
func (i *ids) text(n int) string {
	const mask = 63 // six bits, of which 62 values are letters
	out := make([]byte, 0, n)
	i.mu.Lock()
	defer i.mu.Unlock()
	for len(out) < n {
		for bits, left := i.source.Uint64(), 64; left >= 6 && len(out) < n; left -= 6 {
			if at := bits & mask; at < uint64(len(idAlphabet)) {
				out = append(out, idAlphabet[at])
			}
			bits >>= 6
		}
	}
	return string(out)
}

// upper is n random capitals and digits, as in a customer's invoice prefix.
func (i *ids) upper(n int) string {
	const capitals = 36 // the digits and capitals at the head of the alphabet
	out := make([]byte, n)
	i.mu.Lock()
	defer i.mu.Unlock()
	for at := range out {
		out[at] = idAlphabet[i.source.Uint64()%capitals]
	}
	return string(out)
}
