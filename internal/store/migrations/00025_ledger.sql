-- A booking need not belong to a payment, and has a note; entries carry their
-- time, so that what an account did in a while is one walk of its index. SQLite
-- takes no NOT NULL back from a column: both tables are made anew.

-- +goose Up
CREATE TABLE ledger_transactions_new (
    merchant TEXT   NOT NULL,
    mode     TEXT   NOT NULL,
    id       TEXT   NOT NULL,
    kind     TEXT   NOT NULL,
    source   TEXT   NOT NULL,
    payment  TEXT,
    note     TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    CONSTRAINT ledger_transactions_key PRIMARY KEY (merchant, mode, id),
    FOREIGN KEY (merchant, mode, payment) REFERENCES payments (merchant, mode, id)
);
INSERT INTO ledger_transactions_new (merchant, mode, id, kind, source, payment, note, at)
SELECT merchant, mode, id, kind, source, payment, '', at FROM ledger_transactions ORDER BY merchant, mode, id;

CREATE TABLE ledger_entries_new (
    merchant       TEXT    NOT NULL,
    mode           TEXT    NOT NULL,
    transaction_id TEXT    NOT NULL,
    number         INTEGER NOT NULL,
    account        TEXT    NOT NULL,
    amount         BIGINT  NOT NULL CHECK (amount <> 0),
    currency       TEXT    NOT NULL,
    at             BIGINT  NOT NULL, -- the transaction's
    CONSTRAINT ledger_entries_key PRIMARY KEY (merchant, mode, transaction_id, number),
    FOREIGN KEY (merchant, mode, transaction_id) REFERENCES ledger_transactions_new (merchant, mode, id)
);
INSERT INTO ledger_entries_new (merchant, mode, transaction_id, number, account, amount, currency, at)
SELECT e.merchant, e.mode, e.transaction_id, e.number, e.account, e.amount, e.currency, t.at FROM ledger_entries e
JOIN ledger_transactions t ON t.merchant = e.merchant AND t.mode = e.mode AND t.id = e.transaction_id
ORDER BY e.merchant, e.mode, e.transaction_id, e.number;

DROP TABLE ledger_entries;
DROP TABLE ledger_transactions;
ALTER TABLE ledger_transactions_new RENAME TO ledger_transactions;
ALTER TABLE ledger_entries_new RENAME TO ledger_entries;
-- One source has one transaction of a kind: a hold ends once, a capture is booked once.
CREATE UNIQUE INDEX ledger_transactions_once ON ledger_transactions (merchant, mode, source, kind);
CREATE INDEX ledger_transactions_of_payment ON ledger_transactions (merchant, mode, payment, at, id) WHERE payment IS NOT NULL;
CREATE INDEX ledger_transactions_newest ON ledger_transactions (merchant, mode, at, id);
CREATE INDEX ledger_entries_of_account ON ledger_entries (merchant, mode, account, at, transaction_id, number, currency, amount);

-- What stands on a partner's guarded accounts: the one row that a posting
-- which may be refused must lock. All other accounts are summed when asked, so
-- that no payment waits for another.
CREATE TABLE ledger_balances (
    merchant TEXT   NOT NULL,
    mode     TEXT   NOT NULL,
    account  TEXT   NOT NULL,
    currency TEXT   NOT NULL,
    partner  TEXT   NOT NULL,
    amount   BIGINT NOT NULL CHECK (amount BETWEEN -9000000000000000000 AND 9000000000000000000), -- sum of the entries; SQLite would round beyond
    PRIMARY KEY (merchant, mode, account, currency),
    FOREIGN KEY (merchant, mode, partner) REFERENCES accounts (merchant, mode, id)
);

-- An owner's transactions, sealed in blocks: each block's hash covers its
-- transactions, their entries, and the hash of the block before it.
CREATE TABLE ledger_blocks (
    merchant     TEXT    NOT NULL REFERENCES merchants (id),
    mode         TEXT    NOT NULL CHECK (mode IN ('test', 'live')),
    number       BIGINT  NOT NULL,
    last         TEXT    NOT NULL, -- id of its last transaction; its first follows the block before it
    transactions INTEGER NOT NULL,
    hash         BYTEA   NOT NULL,
    at           BIGINT  NOT NULL,
    PRIMARY KEY (merchant, mode, number)
);

-- What stands on each account as of the owner's last block, so that a balance
-- is this and the entries since.
CREATE TABLE ledger_totals (
    merchant TEXT   NOT NULL REFERENCES merchants (id),
    mode     TEXT   NOT NULL CHECK (mode IN ('test', 'live')),
    account  TEXT   NOT NULL,
    currency TEXT   NOT NULL,
    amount   BIGINT NOT NULL CHECK (amount BETWEEN -9000000000000000000 AND 9000000000000000000),
    PRIMARY KEY (merchant, mode, account, currency)
);

-- +goose Down
DROP TABLE ledger_totals;
DROP TABLE ledger_blocks;
DROP TABLE ledger_balances;
DROP INDEX ledger_entries_of_account;
DROP INDEX ledger_transactions_newest;
CREATE INDEX ledger_entries_balance ON ledger_entries (merchant, mode, account, currency, amount);
