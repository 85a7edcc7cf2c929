package store

import (
	"maps"
	"slices"
	"time"

	"florin/internal/pay"
)

// tallyKey is what a count is kept under.
type tallyKey struct {
	day      time.Time
	event    pay.EventType
	reason   string
	currency pay.Currency
}

// CountEvents adds up to limit events of the owner that were not counted yet
// to its tallies, and says how many it has read; fewer than limit means that
// all are counted. Each event counts once, whoever counts.
func (tx *Tx) CountEvents(o pay.Owner, limit int) (int, error) {
	if tx.reads {
		return 0, errReads
	}
	feedTx, position, err := tx.tallyMark(o)
	if err != nil {
		return 0, err
	}
	sums, read, err := tx.uncounted(o, &feedTx, &position, limit)
	if err != nil || read == 0 {
		return read, err
	}
	for _, key := range slices.SortedFunc(maps.Keys(sums), compareTallies) {
		sum := sums[key]
		_, err := tx.exec(`INSERT INTO tallies (merchant, mode, day, event, reason, currency, number, amount) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (merchant, mode, day, event, reason, currency)
			DO UPDATE SET number = tallies.number + EXCLUDED.number, amount = tallies.amount + EXCLUDED.amount`,
			o.Merchant, o.Mode, micros(key.day), key.event, key.reason, key.currency, sum.Count, sum.Amount)
		if err != nil {
			return 0, err
		}
	}
	_, err = tx.exec("UPDATE tally_marks SET feed_tx = $3, position = $4 WHERE merchant = $1 AND mode = $2", o.Merchant, o.Mode, feedTx, position)
	return read, err
}

// HasUncounted reports whether CountEvents would find anything.
func (tx *Tx) HasUncounted(o pay.Owner) (bool, error) {
	var one int64
	return tx.row(`SELECT 1 FROM events e WHERE e.merchant = $1 AND e.mode = $2 AND (e.feed_tx, e.position) > (
			COALESCE((SELECT m.feed_tx FROM tally_marks m WHERE m.merchant = $1 AND m.mode = $2), 0),
			COALESCE((SELECT m.position FROM tally_marks m WHERE m.merchant = $1 AND m.mode = $2), 0))
		AND e.`+tx.store.dialect.feedSettled+` LIMIT 1`, []any{o.Merchant, o.Mode}, &one)
}

// tallyMark is the place in the owner's feed up to which all is counted. It
// stays locked, so that two who count at once do so one after the other.
func (tx *Tx) tallyMark(o pay.Owner) (feedTx, position int64, err error) {
	_, err = tx.exec("INSERT INTO tally_marks (merchant, mode, feed_tx, position) VALUES ($1, $2, 0, 0) ON CONFLICT DO NOTHING", o.Merchant, o.Mode)
	if err != nil {
		return 0, 0, err
	}
	_, err = tx.row("SELECT feed_tx, position FROM tally_marks WHERE merchant = $1 AND mode = $2"+tx.store.dialect.forUpdate,
		[]any{o.Merchant, o.Mode}, &feedTx, &position)
	return feedTx, position, err
}

// uncounted sums the events after a place, and moves the place behind them.
func (tx *Tx) uncounted(o pay.Owner, feedTx, position *int64, limit int) (map[tallyKey]pay.Tally, int, error) {
	sums, read := map[tallyKey]pay.Tally{}, 0
	err := tx.each(func(line scanner) error {
		var at, asked, taken, given int64
		var key tallyKey
		if err := line.Scan(feedTx, position, &key.event, &at, &key.currency, &asked, &taken, &given, &key.reason); err != nil {
			return err
		}
		read++
		if !slices.Contains(pay.TallyTypes, key.event) {
			return nil
		}
		key.day = pay.DayOf(fromMicros(at))
		sum := sums[key]
		sum.Count++
		switch key.event {
		case pay.EventPaymentCompleted:
			sum.Amount += taken
		case pay.EventRefundCompleted, pay.EventRefundFailed:
			sum.Amount += given
		default:
			sum.Amount += asked
		}
		sums[key] = sum
		return nil
	}, `SELECT e.feed_tx, e.position, e.type, e.at, COALESCE(p.currency, ''), COALESCE(p.amount, 0), COALESCE(p.captured, 0), COALESCE(r.amount, 0),
		CASE WHEN e.type <> 'payment.failed' THEN '' WHEN p.decline_code <> '' THEN p.decline_code ELSE COALESCE(p.failure_code, '') END
		FROM events e
		LEFT JOIN payments p ON p.merchant = e.merchant AND p.mode = e.mode AND p.id = e.payment
		LEFT JOIN refunds r ON r.merchant = e.merchant AND r.mode = e.mode AND r.id = e.object
		WHERE e.merchant = $1 AND e.mode = $2 AND (e.feed_tx, e.position) > ($3, $4) AND `+tx.store.dialect.feedSettled+`
		ORDER BY e.feed_tx, e.position LIMIT $5`, o.Merchant, o.Mode, *feedTx, *position, limit)
	return sums, read, err
}

func compareTallies(a, b tallyKey) int {
	return slices.Compare([]string{a.day.Format(time.DateOnly), string(a.event), a.reason, string(a.currency)},
		[]string{b.day.Format(time.DateOnly), string(b.event), b.reason, string(b.currency)})
}

// Tallies reads what was counted from one day to before another, by day.
func (tx *Tx) Tallies(o pay.Owner, since, until time.Time) ([]pay.Tally, error) {
	var found []pay.Tally
	err := tx.each(func(line scanner) error {
		t := pay.Tally{Owner: o}
		if err := line.Scan(moment{&t.Day}, &t.Event, &t.Reason, &t.Currency, &t.Count, &t.Amount); err != nil {
			return err
		}
		found = append(found, t)
		return nil
	}, `SELECT day, event, reason, currency, number, amount FROM tallies
		WHERE merchant = $1 AND mode = $2 AND day >= $3 AND day < $4 ORDER BY day, event, reason, currency`,
		o.Merchant, o.Mode, micros(since), micros(until))
	return found, err
}
