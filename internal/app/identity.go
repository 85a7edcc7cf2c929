package app

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"florin/internal/clock"
)

const (
	// certificateFile is where clients find the sandbox's certificate, in its
	// folder or in a temporary one.
	certificateFile = "certificate.pem"
	// certificateLife is how long browsers believe a certificate at most.
	certificateLife = 397 * 24 * time.Hour
	// certificateSlack forgives clients whose clock is behind.
	certificateSlack = time.Hour
)

// identity is a self-signed certificate for one run of the sandbox. Its key
// stays in memory: clients trust the file, and no other server can use it.
type identity struct {
	certificate tls.Certificate
	file        string
	temporary   string // the folder to remove at the end, or empty
}

// newIdentity makes a certificate for loopback and the listener's own address,
// and writes it into the folder, or into a temporary one when there is none.
//
// Errors: a folder that cannot be written.
func newIdentity(dir string, listens net.Addr) (*identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := certificateFor(listens, clock.Real{}.Now())
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	i := &identity{certificate: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}}
	if err := i.publish(dir, der); err != nil {
		return nil, fmt.Errorf("write the certificate: %w", err)
	}
	return i, nil
}

// certificateFor is its own authority, so that a client that is given the file
// trusts it without more.
func certificateFor(listens net.Addr, now time.Time) *x509.Certificate {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "Florin sandbox"},
		NotBefore: now.Add(-certificateSlack), NotAfter: now.Add(certificateLife),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IsCA: true, BasicConstraintsValid: true,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	if at, ok := listens.(*net.TCPAddr); ok && !at.IP.IsUnspecified() {
		template.IPAddresses = append(template.IPAddresses, at.IP)
	}
	if name, err := os.Hostname(); err == nil {
		template.DNSNames = append(template.DNSNames, name) // other machines and containers reach it by this
	}
	return template
}

func (i *identity) publish(dir string, der []byte) (err error) {
	if dir == "" {
		if dir, err = os.MkdirTemp("", "florin-sandbox-"); err != nil {
			return err
		}
		i.temporary = dir
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	i.file = filepath.Join(dir, certificateFile)
	return os.WriteFile(i.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600)
}

func (i *identity) tls() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{i.certificate}, MinVersion: tls.VersionTLS12}
}

// forget removes the file that was only for this run.
func (i *identity) forget() error {
	if i == nil || i.temporary == "" {
		return nil
	}
	return os.RemoveAll(i.temporary)
}
