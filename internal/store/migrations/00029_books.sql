-- What Stripe says of the money, kept beside our own books, and how far its
-- lists have been read.

-- +goose Up
CREATE TABLE readings (
    merchant    TEXT    NOT NULL REFERENCES merchants (id),
    mode        TEXT    NOT NULL CHECK (mode IN ('test', 'live')),
    id          TEXT    NOT NULL,
    connection  TEXT    NOT NULL,
    account_ref TEXT    NOT NULL,
    list        TEXT    NOT NULL,
    created_at  BIGINT  NOT NULL,
    from_at     BIGINT  NOT NULL,
    settled_at  BIGINT  NOT NULL,
    deep_at     BIGINT  NOT NULL,
    is_open     BOOLEAN NOT NULL,
    lower_at    BIGINT  NOT NULL,
    upper_at    BIGINT  NOT NULL,
    cursor_ref  TEXT    NOT NULL,
    found       BIGINT  NOT NULL,
    due_at      BIGINT  NOT NULL,
    lease_until BIGINT  NOT NULL,
    fence       BIGINT  NOT NULL,
    failures    BIGINT  NOT NULL,
    reason      TEXT    NOT NULL,
    updated_at  BIGINT  NOT NULL,
    PRIMARY KEY (merchant, mode, id),
    FOREIGN KEY (merchant, mode, connection) REFERENCES connections (merchant, mode, id)
);
CREATE UNIQUE INDEX readings_list ON readings (merchant, mode, connection, account_ref, list);
CREATE INDEX readings_due ON readings (due_at) WHERE due_at > 0;

CREATE TABLE balance_transactions (
    merchant     TEXT   NOT NULL REFERENCES merchants (id),
    mode         TEXT   NOT NULL CHECK (mode IN ('test', 'live')),
    id           TEXT   NOT NULL,
    connection   TEXT   NOT NULL,
    account_ref  TEXT   NOT NULL,
    ref          TEXT   NOT NULL,
    type         TEXT   NOT NULL,
    amount       BIGINT NOT NULL, -- minor units, signed
    fee          BIGINT NOT NULL,
    net          BIGINT NOT NULL,
    currency     TEXT   NOT NULL,
    source       TEXT   NOT NULL,
    origin       TEXT   NOT NULL,
    payment_ref  TEXT   NOT NULL,
    description  TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    available_on BIGINT NOT NULL,
    seen_at      BIGINT NOT NULL,
    payment      TEXT,
    payout_ref   TEXT   NOT NULL,
    status       TEXT   NOT NULL CHECK (status IN ('pending', 'available')),
    PRIMARY KEY (merchant, mode, id),
    CHECK (net = amount - fee),
    FOREIGN KEY (merchant, mode, connection) REFERENCES connections (merchant, mode, id),
    FOREIGN KEY (merchant, mode, payment) REFERENCES payments (merchant, mode, id)
);
CREATE UNIQUE INDEX balance_transactions_ref ON balance_transactions (merchant, mode, ref);
CREATE INDEX balance_transactions_newest ON balance_transactions (merchant, mode, created_at, id);
CREATE INDEX balance_transactions_account ON balance_transactions (merchant, mode, account_ref, created_at, id);
CREATE INDEX balance_transactions_type ON balance_transactions (merchant, mode, type, created_at, id);
CREATE INDEX balance_transactions_source ON balance_transactions (merchant, mode, source);
CREATE INDEX balance_transactions_origin ON balance_transactions (merchant, mode, origin) WHERE origin <> '';
CREATE INDEX balance_transactions_payment ON balance_transactions (merchant, mode, payment) WHERE payment IS NOT NULL;
CREATE INDEX balance_transactions_payout ON balance_transactions (merchant, mode, payout_ref) WHERE payout_ref <> '';
CREATE INDEX balance_transactions_pending ON balance_transactions (merchant, mode, connection, account_ref, available_on) WHERE status = 'pending';
CREATE INDEX balance_transactions_untied ON balance_transactions (merchant, mode, created_at) WHERE payment IS NULL AND payment_ref <> '';

-- A charge's payment is sought by the charge.
CREATE INDEX payments_charge ON payments (merchant, mode, charge_ref) WHERE charge_ref <> '';

-- A customer is sought by what Stripe calls them.
CREATE INDEX customers_ref ON customers (merchant, mode, provider_ref) WHERE provider_ref IS NOT NULL;

-- Where our books and Stripe's differ, until they do no more.
CREATE TABLE differences (
    merchant    TEXT   NOT NULL REFERENCES merchants (id),
    mode        TEXT   NOT NULL CHECK (mode IN ('test', 'live')),
    id          TEXT   NOT NULL,
    connection  TEXT   NOT NULL,
    account_ref TEXT   NOT NULL,
    cause       TEXT   NOT NULL,
    source      TEXT   NOT NULL,
    payment     TEXT,
    currency    TEXT   NOT NULL,
    ours        BIGINT NOT NULL,
    theirs      BIGINT NOT NULL,
    note        TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    seen_at     BIGINT NOT NULL,
    resolved_at BIGINT NOT NULL,
    PRIMARY KEY (merchant, mode, id),
    FOREIGN KEY (merchant, mode, connection) REFERENCES connections (merchant, mode, id),
    FOREIGN KEY (merchant, mode, payment) REFERENCES payments (merchant, mode, id)
);
CREATE UNIQUE INDEX differences_open ON differences (merchant, mode, account_ref, source, cause, currency) WHERE resolved_at = 0;
CREATE INDEX differences_newest ON differences (merchant, mode, created_at, id);

-- +goose Down
DROP TABLE differences;
DROP INDEX customers_ref;
DROP INDEX payments_charge;
DROP TABLE balance_transactions;
DROP TABLE readings;
