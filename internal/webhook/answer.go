package webhook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"sync/atomic"
	"time"

	"florin/internal/pay"
)

const (
	// maxAnswer is how many bytes of an answer are read. Nothing in it matters
	// to us; reading it to the end lets the connection be used again.
	maxAnswer = 64 << 10
	// maxKept is how many are kept, for the receiver's own debugging.
	maxKept = 4 << 10
)

// problem is why an event was not delivered, and whose fault it is.
type problem struct {
	fault pay.Fault
	text  string // for merchants: no addresses of ours, no secrets
}

// connection remembers whether one was found.
type connection struct{ atomic.Bool }

func (c *connection) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { c.Store(true) }, // after the TLS handshake
	})
}

// problemOf names the stage at which an attempt failed.
func problemOf(err error, connected bool) *problem {
	var unknown *net.DNSError
	switch {
	case errors.Is(err, errPrivate), errors.Is(err, errNotPublicHTTP):
		return &problem{pay.FaultAddress, "not allowed: " + rootOf(err).Error()}
	case isTimeout(err):
		return &problem{pay.FaultTimeout, "no whole answer came in time"}
	case errors.Is(err, context.Canceled):
		return &problem{pay.FaultOurs, "Florin was stopped meanwhile"}
	case errors.As(err, &unknown):
		return &problem{pay.FaultAddress, "the host " + unknown.Name + " cannot be found"}
	case connected:
		return &problem{pay.FaultResponse, "the connection ended without a whole answer"}
	default:
		return &problem{pay.FaultConnect, "no connection: " + rootOf(err).Error()}
	}
}

func isTimeout(err error) bool {
	var timed interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timed) && timed.Timeout()
}

// rootOf is the innermost error, which says what happened without saying again
// to what URL and address.
func rootOf(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// problemOfStatus takes 2xx for delivered and nothing else. A redirect is not
// followed: it may lead into a private network, and where the event went would
// not be where the merchant said.
func problemOfStatus(resp *http.Response) *problem {
	switch code := resp.StatusCode; {
	case code >= 200 && code < 300:
		return nil
	case code >= 300 && code < 400:
		return &problem{pay.FaultResponse, fmt.Sprintf("HTTP %d: redirects are not followed; set the URL that the events should go to", code)}
	case code == http.StatusGone:
		return &problem{pay.FaultResponse, "HTTP 410: the endpoint wants no more events"}
	default:
		return &problem{pay.FaultResponse, fmt.Sprintf("HTTP %d", code)}
	}
}

// readAnswer reads so much of an answer, and gives back what is kept of it. An
// answer that is longer is no error: its status is what counts.
func readAnswer(body io.Reader) ([]byte, error) {
	all, err := io.ReadAll(io.LimitReader(body, maxAnswer))
	return all[:min(len(all), maxKept)], err
}

// retryAfter reads the header in either form (RFC 9110, section 10.2.3): whole
// seconds, or a date, which is counted from now. What cannot be read is 0.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(header, 10, 64); err == nil {
		return time.Duration(min(seconds, uint64(pay.MaxRetryAfter/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return min(max(at.Sub(now), 0), pay.MaxRetryAfter)
	}
	return 0
}
