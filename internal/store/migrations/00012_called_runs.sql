-- +goose Up
-- A step of a run calls one run, whichever flow has the name by then.
CREATE UNIQUE INDEX runs_called ON runs (merchant, mode, parent, key) WHERE parent IS NOT NULL;
CREATE INDEX runs_again ON runs (merchant, mode, origin, created_at, id) WHERE origin IS NOT NULL;
-- Those that had to give way to others of their flow, in the order of their turn.
CREATE INDEX runs_in_turn ON runs (merchant, mode, flow, created_at, id) WHERE state = 'pending' AND fence > 0;

-- +goose Down
DROP INDEX runs_in_turn;
DROP INDEX runs_again;
DROP INDEX runs_called;
