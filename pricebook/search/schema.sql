-- What each product is found by, as grams and one token for its category; the row is the product's.
-- Every character but space and controls is part of a token. No phrases, no ranks, no text: half
-- the size, and what is found is looked at anyway.
CREATE VIRTUAL TABLE search USING fts5(
    grams, content='', detail='none', columnsize=0,
    tokenize="ascii tokenchars '!""#$%&''()*+,-./:;<=>?@[\]^_`{|}~'"
);
CREATE VIRTUAL TABLE search_gram USING fts5vocab('search', 'instance');
-- Categories by number: their words are kept once, not with each product.
CREATE TABLE search_category (
    id       INTEGER PRIMARY KEY,
    category TEXT NOT NULL UNIQUE,
    words    TEXT NOT NULL
);
