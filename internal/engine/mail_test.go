package engine_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/engine"
	"florin/internal/mail"
	"florin/internal/pay"
	"florin/internal/store"
	"florin/internal/webhook"
)

// postOffice is a mail server that turns the first sessions away, and then
// takes mail. It sends what it took.
func postOffice(t *testing.T, refusals ...string) (address string, took chan string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	took = make(chan string, 9)
	go func() {
		for session := 0; ; session++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			says := ""
			if session < len(refusals) {
				says = refusals[session]
			}
			serveMail(c, says, took)
		}
	}()
	return l.Addr().String(), took
}

func serveMail(c net.Conn, refusal string, took chan<- string) {
	defer func() { _ = c.Close() }()
	fmt.Fprint(c, "220 here\r\n")
	lines, text, data := bufio.NewScanner(c), strings.Builder{}, false
	for lines.Scan() {
		word, _, _ := strings.Cut(strings.ToUpper(lines.Text()), " ")
		switch {
		case data && lines.Text() == ".":
			data = false
			took <- text.String()
			fmt.Fprint(c, "250 taken\r\n")
		case data:
			text.WriteString(lines.Text() + "\n")
		case word == "RCPT" && refusal != "":
			fmt.Fprint(c, refusal+"\r\n")
		case word == "DATA":
			data = true
			fmt.Fprint(c, "354 go on\r\n")
		case word == "QUIT":
			fmt.Fprint(c, "221 bye\r\n")
			return
		default:
			fmt.Fprint(c, "250 ok\r\n")
		}
	}
}

// posting is a world whose merchant has a Stripe account that is not the
// sandbox's by name, and whose mail goes to a server.
func posting(t *testing.T, address string) *world {
	return newWorld(t, func(c *engine.Config) {
		c.Sandbox = engine.Sandbox{Served: true}
		c.Mailer = mail.New(mail.Config{
			Server: pay.NewSecret("smtp://" + address), Folder: t.TempDir(), Clock: c.Clock,
			Passage: webhook.NewPassage(webhook.Config{Private: webhook.PrivateLoopback}),
		})
	})
}

// mailed is the one mail about a payment.
func (w *world) mailed(payment pay.ID) pay.Mail {
	w.t.Helper()
	list, err := w.engine.Mails(w.t.Context(), w.owner, pay.MailFilter{Object: payment}, pay.Page{})
	require.NoError(w.t, err)
	require.Len(w.t, list.Items, 1)
	return list.Items[0]
}

// sends works off the job of a mail.
func (w *world) sends(m pay.Mail) (again time.Duration) {
	w.t.Helper()
	again, err := w.engine.SendMail(w.t.Context(), store.Job{Kind: store.JobMail, Owner: w.owner, ID: m.ID})
	require.NoError(w.t, err)
	return again
}

func (w *world) paysWithReceipt(key string) pay.ID {
	w.t.Helper()
	reply, err := w.engine.CreatePayment(w.t.Context(), w.ask(key), engine.PaymentRequest{
		Amount: pay.Amount(1000, "USD"), Provider: pay.ProviderStripe, PaymentMethod: "pm_card_visa", Capture: pay.CaptureAutomatic,
		ReceiptEmail: "jane@example.com", ReturnURL: "https://shop.example/back",
	})
	require.NoError(w.t, err)
	require.Equal(w.t, 201, reply.Status, "%s", reply.Body)
	return reply.Resource
}

// A server that is busy is tried again, each time later; the payment was done
// all along, and the customer gets one mail however often the job runs.
func TestReceiptIsSentOnce(t *testing.T) {
	t.Parallel()
	address, took := postOffice(t, "451 come back", "451 come back")
	w := posting(t, address)
	id := w.paysWithReceipt("r")
	for _, wait := range []time.Duration{time.Minute, 2 * time.Minute} {
		assert.Equal(t, wait, w.sends(w.mailed(id)))
		assert.Equal(t, pay.MailPending, w.mailed(id).Status)
		assert.Contains(t, w.mailed(id).Problem, "451")
		w.clock.Advance(wait)
	}
	assert.Zero(t, w.sends(w.mailed(id)))
	m := w.mailed(id)
	assert.Equal(t, []any{pay.MailSent, 3, ""}, []any{m.Status, m.Attempts, m.Problem})
	text := <-took
	assert.Contains(t, text, "To: <jane@example.com>")
	assert.Contains(t, text, "multipart/alternative")
	assert.Zero(t, w.sends(m), "it is done")
	assert.Equal(t, 3, w.mailed(id).Attempts)
}

// What a server will never take is not tried again, and the payment stands.
func TestReceiptThatIsRefused(t *testing.T) {
	t.Parallel()
	address, _ := postOffice(t, "550 no such mailbox")
	w := posting(t, address)
	id := w.paysWithReceipt("r")
	assert.Zero(t, w.sends(w.mailed(id)))
	assert.Equal(t, pay.MailFailed, w.mailed(id).Status)
	assert.Contains(t, w.mailed(id).Problem, "550")
	assert.Equal(t, pay.PaymentCompleted, w.payment(id).Status)
}

// A merchant's own template that can no longer be filled in gives way to the
// built-in one, and a lost job is made anew.
func TestOwnTemplateGivesWay(t *testing.T) {
	t.Parallel()
	address, took := postOffice(t)
	w := posting(t, address)
	require.NoError(t, w.store.Write(t.Context(), func(tx *store.Tx) error {
		return tx.SetMailTemplate(pay.CustomTemplate{Owner: w.owner, Name: pay.MailReceipt, Subject: "{{.OfAnEarlierVersion}}", Text: "t", UpdatedAt: tx.Now()})
	}))
	id := w.paysWithReceipt("r")
	w.clock.Advance(2 * time.Minute)
	revived, err := w.engine.ReviveMails(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 1, revived)
	w.sends(w.mailed(id))
	assert.Contains(t, <-took, "has taken $10.00")
}
