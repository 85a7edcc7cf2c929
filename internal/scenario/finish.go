package scenario

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"florin/internal/client"
)

// errNotYet says that the end is not as the story says, so far.
var errNotYet = errors.New("the story's end is not as expected")

// finish looks at what everybody has in the end, and at what was told, until
// all is as the story says: Stripe's events take their time.
func (p *player) finish(ctx context.Context, r *Result) error {
	broken := !r.OK()
	err := until(ctx, func() error {
		flows, err := p.flowsOf(ctx)
		if err != nil {
			return err
		}
		inApp, err := p.inAppFlows(ctx)
		if err != nil {
			return err
		}
		owed, err := p.owed(ctx)
		if err != nil {
			return err
		}
		r.Flows, r.Parties = append(flows, inApp...), partiesOf(flows, owed)
		if broken {
			return nil
		}
		if r.Checks, err = p.checks(ctx, r.Parties); err != nil {
			return err
		}
		if slices.ContainsFunc(r.Checks, func(c Check) bool { return !c.OK }) {
			return errNotYet
		}
		return nil
	})
	if errors.Is(err, errNotYet) {
		return nil
	}
	return err
}

func (p *player) checks(ctx context.Context, parties []Party) ([]Check, error) {
	checks := checkMoney(parties, p.story.Expect.Money)
	checks = append(checks, checkSum(parties))
	if len(p.story.Expect.Events) > 0 {
		told, err := p.told(ctx)
		if err != nil {
			return nil, err
		}
		checks = append(checks, checkEvents(told, p.story.Expect.Events))
	}
	for _, want := range p.story.Expect.Mails {
		check, err := p.checkMail(ctx, want)
		if err != nil {
			return nil, err
		}
		checks = append(checks, check)
	}
	return checks, nil
}

// checkMail looks for a mail among the newest hundred.
func (p *player) checkMail(ctx context.Context, want Mail) (Check, error) {
	c := Check{What: "mail to " + want.To, Want: want.Subject}
	raw, err := p.client.Ask(ctx, http.MethodGet, "/v1/mails?limit=100", nil)
	if err != nil {
		return c, err
	}
	var sent []struct{ To, Subject string }
	if err := json.Unmarshal(raw, &sent); err != nil {
		return c, err
	}
	for _, mail := range sent {
		if mail.To != want.To {
			continue
		}
		if c.Got = mail.Subject; strings.Contains(mail.Subject, want.Subject) {
			c.OK = true
			return c, nil
		}
	}
	return c, nil
}

// checkSum proves that no money came from nowhere.
func checkSum(parties []Party) Check {
	var sum amount
	for _, p := range parties {
		sum += p.Total()
	}
	return Check{What: "money of all together", Want: amount(0).String(), Got: sum.String(), OK: sum == 0}
}

// told is every type of event that was told since the story began.
func (p *player) told(ctx context.Context) ([]string, error) {
	var types []string
	after := p.after
	for {
		page, err := p.client.Events(ctx, client.EventFilter{After: after, Limit: 100})
		if err != nil {
			return nil, err
		}
		for _, event := range page.Items {
			types, after = append(types, event.Type), event.ID
		}
		if page.Next == "" {
			return types, nil
		}
	}
}

// checkEvents looks for events, each as often as it is expected. What Stripe
// tells at once comes in any order, and so do the events.
func checkEvents(told, want []string) Check {
	c := Check{What: "events", Want: strings.Join(want, ", "), Got: strings.Join(told, ", "), OK: true}
	left := slices.Clone(told)
	for _, kind := range want {
		at := slices.Index(left, kind)
		if at < 0 {
			c.OK = false
			continue
		}
		left = slices.Delete(left, at, at+1)
	}
	return c
}
