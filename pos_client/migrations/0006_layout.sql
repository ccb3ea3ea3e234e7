-- What a receipt was laid out by, so that its copy looks as it did: settings of the store as JSON.
CREATE TABLE layout (
    id       INTEGER PRIMARY KEY,
    settings BLOB NOT NULL UNIQUE
);
ALTER TABLE paper ADD COLUMN layout INTEGER REFERENCES layout (id);
