-- The same as 00020 does, for the tables that came after it. Migrations with
-- lower numbers come before.

-- +goose Up
-- +goose StatementBegin
DO $$
DECLARE
    c RECORD;
BEGIN
    FOR c IN
        SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = current_schema() AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'
            AND table_name NOT LIKE 'river%' AND table_name NOT LIKE 'goose%'
    LOOP
        EXECUTE format('ALTER TABLE %I ALTER COLUMN %I TYPE TEXT COLLATE "C"', c.table_name, c.column_name);
    END LOOP;
END;
$$;
-- +goose StatementEnd

-- +goose Down
SELECT 1;
