-- Products, as head office's rows of the feed say them.
CREATE TABLE product (
    id         INTEGER PRIMARY KEY,
    product_id TEXT NOT NULL UNIQUE,
    body       BLOB NOT NULL
);
CREATE TABLE barcode (
    code    TEXT PRIMARY KEY,
    product INTEGER NOT NULL
) WITHOUT ROWID;

-- All other rows: settings, cashiers, plans, recalls.
CREATE TABLE published (
    scope TEXT NOT NULL,
    kind  TEXT NOT NULL,
    key   TEXT NOT NULL,
    body  BLOB NOT NULL,
    PRIMARY KEY (scope, kind, key)
) WITHOUT ROWID;

-- Rows that this program cannot read: it goes on by what it knew of them.
CREATE TABLE unread (
    scope TEXT NOT NULL,
    kind  TEXT NOT NULL,
    key   TEXT NOT NULL,
    body  BLOB NOT NULL,
    PRIMARY KEY (scope, kind, key)
) WITHOUT ROWID;

-- What stood in the place of rows that a due plan put there before the feed did.
CREATE TABLE ahead (
    scope TEXT NOT NULL,
    kind  TEXT NOT NULL,
    key   TEXT NOT NULL,
    body  BLOB,
    PRIMARY KEY (scope, kind, key)
) WITHOUT ROWID;

-- Rows that came and wait for the rest of their cut.
CREATE TABLE staged (
    scope TEXT NOT NULL,
    kind  TEXT NOT NULL,
    key   TEXT NOT NULL,
    body  BLOB,
    PRIMARY KEY (scope, kind, key)
) WITHOUT ROWID;

-- What each scope's rows add up to (pricebook.rows.Contents).
CREATE TABLE scope (
    scope    TEXT PRIMARY KEY,
    contents TEXT NOT NULL
) WITHOUT ROWID;

-- How far the feed was read: into sight, and staged; what the scopes must hold with what is staged
-- once its cut is whole. `checked_at` is when the hub last said that there is no more, `settled_at`
-- up to when plans are in force.
CREATE TABLE state (
    id              INTEGER PRIMARY KEY CHECK (id = 1),
    cursor          TEXT NOT NULL,
    staged_cursor   TEXT NOT NULL,
    staged_whole    INTEGER NOT NULL,
    staged_contents TEXT NOT NULL,
    checked_at      TEXT NOT NULL,
    settled_at      TEXT NOT NULL
);
INSERT INTO state VALUES (1, '', '', 0, '{}', '', '');
