-- As 00003 does, for the tables that 00025 made anew, and for the blocks.

-- +goose Up
CREATE TRIGGER ledger_transactions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transactions FOR EACH STATEMENT EXECUTE FUNCTION florin_append_only();
CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries FOR EACH STATEMENT EXECUTE FUNCTION florin_append_only();
CREATE TRIGGER ledger_blocks_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_blocks FOR EACH STATEMENT EXECUTE FUNCTION florin_append_only();

-- +goose Down
DROP TRIGGER ledger_transactions_append_only ON ledger_transactions;
DROP TRIGGER ledger_entries_append_only ON ledger_entries;
DROP TRIGGER ledger_blocks_append_only ON ledger_blocks;
