-- +goose Up
CREATE TABLE payouts (
    merchant        TEXT    NOT NULL REFERENCES merchants (id),
    mode            TEXT    NOT NULL CHECK (mode IN ('test', 'live')),
    id              TEXT    NOT NULL,
    connection      TEXT    NOT NULL,
    account         TEXT    NOT NULL,
    account_ref     TEXT    NOT NULL, -- acct_…
    source          TEXT    NOT NULL,
    amount          BIGINT  NOT NULL CHECK (amount > 0),
    currency        TEXT    NOT NULL,
    retry_of        TEXT,
    description     TEXT    NOT NULL,
    metadata        TEXT    NOT NULL, -- JSON object
    is_external     BOOLEAN NOT NULL,
    idempotency_key TEXT,
    created_at      BIGINT  NOT NULL,
    status          TEXT    NOT NULL,
    provider_ref    TEXT,
    arrives_at      BIGINT  NOT NULL,
    failure_code    TEXT    NOT NULL,
    failure_message TEXT    NOT NULL,
    decline_code    TEXT    NOT NULL, -- of the bank, in Stripe's words
    sequence        BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL,
    look_at         BIGINT  NOT NULL,
    PRIMARY KEY (merchant, mode, id),
    FOREIGN KEY (merchant, mode, connection) REFERENCES connections (merchant, mode, id),
    FOREIGN KEY (merchant, mode, account) REFERENCES accounts (merchant, mode, id)
);
CREATE UNIQUE INDEX payouts_ref ON payouts (merchant, mode, provider_ref) WHERE provider_ref IS NOT NULL;
CREATE UNIQUE INDEX payouts_retry ON payouts (merchant, mode, retry_of) WHERE retry_of IS NOT NULL; -- a payout is tried again once; then that one is
CREATE INDEX payouts_newest ON payouts (merchant, mode, created_at, id);
CREATE INDEX payouts_account ON payouts (merchant, mode, account, created_at, id);
CREATE INDEX payouts_due ON payouts (look_at) WHERE look_at > 0;

-- +goose Down
DROP TABLE payouts;
