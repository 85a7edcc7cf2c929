package api

import (
	"context"
	"net/http"

	"florin/internal/engine"
	"florin/internal/pay"
)

// Billing is how a merchant wants renewals collected and mail written.
type Billing struct {
	Dunning   Dunning     `json:"dunning"`
	Mail      MailOptions `json:"mail"`
	UpdatedAt *string     `json:"updated_at" format:"date-time" doc:"Null while nothing was set: these are the defaults."`
}

// Dunning is how failed renewals are tried again.
type Dunning struct {
	RetryDays []int  `json:"retry_days" minItems:"0" maxItems:"8" doc:"Days from one failed try to the next, 60 in all at most. After a bank's final no nothing is tried until there is another card."`
	End       string `json:"end" enum:"cancel,leave" doc:"What becomes of the subscription when the last try failed: it is canceled, or left past due."`
}

// MailOptions is how mail to customers is written.
type MailOptions struct {
	Send    bool   `json:"send" doc:"Mail receipts, invoices and notices."`
	From    string `json:"from,omitempty" maxLength:"254" doc:"The sender; the mail server's own when empty."`
	ReplyTo string `json:"reply_to,omitempty" maxLength:"254"`
	Locale  string `json:"locale" minLength:"2" maxLength:"35" doc:"Of amounts and dates, unless the metadata of a payment or subscription has a locale." example:"en-US"`
}

func billingView(s pay.BillingSettings) Billing {
	d, m := s.Terms.Dunning, s.Terms.Mail
	return Billing{
		Dunning: Dunning{append([]int{}, d.RetryDays...), string(d.End)}, Mail: MailOptions{m.Send, m.From, m.ReplyTo, m.Locale}, UpdatedAt: stampOrNull(s.UpdatedAt),
	}
}

// BillingSettings is the reply to a write of billing settings.
func (Presenter) BillingSettings(s pay.BillingSettings) engine.Reply {
	return reply("", billingView(s), engine.StandingDone, pay.Failure{})
}

// BillingChange is the body of PUT /v1/merchant/billing; a part that is absent
// stays as it is.
type BillingChange struct {
	Dunning *Dunning     `json:"dunning,omitempty"`
	Mail    *MailOptions `json:"mail,omitempty"`
}

func setBilling(ctx context.Context, e *engine.Engine, ask engine.Ask, body BillingChange) (engine.Reply, error) {
	var dunning *pay.Dunning
	var mail *pay.MailOptions
	if d := body.Dunning; d != nil {
		dunning = &pay.Dunning{RetryDays: d.RetryDays, End: pay.DunningEnd(d.End)}
	}
	if m := body.Mail; m != nil {
		mail = &pay.MailOptions{Send: m.Send, From: m.From, ReplyTo: m.ReplyTo, Locale: m.Locale}
	}
	return e.SetBillingSettings(ctx, ask, dunning, mail)
}

const billingTag = "Merchant"

var billingRoutes = []Route{
	{
		Method: http.MethodGet, Path: "/v1/merchant/billing", Scope: pay.ScopeMerchantRead, Key: KeyUnused,
		Tag: billingTag, Name: "getBilling", Status: http.StatusOK, Gives: Billing{},
		Summary: "Read how renewals are collected and mail is written", handle: readBilling,
	},
	write(Route{
		Method: http.MethodPut, Path: "/v1/merchant/billing", Scope: pay.ScopeMerchantWrite, Key: KeyHonoured,
		Tag: billingTag, Name: "setBilling", Status: http.StatusOK, Gives: Billing{},
		Summary: "Set how renewals are collected and mail is written",
	}, setBilling),
}

func readBilling(s *server, in *intake) error {
	found, err := s.engine.BillingSettings(in.ctx(), in.key.Owner)
	if err != nil {
		return err
	}
	in.sendData(billingView(found))
	return nil
}
