-- +goose Up
-- What a key has spent is counted by when it was carried out, not by when it was asked for.
DROP INDEX operation_calls_spent;
CREATE INDEX operation_calls_spent ON operation_calls (merchant, mode, key, answered_at) WHERE amount > 0;

-- +goose Down
DROP INDEX operation_calls_spent;
CREATE INDEX operation_calls_spent ON operation_calls (merchant, mode, key, created_at) WHERE amount > 0;
