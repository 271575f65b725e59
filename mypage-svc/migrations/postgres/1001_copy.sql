-- Copies of everything that my page keeps. One is served; a rebuild makes another from nothing.
CREATE TABLE copy (
    copy        bigint      NOT NULL PRIMARY KEY CHECK (copy >= 1),
    -- What cursors name it by.
    epoch       uuid        NOT NULL UNIQUE,
    -- BUILDING → SERVED → RETIRED (its rows are being deleted) → CLEARED. One that is given up goes BUILDING → RETIRED.
    status      text        NOT NULL CHECK (status IN ('BUILDING', 'SERVED', 'RETIRED', 'CLEARED')),
    -- When it was asked for; absent for the first one, which nobody asked for.
    create_time timestamptz,
    -- When the building ended: the copy was served first, or was given up.
    built_time  timestamptz CHECK (built_time IS NULL OR create_time IS NOT NULL),
    -- Why it was given up.
    failure     text        CHECK (failure <> ''),
    -- Events that could not be taken in.
    skipped     bigint      NOT NULL DEFAULT 0 CHECK (skipped >= 0),
    -- Who builds it, and until when nobody else does.
    holder      uuid,
    lease_until timestamptz,

    CHECK (create_time IS NOT NULL OR status <> 'BUILDING'),
    CHECK (create_time IS NULL OR (status = 'BUILDING') = (built_time IS NULL)),
    CHECK (failure IS NULL OR status IN ('RETIRED', 'CLEARED')),
    CHECK ((holder IS NULL) = (lease_until IS NULL)),
    CHECK (holder IS NULL OR status = 'BUILDING')
);

-- One is served, and at most one is built.
CREATE UNIQUE INDEX copy_served ON copy (status) WHERE status = 'SERVED';
CREATE UNIQUE INDEX copy_building ON copy (status) WHERE status = 'BUILDING';
CREATE INDEX copy_retired ON copy (copy) WHERE status = 'RETIRED';

INSERT INTO copy (copy, epoch, status) VALUES (1, gen_random_uuid(), 'SERVED');

-- How far the building of a copy has come: each producer's events up to a number were taken in, of as many as there were.
CREATE TABLE copy_progress (
    copy     bigint NOT NULL REFERENCES copy,
    producer text   NOT NULL CHECK (producer <> ''),
    epoch    uuid   NOT NULL,
    through  bigint NOT NULL CHECK (through >= 0),
    head     bigint NOT NULL CHECK (head >= 0),
    PRIMARY KEY (copy, producer, epoch)
);

-- Events that the building of a copy could not take in.
CREATE TABLE copy_passed_over (
    copy     bigint NOT NULL REFERENCES copy,
    producer text   NOT NULL CHECK (producer <> ''),
    epoch    uuid   NOT NULL,
    sequence bigint NOT NULL CHECK (sequence >= 1),
    event_id uuid   NOT NULL,
    PRIMARY KEY (copy, producer, epoch, sequence)
);

-- All that had happened by then is in the served copy; absent until it is known. It only grows.
CREATE TABLE as_of (
    singleton integer PRIMARY KEY CHECK (singleton = 1),
    time      timestamptz
);

INSERT INTO as_of VALUES (1, NULL);
