package store

import "slices"

// foresight is a query that a transaction will make, asked ahead.
type foresight struct {
	asked   statement
	rows    any // a slice of the table's noun
	arrived bool
}

// foresee asks for rows that the transaction will soon read in the same words.
// On Postgres the question travels with the next statement, and the answer is
// there when it is wanted; on SQLite nothing is gained, and nothing is done.
// The transaction must not change such rows in between. Arguments are plain
// values, which can be compared.
func (t *table[T]) foresee(tx *Tx, where string, args ...any) {
	ahead := &foresight{asked: statement{t.selects + where, args}}
	tx.foreseen = append(tx.foreseen, ahead)
	tx.q.foresee(ahead.asked, func(found rows) error {
		list := []T{}
		for found.Next() {
			var row T
			if err := t.scan(found, &row); err != nil {
				return err
			}
			list = append(list, row)
		}
		ahead.rows, ahead.arrived = list, true
		return found.Err()
	})
}

// recall is the answer to a query that was foreseen and has arrived.
func (t *table[T]) recall(tx *Tx, sql string, args []any) (list []T, known bool) {
	for _, ahead := range tx.foreseen {
		if ahead.arrived && ahead.asked.sql == sql && slices.Equal(ahead.asked.args, args) {
			return ahead.rows.([]T), true
		}
	}
	return nil, false
}
