package app

import (
	"context"
	"net/http"

	"florin/internal/sandbox"
)

// Planted is what one request of a seed file brought.
type Planted = sandbox.Planted

// PlantSeed makes the requests of a seed file at a running sandbox, as the
// owner of a secret key.
//
// Errors: LINE:COLUMN: what is wrong with the file or was answered otherwise
// than it expects, with what was planted before.
func PlantSeed(ctx context.Context, text []byte, url, key string) ([]Planted, error) {
	file, err := sandbox.ParseSeed(text)
	if err != nil {
		return nil, err
	}
	return file.Plant(ctx, sandbox.SeedTarget{URL: url, Key: key, Client: http.DefaultClient})
}
