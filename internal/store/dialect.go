package store

// dialect names everything that the two databases must be told differently.
// All other SQL is one text.
type dialect struct {
	name      string
	exclusive bool // one process owns the data

	// forUpdate ends a SELECT whose row stays locked until commit. On SQLite
	// there is one writer, so every row of a write transaction is locked. NO KEY
	// lets others insert rows that refer to the locked one meanwhile.
	forUpdate string
	// skipLocked does the same, passing by rows that another holds.
	skipLocked string

	// feedTx and feedPosition are what an event is filed under when it is
	// inserted. SQLite commits in the order of writing, so the position alone
	// orders the feed. Postgres does not: see feedSettled.
	feedTx, feedPosition string
	// feedSettled keeps events out of the feed while a transaction that began
	// before theirs could still commit an earlier place: readers would have
	// gone past it. The feed is ordered by transaction id first, and shows only
	// ids below the oldest one in flight.
	feedSettled string

	// rescueJobs frees jobs that were running when the process died; only
	// right where one process owns the data.
	rescueJobs string
}

var sqliteDialect = dialect{
	name:         "sqlite",
	exclusive:    true,
	feedTx:       "0",
	feedPosition: "(SELECT COALESCE(MAX(position), 0) + 1 FROM events)",
	feedSettled:  "feed_tx = 0",
	rescueJobs:   "UPDATE river_job SET state = 'available' WHERE state = 'running'",
}

var postgresDialect = dialect{
	name:         "postgres",
	forUpdate:    " FOR NO KEY UPDATE",
	skipLocked:   " FOR NO KEY UPDATE SKIP LOCKED",
	feedTx:       "pg_current_xact_id()::text::bigint",
	feedPosition: "nextval('events_position_seq')",
	feedSettled:  "feed_tx < pg_snapshot_xmin(pg_current_snapshot())::text::bigint",
}
