-- What cashiers of this till said of 8 digits that are a valid EAN-8 and a valid UPC-E.
CREATE TABLE code_reading (
    code    TEXT PRIMARY KEY,
    reading TEXT NOT NULL
) WITHOUT ROWID;
