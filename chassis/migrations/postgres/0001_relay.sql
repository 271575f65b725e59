-- The producer's epoch, the next number of it, and the lease of the relay that may number.
CREATE TABLE relay (
    singleton         integer     PRIMARY KEY CHECK (singleton = 1),
    epoch             uuid        NOT NULL,
    next_sequence     bigint      NOT NULL CHECK (next_sequence >= 1),
    published_through bigint      NOT NULL CHECK (published_through BETWEEN 0 AND next_sequence - 1),
    term              bigint      NOT NULL CHECK (term >= 0),
    holder            uuid,
    lease_until       timestamptz NOT NULL
);

INSERT INTO relay VALUES (1, gen_random_uuid(), 1, 0, 0, NULL, 'epoch');
