package mail

import (
	"context"
	"crypto/tls"
	"net"
)

// dialTLS is the guard's way to a server that speaks TLS from the first byte.
func (m *Mailer) dialTLS(host string) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		plain, err := m.cfg.Passage.Dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		secure := tls.Client(plain, &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12})
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = plain.Close() // the handshake's error says more
			return nil, err
		}
		return secure, nil
	}
}
