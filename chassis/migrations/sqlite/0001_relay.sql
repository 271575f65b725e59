-- The producer's epoch, the next number of it, and the lease of the relay that may number.
CREATE TABLE relay (
    singleton         INTEGER PRIMARY KEY CHECK (singleton = 1),
    epoch             BLOB    NOT NULL CHECK (length(epoch) = 16),
    next_sequence     INTEGER NOT NULL CHECK (next_sequence >= 1),
    published_through INTEGER NOT NULL CHECK (published_through BETWEEN 0 AND next_sequence - 1),
    term              INTEGER NOT NULL CHECK (term >= 0),
    holder            BLOB,
    lease_until       INTEGER NOT NULL
) STRICT;

INSERT INTO relay VALUES (1, randomblob(16), 1, 0, 0, NULL, 0);
