// Package mail hands mail to SMTP servers. Where there is none, in test mode,
// it keeps mail as files, so that a flow can be tried without one.
package mail

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"

	"florin/internal/clock"
	"florin/internal/pay"
	"florin/internal/webhook"
)

const (
	// timeout bounds a session with a server; the step's own may be shorter.
	timeout = 30 * time.Second
	// portStartTLS and portTLS are those of mail submission (RFC 8314).
	portStartTLS = 587
	portTLS      = 465
)

// Config is where mail goes.
type Config struct {
	Server  pay.Secret // Florin's own server; zero when there is none
	Folder  string     // where mail is kept that nobody can send, in test mode
	Passage *webhook.Passage
	Clock   clock.Clock
}

// Mailer sends mail. It is safe for use by many goroutines.
type Mailer struct{ cfg Config }

// New makes one.
func New(c Config) *Mailer { return &Mailer{cfg: c} }

// Send hands a mail to the connection's server, or to Florin's own when the
// connection is zero; where there is neither, it is kept as a file in test
// mode. The same key makes the same Message-ID, and the same file.
//
// Errors: invalid_field (an address); target_refused, target_unreachable.
func (m *Mailer) Send(ctx context.Context, connection pay.ConnectionSecret, l pay.Letter) (pay.LetterAnswer, error) {
	server := connection.SMTP
	if server.IsZero() {
		server = m.cfg.Server
	}
	if l.From == "" {
		l.From = connection.From
	}
	message, id, err := m.message(l, server)
	if err != nil {
		return pay.LetterAnswer{}, err
	}
	answer := pay.LetterAnswer{MessageID: id}
	if !server.IsZero() {
		// Florin's own server is the operator's choice; a connection's is the
		// merchant's, and passes the guard.
		answer.Sent = true
		return answer, m.hand(ctx, server, !connection.SMTP.IsZero(), message)
	}
	if l.Owner.Mode != pay.Test {
		return pay.LetterAnswer{}, pay.Errorf(pay.CodeTargetRefused, "there is no mail server; name a connection of kind smtp, or set FLORIN_SMTP_URL")
	}
	answer.Kept, err = m.keep(l, message)
	return answer, err
}

// Sends reports whether Florin has a server of its own for mail.
func (m *Mailer) Sends() bool { return !m.cfg.Server.IsZero() }

// message puts a mail together.
func (m *Mailer) message(l pay.Letter, server pay.Secret) (*gomail.Msg, string, error) {
	msg := gomail.NewMsg()
	if l.From == "" {
		l.From = senderOf(server)
	}
	if err := msg.From(l.From); err != nil {
		return nil, "", pay.Invalid(pay.CodeInvalidField, "from", "%q is no address", l.From)
	}
	if err := msg.To(l.To...); err != nil || len(l.To) == 0 {
		return nil, "", pay.Invalid(pay.CodeInvalidField, "to", "write one address or more, such as a@example.com")
	}
	if l.ReplyTo != "" {
		if err := msg.ReplyTo(l.ReplyTo); err != nil {
			return nil, "", pay.Invalid(pay.CodeInvalidField, "reply_to", "%q is no address", l.ReplyTo)
		}
	}
	id := keyHash(l.Key) + "@florin"
	msg.SetMessageIDWithValue(id)
	msg.SetDateWithValue(m.cfg.Clock.Now())
	msg.Subject(l.Subject)
	msg.SetBodyString(gomail.TypeTextPlain, l.Text)
	if l.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, l.HTML)
	}
	return msg, id, nil
}

// senderOf is the user of a server, if that is an address.
func senderOf(server pay.Secret) string {
	if u, err := url.Parse(server.Reveal()); err == nil && u.User != nil && u.User.Username() != "" {
		return u.User.Username()
	}
	return "florin@localhost"
}

func keyHash(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:16])
}

// keep writes a mail into a file that is whole or not there.
func (m *Mailer) keep(l pay.Letter, message *gomail.Msg) (string, error) {
	folder := filepath.Join(m.cfg.Folder, string(l.Owner.Merchant), string(l.Owner.Mode))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	name := keyHash(l.Key) + ".eml"
	file, err := os.CreateTemp(folder, ".writing-*")
	if err != nil {
		return "", err
	}
	_, err = message.WriteTo(file)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return "", errors.Join(err, os.Remove(file.Name()))
	}
	return name, os.Rename(file.Name(), filepath.Join(folder, name))
}

// client is a session's settings: TLS always, but to this machine.
func (m *Mailer) client(server pay.Secret, guarded bool) (*gomail.Client, error) {
	u, err := url.Parse(server.Reveal())
	if err != nil {
		return nil, pay.Invalid(pay.CodeInvalidURL, "connection", "the mail server's URL cannot be read")
	}
	port, options := portStartTLS, []gomail.Option{gomail.WithTimeout(timeout), gomail.WithTLSPolicy(gomail.TLSMandatory)}
	if u.Scheme == "smtps" {
		port, options = portTLS, append(options, gomail.WithSSL())
	} else if address := net.ParseIP(u.Hostname()); u.Hostname() == "localhost" || address.IsLoopback() {
		options = append(options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	}
	if given, err := strconv.Atoi(u.Port()); err == nil {
		port = given
	}
	options = append(options, gomail.WithPort(port))
	if u.User != nil {
		password, _ := u.User.Password()
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(u.User.Username()), gomail.WithPassword(password))
	}
	if guarded && u.Scheme != "smtps" {
		options = append(options, gomail.WithDialContextFunc(m.cfg.Passage.Dial))
	} else if guarded {
		options = append(options, gomail.WithDialContextFunc(m.dialTLS(u.Hostname())))
	}
	return gomail.NewClient(u.Hostname(), options...)
}

// hand gives a mail to a server.
func (m *Mailer) hand(ctx context.Context, server pay.Secret, guarded bool, message *gomail.Msg) error {
	client, err := m.client(server, guarded)
	if err != nil {
		return err
	}
	if err := client.DialWithContext(ctx); err != nil {
		return translate(ctx, err)
	}
	err = client.Send(message)
	_ = client.Close() // the server has taken the mail or not, however it says goodbye
	return translate(ctx, err)
}

// Probe says hello to a server.
//
// Errors: what is wrong, in words for the merchant.
func (m *Mailer) Probe(ctx context.Context, secret pay.ConnectionSecret) error {
	client, err := m.client(secret.SMTP, true)
	if err == nil {
		err = translate(ctx, client.DialWithContext(ctx))
	}
	var known *pay.Error
	if errors.As(err, &known) {
		return errors.New(known.Message)
	}
	if err != nil {
		return err
	}
	return client.Close()
}

// translate says whose fault an error is: a server's 5xx is final, all else
// may pass (RFC 5321, section 4.2.1).
func translate(ctx context.Context, err error) error {
	var said *gomail.SendError
	var replied *textproto.Error
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &said) && !said.IsTemp(), errors.As(err, &replied) && replied.Code >= 500:
		return pay.Errorf(pay.CodeTargetRefused, "the mail server refused: %s", err).Because(err)
	}
	text, refused := webhook.Explain(err)
	if refused {
		return pay.Invalid(pay.CodeURLNotAllowed, "connection", "%s", text)
	}
	return pay.Errorf(pay.CodeTargetUnreachable, "the mail server cannot be reached: %s", text).Because(err)
}
