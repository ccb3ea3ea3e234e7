-- What this till had written where the hub holds other facts of its own: kept as it was, for it
-- stands under the same ids in a later stream.
CREATE TABLE forked_fact (
    incarnation TEXT NOT NULL,
    seq         INTEGER NOT NULL,
    data        BLOB NOT NULL,
    PRIMARY KEY (incarnation, seq, data)
) WITHOUT ROWID;

-- The last head the hub signed of a stream, as it signed it: what a hub that lost facts is shown.
ALTER TABLE stream ADD COLUMN acked_proof BLOB;
