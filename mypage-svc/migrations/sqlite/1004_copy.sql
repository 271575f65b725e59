-- Copies of everything that my page keeps. One is served; a rebuild makes another from nothing.
CREATE TABLE copy (
    copy        INTEGER NOT NULL PRIMARY KEY CHECK (copy >= 1),
    -- What cursors name it by.
    epoch       BLOB    NOT NULL UNIQUE CHECK (length(epoch) = 16),
    -- BUILDING → SERVED → RETIRED (its rows are being deleted) → CLEARED.
    status      TEXT    NOT NULL CHECK (status IN ('BUILDING', 'SERVED', 'RETIRED', 'CLEARED')),
    -- When it was asked for; absent for the first one, which nobody asked for.
    create_time INTEGER,
    -- When it was served first.
    served_time INTEGER CHECK (served_time IS NULL OR create_time IS NOT NULL),
    -- Events that could not be taken in.
    skipped     INTEGER NOT NULL DEFAULT 0 CHECK (skipped >= 0),
    -- Who builds it, and until when nobody else does.
    holder      BLOB    CHECK (length(holder) = 16),
    lease_until INTEGER NOT NULL DEFAULT 0,

    CHECK (create_time IS NOT NULL OR status <> 'BUILDING'),
    CHECK (create_time IS NULL OR (status = 'BUILDING') = (served_time IS NULL))
) STRICT;

-- One is served, and at most one is built.
CREATE UNIQUE INDEX copy_served ON copy (status) WHERE status = 'SERVED';
CREATE UNIQUE INDEX copy_building ON copy (status) WHERE status = 'BUILDING';
CREATE INDEX copy_retired ON copy (copy) WHERE status = 'RETIRED';

INSERT INTO copy (copy, epoch, status) VALUES (1, randomblob(16), 'SERVED');

-- How far the building of a copy has come: each producer's events up to a number were taken in, of as many as there were.
CREATE TABLE copy_progress (
    copy     INTEGER NOT NULL REFERENCES copy,
    producer TEXT    NOT NULL,
    epoch    BLOB    NOT NULL CHECK (length(epoch) = 16),
    through  INTEGER NOT NULL CHECK (through >= 0),
    head     INTEGER NOT NULL CHECK (head >= 0),
    PRIMARY KEY (copy, producer, epoch)
) STRICT, WITHOUT ROWID;

-- All that had happened by then is in the served copy; absent until it is known. It only grows.
CREATE TABLE as_of (
    singleton INTEGER PRIMARY KEY CHECK (singleton = 1),
    time      INTEGER
) STRICT;

INSERT INTO as_of VALUES (1, NULL);
