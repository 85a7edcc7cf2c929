package sandbox

import "net/http"

// fraudWarning is a bank telling early that a payment may be fraud (§3.7); a
// dispute may follow, and a refund prevents it.
type fraudWarning struct {
	head
	Actionable    bool    `json:"actionable"`
	Charge        string  `json:"charge" expand:"charge"`
	Created       int64   `json:"created"`
	FraudType     string  `json:"fraud_type"`
	Livemode      bool    `json:"livemode"`
	PaymentIntent *string `json:"payment_intent,omitempty" expand:"payment_intent"`
}

func (f *fraudWarning) createdAt() int64 { return f.Created }

var fraudWarnings = declare[fraudWarning](kind{name: "radar.early_fraud_warning", prefix: "issfr_1", length: 23, param: "early_fraud_warning"})

func fraudWarningResource() *resource {
	id := &fraudWarnings.kind
	return &resource{
		kind: id,
		indexes: func(o object) []indexKey {
			f := o.(*fraudWarning)
			return append(optionalKey("payment_intent", f.PaymentIntent), indexKey{"charge", f.Charge})
		},
		routes: []route{
			{method: http.MethodGet, path: "/v1/radar/early_fraud_warnings", title: "List early fraud warnings", returns: id, list: true,
				params: paged(text("charge"), text("payment_intent")), do: func(c *call) (any, error) {
					return c.pageOf(query{kind: id, key: c.filtered("charge", "payment_intent")})
				}},
			{method: http.MethodGet, path: "/v1/radar/early_fraud_warnings/{id}", title: "Retrieve an early fraud warning", returns: id, do: fraudWarnings.retrieve},
		},
	}
}

// warnOfFraud tells of a charge that its owner may not have made.
func warnOfFraud(w *work, paid *charge) {
	made := fraudWarnings.add(w, &fraudWarning{Actionable: true, Charge: paid.ID, Created: w.now, FraudType: "misc", PaymentIntent: paid.PaymentIntent})
	emit(w, "radar.early_fraud_warning.created", made)
}

// settleWarnings ends the use of a warning about a charge that was given back.
func settleWarnings(w *work, paid *charge) {
	if !paid.Refunded {
		return
	}
	for _, f := range fraudWarnings.matching(w, indexKey{"charge", paid.ID}) {
		next := fraudWarnings.edit(w, f.ID)
		next.Actionable = false
		emitUpdated(w, "radar.early_fraud_warning.updated", next)
	}
}
