-- +goose Up
CREATE TABLE flows (
    merchant    TEXT    NOT NULL REFERENCES merchants (id),
    mode        TEXT    NOT NULL CHECK (mode IN ('test', 'live')),
    id          TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    created_at  BIGINT  NOT NULL,
    state       TEXT    NOT NULL,
    description TEXT    NOT NULL,
    version     INTEGER NOT NULL,
    hash        TEXT    NOT NULL,
    concurrency INTEGER NOT NULL,
    updated_at  BIGINT  NOT NULL,
    deleted_at  BIGINT  NOT NULL,
    PRIMARY KEY (merchant, mode, id)
);
CREATE UNIQUE INDEX flows_name ON flows (merchant, mode, name) WHERE deleted_at = 0;
CREATE INDEX flows_newest ON flows (merchant, mode, state, created_at, id);

CREATE TABLE flow_versions (
    merchant   TEXT    NOT NULL,
    mode       TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    flow       TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    source     BYTEA   NOT NULL,
    created_at BIGINT  NOT NULL,
    PRIMARY KEY (merchant, mode, id),
    FOREIGN KEY (merchant, mode, flow) REFERENCES flows (merchant, mode, id)
);
CREATE UNIQUE INDEX flow_versions_number ON flow_versions (merchant, mode, flow, version);

CREATE TABLE runs (
    merchant        TEXT    NOT NULL,
    mode            TEXT    NOT NULL,
    id              TEXT    NOT NULL,
    flow            TEXT    NOT NULL,
    flow_name       TEXT    NOT NULL,
    version         INTEGER NOT NULL,
    key             TEXT    NOT NULL, -- whatever makes a run begin twice begins it once
    cause           TEXT    NOT NULL,
    ref             TEXT    NOT NULL,
    input           BYTEA,
    origin          TEXT,
    parent          TEXT,
    depth           INTEGER NOT NULL,
    attempt         INTEGER NOT NULL,
    created_at      BIGINT  NOT NULL,
    state           TEXT    NOT NULL,
    canceling       BOOLEAN NOT NULL,
    fence           BIGINT  NOT NULL,
    lease_until     BIGINT  NOT NULL,
    due_at          BIGINT  NOT NULL,
    started_at      BIGINT  NOT NULL,
    ended_at        BIGINT  NOT NULL,
    output          BYTEA,
    failure_code    TEXT    NOT NULL,
    failure_message TEXT    NOT NULL,
    failure_field   TEXT    NOT NULL,
    failure_step    TEXT    NOT NULL,
    sequence        BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL,
    PRIMARY KEY (merchant, mode, id),
    FOREIGN KEY (merchant, mode, flow) REFERENCES flows (merchant, mode, id),
    FOREIGN KEY (merchant, mode, origin) REFERENCES runs (merchant, mode, id),
    FOREIGN KEY (merchant, mode, parent) REFERENCES runs (merchant, mode, id)
);
CREATE UNIQUE INDEX runs_key ON runs (merchant, mode, flow, key);
CREATE INDEX runs_newest ON runs (merchant, mode, created_at, id);
CREATE INDEX runs_of_state ON runs (merchant, mode, state, created_at, id);
CREATE INDEX runs_of_flow ON runs (merchant, mode, flow, created_at, id);
CREATE INDEX runs_of_flow_by_state ON runs (merchant, mode, flow, state, created_at, id);
CREATE INDEX runs_due ON runs (due_at) WHERE due_at > 0;
CREATE INDEX runs_at_work ON runs (merchant, mode, flow, lease_until) WHERE state = 'running';

CREATE TABLE run_steps (
    merchant        TEXT    NOT NULL,
    mode            TEXT    NOT NULL,
    id              TEXT    NOT NULL,
    run             TEXT    NOT NULL,
    path            TEXT    NOT NULL,
    step            TEXT    NOT NULL,
    does            TEXT    NOT NULL,
    input           BYTEA,
    call            TEXT    NOT NULL,
    begun_at        BIGINT  NOT NULL,
    state           TEXT    NOT NULL,
    attempts        INTEGER NOT NULL,
    final           BOOLEAN NOT NULL,
    due_at          BIGINT  NOT NULL,
    output          BYTEA,
    failure_code    TEXT    NOT NULL,
    failure_message TEXT    NOT NULL,
    failure_field   TEXT    NOT NULL,
    failure_step    TEXT    NOT NULL,
    ended_at        BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL,
    PRIMARY KEY (merchant, mode, id),
    FOREIGN KEY (merchant, mode, run) REFERENCES runs (merchant, mode, id)
);
CREATE UNIQUE INDEX run_steps_path ON run_steps (merchant, mode, run, path);
