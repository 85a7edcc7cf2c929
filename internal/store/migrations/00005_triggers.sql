-- +goose Up
CREATE TABLE watches (
    merchant   TEXT   NOT NULL REFERENCES merchants (id),
    mode       TEXT   NOT NULL CHECK (mode IN ('test', 'live')),
    id         TEXT   NOT NULL, -- the flow's
    created_at BIGINT NOT NULL,
    flow       TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    trigger_name TEXT NOT NULL,
    options    TEXT   NOT NULL, -- JSON
    connection TEXT   NOT NULL, -- its name
    every      BIGINT NOT NULL, -- microseconds
    state      TEXT   NOT NULL,
    reason     TEXT   NOT NULL,
    account    TEXT   NOT NULL,
    poll       TEXT,
    from_at    BIGINT NOT NULL,
    since_at   BIGINT NOT NULL,
    gap_at     BIGINT NOT NULL,
    next_at    BIGINT NOT NULL,
    token      TEXT,
    secret     BYTEA,
    found      BIGINT NOT NULL,
    parked     BIGINT NOT NULL,
    found_at   BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (merchant, mode, id)
);
CREATE INDEX watches_of_poll ON watches (merchant, mode, poll) WHERE poll IS NOT NULL;
CREATE UNIQUE INDEX watches_token ON watches (token) WHERE token IS NOT NULL;
CREATE INDEX watches_due ON watches (next_at) WHERE next_at > 0;

CREATE TABLE polls (
    merchant    TEXT    NOT NULL REFERENCES merchants (id),
    mode        TEXT    NOT NULL CHECK (mode IN ('test', 'live')),
    id          TEXT    NOT NULL,
    lane        TEXT    NOT NULL,
    account     TEXT    NOT NULL,
    list        TEXT    NOT NULL,
    watch       TEXT,
    of_poll     TEXT,
    start_at    BIGINT  NOT NULL,
    created_at  BIGINT  NOT NULL,
    hints       TEXT    NOT NULL,
    connection  TEXT    NOT NULL,
    until_at    BIGINT  NOT NULL,
    floor_at    BIGINT  NOT NULL,
    settled_at  BIGINT  NOT NULL,
    deep_at     BIGINT  NOT NULL,
    deep_cost   BIGINT  NOT NULL,
    span        BIGINT  NOT NULL,
    is_open     BOOLEAN NOT NULL,
    is_deep     BOOLEAN NOT NULL,
    lower_at    BIGINT  NOT NULL,
    upper_at    BIGINT  NOT NULL,
    opened_at   BIGINT  NOT NULL,
    cursor_ref  TEXT    NOT NULL,
    cursor_at   BIGINT  NOT NULL,
    pages       BIGINT  NOT NULL,
    every       BIGINT  NOT NULL,
    due_at      BIGINT  NOT NULL,
    lease_until BIGINT  NOT NULL,
    fence       BIGINT  NOT NULL,
    hinted_at   BIGINT  NOT NULL,
    is_hinted   BOOLEAN NOT NULL,
    state       TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    failures    BIGINT  NOT NULL,
    throttled   BIGINT  NOT NULL,
    skew        BIGINT  NOT NULL,
    calls       BIGINT  NOT NULL,
    found       BIGINT  NOT NULL,
    missed      BIGINT  NOT NULL,
    asked_at    BIGINT  NOT NULL,
    answer_at   BIGINT  NOT NULL,
    arrived_at  BIGINT  NOT NULL,
    PRIMARY KEY (merchant, mode, id)
);
-- Flows that read the same list of the same account share one poll.
CREATE UNIQUE INDEX polls_shared ON polls (merchant, mode, account, list) WHERE lane = 'live';
CREATE INDEX polls_of_watch ON polls (merchant, mode, watch) WHERE watch IS NOT NULL;
CREATE UNIQUE INDEX polls_sweep ON polls (merchant, mode, of_poll) WHERE of_poll IS NOT NULL;
CREATE INDEX polls_due ON polls (due_at) WHERE state IN ('going', 'broken');

-- What a live poll has handed on, so that an object counts as new once.
CREATE TABLE poll_seen (
    merchant   TEXT   NOT NULL,
    mode       TEXT   NOT NULL,
    poll       TEXT   NOT NULL,
    ref        TEXT   NOT NULL,
    created_at BIGINT NOT NULL, -- by Stripe's clock
    PRIMARY KEY (merchant, mode, poll, ref)
);
CREATE INDEX poll_seen_oldest ON poll_seen (created_at);

CREATE TABLE parked_finds (
    merchant   TEXT   NOT NULL,
    mode       TEXT   NOT NULL,
    watch      TEXT   NOT NULL,
    ref        TEXT   NOT NULL,
    error      TEXT   NOT NULL,
    item       BYTEA,
    created_at BIGINT NOT NULL,
    parked_at  BIGINT NOT NULL,
    PRIMARY KEY (merchant, mode, watch, ref)
);

-- +goose Down
DROP TABLE parked_finds;
DROP TABLE poll_seen;
DROP TABLE polls;
DROP TABLE watches;
