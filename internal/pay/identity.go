package pay

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Identity joins what tells one write from all others, such as a workflow, its
// run and a step, into a text that can stand where an idempotency key does.
// One that would be too long, or holds characters that keys may not, keeps its
// first part and a hash of the whole.
func Identity(parts ...string) string {
	whole := strings.Join(parts, "/")
	if key, err := ParseIdempotencyKey(whole); err == nil && key == whole {
		return whole
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return parts[0] + "/" + hex.EncodeToString(sum[:])
}
