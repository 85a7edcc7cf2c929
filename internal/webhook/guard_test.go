package webhook_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/pay"
	"florin/internal/webhook"
)

// nameServer is a DNS server on this machine and a resolver that asks it. Names
// that it does not know do not exist.
func nameServer(t *testing.T, answer func(q dns.Question) []string) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	started := make(chan struct{})
	server := &dns.Server{PacketConn: conn, NotifyStartedFunc: func() { close(started) }, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, r *dns.Msg) {
		reply := new(dns.Msg)
		reply.SetReply(r)
		texts := answer(r.Question[0])
		if texts == nil {
			reply.Rcode = dns.RcodeNameError
		}
		for _, text := range texts {
			if record, err := dns.NewRR(r.Question[0].Name + " 0 IN " + text); assert.NoError(t, err) {
				reply.Answer = append(reply.Answer, record)
			}
		}
		assert.NoError(t, w.WriteMsg(reply))
	})}
	done := make(chan error, 1)
	go func() { done <- server.ActivateAndServe() }()
	<-started
	t.Cleanup(func() {
		assert.NoError(t, server.Shutdown())
		assert.NoError(t, <-done)
	})
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// zone answers from a table of names without their final dots.
func zone(names map[string][]string) func(dns.Question) []string {
	return func(q dns.Question) []string {
		all, known := names[strings.ToLower(strings.TrimSuffix(q.Name, "."))]
		if !known {
			return nil
		}
		texts := []string{}
		for _, text := range all {
			if strings.HasPrefix(text, dns.TypeToString[q.Qtype]+" ") {
				texts = append(texts, text)
			}
		}
		return texts
	}
}

var names = map[string][]string{
	"public.test": {"A 93.184.215.14"}, "six.test": {"AAAA 2606:2800:21f:cb07:6820:80da:af6b:8b2c"}, "inside.test": {"A 10.1.2.3"},
	"metadata.test": {"A 169.254.169.254"}, "mixed.test": {"A 93.184.215.14", "AAAA fe80::1"}, "self.test": {"A 127.0.0.1"}, "six-self.test": {"AAAA ::1"},
	"mapped.test": {"AAAA ::ffff:10.1.2.3"},
}

// hidden are addresses that no endpoint may have unless its operator says so.
var hidden = []string{
	"https://127.0.0.1", "https://127.1.2.3", "https://localhost", "https://[::1]", "https://0.0.0.0", "https://[::]",
	"https://10.0.0.1", "https://172.16.0.1", "https://172.31.255.255", "https://192.168.1.1", "https://100.64.0.1",
	"https://169.254.169.254/latest/meta-data/", "https://[fe80::1]", "https://[fe80::1%25eth0]", "https://[fd00::1]", "https://[fec0::1]",
	"https://[::ffff:127.0.0.1]", "https://[::ffff:7f00:1]", "https://[::ffff:169.254.169.254]", "https://[::ffff:0:127.0.0.1]",
	"https://[64:ff9b::7f00:1]", "https://[64:ff9b::169.254.169.254]", "https://[64:ff9b:1::1]", "https://[2002:7f00:1::1]", "https://[2001:db8::1]", "https://[2001::1]",
	"https://192.0.2.1", "https://198.18.0.1", "https://203.0.113.1", "https://224.0.0.1", "https://240.0.0.1", "https://255.255.255.255", "https://[ff02::1]",
	"https://93.184.215.14:22", "https://93.184.215.14:8443", "https://public.test:6379",
	"https://inside.test", "https://metadata.test", "https://mixed.test", "https://self.test", "https://six-self.test", "https://mapped.test", "https://SELF.TEST.",
	"http://public.test", "http://93.184.215.14", "http://unknown.test",
}

// malformed are no URLs for anybody; several resolvers read some as 127.0.0.1.
var malformed = []string{
	"", "x", "//x.test", "https://", "https:///path", "https:x.test", "ftp://x.test", "file:///etc/passwd", "javascript:alert(1)", "unix:///run/docker.sock",
	"https://user@public.test", "https://user:pass@public.test", "https://public.test@127.0.0.1", "https://public.test#@inside.test", "https://public.test:",
	"https://public.test:0", "https://public.test:65536", "https://public.test:http", "https://2130706433", "https://0x7f000001", "https://0x7f.1", "https://0177.0.0.1",
	"https://127.1", "https://127.0.1", "https://0", "https://1.2.3.4.5", "https://017700000001", "https://127.0.0.1.", "https://127.0.0.0x1", "https://[::1", "https://exa mple.test",
	"https://public.test/" + strings.Repeat("a", 2048), " https://public.test", "https://public.test\r\nX: y",
}

func TestCheckURL(t *testing.T) {
	t.Parallel()
	courier := webhook.New(webhook.Config{Resolver: nameServer(t, zone(names))})
	for _, url := range []string{
		"https://public.test", "https://public.test/hooks?x=1", "https://public.test:443", "https://public.test:80", "https://six.test", "HTTPS://public.test",
		"https://93.184.215.14", "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]", "https://unknown.test",
	} {
		assert.NoError(t, courier.CheckURL(t.Context(), url), url)
	}
	for _, url := range hidden {
		err := courier.CheckURL(t.Context(), url)
		assert.True(t, pay.Is(err, pay.CodeURLNotAllowed), "%s: %v", url, err)
	}
	for _, url := range malformed {
		err := courier.CheckURL(t.Context(), url)
		assert.True(t, pay.Is(err, pay.CodeInvalidURL), "%s: %v", url, err)
	}
}

// What CheckURL refuses is not dialed either: it may have been accepted when
// the name led elsewhere.
func TestHiddenAddressesAreNeverDialed(t *testing.T) {
	t.Parallel()
	courier := webhook.New(webhook.Config{Resolver: nameServer(t, zone(names))})
	for _, url := range append(append([]string{}, hidden...), malformed...) {
		if strings.Contains(url, "mixed.test") {
			continue // its public address may be dialed
		}
		got := courier.Deliver(t.Context(), parcelFor(url))
		assert.Equal(t, pay.FaultAddress, got.Fault, "%s: %s", url, got.Error)
	}
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	resolver := nameServer(t, zone(names))
	allowed := func(c webhook.Config, url string) bool {
		c.Resolver = resolver
		return webhook.New(c).CheckURL(t.Context(), url) == nil
	}
	rows := map[string][4]bool{ // off, loopback, all, off with http
		"https://public.test":        {true, true, true, true},
		"http://public.test":         {false, false, false, true},
		"http://unknown.test":        {false, false, false, true},
		"http://127.0.0.1:9000":      {false, true, true, false},
		"http://self.test:9000":      {false, true, true, false},
		"https://[::1]:9000":         {false, true, true, false},
		"http://[::ffff:127.0.0.1]":  {false, true, true, false},
		"http://10.1.2.3:9000":       {false, false, true, false},
		"http://inside.test":         {false, false, true, false},
		"https://[fd00::1]":          {false, false, true, false},
		"https://public.test:9000":   {false, false, false, false},
		"http://169.254.169.254":     {false, false, false, false},
		"https://[fe80::1]":          {false, false, false, false},
		"http://0.0.0.0:9000":        {false, false, false, false},
		"https://[64:ff9b::a01:203]": {false, false, false, false},
	}
	for url, want := range rows {
		assert.Equal(t, want, [4]bool{
			allowed(webhook.Config{}, url), allowed(webhook.Config{Private: webhook.PrivateLoopback}, url),
			allowed(webhook.Config{Private: webhook.PrivateAll}, url), allowed(webhook.Config{AllowHTTP: true}, url),
		}, url)
	}
	assert.False(t, allowed(webhook.Config{Private: "evrything"}, "http://10.1.2.3"), "a mistyped policy opens nothing")
}

// A name that leads to a public address while it is checked and to this machine
// while it is dialed: the canary must not be reached.
func TestRebinding(t *testing.T) {
	t.Parallel()
	canary, visits := receiver(t, func(http.ResponseWriter, *http.Request) {})
	_, port, err := net.SplitHostPort(strings.TrimPrefix(canary, "http://"))
	require.NoError(t, err)
	var asked atomic.Int64
	resolver := nameServer(t, func(q dns.Question) []string {
		if q.Qtype != dns.TypeA {
			return []string{}
		}
		if asked.Add(1) == 1 {
			return []string{"A 93.184.215.14"}
		}
		return []string{"A 127.0.0.1"}
	})
	courier := webhook.New(webhook.Config{AllowHTTP: true, Resolver: resolver})
	require.NoError(t, courier.CheckURL(t.Context(), "http://rebind.test"))
	for _, url := range []string{"http://rebind.test:" + port, "http://rebind.test", "https://rebind.test:" + port} {
		got := courier.Deliver(t.Context(), parcelFor(url))
		assert.Equal(t, pay.FaultAddress, got.Fault, got.Error)
		assert.NotContains(t, got.Error, "127.0.0.1")
	}
	assert.Empty(t, visits)

	reached := webhook.New(webhook.Config{Private: webhook.PrivateLoopback, Resolver: resolver}).Deliver(t.Context(), parcelFor("http://rebind.test:"+port))
	assert.Equal(t, pay.FaultNone, reached.Fault, "the canary would have been reached: %s", reached.Error)
	assert.Len(t, visits, 1)
}
