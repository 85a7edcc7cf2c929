-- +goose Up
CREATE TABLE transfers (
    merchant        TEXT    NOT NULL REFERENCES merchants (id),
    mode            TEXT    NOT NULL CHECK (mode IN ('test', 'live')),
    id              TEXT    NOT NULL,
    connection      TEXT    NOT NULL,
    account         TEXT    NOT NULL,
    account_ref     TEXT    NOT NULL, -- acct_…
    payment         TEXT,
    payout          TEXT,
    funding         TEXT    NOT NULL,
    amount          BIGINT  NOT NULL CHECK (amount > 0),
    currency        TEXT    NOT NULL,
    description     TEXT    NOT NULL,
    metadata        TEXT    NOT NULL, -- JSON object
    is_external     BOOLEAN NOT NULL,
    idempotency_key TEXT,
    created_at      BIGINT  NOT NULL,
    status          TEXT    NOT NULL,
    reversed        BIGINT  NOT NULL CHECK (reversed BETWEEN 0 AND amount),
    provider_ref    TEXT,
    failure_code    TEXT    NOT NULL,
    failure_message TEXT    NOT NULL,
    sequence        BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL,
    PRIMARY KEY (merchant, mode, id),
    FOREIGN KEY (merchant, mode, connection) REFERENCES connections (merchant, mode, id),
    FOREIGN KEY (merchant, mode, account) REFERENCES accounts (merchant, mode, id),
    FOREIGN KEY (merchant, mode, payment) REFERENCES payments (merchant, mode, id)
);
CREATE UNIQUE INDEX transfers_ref ON transfers (merchant, mode, provider_ref) WHERE provider_ref IS NOT NULL;
CREATE INDEX transfers_newest ON transfers (merchant, mode, created_at, id);
CREATE INDEX transfers_account ON transfers (merchant, mode, account, created_at, id);
CREATE INDEX transfers_payment ON transfers (merchant, mode, payment, created_at, id) WHERE payment IS NOT NULL;
CREATE INDEX transfers_payout ON transfers (merchant, mode, payout) WHERE payout IS NOT NULL;

CREATE TABLE transfer_reversals (
    merchant        TEXT    NOT NULL,
    mode            TEXT    NOT NULL,
    id              TEXT    NOT NULL,
    transfer        TEXT    NOT NULL,
    refund          TEXT,
    amount          BIGINT  NOT NULL CHECK (amount > 0),
    currency        TEXT    NOT NULL,
    description     TEXT    NOT NULL,
    metadata        TEXT    NOT NULL, -- JSON object
    is_external     BOOLEAN NOT NULL,
    idempotency_key TEXT,
    created_at      BIGINT  NOT NULL,
    status          TEXT    NOT NULL,
    provider_ref    TEXT,
    failure_code    TEXT    NOT NULL,
    failure_message TEXT    NOT NULL,
    sequence        BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL,
    PRIMARY KEY (merchant, mode, id),
    FOREIGN KEY (merchant, mode, transfer) REFERENCES transfers (merchant, mode, id)
);
CREATE UNIQUE INDEX transfer_reversals_ref ON transfer_reversals (merchant, mode, provider_ref) WHERE provider_ref IS NOT NULL;
CREATE INDEX transfer_reversals_of ON transfer_reversals (merchant, mode, transfer, created_at, id);

-- +goose Down
DROP TABLE transfer_reversals;
DROP TABLE transfers;
