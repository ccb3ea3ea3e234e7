-- Who this till is: one row, written by enrolment.
CREATE TABLE identity (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    store    TEXT NOT NULL,
    till     TEXT NOT NULL,
    hub_url  TEXT NOT NULL,
    hub_key  TEXT NOT NULL,
    epoch    TEXT NOT NULL
);

-- Incarnations of this till; the last one writes. `acked` is the head the hub counter-signed.
CREATE TABLE stream (
    stream_no     INTEGER PRIMARY KEY,
    incarnation   TEXT NOT NULL UNIQUE,
    marker        TEXT NOT NULL,
    marker_before TEXT NOT NULL DEFAULT '',
    acked_seq     INTEGER NOT NULL,
    acked_hash    TEXT NOT NULL,
    safe_seq      INTEGER NOT NULL DEFAULT 0,
    forked_seq    INTEGER
);

-- Every fact, as the bytes that are hashed and sent. It is also the outbox: what lies above
-- stream.acked_seq waits for the hub.
CREATE TABLE journal (
    stream_no INTEGER NOT NULL REFERENCES stream,
    seq       INTEGER NOT NULL,
    eid       TEXT NOT NULL UNIQUE,
    type      TEXT NOT NULL,
    at        TEXT NOT NULL,
    data      BLOB NOT NULL,
    hash      TEXT NOT NULL,
    PRIMARY KEY (stream_no, seq)
);

-- The books: sums of postings and how many went in. Same keys as at the hub.
CREATE TABLE money_ledger (
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

CREATE TABLE stock_ledger (
    store    TEXT NOT NULL,
    product  TEXT NOT NULL,
    account  TEXT NOT NULL,
    amount   INTEGER NOT NULL,
    entries  INTEGER NOT NULL,
    PRIMARY KEY (store, product, account)
) WITHOUT ROWID;

CREATE TABLE shift (
    number         INTEGER PRIMARY KEY,
    shift          TEXT NOT NULL UNIQUE,
    cashier        TEXT NOT NULL,
    business_date  TEXT NOT NULL,
    currency       TEXT NOT NULL,
    float_minor    INTEGER NOT NULL,
    opened_at      TEXT NOT NULL,
    closed_at      TEXT,
    expected_minor INTEGER,
    counted_minor  INTEGER
);

-- Completed sales.
CREATE TABLE sale (
    stream_no INTEGER NOT NULL,
    number    INTEGER NOT NULL,
    seq       INTEGER NOT NULL,
    receipt   TEXT NOT NULL UNIQUE,
    PRIMARY KEY (stream_no, number)
) WITHOUT ROWID;

-- What was printed of a sale: copy 0 is its receipt. The outcome is null while the paper is under
-- way; a sale without a printer has no paper.
CREATE TABLE paper (
    receipt TEXT NOT NULL REFERENCES sale (receipt),
    copy    INTEGER NOT NULL,
    outcome TEXT,
    PRIMARY KEY (receipt, copy)
) WITHOUT ROWID;
CREATE INDEX paper_under_way ON paper (receipt, copy) WHERE outcome IS NULL;

-- The sale that is not finished: one row, and one row a line.
CREATE TABLE open_sale (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    header BLOB NOT NULL
);
CREATE TABLE open_line (
    number INTEGER PRIMARY KEY,
    body   BLOB NOT NULL
);

-- What head office published, as last swapped in, and what is staged for the next swap.
CREATE TABLE product (
    product_id TEXT PRIMARY KEY,
    body       BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE barcode (
    code       TEXT PRIMARY KEY,
    product_id TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX barcode_product ON barcode (product_id);
CREATE TABLE published (
    kind TEXT NOT NULL,
    key  TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE TABLE feed_staged (
    kind TEXT NOT NULL,
    key  TEXT NOT NULL,
    body BLOB,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE TABLE feed (
    id            INTEGER PRIMARY KEY CHECK (id = 1),
    cursor        TEXT NOT NULL,
    staged_cursor TEXT NOT NULL,
    staged_whole  INTEGER NOT NULL,
    -- Whether what is staged was begun anew: then it takes the place of all that is sold by.
    staged_anew   INTEGER NOT NULL
);
INSERT INTO feed VALUES (1, '', '', 0, 0);
