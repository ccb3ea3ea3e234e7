-- The pickup locker: what lies in it, what is out of service, and doors that were told to open.
CREATE TABLE compartment (
    number    INTEGER PRIMARY KEY,
    parcel    TEXT NOT NULL DEFAULT '',
    since     TEXT NOT NULL DEFAULT '',
    withdrawn TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX compartment_parcel ON compartment (parcel) WHERE parcel <> '';
CREATE TABLE door_opening (
    decision    TEXT PRIMARY KEY,
    compartment INTEGER NOT NULL,
    at          TEXT NOT NULL,
    reason      TEXT NOT NULL,
    outcome     TEXT
);
CREATE INDEX door_opening_under_way ON door_opening (decision) WHERE outcome IS NULL;
