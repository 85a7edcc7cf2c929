-- +goose Up
CREATE TABLE sessions (
    merchant   TEXT    NOT NULL REFERENCES merchants (id),
    mode       TEXT    NOT NULL CHECK (mode IN ('test', 'live')),
    id         TEXT    NOT NULL,
    api_key    TEXT    NOT NULL,
    hash       BYTEA   NOT NULL,
    is_link    BOOLEAN NOT NULL,
    created_at BIGINT  NOT NULL,
    seen_at    BIGINT  NOT NULL,
    proved_at  BIGINT  NOT NULL,
    PRIMARY KEY (merchant, mode, id),
    FOREIGN KEY (merchant, mode, api_key) REFERENCES api_keys (merchant, mode, id)
);
CREATE UNIQUE INDEX sessions_hash ON sessions (hash);
CREATE INDEX sessions_age ON sessions (created_at);

-- +goose Down
DROP TABLE sessions;
