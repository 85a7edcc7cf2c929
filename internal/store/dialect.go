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

	// ledgerSettled is whether every booking whose id is older than two minutes
	// is visible or never will be. SQLite writes one after another; on Postgres
	// no transaction may be in flight that began so long ago.
	ledgerSettled string

	// rescueJobs frees jobs that were running when the process died; only
	// right where one process owns the data.
	rescueJobs string
}

var sqliteDialect = dialect{
	name:          "sqlite",
	exclusive:     true,
	feedTx:        "0",
	feedPosition:  "(SELECT COALESCE(MAX(position), 0) + 1 FROM events)",
	feedSettled:   "feed_tx = 0",
	ledgerSettled: "TRUE",
	rescueJobs:    "UPDATE river_job SET state = 'available' WHERE state = 'running'",
}

var postgresDialect = dialect{
	name:         "postgres",
	forUpdate:    " FOR NO KEY UPDATE",
	skipLocked:   " FOR NO KEY UPDATE SKIP LOCKED",
	feedTx:       "pg_current_xact_id()::text::bigint",
	feedPosition: "nextval('events_position_seq')",
	ledgerSettled: "NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL " +
		"AND xact_start < now() - interval '100 seconds')",
	feedSettled: "feed_tx < pg_snapshot_xmin(pg_current_snapshot())::text::bigint",
}
