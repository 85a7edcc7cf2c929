package dashboard

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed assets
var embedded embed.FS

// assetsPath is where the files are. Their addresses carry a hash of what is
// in them, so that browsers may keep them for ever.
const assetsPath = "/assets/"

// asset is one file, as it is and compressed.
type asset struct {
	kind         string
	plain, small []byte
}

// assets are the files that pages load, by address.
type assets map[string]asset

// loadAssets reads what is embedded, once at start.
func loadAssets() (assets, error) {
	all := assets{}
	err := fs.WalkDir(embedded, "assets", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := embedded.ReadFile(name)
		if err != nil {
			return err
		}
		var small bytes.Buffer
		z, _ := gzip.NewWriterLevel(&small, gzip.BestCompression) // the level is a valid one
		if _, err := z.Write(body); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		address := assetsPath + hex.EncodeToString(sum[:6]) + "/" + path.Base(name)
		all[address] = asset{kind: mime.TypeByExtension(path.Ext(name)), plain: body, small: small.Bytes()}
		return nil
	})
	return all, err
}

// address is where a file is.
func (a assets) address(name string) (string, error) {
	for address := range a {
		if path.Base(address) == name {
			return address, nil
		}
	}
	return "", fmt.Errorf("dashboard: there is no asset %s", name)
}

// ServeHTTP answers with a file.
func (a assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	found, ok := a[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	header := w.Header()
	header.Set("Content-Type", found.kind)
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Vary", "Accept-Encoding")
	body := found.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		header.Set("Content-Encoding", "gzip")
		body = found.small
	}
	_, _ = w.Write(body) // the reader may be gone, which is no news here
}
