package stripe

import (
	"context"
	"fmt"

	"florin/internal/pay"
)

// Send sends a call byte for byte as it was kept, under its provider key, and
// says what came of it. A call that was tried before can only be settled by an
// answer that Stripe gives to its key: that it cannot be sent today says
// nothing of the day before.
func (g *Gateway) Send(ctx context.Context, access pay.Access, call pay.Call) pay.Answer {
	r := reader{g: g, access: access, name: string(call.Action)}
	got, verdict := r.ask(ctx, request{access: access, wire: call.Wire, key: call.ProviderKey, sent: call.Attempts > 1})
	if verdict == pay.OutcomeDone {
		return done(got, call.Action)
	}
	result := pay.Answer{Outcome: verdict, Err: got.failure(verdict, call.Action), RequestRef: got.requestRef()}
	switch verdict {
	case pay.OutcomeInDoubt:
		result.Note = got.note()
	case pay.OutcomeRefused:
		result.Payment = refusedPayment(got.problem(), call.Action, result.Err)
		result.Setup = refusedSetup(got.problem(), call.Action, result.Err)
	}
	return result
}

// done reads what was carried out. If that cannot be read the call is in doubt:
// something happened, and a look-up will tell what.
func done(got answer, action pay.Action) pay.Answer {
	result := pay.Answer{Outcome: pay.OutcomeDone, RequestRef: got.requestRef()}
	if err := readInto(&result, action, got.body); err != nil {
		return pay.Answer{
			Outcome: pay.OutcomeInDoubt, Note: err.Error(), RequestRef: got.requestRef(),
			Err: doubtful(got.note()).Because(err),
		}
	}
	return result
}

// readers take from what Stripe answered to an action that it carried out what
// the engine must know. Each feature adds its own.
//
// Errors: in_doubt, when the answer cannot be read.
var readers = map[pay.Action]func(result *pay.Answer, body []byte) error{
	pay.ActionCharge:         intoPayment,
	pay.ActionCapture:        intoPayment,
	pay.ActionCancel:         intoPayment,
	pay.ActionRefund:         intoRefund,
	pay.ActionCreateCustomer: intoCustomer,
	pay.ActionAttachCard:     intoCard,
	pay.ActionDetachCard:     intoNothing,
	pay.ActionSetUpCard:      intoSetup,

	pay.ActionCreateAccount:      intoAccount,
	pay.ActionUpdateAccount:      intoAccount,
	pay.ActionRejectAccount:      intoAccount,
	pay.ActionDeleteAccount:      intoNothing,
	pay.ActionOnboardingLink:     intoLink,
	pay.ActionAddBankAccount:     intoBankAccount,
	pay.ActionRemoveBankAccount:  intoNothing,
	pay.ActionTransfer:           intoTransfer,
	pay.ActionReverse:            intoReversal,
	pay.ActionPayout:             intoPayout,
	pay.ActionCancelPayout:       intoPayout,
	pay.ActionCreatePlan:         intoPlan,
	pay.ActionChangePlan:         intoPlan,
	pay.ActionSubscribe:          intoSubscription,
	pay.ActionChangeSubscription: intoSubscription,
	pay.ActionCancelSubscription: intoSubscription,
	pay.ActionPayInvoice:         intoInvoice,
	pay.ActionRetryInvoice:       intoInvoice,
	pay.ActionVoidInvoice:        intoInvoice,
	pay.ActionHoldInvoice:        intoInvoice,
}

func readInto(result *pay.Answer, action pay.Action, body []byte) error {
	read, known := readers[action]
	if !known {
		return fmt.Errorf("no such action: %s", action)
	}
	return read(result, body)
}

func intoPayment(result *pay.Answer, body []byte) error {
	report, err := readPayment(body)
	result.Payment = &report
	return err
}

func intoRefund(result *pay.Answer, body []byte) error {
	report, err := readRefund(body)
	result.Refund = &report
	return err
}

func intoCustomer(result *pay.Answer, body []byte) (err error) {
	result.Customer, err = readCustomer(body)
	return err
}

func intoCard(result *pay.Answer, body []byte) error {
	found, err := readCard(body)
	result.Card = &found.CardReport
	return err
}

// intoNothing is for what is known in full once it was done.
func intoNothing(*pay.Answer, []byte) error { return nil }

// refusedPayment is how a payment stands after a refusal, where Stripe encloses
// it. A refused charge has failed, even where its intent could be confirmed
// again: nobody will, since nobody but Florin holds it.
func refusedPayment(p problem, action pay.Action, why *pay.Error) *pay.Report {
	if action != pay.ActionCharge && action != pay.ActionCapture && action != pay.ActionCancel {
		return nil
	}
	report, err := readPayment(p.PaymentIntent)
	if err != nil {
		return nil
	}
	if action == pay.ActionCharge && report.Status == pay.PaymentPending {
		report.Status = pay.PaymentFailed
	}
	if report.Status == pay.PaymentFailed && report.Failure.Code == "" {
		report.Failure = pay.Failure{Code: why.Code, Message: why.Message, DeclineCode: why.DeclineCode}
	}
	if found, err := readCard(p.PaymentMethod); err == nil && report.CardLast4 == "" {
		report.CardBrand, report.CardLast4 = found.Brand, found.Last4
	}
	return &report
}
