// Package seal encrypts what must not be read from the database: provider keys,
// signing secrets, kept replies. A copy of the database is then useless without
// the master key, which lives elsewhere, and a ciphertext moved to another row
// does not open, because each is bound to the context that it was sealed for.
//
// The cipher is Tink's AEAD over AES-256-GCM. Its keyset is derived from the
// master keys (HKDF-SHA-256) instead of being stored, so that there is one
// secret to back up and no key file that could be lost apart from it.
//
// The master key's text is standard base64 of 32 random bytes. Several may be
// given, separated by commas: the first seals, all of them open. To rotate, put
// a new key in front, and drop the old one when nothing sealed by it is left.
package seal

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/aesgcm"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/secretdata"
	"github.com/tink-crypto/tink-go/v2/tink"

	"florin/internal/pay"
)

const (
	// keyBytes is the length of master keys and of all that is derived from
	// them: AES-256 and HMAC-SHA-256 both want 32 bytes.
	keyBytes = 32
	// maxMasterKeys bounds the list: a rotation needs two, and every key more
	// is one more that can open everything.
	maxMasterKeys = 8
	// ivBytes and tagBytes are GCM's usual sizes (NIST SP 800-38D), which is
	// all that Tink offers.
	ivBytes  = 12
	tagBytes = 16
)

// The labels keep derived keys apart (RFC 5869, section 3.2). Changing one
// makes everything sealed before unreadable.
const (
	labelCipher = "florin/seal/v1/aes-256-gcm"
	labelKeyID  = "florin/seal/v1/key-id"
	labelPepper = "florin/pepper/v1/hmac-sha-256"
)

// Sealer encrypts and decrypts. It is safe for use by many goroutines.
type Sealer struct {
	cipher  tink.AEAD
	peppers [][]byte // one a master key, in their order
}

// NewMasterKey makes the text of a new master key: base64 of 32 random bytes.
func NewMasterKey() string {
	key := make([]byte, keyBytes)
	_, _ = rand.Read(key) // never fails: crypto/rand ends the program instead
	return base64.StdEncoding.EncodeToString(key)
}

// New makes a sealer from the text of one or more master keys.
//
// Errors: the text is empty, not base64, not of 32 bytes, or names a key twice.
// They never hold any of the text.
func New(master pay.Secret) (*Sealer, error) {
	keys, err := parseMaster(master.Reveal())
	if err != nil {
		return nil, err
	}
	manager, peppers := keyset.NewManager(), make([][]byte, 0, len(keys))
	for i, key := range keys {
		id, err := addKey(manager, key)
		if err != nil {
			return nil, fmt.Errorf("master key %d cannot be used: %w", i+1, err)
		}
		if i == 0 {
			if err := manager.SetPrimary(id); err != nil {
				return nil, err
			}
		}
		pepper, err := derive(key, labelPepper, keyBytes)
		if err != nil {
			return nil, err
		}
		peppers = append(peppers, pepper)
	}
	cipher, err := newCipher(manager)
	return &Sealer{cipher: cipher, peppers: peppers}, err
}

// Seal encrypts plain for one context, such as "connection/<id>/secret_key":
// Open needs the same. Two seals of one text differ.
//
// Errors: the context is empty, which would let ciphertexts be moved.
func (s *Sealer) Seal(plain []byte, context string) ([]byte, error) {
	if context == "" {
		return nil, errors.New("seal: a context is needed")
	}
	return s.cipher.Encrypt(plain, []byte(context))
}

// Open decrypts what Seal made for the same context.
//
// Errors: another context, a changed ciphertext, or no master key that fits;
// which of them it was cannot be told.
func (s *Sealer) Open(sealed []byte, context string) ([]byte, error) {
	if context == "" {
		return nil, errors.New("seal: a context is needed")
	}
	plain, err := s.cipher.Decrypt(sealed, []byte(context))
	if err != nil {
		return nil, fmt.Errorf("seal: %s does not open: it was changed or moved, or the master key is another: %w", context, err)
	}
	return plain, nil
}

// Pepper is the key of the HMAC that API keys are hashed with: 32 bytes of the
// first master key. A stolen database alone cannot check guesses.
func (s *Sealer) Pepper() []byte { return append([]byte(nil), s.peppers[0]...) }

// Peppers has one pepper a master key, the newest first, so that API keys made
// before a rotation still work: try each.
func (s *Sealer) Peppers() [][]byte {
	all := make([][]byte, len(s.peppers))
	for i, pepper := range s.peppers {
		all[i] = append([]byte(nil), pepper...)
	}
	return all
}

func parseMaster(text string) ([][]byte, error) {
	parts := strings.Split(strings.TrimSpace(text), ",")
	if len(parts) > maxMasterKeys {
		return nil, fmt.Errorf("at most %d master keys can be given", maxMasterKeys)
	}
	keys := make([][]byte, 0, len(parts))
	for i, part := range parts {
		key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(part))
		if err != nil || len(key) != keyBytes { // err would quote the key
			return nil, fmt.Errorf("master key %d is not the base64 of %d bytes; make one with: openssl rand -base64 %d", i+1, keyBytes, keyBytes)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// addKey derives a Tink key from a master key and adds it. The id, which every
// ciphertext begins with, is derived too, so that the same master key finds its
// ciphertexts again after it moved in the list.
func addKey(manager *keyset.Manager, master []byte) (uint32, error) {
	material, err := derive(master, labelCipher, keyBytes)
	if err != nil {
		return 0, err
	}
	idBytes, err := derive(master, labelKeyID, 4)
	if err != nil {
		return 0, err
	}
	parameters, err := aesgcm.NewParameters(aesgcm.ParametersOpts{
		KeySizeInBytes: keyBytes, IVSizeInBytes: ivBytes, TagSizeInBytes: tagBytes, Variant: aesgcm.VariantTink,
	})
	if err != nil {
		return 0, err
	}
	secret := secretdata.NewBytesFromData(material, insecuresecretdataaccess.Token{})
	key, err := aesgcm.NewKey(secret, binary.BigEndian.Uint32(idBytes), parameters)
	if err != nil {
		return 0, err
	}
	return manager.AddKey(key)
}

func newCipher(manager *keyset.Manager) (tink.AEAD, error) {
	handle, err := manager.Handle()
	if err != nil {
		return nil, err
	}
	return aead.New(handle)
}

func derive(master []byte, label string, length int) ([]byte, error) {
	return hkdf.Key(sha256.New, master, nil, label, length)
}
