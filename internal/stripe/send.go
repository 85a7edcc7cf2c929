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

func readInto(result *pay.Answer, action pay.Action, body []byte) error {
	switch action {
	case pay.ActionCharge, pay.ActionCapture, pay.ActionCancel:
		report, err := readPayment(body)
		result.Payment = &report
		return err
	case pay.ActionRefund:
		report, err := readRefund(body)
		result.Refund = &report
		return err
	case pay.ActionCreateCustomer:
		ref, err := readCustomer(body)
		result.Customer = ref
		return err
	case pay.ActionAttachCard:
		found, err := readCard(body)
		result.Card = &found.CardReport
		return err
	case pay.ActionDetachCard:
		return nil // that it was done is all there is to know
	default:
		return fmt.Errorf("no such action: %s", action)
	}
}

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
