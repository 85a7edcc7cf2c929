-- +goose Up
ALTER TABLE api_keys ADD COLUMN lineage TEXT NOT NULL DEFAULT ''; -- empty: the key's own id
ALTER TABLE api_keys ADD COLUMN limits TEXT NOT NULL DEFAULT '{}'; -- JSON

ALTER TABLE connections ADD COLUMN owner_key TEXT NOT NULL DEFAULT ''; -- lineage of the API key that made it; empty: the merchant's
ALTER TABLE connections ADD COLUMN is_shared BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE connections ADD COLUMN checked TEXT NOT NULL DEFAULT '{}'; -- JSON: what the last test found
CREATE UNIQUE INDEX connections_named ON connections (merchant, mode, name) WHERE owner_key <> '';
CREATE INDEX connections_newest ON connections (merchant, mode, created_at, id);

CREATE TABLE operation_calls (
    merchant        TEXT    NOT NULL REFERENCES merchants (id),
    mode            TEXT    NOT NULL CHECK (mode IN ('test', 'live')),
    id              TEXT    NOT NULL,
    call            TEXT    NOT NULL,
    operation       TEXT    NOT NULL,
    connection      TEXT    NOT NULL,
    connection_name TEXT    NOT NULL,
    key             TEXT    NOT NULL, -- lineage of the API key that asked; empty: the program itself
    approval        TEXT,
    fields          TEXT    NOT NULL, -- JSON: a hash for each field of the input
    amount          BIGINT  NOT NULL,
    currency        TEXT    NOT NULL,
    wire            BYTEA,
    provider_key    TEXT    NOT NULL,
    created_at      BIGINT  NOT NULL,
    state           TEXT    NOT NULL,
    attempts        INTEGER NOT NULL,
    first_sent_at   BIGINT  NOT NULL,
    lease_until     BIGINT  NOT NULL,
    retry_at        BIGINT  NOT NULL,
    fence           BIGINT  NOT NULL,
    outcome         TEXT    NOT NULL,
    request_ref     TEXT    NOT NULL,
    result          BYTEA,
    note            TEXT    NOT NULL,
    answered_at     BIGINT  NOT NULL,
    PRIMARY KEY (merchant, mode, id),
    FOREIGN KEY (merchant, mode, connection) REFERENCES connections (merchant, mode, id)
);
-- The same identity means the same write, through whichever connection.
CREATE UNIQUE INDEX operation_calls_call ON operation_calls (merchant, mode, call);
CREATE INDEX operation_calls_due ON operation_calls (retry_at) WHERE retry_at > 0;
CREATE INDEX operation_calls_answered ON operation_calls (answered_at) WHERE state = 'answered';
CREATE INDEX operation_calls_spent ON operation_calls (merchant, mode, key, created_at) WHERE amount > 0;
CREATE INDEX operation_calls_connection ON operation_calls (merchant, mode, connection);

CREATE TABLE approvals (
    merchant   TEXT   NOT NULL REFERENCES merchants (id),
    mode       TEXT   NOT NULL CHECK (mode IN ('test', 'live')),
    id         TEXT   NOT NULL,
    operation  TEXT   NOT NULL,
    connection TEXT   NOT NULL, -- its name
    call       TEXT   NOT NULL,
    key        TEXT   NOT NULL,
    lineage    TEXT   NOT NULL,
    amount     BIGINT NOT NULL,
    currency   TEXT   NOT NULL,
    input      BYTEA,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    status     TEXT   NOT NULL,
    note       TEXT   NOT NULL,
    decided_by TEXT   NOT NULL,
    decided_at BIGINT NOT NULL,
    sequence   BIGINT NOT NULL,
    PRIMARY KEY (merchant, mode, id)
);
CREATE INDEX approvals_newest ON approvals (merchant, mode, created_at, id);
CREATE INDEX approvals_status ON approvals (merchant, mode, status, created_at, id);
CREATE INDEX approvals_due ON approvals (expires_at) WHERE status = 'pending';

-- +goose Down
DROP TABLE approvals;
DROP TABLE operation_calls;
DROP INDEX connections_newest;
DROP INDEX connections_named;
ALTER TABLE connections DROP COLUMN checked;
ALTER TABLE connections DROP COLUMN is_shared;
ALTER TABLE connections DROP COLUMN owner_key;
ALTER TABLE api_keys DROP COLUMN limits;
ALTER TABLE api_keys DROP COLUMN lineage;
