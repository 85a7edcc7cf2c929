package webhook

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"

	"code.dny.dev/ssrf"
)

// Private is which addresses in private networks endpoints may have.
type Private string

// The policies. Even the last leaves out link-local addresses, where clouds
// serve machines their credentials, and all others that no receiver has.
const (
	PrivateOff      Private = "off"      // public addresses only
	PrivateLoopback Private = "loopback" // and this machine
	PrivateAll      Private = "all"      // and networks of one's own: RFC 1918, RFC 4193, RFC 6598
)

// maxURL is the longest URL in bytes that is taken; RFC 9110 asks recipients
// for 8,000, browsers and proxies give up near 2,000.
const maxURL = 2048

// maxPort is the largest TCP port.
const maxPort = 65535

// errNotPublicHTTP and errPrivate are refusals, in words for merchants.
var (
	errNotPublicHTTP = errors.New("a public endpoint needs https")
	errPrivate       = errors.New("the address is private or reserved, or its port is not 80 or 443")
)

// loopback and networks are the private addresses of each policy.
var (
	loopback = prefixes("127.0.0.0/8", "::1/128")
	networks = prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)

func prefixes(texts ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		all[i] = netip.MustParsePrefix(text)
	}
	return all
}

// guard decides which addresses may be dialed. It is asked for every connection
// after the name was looked up, so that a name cannot lead elsewhere between
// check and use.
type guard struct {
	public    *ssrf.Guardian // from IANA's registries of special addresses; ports 80 and 443
	private   []netip.Prefix // allowed all the same, on any port
	allowHTTP bool
	plain     bool // there is no TLS on this connection
	resolver  *net.Resolver
}

func newGuard(c Config) guard {
	g := guard{public: ssrf.New(), allowHTTP: c.AllowHTTP, resolver: c.Resolver}
	switch c.Private {
	case PrivateLoopback:
		g.private = loopback
	case PrivateAll:
		g.private = append(append(g.private, loopback...), networks...)
	}
	return g
}

// withoutTLS is the guard of connections that anyone on the way can listen to.
func (g guard) withoutTLS() guard {
	g.plain = true
	return g
}

// control is net.Dialer's: an error keeps the connection from being made.
func (g guard) control(network, address string, _ syscall.RawConn) error {
	if network != "tcp4" && network != "tcp6" {
		return fmt.Errorf("%w: %s", ssrf.ErrProhibitedNetwork, network)
	}
	target, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %s", ssrf.ErrInvalidHostPort, address)
	}
	return g.check(target)
}

// check judges one address. An IPv4 address in IPv6's clothes is judged as the
// IPv4 address that it leads to.
//
// Errors: errPrivate, errNotPublicHTTP.
func (g guard) check(target netip.AddrPort) error {
	target = netip.AddrPortFrom(target.Addr().Unmap(), target.Port())
	for _, prefix := range g.private {
		if prefix.Contains(target.Addr()) {
			return nil
		}
	}
	if err := g.public.SafeAddrPort(target); err != nil {
		return errPrivate
	}
	if g.plain && !g.allowHTTP {
		return errNotPublicHTTP
	}
	return nil
}

// checkHost judges all addresses that a host has now. One bad address is
// enough: which of them is dialed is not ours to choose.
func (g guard) checkHost(ctx context.Context, host string, port uint16) error {
	addresses, err := g.resolver.LookupNetIP(ctx, "ip", host)
	if err != nil || len(addresses) == 0 {
		return g.checkUnknown()
	}
	for _, address := range addresses {
		if err := g.check(netip.AddrPortFrom(address.WithZone(""), port)); err != nil {
			return err
		}
	}
	return nil
}

// checkUnknown is for hosts that lead nowhere yet: they are taken for public.
func (g guard) checkUnknown() error {
	if g.plain && !g.allowHTTP {
		return errNotPublicHTTP
	}
	return nil
}

// parseURL takes a URL apart that is absolute, http or https, and means the
// same to everybody: no credentials, and no numbers for a host but an address
// in the usual form (some resolvers read 2130706433 and 0x7f.1 as 127.0.0.1).
func parseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case len(raw) > maxURL:
		return nil, fmt.Errorf("it is longer than %d bytes", maxURL)
	case err != nil:
		return nil, errors.New("it is not a URL") // err would quote it
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("it must begin with https://")
	case u.User != nil:
		return nil, errors.New("it must not hold a user name or password")
	case u.Hostname() == "" || u.Opaque != "":
		return nil, errors.New("it has no host")
	case u.Fragment != "":
		return nil, errors.New("it must not have a fragment (#…): it would not be sent")
	case !isPort(u):
		return nil, errors.New("its port is not a number from 1 to 65535")
	case isOddNumber(u.Hostname()):
		return nil, errors.New("its host is a number but not an IP address in the usual form")
	}
	return u, nil
}

func isPort(u *url.URL) bool {
	if u.Port() == "" {
		return !strings.HasSuffix(u.Host, ":")
	}
	port, err := strconv.ParseUint(u.Port(), 10, 32)
	return err == nil && port >= 1 && port <= maxPort
}

// portOf is the port that will be dialed; the URL was parsed by parseURL.
func portOf(u *url.URL) uint16 {
	if port, err := strconv.ParseUint(u.Port(), 10, 16); err == nil {
		return uint16(port)
	}
	if u.Scheme == "http" {
		return 80
	}
	return 443
}

// isOddNumber reports whether a host ends in a number (url.spec.whatwg.org,
// "ends in a number checker") without being an address as netip reads it.
func isOddNumber(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return false
	}
	labels := strings.Split(strings.TrimSuffix(host, "."), ".")
	last := strings.ToLower(labels[len(labels)-1])
	if strings.HasPrefix(last, "0x") {
		return strings.Trim(last[2:], "0123456789abcdef") == ""
	}
	return strings.Trim(last, "0123456789") == ""
}
