package automation

import (
	"context"
	"encoding/json"

	"florin/internal/flow"
	"florin/internal/pay"
)

// Mailer sends mail.
type Mailer interface {
	// Send hands a mail to a server: the connection's, or Florin's own when
	// that is zero.
	//
	// Errors: target_refused, target_unreachable.
	Send(ctx context.Context, server pay.ConnectionSecret, l pay.Letter) (pay.LetterAnswer, error)
}

var mailAction = flow.Action{
	Name:    "mail.send",
	Summary: "Sends a mail. In test mode, where there is no mail server, it is kept as a file instead.",
	Writes:  true, OwnConnection: true,
	Input: json.RawMessage(`{"type":"object","additionalProperties":false,"required":["to","subject","text"],"properties":{
		"to":{"type":["string","array"],"items":{"type":"string"},"maxItems":50,"description":"One address, or a list."},
		"from":{"type":"string","description":"Sender, if not the connection's."},
		"reply_to":{"type":"string","description":"Where answers go."},
		"subject":{"type":"string","minLength":1,"maxLength":500,"description":"One line."},
		"text":{"type":"string","maxLength":200000,"description":"The mail as plain text."},
		"html":{"type":"string","maxLength":200000,"description":"The same as HTML, for readers that show it."}}}`),
	Output: json.RawMessage(`{"type":"object","properties":{"message_id":{"type":"string"},"sent":{"type":"boolean"},"kept":{"type":"string"}}}`),
}

// MailSend is the action mail.send.
func MailSend(mailer Mailer, secrets Secrets) BuiltIn {
	return BuiltIn{Action: mailAction, Do: func(ctx context.Context, w Work) (json.RawMessage, error) {
		var in struct {
			To      json.RawMessage `json:"to"`
			From    string          `json:"from"`
			ReplyTo string          `json:"reply_to"`
			Subject string          `json:"subject"`
			Text    string          `json:"text"`
			HTML    string          `json:"html"`
		}
		if err := json.Unmarshal(w.Input, &in); err != nil {
			return nil, pay.Errorf(pay.CodeInvalidField, "the input cannot be read").Because(err)
		}
		letter := pay.Letter{Owner: w.Owner, From: in.From, ReplyTo: in.ReplyTo, Subject: in.Subject, Text: in.Text, HTML: in.HTML, Key: w.Key}
		var one string
		if json.Unmarshal(in.To, &one) == nil {
			letter.To = []string{one}
		} else if err := json.Unmarshal(in.To, &letter.To); err != nil {
			return nil, pay.Invalid(pay.CodeInvalidField, "to", "write an address, or a list of addresses")
		}
		var server pay.ConnectionSecret
		if w.Connection != "" {
			var err error
			if server, err = secrets.ConnectionSecret(ctx, w.Owner, pay.APIKey{}, w.Connection, pay.ConnectionSMTP); err != nil {
				return nil, err
			}
		}
		answer, err := mailer.Send(ctx, server, letter)
		return marshalled(answer, err)
	}}
}
