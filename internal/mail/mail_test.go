package mail_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"florin/internal/clock"
	"florin/internal/mail"
	"florin/internal/pay"
	"florin/internal/webhook"
)

var letter = pay.Letter{
	Owner: pay.Owner{Merchant: "m", Mode: pay.Test}, To: []string{"a@example.com"}, Subject: "Grüße", Text: "10.00 USD", Key: "run/1/mail",
}

func mailer(t *testing.T, private webhook.Private, server string) (*mail.Mailer, string) {
	folder := t.TempDir()
	return mail.New(mail.Config{
		Server: pay.NewSecret(server), Folder: folder, Passage: webhook.NewPassage(webhook.Config{Private: private}),
		Clock: clock.Fixed(time.Date(2026, 3, 3, 9, 0, 0, 0, time.UTC)),
	}), folder
}

// TestWithoutAServerMailIsKept keeps a mail once, whole, in test mode only.
func TestWithoutAServerMailIsKept(t *testing.T) {
	t.Parallel()
	m, folder := mailer(t, webhook.PrivateOff, "")
	for range 2 {
		answer, err := m.Send(context.Background(), pay.ConnectionSecret{}, letter)
		require.NoError(t, err)
		assert.False(t, answer.Sent)
		text, err := os.ReadFile(filepath.Join(folder, "m", "test", answer.Kept))
		require.NoError(t, err)
		assert.Contains(t, string(text), "Message-ID: <"+answer.MessageID+">")
		assert.Contains(t, string(text), "10.00 USD")
	}
	kept, err := os.ReadDir(filepath.Join(folder, "m", "test"))
	require.NoError(t, err)
	assert.Len(t, kept, 1)
	live := letter
	live.Owner.Mode = pay.Live
	_, err = m.Send(context.Background(), pay.ConnectionSecret{}, live)
	assert.Equal(t, pay.CodeTargetRefused, pay.CodeOf(err))
	for field, change := range map[string]func(*pay.Letter){
		"to": func(l *pay.Letter) { l.To = []string{"nobody"} }, "from": func(l *pay.Letter) { l.From = "x\r\ny" }, "reply_to": func(l *pay.Letter) { l.ReplyTo = "?" },
	} {
		wrong := letter
		change(&wrong)
		_, err := m.Send(context.Background(), pay.ConnectionSecret{}, wrong)
		var known *pay.Error
		require.ErrorAs(t, err, &known)
		assert.Equal(t, field, known.Field)
	}
}

// server is a mail server of one session; refuse is what it says to a
// recipient, empty to take the mail. It sends what it got.
func server(t *testing.T, refuse string) (address string, got chan string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	got = make(chan string, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer func() { _ = c.Close() }()
		fmt.Fprint(c, "220 here\r\n")
		lines := bufio.NewScanner(c)
		var text strings.Builder
		data := false
		for lines.Scan() {
			word, _, _ := strings.Cut(strings.ToUpper(lines.Text()), " ")
			switch {
			case data && lines.Text() == ".":
				data = false
				got <- text.String()
				fmt.Fprint(c, "250 taken\r\n")
			case data:
				text.WriteString(lines.Text() + "\n")
			case word == "EHLO":
				fmt.Fprint(c, "250 here\r\n")
			case word == "RCPT" && refuse != "":
				fmt.Fprint(c, refuse+"\r\n")
			case word == "DATA":
				data = true
				fmt.Fprint(c, "354 go on\r\n")
			default:
				fmt.Fprint(c, "250 ok\r\n")
			}
		}
	}()
	return l.Addr().String(), got
}

// TestAServerTakesMail sends through a connection and through Florin's own.
func TestAServerTakesMail(t *testing.T) {
	t.Parallel()
	address, got := server(t, "")
	m, _ := mailer(t, webhook.PrivateLoopback, "")
	answer, err := m.Send(context.Background(), pay.ConnectionSecret{SMTP: pay.NewSecret("smtp://" + address), From: "Shop <shop@example.com>"}, letter)
	require.NoError(t, err)
	assert.True(t, answer.Sent)
	text := <-got
	assert.Contains(t, text, "Message-ID: <"+answer.MessageID+">")
	assert.Contains(t, text, `"Shop" <shop@example.com>`)

	address, got = server(t, "")
	m, _ = mailer(t, webhook.PrivateOff, "smtp://"+address)
	_, err = m.Send(context.Background(), pay.ConnectionSecret{}, letter)
	require.NoError(t, err, "the operator's server may be inside")
	assert.Contains(t, <-got, "10.00 USD")
}

// TestWhatAServerRefuses tells what is final from what may pass.
func TestWhatAServerRefuses(t *testing.T) {
	t.Parallel()
	m, _ := mailer(t, webhook.PrivateLoopback, "")
	for said, want := range map[string]pay.Code{"550 nobody here": pay.CodeTargetRefused, "451 later": pay.CodeTargetUnreachable} {
		address, _ := server(t, said)
		_, err := m.Send(context.Background(), pay.ConnectionSecret{SMTP: pay.NewSecret("smtp://" + address), From: "a@example.com"}, letter)
		assert.Equal(t, want, pay.CodeOf(err), "%s: %v", said, err)
	}
	strict, _ := mailer(t, webhook.PrivateOff, "")
	_, err := strict.Send(context.Background(), pay.ConnectionSecret{SMTP: pay.NewSecret("smtp://127.0.0.1:1"), From: "a@example.com"}, letter)
	assert.Equal(t, pay.CodeURLNotAllowed, pay.CodeOf(err), "%v", err)
}
