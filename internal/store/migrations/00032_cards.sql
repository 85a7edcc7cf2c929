-- +goose Up
ALTER TABLE cards ADD COLUMN expiry_told_at BIGINT NOT NULL DEFAULT 0; -- when the merchant was told that it has expired
CREATE INDEX cards_expiring ON cards (exp_year, exp_month) WHERE status = 'active' AND expiry_told_at = 0;
CREATE INDEX cards_set_up ON cards (updated_at) WHERE status = 'pending' AND setup_ref IS NOT NULL;

-- +goose Down
DROP INDEX cards_set_up;
DROP INDEX cards_expiring;
ALTER TABLE cards DROP COLUMN expiry_told_at;
