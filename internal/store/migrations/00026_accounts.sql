-- +goose Up
ALTER TABLE accounts ADD COLUMN read_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN look_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX accounts_due ON accounts (look_at) WHERE look_at > 0;

ALTER TABLE payments ADD COLUMN account TEXT; -- the partner's, when the payment is shared
ALTER TABLE payments ADD COLUMN account_ref TEXT NOT NULL DEFAULT ''; -- acct_…
ALTER TABLE payments ADD COLUMN charge_type TEXT NOT NULL DEFAULT '';
ALTER TABLE payments ADD COLUMN platform_percent BIGINT NOT NULL DEFAULT 0; -- basis points
ALTER TABLE payments ADD COLUMN on_behalf_of BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE payments ADD COLUMN application_fee BIGINT NOT NULL DEFAULT 0 CHECK (application_fee >= 0);
ALTER TABLE payments ADD COLUMN partner_net BIGINT NOT NULL DEFAULT 0;
ALTER TABLE payments ADD COLUMN partner_net_currency TEXT NOT NULL DEFAULT '';
ALTER TABLE payments ADD COLUMN available_on BIGINT NOT NULL DEFAULT 0; -- when Stripe lets the money go
ALTER TABLE payments ADD COLUMN share_due_at BIGINT NOT NULL DEFAULT 0; -- when the partner's pending share becomes available; 0: done, or none
ALTER TABLE payments ADD COLUMN authorization_expires_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE payments ADD COLUMN expiry_told_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX payments_account ON payments (merchant, mode, account, created_at, id) WHERE account IS NOT NULL;
CREATE INDEX payments_share_due ON payments (share_due_at) WHERE share_due_at > 0;

ALTER TABLE cards ADD COLUMN setup_ref TEXT; -- seti_…, while the card is set up with the customer present
ALTER TABLE cards ADD COLUMN redirect_url TEXT NOT NULL DEFAULT '';
ALTER TABLE cards ADD COLUMN return_url TEXT NOT NULL DEFAULT '';
CREATE INDEX cards_setup ON cards (merchant, mode, setup_ref) WHERE setup_ref IS NOT NULL;
CREATE INDEX customers_newest ON customers (merchant, mode, created_at, id);

-- +goose Down
DROP INDEX customers_newest;
DROP INDEX cards_setup;
ALTER TABLE cards DROP COLUMN return_url;
ALTER TABLE cards DROP COLUMN redirect_url;
ALTER TABLE cards DROP COLUMN setup_ref;
DROP INDEX payments_share_due;
DROP INDEX payments_account;
ALTER TABLE payments DROP COLUMN expiry_told_at;
ALTER TABLE payments DROP COLUMN authorization_expires_at;
ALTER TABLE payments DROP COLUMN share_due_at;
ALTER TABLE payments DROP COLUMN available_on;
ALTER TABLE payments DROP COLUMN partner_net_currency;
ALTER TABLE payments DROP COLUMN partner_net;
ALTER TABLE payments DROP COLUMN application_fee;
ALTER TABLE payments DROP COLUMN on_behalf_of;
ALTER TABLE payments DROP COLUMN platform_percent;
ALTER TABLE payments DROP COLUMN charge_type;
ALTER TABLE payments DROP COLUMN account_ref;
ALTER TABLE payments DROP COLUMN account;
DROP INDEX accounts_due;
ALTER TABLE accounts DROP COLUMN look_at;
ALTER TABLE accounts DROP COLUMN read_at;
