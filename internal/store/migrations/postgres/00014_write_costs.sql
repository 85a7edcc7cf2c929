-- What an event and a Stripe event cost to keep. No query asks for a position
-- alone here: a sequence gives it, and the feed has an index of its own. What is
-- sealed cannot be made shorter, so nobody needs to try.

-- +goose Up
DROP INDEX events_position;
ALTER TABLE provider_events ALTER COLUMN payload SET STORAGE EXTERNAL;
ALTER TABLE requests ALTER COLUMN reply SET STORAGE EXTERNAL;

-- +goose Down
ALTER TABLE requests ALTER COLUMN reply SET STORAGE EXTENDED;
ALTER TABLE provider_events ALTER COLUMN payload SET STORAGE EXTENDED;
CREATE UNIQUE INDEX events_position ON events (position);
