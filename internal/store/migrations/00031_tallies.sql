-- +goose Up
CREATE TABLE tallies (
    merchant TEXT   NOT NULL REFERENCES merchants (id),
    mode     TEXT   NOT NULL CHECK (mode IN ('test', 'live')),
    day      BIGINT NOT NULL, -- its first moment, UTC
    event    TEXT   NOT NULL,
    reason   TEXT   NOT NULL,
    currency TEXT   NOT NULL,
    number   BIGINT NOT NULL,
    amount   BIGINT NOT NULL,
    PRIMARY KEY (merchant, mode, day, event, reason, currency)
);

-- How far each owner's feed of events is counted.
CREATE TABLE tally_marks (
    merchant TEXT   NOT NULL REFERENCES merchants (id),
    mode     TEXT   NOT NULL CHECK (mode IN ('test', 'live')),
    feed_tx  BIGINT NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (merchant, mode)
);

-- +goose Down
DROP TABLE tally_marks;
DROP TABLE tallies;
