package client

import "context"

// Ready asks whether requests should be sent here now.
//
// Errors: an *Error with the status 503 when not.
func (c *Client) Ready(ctx context.Context) error {
	_, err := get[struct{}](ctx, c, "/readyz", nil)
	return err
}

// Alive asks whether the program runs at all.
func (c *Client) Alive(ctx context.Context) error {
	_, err := get[struct{}](ctx, c, "/healthz", nil)
	return err
}
