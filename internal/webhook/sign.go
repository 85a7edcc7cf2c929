package webhook

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"florin/internal/pay"
)

const (
	// secretBytes is the length of a signing secret; Standard Webhooks asks for
	// 24 to 64, and HMAC-SHA-256 has no use for more than 32.
	secretBytes = 32
	// secretPrefix lets people and scanners recognise a signing secret.
	secretPrefix = "whsec_"
	// maxSecrets bounds the signatures of one delivery: two while rotating.
	maxSecrets = 4
)

// NewSecret makes a signing secret: whsec_ and the base64 of 32 random bytes.
func (c *Courier) NewSecret() string {
	key := make([]byte, secretBytes)
	_, _ = rand.Read(key) // never fails: crypto/rand ends the program instead
	return secretPrefix + base64.StdEncoding.EncodeToString(key)
}

// signedHeaders are the three headers of Standard Webhooks, with one signature
// for each secret.
//
// Errors: no secret, too many, or one that is no base64; none of them quotes it.
func signedHeaders(parcel pay.Parcel) (map[string]string, error) {
	if len(parcel.Secrets) == 0 || len(parcel.Secrets) > maxSecrets {
		return nil, errors.New("the endpoint has no signing secret, or too many")
	}
	id := string(parcel.ID) // as in the body: what receivers know duplicates by
	signatures := make([]string, 0, len(parcel.Secrets))
	for _, secret := range parcel.Secrets {
		signer, err := standardwebhooks.NewWebhook(secret.Reveal())
		if err != nil || secret.IsZero() {
			return nil, errors.New("the endpoint's signing secret cannot be used")
		}
		signature, err := signer.Sign(id, parcel.Now, parcel.Body)
		if err != nil {
			return nil, errors.New("the event cannot be signed")
		}
		signatures = append(signatures, signature)
	}
	return map[string]string{
		standardwebhooks.HeaderWebhookID:        id,
		standardwebhooks.HeaderWebhookTimestamp: strconv.FormatInt(parcel.Now.Unix(), 10),
		standardwebhooks.HeaderWebhookSignature: strings.Join(signatures, " "),
	}, nil
}
