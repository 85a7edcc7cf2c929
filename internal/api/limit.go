package api

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/throttled/throttled/v2"
	"github.com/throttled/throttled/v2/store/memstore"

	"florin/internal/pay"
)

// RateLimits says how often callers may ask. They are kept in memory: each
// process counts for itself, and a restart forgets.
type RateLimits struct {
	PerKey   int // requests a second that one API key may make for long; 0 means no limit
	Burst    int // requests that a quiet key may make at once; at least 1
	Failures int // requests a minute without a valid key, by address; 0 means no limit
}

// DefaultFailures is how many requests a minute one address may make without a
// valid key. People who mistype a key stay far below; what tries keys from a
// list does not. Valid keys from the same address are not held up: many
// callers may share a proxy, and a key has too many bits to be guessed.
const DefaultFailures = 60

// mostLimited is how many keys or addresses a limiter remembers; the least
// recently seen are forgotten first.
const mostLimited = 65_536

// ipv6Site is the part of an IPv6 address that one customer of a provider
// usually has to himself (RFC 6177): limiting single addresses would limit
// nobody.
const ipv6Site = 64

// limiter counts requests by a name; nil does not limit.
type limiter struct{ gcra *throttled.GCRARateLimiterCtx }

func newLimiter(rate throttled.Rate, burst int) (*limiter, error) {
	store, err := memstore.NewCtx(mostLimited)
	if err != nil {
		return nil, fmt.Errorf("api: rate limits: %w", err)
	}
	gcra, err := throttled.NewGCRARateLimiterCtx(store, throttled.RateQuota{MaxRate: rate, MaxBurst: max(burst-1, 0)})
	if err != nil {
		return nil, fmt.Errorf("api: rate limits: %w", err)
	}
	return &limiter{gcra}, nil
}

// newLimiters makes the limiters of keys and of failures.
func newLimiters(limits RateLimits) (keys, failures *limiter, err error) {
	if limits.PerKey > 0 {
		if keys, err = newLimiter(throttled.PerSec(limits.PerKey), limits.Burst); err != nil {
			return nil, nil, err
		}
	}
	if limits.Failures > 0 {
		failures, err = newLimiter(throttled.PerMin(limits.Failures), limits.Failures)
	}
	return keys, failures, err
}

// take counts one request and says in headers how many are left (RateLimit-*
// as in draft-ietf-httpapi-ratelimit-headers-07).
//
// Errors: rate_limited, with the wait in whole seconds.
func (l *limiter) take(ctx context.Context, name string, header http.Header) error {
	if l == nil {
		return nil
	}
	limited, result, err := l.gcra.RateLimitCtx(ctx, name, 1)
	if err != nil {
		return pay.Errorf(pay.CodeUnavailable, "the rate limit could not be read").Because(err)
	}
	header.Set("RateLimit-Limit", strconv.Itoa(result.Limit))
	header.Set("RateLimit-Remaining", strconv.Itoa(result.Remaining))
	header.Set("RateLimit-Reset", seconds(result.ResetAfter))
	if !limited {
		return nil
	}
	tooMany := pay.Errorf(pay.CodeRateLimited, "too many requests; at most %d may come at once", result.Limit)
	tooMany.RetryAfter = max(result.RetryAfter, time.Second)
	return tooMany
}

// addressOf is who a request without a valid key is counted as.
func addressOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	address, err := netip.ParseAddr(host)
	if err != nil || address.Unmap().Is4() {
		return host
	}
	if site, err := address.WithZone("").Prefix(ipv6Site); err == nil {
		return site.String()
	}
	return host
}
