-- +goose Up
ALTER TABLE calls ADD COLUMN wire_account TEXT NOT NULL DEFAULT ''; -- acct_… to act as; empty: the key's own
ALTER TABLE provider_events ADD COLUMN account TEXT NOT NULL DEFAULT ''; -- acct_… that it happened to; empty: the key's own

CREATE TABLE accounts (
    merchant          TEXT    NOT NULL REFERENCES merchants (id),
    mode              TEXT    NOT NULL CHECK (mode IN ('test', 'live')),
    id                TEXT    NOT NULL,
    connection        TEXT    NOT NULL,
    type              TEXT    NOT NULL,
    country           TEXT    NOT NULL,
    created_at        BIGINT  NOT NULL,
    email             TEXT    NOT NULL,
    name              TEXT    NOT NULL,
    currency          TEXT    NOT NULL,
    status            TEXT    NOT NULL,
    provider_ref      TEXT,
    charges_enabled   BOOLEAN NOT NULL,
    payouts_enabled   BOOLEAN NOT NULL,
    transfers_enabled BOOLEAN NOT NULL,
    details_submitted BOOLEAN NOT NULL,
    requirements      TEXT    NOT NULL, -- JSON
    debt_limit        BIGINT  NOT NULL CHECK (debt_limit >= 0),
    metadata          TEXT    NOT NULL, -- JSON object
    failure_code      TEXT    NOT NULL,
    failure_message   TEXT    NOT NULL,
    sequence          BIGINT  NOT NULL,
    updated_at        BIGINT  NOT NULL,
    PRIMARY KEY (merchant, mode, id),
    FOREIGN KEY (merchant, mode, connection) REFERENCES connections (merchant, mode, id)
);
CREATE UNIQUE INDEX accounts_ref ON accounts (merchant, mode, provider_ref) WHERE provider_ref IS NOT NULL;
CREATE INDEX accounts_newest ON accounts (merchant, mode, created_at, id);
CREATE INDEX accounts_status ON accounts (merchant, mode, status, created_at, id);

-- +goose Down
DROP TABLE accounts;
ALTER TABLE provider_events DROP COLUMN account;
ALTER TABLE calls DROP COLUMN wire_account;
