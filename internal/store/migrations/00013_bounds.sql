-- +goose Up
-- What a key has spent is counted by when it was carried out, not by when it was asked for.
DROP INDEX operation_calls_spent;
CREATE INDEX operation_calls_spent ON operation_calls (merchant, mode, key, answered_at) WHERE amount > 0;

-- The places of a connection: a step is at work at it while it has one of them. Rows are made when they are first wanted.
CREATE TABLE step_places (
    merchant   TEXT    NOT NULL REFERENCES merchants (id),
    mode       TEXT    NOT NULL CHECK (mode IN ('test', 'live')),
    connection TEXT    NOT NULL, -- its name, as flows write it
    place      INTEGER NOT NULL,
    run        TEXT    NOT NULL, -- empty: free. It is free as well when nobody holds the run at this fence any more
    fence      BIGINT  NOT NULL,
    path       TEXT    NOT NULL,
    PRIMARY KEY (merchant, mode, connection, place)
);
CREATE INDEX step_places_taken ON step_places (merchant, mode, run) WHERE run <> '';

-- Runs that found no place, and are woken when there is one.
CREATE TABLE place_waiters (
    merchant   TEXT   NOT NULL REFERENCES merchants (id),
    mode       TEXT   NOT NULL CHECK (mode IN ('test', 'live')),
    connection TEXT   NOT NULL,
    run        TEXT   NOT NULL,
    since      BIGINT NOT NULL,
    PRIMARY KEY (merchant, mode, connection, run)
);
CREATE INDEX place_waiters_since ON place_waiters (merchant, mode, connection, since, run);

-- Runs that ended long ago are dropped. What a trigger came upon starts no second run all the same.
CREATE INDEX runs_ended ON runs (ended_at) WHERE ended_at > 0;
CREATE TABLE past_runs (
    merchant TEXT NOT NULL,
    mode     TEXT NOT NULL,
    flow     TEXT NOT NULL,
    key      TEXT NOT NULL, -- of a run that is not kept any more
    PRIMARY KEY (merchant, mode, flow, key),
    FOREIGN KEY (merchant, mode, flow) REFERENCES flows (merchant, mode, id)
);

-- Whether a merchant knows that a trigger does not work, and how many events told of it.
ALTER TABLE watches ADD COLUMN told BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE watches ADD COLUMN sequence BIGINT NOT NULL DEFAULT 0;

-- The secret of a webhook before it was rotated, until senders have changed over.
ALTER TABLE watches ADD COLUMN previous_secret BYTEA;
ALTER TABLE watches ADD COLUMN previous_until BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE watches DROP COLUMN previous_until;
ALTER TABLE watches DROP COLUMN previous_secret;
ALTER TABLE watches DROP COLUMN sequence;
ALTER TABLE watches DROP COLUMN told;
DROP TABLE past_runs;
DROP INDEX runs_ended;
DROP TABLE place_waiters;
DROP TABLE step_places;
DROP INDEX operation_calls_spent;
CREATE INDEX operation_calls_spent ON operation_calls (merchant, mode, key, created_at) WHERE amount > 0;
