-- +goose Up
CREATE TABLE events (
    merchant TEXT   NOT NULL REFERENCES merchants (id),
    mode     TEXT   NOT NULL CHECK (mode IN ('test', 'live')),
    id       TEXT   NOT NULL,
    type     TEXT   NOT NULL,
    object   TEXT   NOT NULL,
    payment  TEXT,
    sequence BIGINT NOT NULL,
    body     BYTEA  NOT NULL,
    at       BIGINT NOT NULL,
    feed_tx  BIGINT NOT NULL, -- the writing transaction, where transactions can commit out of order; else 0
    position BIGINT NOT NULL,
    PRIMARY KEY (merchant, mode, id)
);
CREATE UNIQUE INDEX events_position ON events (position);
CREATE INDEX events_feed ON events (merchant, mode, feed_tx, position);
CREATE INDEX events_of_payment ON events (merchant, mode, payment, feed_tx, position) WHERE payment IS NOT NULL;
CREATE INDEX events_time ON events (merchant, mode, at, id);

CREATE TABLE endpoints (
    merchant        TEXT    NOT NULL REFERENCES merchants (id),
    mode            TEXT    NOT NULL CHECK (mode IN ('test', 'live')),
    id              TEXT    NOT NULL,
    created_at      BIGINT  NOT NULL,
    url             TEXT    NOT NULL,
    events          TEXT    NOT NULL,
    description     TEXT    NOT NULL,
    is_default      BOOLEAN NOT NULL,
    status          TEXT    NOT NULL,
    disabled_reason TEXT    NOT NULL,
    secret          BYTEA,
    previous_secret BYTEA,
    previous_until  BIGINT  NOT NULL,
    failing_since   BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL,
    deleted_at      BIGINT  NOT NULL DEFAULT 0, -- a deleted endpoint stays for its deliveries, without secrets
    PRIMARY KEY (merchant, mode, id)
);
CREATE UNIQUE INDEX endpoints_default ON endpoints (merchant, mode) WHERE is_default;
CREATE INDEX endpoints_oldest ON endpoints (merchant, mode, created_at, id) WHERE deleted_at = 0;

CREATE TABLE deliveries (
    merchant    TEXT    NOT NULL,
    mode        TEXT    NOT NULL,
    id          TEXT    NOT NULL,
    event       TEXT    NOT NULL,
    event_type  TEXT    NOT NULL,
    endpoint    TEXT    NOT NULL,
    created_at  BIGINT  NOT NULL,
    status      TEXT    NOT NULL,
    attempts    INTEGER NOT NULL,
    round       INTEGER NOT NULL,
    next_at     BIGINT  NOT NULL,
    last_status INTEGER NOT NULL,
    last_error  TEXT    NOT NULL,
    updated_at  BIGINT  NOT NULL,
    PRIMARY KEY (merchant, mode, id),
    FOREIGN KEY (merchant, mode, event) REFERENCES events (merchant, mode, id),
    FOREIGN KEY (merchant, mode, endpoint) REFERENCES endpoints (merchant, mode, id)
);
CREATE UNIQUE INDEX deliveries_once ON deliveries (merchant, mode, event, endpoint);
CREATE INDEX deliveries_newest ON deliveries (merchant, mode, created_at, id);
CREATE INDEX deliveries_endpoint ON deliveries (merchant, mode, endpoint, created_at, id);
CREATE INDEX deliveries_status ON deliveries (merchant, mode, status, created_at, id);
CREATE INDEX deliveries_type ON deliveries (merchant, mode, event_type, created_at, id);
CREATE INDEX deliveries_failed ON deliveries (merchant, mode, endpoint, created_at, id) WHERE status = 'failed';
CREATE INDEX deliveries_due ON deliveries (next_at) WHERE status = 'pending';

CREATE TABLE attempts (
    merchant    TEXT    NOT NULL,
    mode        TEXT    NOT NULL,
    delivery    TEXT    NOT NULL,
    number      INTEGER NOT NULL,
    at          BIGINT  NOT NULL,
    duration    BIGINT  NOT NULL, -- microseconds
    status_code INTEGER NOT NULL,
    fault       TEXT    NOT NULL,
    error       TEXT    NOT NULL,
    response    BYTEA,
    retry_after BIGINT  NOT NULL, -- microseconds
    PRIMARY KEY (merchant, mode, delivery, number),
    FOREIGN KEY (merchant, mode, delivery) REFERENCES deliveries (merchant, mode, id)
);

CREATE TABLE provider_events (
    merchant    TEXT   NOT NULL REFERENCES merchants (id),
    mode        TEXT   NOT NULL CHECK (mode IN ('test', 'live')),
    id          TEXT   NOT NULL,
    connection  TEXT,
    ref         TEXT   NOT NULL,
    type        TEXT   NOT NULL,
    api_version TEXT   NOT NULL,
    object_ref  TEXT   NOT NULL,
    payment_ref TEXT   NOT NULL,
    payload     BYTEA  NOT NULL,
    created_at  BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    state       TEXT   NOT NULL,
    note        TEXT   NOT NULL,
    done_at     BIGINT NOT NULL,
    PRIMARY KEY (merchant, mode, id),
    FOREIGN KEY (merchant, mode, connection) REFERENCES connections (merchant, mode, id)
);
CREATE UNIQUE INDEX provider_events_ref ON provider_events (merchant, mode, ref);
CREATE INDEX provider_events_of_payment ON provider_events (merchant, mode, payment_ref, received_at, id);
CREATE INDEX provider_events_stale ON provider_events (received_at) WHERE state = 'new';

CREATE TABLE ledger_transactions (
    merchant TEXT   NOT NULL,
    mode     TEXT   NOT NULL,
    id       TEXT   NOT NULL,
    kind     TEXT   NOT NULL,
    source   TEXT   NOT NULL,
    payment  TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    PRIMARY KEY (merchant, mode, id),
    FOREIGN KEY (merchant, mode, payment) REFERENCES payments (merchant, mode, id)
);
-- One source has one transaction of a kind: a hold ends once, a capture is booked once.
CREATE UNIQUE INDEX ledger_transactions_once ON ledger_transactions (merchant, mode, source, kind);
CREATE INDEX ledger_transactions_of_payment ON ledger_transactions (merchant, mode, payment, at, id);

CREATE TABLE ledger_entries (
    merchant       TEXT    NOT NULL,
    mode           TEXT    NOT NULL,
    transaction_id TEXT    NOT NULL,
    number         INTEGER NOT NULL,
    account        TEXT    NOT NULL,
    amount         BIGINT  NOT NULL CHECK (amount <> 0),
    currency       TEXT    NOT NULL,
    PRIMARY KEY (merchant, mode, transaction_id, number),
    FOREIGN KEY (merchant, mode, transaction_id) REFERENCES ledger_transactions (merchant, mode, id)
);
CREATE INDEX ledger_entries_balance ON ledger_entries (merchant, mode, account, currency, amount);

-- +goose Down
DROP TABLE ledger_entries;
DROP TABLE ledger_transactions;
DROP TABLE provider_events;
DROP TABLE attempts;
DROP TABLE deliveries;
DROP TABLE endpoints;
DROP TABLE events;
