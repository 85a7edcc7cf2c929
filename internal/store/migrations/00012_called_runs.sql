-- +goose Up
-- A step of a run calls one run, whichever flow has the name by then.
CREATE UNIQUE INDEX runs_called ON runs (merchant, mode, parent, key) WHERE parent IS NOT NULL;
CREATE INDEX runs_again ON runs (merchant, mode, origin, created_at, id) WHERE origin IS NOT NULL;

-- +goose Down
DROP INDEX runs_again;
DROP INDEX runs_called;
