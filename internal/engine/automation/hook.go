package automation

import (
	"context"
	"crypto/rand"

	"florin/internal/pay"
)

// newToken names a flow's webhook in its address.
func newToken() string { return rand.Text() }

var _ = context.Background
var _ pay.ID
