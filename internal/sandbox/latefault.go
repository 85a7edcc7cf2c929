package sandbox

// tardy are the objects that a fault keeps out of lists and searches for a
// while, by id, until a time in Unix seconds. Each can be read by its id at once:
// so it is at Stripe, whose lists follow its writes at some distance. It is a
// fault of the moment, and nothing of it is stored.
type tardy map[string]int64

// maxTardy is how many objects one account may keep back; more are listed at once.
const maxTardy = 10_000

// hide keeps what this change made out of lists, as the request's fault asks.
func (e *effect) hide(w *work) {
	if e == nil || e.Type != effectLate {
		return
	}
	for _, part := range w.together() {
		part.account.forgetTardy(w.now)
		for _, rec := range part.changed {
			if rec.position < 0 && len(part.account.tardy) < maxTardy {
				part.account.tardy[rec.id()] = w.now + e.Value
			}
		}
	}
}

// forgetTardy lets go of those that are listed by now.
func (a *account) forgetTardy(now int64) {
	if a.tardy == nil {
		a.tardy = tardy{}
	}
	for id, until := range a.tardy {
		if until <= now {
			delete(a.tardy, id)
		}
	}
}

// listed says whether lists show an object yet; nil when nothing is kept back.
func (c *call) listed() func(object) bool {
	if len(c.account.tardy) == 0 {
		return nil
	}
	return func(o object) bool { return c.account.tardy[o.identity().ID] <= c.now }
}
