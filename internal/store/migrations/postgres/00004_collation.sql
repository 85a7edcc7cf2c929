-- Texts are compared byte by byte, as SQLite and Go do, whatever the database's
-- own locale: lists then have one order everywhere, an upgrade of the system's
-- locales cannot break an index, and keys compare several times faster.

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
