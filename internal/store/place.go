package store

import "florin/internal/pay"

// A step is at work at a connection while it has one of its places. Who holds
// a run holds its places: they are free again when the run's lease ends or
// another takes it over, so that a crash leaks none.

// TakePlace takes a free place of a connection for a step of a run that the
// caller holds, if there is one of most. Many may ask at once: none waits for
// another.
func (tx *Tx) TakePlace(r pay.Run, path, connection string, most int) (bool, error) {
	taken, err := tx.takePlace(r, path, connection)
	if taken || err != nil {
		return taken, err
	}
	made, err := tx.exec(`WITH RECURSIVE places (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM places WHERE n < $4)
		INSERT INTO step_places (merchant, mode, connection, place, run, fence, path) SELECT $1, $2, $3, n, '', 0, '' FROM places WHERE TRUE`+giveWay,
		r.Owner.Merchant, r.Owner.Mode, connection, most)
	if made == 0 || err != nil {
		return false, err
	}
	return tx.takePlace(r, path, connection)
}

func (tx *Tx) takePlace(r pay.Run, path, connection string) (bool, error) {
	n, err := tx.exec(`WITH free AS MATERIALIZED (
		SELECT place AS free_place FROM step_places WHERE merchant = $1 AND mode = $2 AND connection = $3 AND (run = '' OR NOT EXISTS (
			SELECT 1 FROM runs WHERE runs.merchant = step_places.merchant AND runs.mode = step_places.mode AND runs.id = step_places.run
				AND runs.fence = step_places.fence AND runs.state = 'running' AND runs.lease_until > $4))
		ORDER BY place LIMIT 1`+tx.store.dialect.skipLocked+`)
		UPDATE step_places SET run = $5, fence = $6, path = $7 FROM free
		WHERE merchant = $1 AND mode = $2 AND connection = $3 AND place = free_place`,
		r.Owner.Merchant, r.Owner.Mode, connection, micros(tx.now), r.ID, r.Fence, path)
	return n > 0, err
}

// LeavePlace frees the place of a step, if it still has one.
func (tx *Tx) LeavePlace(r pay.Run, path string) error {
	return tx.later(expectation{}, statement{`UPDATE step_places SET run = '', fence = 0, path = ''
		WHERE merchant = $1 AND mode = $2 AND run = $3 AND fence = $4 AND path = $5`,
		[]any{r.Owner.Merchant, r.Owner.Mode, r.ID, r.Fence, path}})
}

// AwaitPlace has a run be woken when a place of a connection is left. fresh says
// that it did not wait before.
func (tx *Tx) AwaitPlace(r pay.Run, connection string) (fresh bool, err error) {
	n, err := tx.exec("INSERT INTO place_waiters (merchant, mode, connection, run, since) VALUES ($1, $2, $3, $4, $5)"+giveWay,
		r.Owner.Merchant, r.Owner.Mode, connection, r.ID, micros(tx.now))
	return n > 0, err
}

// HasPlace ends a run's waiting for a place of a connection.
func (tx *Tx) HasPlace(r pay.Run, connection string) error {
	return tx.later(expectation{}, statement{"DELETE FROM place_waiters WHERE merchant = $1 AND mode = $2 AND connection = $3 AND run = $4",
		[]any{r.Owner.Merchant, r.Owner.Mode, connection, r.ID}})
}

// PlaceAwaited reports whether runs wait for a place of a connection.
func (tx *Tx) PlaceAwaited(o pay.Owner, connection string) (bool, error) {
	var one int
	return tx.row("SELECT 1 FROM place_waiters WHERE merchant = $1 AND mode = $2 AND connection = $3 LIMIT 1",
		[]any{o.Merchant, o.Mode, connection}, &one)
}

// NextForPlace ends the waiting of the run that has waited longest for a place
// of a connection, and names it. No run goes to two.
func (tx *Tx) NextForPlace(o pay.Owner, connection string) (run pay.ID, found bool, err error) {
	found, err = tx.row(`WITH oldest AS MATERIALIZED (
		SELECT run AS oldest_run FROM place_waiters WHERE merchant = $1 AND mode = $2 AND connection = $3 ORDER BY since, run LIMIT 1`+tx.store.dialect.skipLocked+`)
		DELETE FROM place_waiters WHERE merchant = $1 AND mode = $2 AND connection = $3 AND run = (SELECT oldest_run FROM oldest) RETURNING run`,
		[]any{o.Merchant, o.Mode, connection}, &run)
	return run, found, err
}
