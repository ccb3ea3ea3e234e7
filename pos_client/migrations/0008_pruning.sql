-- How far a stream's journal was pruned, the hash of the last fact that went, and what all facts
-- that went add up to: carried and journal together are the ledgers.
ALTER TABLE stream ADD COLUMN pruned_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE stream ADD COLUMN pruned_hash TEXT NOT NULL DEFAULT '';
CREATE TABLE carried_money (
    store         TEXT NOT NULL,
    till          TEXT NOT NULL,
    business_date TEXT NOT NULL,
    shift         TEXT NOT NULL,
    account       TEXT NOT NULL,
    currency      TEXT NOT NULL,
    amount        INTEGER NOT NULL,
    entries       INTEGER NOT NULL,
    PRIMARY KEY (store, till, business_date, shift, account, currency)
) WITHOUT ROWID;
CREATE TABLE carried_stock (
    store    TEXT NOT NULL,
    product  TEXT NOT NULL,
    account  TEXT NOT NULL,
    amount   INTEGER NOT NULL,
    entries  INTEGER NOT NULL,
    PRIMARY KEY (store, product, account)
) WITHOUT ROWID;
