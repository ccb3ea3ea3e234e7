-- Sales that wait while the next customer is served.
CREATE TABLE parked_sale (
    number INTEGER PRIMARY KEY,
    at     TEXT NOT NULL,
    note   TEXT NOT NULL,
    basket BLOB NOT NULL
);
