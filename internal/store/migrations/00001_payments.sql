-- Conventions of every table: times are microseconds since 1970 in UTC, 0 for
-- none; amounts are minor units beside their currency; an optional reference is
-- NULL when there is none, so that foreign keys and partial indexes pass it by;
-- every owned row has the key (merchant, mode, id), and references carry it
-- whole, so that no row can point into another owner's.

-- +goose Up
CREATE TABLE merchants (
    id         TEXT   NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);
CREATE INDEX merchants_newest ON merchants (created_at, id);

CREATE TABLE api_keys (
    merchant   TEXT   NOT NULL REFERENCES merchants (id),
    mode       TEXT   NOT NULL CHECK (mode IN ('test', 'live')),
    id         TEXT   NOT NULL,
    scopes     TEXT   NOT NULL,
    hash       BYTEA  NOT NULL,
    hint       TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    replaces   TEXT,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL,
    last_used  BIGINT NOT NULL,
    PRIMARY KEY (merchant, mode, id)
);
CREATE UNIQUE INDEX api_keys_id ON api_keys (id);
CREATE INDEX api_keys_newest ON api_keys (merchant, mode, created_at, id);
CREATE INDEX api_keys_newest_of_merchant ON api_keys (merchant, created_at, id);

CREATE TABLE connections (
    merchant       TEXT    NOT NULL REFERENCES merchants (id),
    mode           TEXT    NOT NULL CHECK (mode IN ('test', 'live')),
    id             TEXT    NOT NULL,
    kind           TEXT    NOT NULL,
    created_at     BIGINT  NOT NULL,
    name           TEXT    NOT NULL,
    account_ref    TEXT    NOT NULL,
    account_name   TEXT    NOT NULL,
    secret_key     BYTEA,
    key_hint       TEXT    NOT NULL,
    webhook_secret BYTEA,
    is_default     BOOLEAN NOT NULL,
    updated_at     BIGINT  NOT NULL,
    PRIMARY KEY (merchant, mode, id)
);
CREATE UNIQUE INDEX connections_name ON connections (merchant, mode, kind, name);
CREATE UNIQUE INDEX connections_default ON connections (merchant, mode) WHERE is_default;
CREATE INDEX connections_webhook ON connections (is_default, created_at, id) WHERE webhook_secret IS NOT NULL;

CREATE TABLE customers (
    merchant     TEXT   NOT NULL,
    mode         TEXT   NOT NULL,
    id           TEXT   NOT NULL,
    connection   TEXT   NOT NULL,
    email        TEXT,
    name         TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    provider_ref TEXT,
    PRIMARY KEY (merchant, mode, id),
    FOREIGN KEY (merchant, mode, connection) REFERENCES connections (merchant, mode, id)
);
CREATE UNIQUE INDEX customers_email ON customers (merchant, mode, connection, email) WHERE email IS NOT NULL;

CREATE TABLE cards (
    merchant        TEXT    NOT NULL,
    mode            TEXT    NOT NULL,
    id              TEXT    NOT NULL,
    customer        TEXT    NOT NULL,
    connection      TEXT    NOT NULL,
    provider        TEXT    NOT NULL,
    created_at      BIGINT  NOT NULL,
    provider_ref    TEXT,
    brand           TEXT    NOT NULL,
    last4           TEXT    NOT NULL,
    exp_month       INTEGER NOT NULL,
    exp_year        INTEGER NOT NULL,
    is_default      BOOLEAN NOT NULL,
    status          TEXT    NOT NULL,
    failure_code    TEXT    NOT NULL,
    failure_message TEXT    NOT NULL,
    decline_code    TEXT    NOT NULL,
    sequence        BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL,
    PRIMARY KEY (merchant, mode, id),
    FOREIGN KEY (merchant, mode, customer) REFERENCES customers (merchant, mode, id),
    FOREIGN KEY (merchant, mode, connection) REFERENCES connections (merchant, mode, id)
);
CREATE UNIQUE INDEX cards_default ON cards (merchant, mode, customer) WHERE is_default;
CREATE INDEX cards_ref ON cards (merchant, mode, provider_ref) WHERE provider_ref IS NOT NULL;
CREATE INDEX cards_newest ON cards (merchant, mode, created_at, id) WHERE status = 'active';
CREATE INDEX cards_of_customer ON cards (merchant, mode, customer, created_at, id) WHERE status = 'active';

CREATE TABLE payments (
    merchant             TEXT   NOT NULL,
    mode                 TEXT   NOT NULL,
    id                   TEXT   NOT NULL,
    amount               BIGINT NOT NULL CHECK (amount > 0),
    amount_milli         BIGINT NOT NULL, -- thousandths of a whole unit: compares currencies by size
    currency             TEXT   NOT NULL,
    capture              TEXT   NOT NULL,
    provider             TEXT   NOT NULL,
    connection           TEXT,
    customer             TEXT,
    card                 TEXT,
    description          TEXT   NOT NULL,
    statement_descriptor TEXT   NOT NULL,
    receipt_email        TEXT   NOT NULL,
    return_url           TEXT   NOT NULL,
    metadata             TEXT   NOT NULL, -- JSON object; payment_metadata has it for filters
    idempotency_key      TEXT,
    created_at           BIGINT NOT NULL,
    captured             BIGINT NOT NULL CHECK (captured >= 0),
    refunded             BIGINT NOT NULL CHECK (refunded >= 0 AND refunded <= captured),
    fee                  BIGINT NOT NULL,
    fee_currency         TEXT   NOT NULL,
    status               TEXT   NOT NULL,
    provider_ref         TEXT,
    charge_ref           TEXT   NOT NULL,
    payment_method       TEXT   NOT NULL,
    card_brand           TEXT   NOT NULL,
    card_last4           TEXT,
    redirect_url         TEXT   NOT NULL,
    failure_code         TEXT   NOT NULL,
    failure_message      TEXT   NOT NULL,
    decline_code         TEXT   NOT NULL,
    sequence             BIGINT NOT NULL,
    updated_at           BIGINT NOT NULL,
    authorized_at        BIGINT NOT NULL,
    captured_at          BIGINT NOT NULL,
    look_at              BIGINT NOT NULL,
    search               TEXT   NOT NULL, -- lower case, what a free-text filter looks through
    PRIMARY KEY (merchant, mode, id),
    FOREIGN KEY (merchant) REFERENCES merchants (id),
    FOREIGN KEY (merchant, mode, connection) REFERENCES connections (merchant, mode, id),
    FOREIGN KEY (merchant, mode, customer) REFERENCES customers (merchant, mode, id),
    FOREIGN KEY (merchant, mode, card) REFERENCES cards (merchant, mode, id)
);
CREATE INDEX payments_newest ON payments (merchant, mode, created_at, id);
CREATE INDEX payments_amount ON payments (merchant, mode, amount_milli, created_at, id);
CREATE INDEX payments_status ON payments (merchant, mode, status, created_at, id);
CREATE INDEX payments_currency ON payments (merchant, mode, currency, created_at, id);
CREATE INDEX payments_customer ON payments (merchant, mode, customer, created_at, id) WHERE customer IS NOT NULL;
CREATE INDEX payments_last4 ON payments (merchant, mode, card_last4, created_at, id) WHERE card_last4 IS NOT NULL;
CREATE UNIQUE INDEX payments_ref ON payments (merchant, mode, provider_ref) WHERE provider_ref IS NOT NULL;
CREATE INDEX payments_key ON payments (merchant, mode, idempotency_key, created_at, id) WHERE idempotency_key IS NOT NULL;
CREATE INDEX payments_due ON payments (look_at) WHERE look_at > 0;

CREATE TABLE payment_metadata (
    merchant   TEXT   NOT NULL,
    mode       TEXT   NOT NULL,
    payment    TEXT   NOT NULL,
    key        TEXT   NOT NULL,
    value      TEXT   NOT NULL,
    created_at BIGINT NOT NULL, -- the payment's, so that matches are read in its order
    PRIMARY KEY (merchant, mode, payment, key),
    FOREIGN KEY (merchant, mode, payment) REFERENCES payments (merchant, mode, id)
);
CREATE INDEX payment_metadata_value ON payment_metadata (merchant, mode, key, value, created_at, payment);

CREATE TABLE refunds (
    merchant        TEXT    NOT NULL,
    mode            TEXT    NOT NULL,
    id              TEXT    NOT NULL,
    payment         TEXT    NOT NULL,
    amount          BIGINT  NOT NULL CHECK (amount > 0),
    currency        TEXT    NOT NULL,
    reason          TEXT    NOT NULL,
    metadata        TEXT    NOT NULL,
    is_external     BOOLEAN NOT NULL,
    idempotency_key TEXT,
    created_at      BIGINT  NOT NULL,
    status          TEXT    NOT NULL,
    provider_ref    TEXT,
    failure_code    TEXT    NOT NULL,
    failure_message TEXT    NOT NULL,
    decline_code    TEXT    NOT NULL,
    sequence        BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL,
    look_at         BIGINT  NOT NULL,
    PRIMARY KEY (merchant, mode, id),
    FOREIGN KEY (merchant, mode, payment) REFERENCES payments (merchant, mode, id)
);
CREATE INDEX refunds_newest ON refunds (merchant, mode, created_at, id);
CREATE INDEX refunds_status ON refunds (merchant, mode, status, created_at, id);
CREATE INDEX refunds_of_payment ON refunds (merchant, mode, payment, created_at, id);
CREATE UNIQUE INDEX refunds_ref ON refunds (merchant, mode, provider_ref) WHERE provider_ref IS NOT NULL;
CREATE INDEX refunds_due ON refunds (look_at) WHERE look_at > 0;

CREATE TABLE calls (
    merchant      TEXT    NOT NULL,
    mode          TEXT    NOT NULL,
    id            TEXT    NOT NULL,
    action        TEXT    NOT NULL,
    connection    TEXT    NOT NULL,
    payment       TEXT,
    subject       TEXT    NOT NULL,
    wire_method   TEXT    NOT NULL,
    wire_path     TEXT    NOT NULL,
    wire_body     TEXT    NOT NULL,
    wire_version  TEXT    NOT NULL,
    provider_key  TEXT    NOT NULL,
    request_key   TEXT    NOT NULL,
    first_sent_at BIGINT  NOT NULL,
    created_at    BIGINT  NOT NULL,
    state         TEXT    NOT NULL,
    attempts      INTEGER NOT NULL,
    due_at        BIGINT  NOT NULL,
    fence         BIGINT  NOT NULL,
    outcome       TEXT    NOT NULL,
    request_ref   TEXT    NOT NULL,
    note          TEXT    NOT NULL,
    answered_at   BIGINT  NOT NULL,
    PRIMARY KEY (merchant, mode, id),
    FOREIGN KEY (merchant, mode, connection) REFERENCES connections (merchant, mode, id),
    FOREIGN KEY (merchant, mode, payment) REFERENCES payments (merchant, mode, id)
);
-- One thing is asked of Stripe once at a time: a second open call for the same
-- subject and action would be a second charge in the making.
CREATE UNIQUE INDEX calls_open ON calls (merchant, mode, subject, action) WHERE state = 'open';
CREATE INDEX calls_of_payment ON calls (merchant, mode, payment, created_at, id) WHERE payment IS NOT NULL;
CREATE INDEX calls_due ON calls (due_at) WHERE state = 'open';

CREATE TABLE requests (
    merchant    TEXT    NOT NULL REFERENCES merchants (id),
    mode        TEXT    NOT NULL CHECK (mode IN ('test', 'live')),
    key         TEXT    NOT NULL,
    fingerprint BYTEA   NOT NULL,
    fields      TEXT    NOT NULL,
    created_at  BIGINT  NOT NULL,
    state       TEXT    NOT NULL,
    status      INTEGER NOT NULL,
    reply       BYTEA,
    resource    TEXT    NOT NULL,
    finished_at BIGINT  NOT NULL,
    PRIMARY KEY (merchant, mode, key)
);
CREATE INDEX requests_finished ON requests (finished_at) WHERE state = 'finished';

-- +goose Down
DROP TABLE requests;
DROP TABLE calls;
DROP TABLE refunds;
DROP TABLE payment_metadata;
DROP TABLE payments;
DROP TABLE cards;
DROP TABLE customers;
DROP TABLE connections;
DROP TABLE api_keys;
DROP TABLE merchants;
