package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"florin/internal/client"
)

const (
	// forwardTimeout is what Standard Webhooks grants a receiver: 15 to 30
	// seconds.
	forwardTimeout = 15 * time.Second
	// maxForwardAnswer bounds what is read of an answer, in bytes, so that its
	// connection can be used again; nobody looks at it.
	maxForwardAnswer = 64 << 10
	// secretBytes is the length of a signing secret: Standard Webhooks wants 24
	// to 64.
	secretBytes = 32
)

// receiver is the server on a developer's machine that events are sent to.
type receiver struct {
	url    string
	secret string
	signer *standardwebhooks.Webhook
	client *http.Client
}

// newReceiver makes a receiver, or none when there is no address.
func newReceiver(address, secret string) (*receiver, error) {
	if address == "" {
		return nil, nil
	}
	if _, err := webAddress("--forward", address); err != nil {
		return nil, err
	}
	if secret == "" {
		key := make([]byte, secretBytes)
		_, _ = rand.Read(key) // never fails: crypto/rand ends the program instead
		secret = "whsec_" + base64.StdEncoding.EncodeToString(key)
	}
	signer, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		return nil, usagef("--secret: write whsec_ and the base64 of 24 to 64 bytes")
	}
	return &receiver{url: address, secret: secret, signer: signer, client: &http.Client{Timeout: forwardTimeout}}, nil
}

// send posts an event once and says what came back. It does not try again: a
// developer sees the failure, and florin listen --after sends it once more.
func (r *receiver) send(ctx context.Context, heard client.Event) (string, error) {
	now := time.Now()
	var body bytes.Buffer
	if err := printJSON(&body, heard); err != nil {
		return "", err
	}
	signature, err := r.signer.Sign(heard.ID, now, body.Bytes())
	if err != nil {
		return "", err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url, &body)
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(standardwebhooks.HeaderWebhookID, heard.ID)
	request.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	request.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	answer, err := r.client.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, maxForwardAnswer)) // what it says is not for us
	return fmt.Sprintf("%s in %d ms", answer.Status, time.Since(now).Milliseconds()), nil
}
