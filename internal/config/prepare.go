package config

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"florin/internal/pay"
)

// MasterKeyFile is the name of the key's file in the data folder.
const MasterKeyFile = "master.key"

// masterKeyBytes is the length of the key: AES-256.
const masterKeyBytes = 32

// Only the user who runs Florin may read what it keeps: the key decrypts
// merchants' Stripe credentials, and the database holds customers' data.
const (
	folderMode fs.FileMode = 0o700
	fileMode   fs.FileMode = 0o600
	othersMask fs.FileMode = 0o077
)

// Prepare makes the data folder (mode 0700) and, when no master key was set,
// reads the key's file or makes it (mode 0600) with a new random key. It
// returns the Config with the key in it, and may be called by several
// processes at once: all get the same key.
//
// Errors: the folder or file cannot be made or read, the file is open to other
// users, or it holds no key. Losing the file means losing every stored
// credential, so a bad file is never replaced.
func Prepare(c Config) (Config, error) {
	if err := os.MkdirAll(c.DataDir, folderMode); err != nil {
		return c, fmt.Errorf("the data folder cannot be made; choose another with FLORIN_DATA_DIR: %w", err)
	}
	if !c.MasterKey.IsZero() {
		return c, nil
	}
	file := filepath.Join(c.DataDir, MasterKeyFile)
	if _, err := os.Lstat(file); errors.Is(err, fs.ErrNotExist) {
		if err := createMasterKey(file); err != nil {
			return c, fmt.Errorf("the master key cannot be written; make the folder writable or set FLORIN_MASTER_KEY: %w", err)
		}
	}
	key, err := readMasterKey(file)
	c.MasterKey = key
	return c, err
}

// createMasterKey writes a whole file under another name and then links it in
// place: a process that starts at the same time sees no key or all of it, and
// the second to link keeps the first one's.
func createMasterKey(file string) error {
	draft, err := os.CreateTemp(filepath.Dir(file), MasterKeyFile+".*") // mode 0600 by contract
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	key := make([]byte, masterKeyBytes)
	_, _ = rand.Read(key) // never fails: crypto/rand ends the program instead
	_, err = fmt.Fprintln(draft, base64.StdEncoding.EncodeToString(key))
	err = errors.Join(err, draft.Chmod(fileMode), draft.Sync(), draft.Close())
	if err != nil {
		return err
	}
	if err := os.Link(draft.Name(), file); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

func readMasterKey(file string) (pay.Secret, error) {
	info, err := os.Stat(file)
	if err != nil {
		return pay.Secret{}, fmt.Errorf("the master key cannot be read: %w", err)
	}
	if info.Mode().Perm()&othersMask != 0 {
		return pay.Secret{}, fmt.Errorf("the master key %s can be read by other users; run: chmod 600 %s", file, file)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return pay.Secret{}, fmt.Errorf("the master key cannot be read: %w", err)
	}
	if err := checkMasterKeys(string(text)); err != nil {
		return pay.Secret{}, fmt.Errorf("the master key %s %w; restore it from a backup", file, err)
	}
	return pay.NewSecret(strings.TrimSpace(string(text))), nil
}

// checkMasterKeys checks a list of keys separated by commas: the first seals,
// and all of them open, so that a key can be rotated.
func checkMasterKeys(text string) error {
	for key := range strings.SplitSeq(text, ",") {
		if err := checkMasterKey(key); err != nil {
			return err
		}
	}
	return nil
}

// checkMasterKey refuses what is no key of full length, and keys such as all
// zeros that somebody typed to get past the check.
func checkMasterKey(text string) error {
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(key) != masterKeyBytes {
		return fmt.Errorf("must be %d bytes in base64; make one with: openssl rand -base64 %d", masterKeyBytes, masterKeyBytes)
	}
	distinct := map[byte]bool{}
	for _, b := range key {
		distinct[b] = true
	}
	if len(distinct) < masterKeyBytes/2 { // a random key has 30 on average, and less than 16 never in practice
		return fmt.Errorf("is not random; make one with: openssl rand -base64 %d", masterKeyBytes)
	}
	return nil
}
