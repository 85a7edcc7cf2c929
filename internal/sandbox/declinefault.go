package sandbox

import "slices"

// faultDeclines are the refusals that a fault can make of any card: those of
// §3.4 that a bank gives without asking for other card data.
var faultDeclines = []*decline{&genericDecline, &insufficientFunds, &lostCard, &stolenCard, &expiredCard, &incorrectCVC,
	&processingError, &velocityExceeded, &fraudulent, &needsAuth}

// declineByCode is the refusal with a decline code, nil when there is none.
func declineByCode(code string) *decline {
	at := slices.IndexFunc(faultDeclines, func(d *decline) bool { return d.declineCode == code })
	if at < 0 {
		return nil
	}
	return faultDeclines[at]
}

// declineCodes is what a rule may name.
func declineCodes() []string {
	var out []string
	for _, d := range faultDeclines {
		out = append(out, d.declineCode)
	}
	return out
}

// refusal is what the effect lets the bank answer; nil leaves it to the card.
// A rule with a rate makes random declines of it, the same with the same seed.
func (e *effect) refusal() *decline {
	switch {
	case e == nil || e.Type != effectDecline:
		return nil
	case e.Code == "":
		return &genericDecline
	}
	return declineByCode(e.Code)
}

// refusal is what a fault makes the bank answer to this attempt.
func (t *attempt) refusal() *decline { return t.declines }
