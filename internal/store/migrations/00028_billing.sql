-- +goose Up
CREATE TABLE plans (
    merchant         TEXT    NOT NULL REFERENCES merchants (id),
    mode             TEXT    NOT NULL CHECK (mode IN ('test', 'live')),
    id               TEXT    NOT NULL,
    connection       TEXT    NOT NULL,
    amount           BIGINT  NOT NULL CHECK (amount > 0),
    currency         TEXT    NOT NULL,
    interval_unit    TEXT    NOT NULL,
    interval_count   INTEGER NOT NULL CHECK (interval_count > 0),
    trial_days       INTEGER NOT NULL CHECK (trial_days >= 0),
    account          TEXT,
    platform_percent INTEGER NOT NULL CHECK (platform_percent BETWEEN 0 AND 10000), -- basis points
    metadata         TEXT    NOT NULL, -- JSON object
    idempotency_key  TEXT,
    created_at       BIGINT  NOT NULL,
    name             TEXT    NOT NULL,
    status           TEXT    NOT NULL,
    provider_ref     TEXT,
    product_ref      TEXT    NOT NULL,
    failure_code     TEXT    NOT NULL,
    failure_message  TEXT    NOT NULL,
    sequence         BIGINT  NOT NULL,
    updated_at       BIGINT  NOT NULL,
    PRIMARY KEY (merchant, mode, id),
    FOREIGN KEY (merchant, mode, connection) REFERENCES connections (merchant, mode, id),
    FOREIGN KEY (merchant, mode, account) REFERENCES accounts (merchant, mode, id)
);
CREATE UNIQUE INDEX plans_ref ON plans (merchant, mode, provider_ref) WHERE provider_ref IS NOT NULL;
CREATE INDEX plans_newest ON plans (merchant, mode, created_at, id);
CREATE INDEX plans_status ON plans (merchant, mode, status, created_at, id);
CREATE INDEX plans_account ON plans (merchant, mode, account, created_at, id) WHERE account IS NOT NULL;

CREATE TABLE subscriptions (
    merchant             TEXT    NOT NULL REFERENCES merchants (id),
    mode                 TEXT    NOT NULL CHECK (mode IN ('test', 'live')),
    id                   TEXT    NOT NULL,
    connection           TEXT    NOT NULL,
    customer             TEXT    NOT NULL,
    metadata             TEXT    NOT NULL, -- JSON object
    idempotency_key      TEXT,
    created_at           BIGINT  NOT NULL,
    account              TEXT,
    platform_percent     INTEGER NOT NULL CHECK (platform_percent BETWEEN 0 AND 10000), -- basis points
    plan                 TEXT    NOT NULL,
    card                 TEXT,
    status               TEXT    NOT NULL,
    item_ref             TEXT    NOT NULL,
    period_start         BIGINT  NOT NULL,
    period_end           BIGINT  NOT NULL,
    trial_end            BIGINT  NOT NULL,
    cancel_at_period_end BOOLEAN NOT NULL,
    cancel_at            BIGINT  NOT NULL,
    canceled_at          BIGINT  NOT NULL,
    ended_at             BIGINT  NOT NULL,
    pause                TEXT    NOT NULL,
    resumes_at           BIGINT  NOT NULL,
    clock_ref            TEXT    NOT NULL,
    provider_ref         TEXT,
    failure_code         TEXT    NOT NULL,
    failure_message      TEXT    NOT NULL,
    decline_code         TEXT    NOT NULL,
    sequence             BIGINT  NOT NULL,
    updated_at           BIGINT  NOT NULL,
    look_at              BIGINT  NOT NULL,
    PRIMARY KEY (merchant, mode, id),
    FOREIGN KEY (merchant, mode, connection) REFERENCES connections (merchant, mode, id),
    FOREIGN KEY (merchant, mode, customer) REFERENCES customers (merchant, mode, id),
    FOREIGN KEY (merchant, mode, account) REFERENCES accounts (merchant, mode, id),
    FOREIGN KEY (merchant, mode, plan) REFERENCES plans (merchant, mode, id),
    FOREIGN KEY (merchant, mode, card) REFERENCES cards (merchant, mode, id)
);
CREATE UNIQUE INDEX subscriptions_ref ON subscriptions (merchant, mode, provider_ref) WHERE provider_ref IS NOT NULL;
CREATE INDEX subscriptions_newest ON subscriptions (merchant, mode, created_at, id);
CREATE INDEX subscriptions_status ON subscriptions (merchant, mode, status, created_at, id);
CREATE INDEX subscriptions_customer ON subscriptions (merchant, mode, customer, created_at, id);
CREATE INDEX subscriptions_plan ON subscriptions (merchant, mode, plan, created_at, id);
CREATE INDEX subscriptions_account ON subscriptions (merchant, mode, account, created_at, id) WHERE account IS NOT NULL;
CREATE INDEX subscriptions_due ON subscriptions (look_at) WHERE look_at > 0;

CREATE TABLE invoices (
    merchant        TEXT    NOT NULL REFERENCES merchants (id),
    mode            TEXT    NOT NULL CHECK (mode IN ('test', 'live')),
    id              TEXT    NOT NULL,
    connection      TEXT    NOT NULL,
    subscription    TEXT    NOT NULL,
    customer        TEXT    NOT NULL,
    account         TEXT,
    provider_ref    TEXT    NOT NULL,
    created_at      BIGINT  NOT NULL,
    status          TEXT    NOT NULL,
    number          TEXT    NOT NULL,
    reason          TEXT    NOT NULL,
    due             BIGINT  NOT NULL,
    paid            BIGINT  NOT NULL,
    currency        TEXT    NOT NULL,
    lines           TEXT    NOT NULL, -- JSON
    payment_ref     TEXT    NOT NULL,
    hosted_url      TEXT    NOT NULL,
    pdf_url         TEXT    NOT NULL,
    attempts        INTEGER NOT NULL,
    next_attempt    BIGINT  NOT NULL,
    failure_code    TEXT    NOT NULL,
    failure_message TEXT    NOT NULL,
    decline_code    TEXT    NOT NULL,
    finalized_at    BIGINT  NOT NULL,
    paid_at         BIGINT  NOT NULL,
    clock_ref       TEXT    NOT NULL,
    payment         TEXT,
    dunning         TEXT    NOT NULL, -- JSON
    retry_at        BIGINT  NOT NULL, -- dunning's next_at, by the clock that the invoice lives by
    sequence        BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL,
    look_at         BIGINT  NOT NULL,
    PRIMARY KEY (merchant, mode, id),
    FOREIGN KEY (merchant, mode, connection) REFERENCES connections (merchant, mode, id),
    FOREIGN KEY (merchant, mode, subscription) REFERENCES subscriptions (merchant, mode, id),
    FOREIGN KEY (merchant, mode, customer) REFERENCES customers (merchant, mode, id),
    FOREIGN KEY (merchant, mode, account) REFERENCES accounts (merchant, mode, id),
    FOREIGN KEY (merchant, mode, payment) REFERENCES payments (merchant, mode, id)
);
CREATE UNIQUE INDEX invoices_ref ON invoices (merchant, mode, provider_ref);
CREATE INDEX invoices_newest ON invoices (merchant, mode, created_at, id);
CREATE INDEX invoices_status ON invoices (merchant, mode, status, created_at, id);
CREATE INDEX invoices_subscription ON invoices (merchant, mode, subscription, created_at, id);
CREATE INDEX invoices_customer ON invoices (merchant, mode, customer, created_at, id);
CREATE INDEX invoices_account ON invoices (merchant, mode, account, created_at, id) WHERE account IS NOT NULL;
CREATE INDEX invoices_due ON invoices (look_at) WHERE look_at > 0;
CREATE INDEX invoices_retry ON invoices (clock_ref, retry_at) WHERE retry_at > 0;
CREATE INDEX invoices_urgent ON invoices (id) WHERE retry_at = 1;

CREATE TABLE billing_settings (
    merchant   TEXT   NOT NULL REFERENCES merchants (id),
    mode       TEXT   NOT NULL CHECK (mode IN ('test', 'live')),
    id         TEXT   NOT NULL, -- one an owner: the merchant's
    settings   TEXT   NOT NULL, -- JSON
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (merchant, mode, id)
);

CREATE TABLE mails (
    merchant   TEXT    NOT NULL REFERENCES merchants (id),
    mode       TEXT    NOT NULL CHECK (mode IN ('test', 'live')),
    id         TEXT    NOT NULL,
    template   TEXT    NOT NULL,
    object     TEXT    NOT NULL, -- the payment, refund or invoice that it tells of
    occasion   TEXT    NOT NULL, -- tells mails of one template and object apart
    recipient  TEXT    NOT NULL,
    created_at BIGINT  NOT NULL,
    sender     TEXT    NOT NULL,
    reply_to   TEXT    NOT NULL,
    locale     TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    body_text  TEXT    NOT NULL,
    body_html  TEXT    NOT NULL,
    status     TEXT    NOT NULL,
    attempts   INTEGER NOT NULL,
    problem    TEXT    NOT NULL,
    next_at    BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL,
    PRIMARY KEY (merchant, mode, id)
);
CREATE UNIQUE INDEX mails_once ON mails (merchant, mode, template, object, occasion);
CREATE INDEX mails_newest ON mails (merchant, mode, created_at, id);
CREATE INDEX mails_status ON mails (merchant, mode, status, created_at, id);
CREATE INDEX mails_object ON mails (merchant, mode, object, created_at, id);
CREATE INDEX mails_due ON mails (next_at) WHERE next_at > 0;

CREATE TABLE mail_templates (
    merchant   TEXT   NOT NULL REFERENCES merchants (id),
    mode       TEXT   NOT NULL CHECK (mode IN ('test', 'live')),
    id         TEXT   NOT NULL, -- its name
    subject    TEXT   NOT NULL,
    body_text  TEXT   NOT NULL,
    body_html  TEXT   NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (merchant, mode, id)
);

-- +goose Down
DROP TABLE mail_templates;
DROP TABLE mails;
DROP TABLE billing_settings;
DROP TABLE invoices;
DROP TABLE subscriptions;
DROP TABLE plans;
