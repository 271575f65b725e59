-- Events as written with the change they tell of; numbered later by the relay, never changed, never pruned.
CREATE TABLE outbox (
    position     INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id     BLOB    NOT NULL UNIQUE CHECK (length(event_id) = 16),
    kind         TEXT    NOT NULL,
    aggregate_id BLOB    NOT NULL CHECK (length(aggregate_id) = 16),
    version      INTEGER NOT NULL CHECK (version >= 1),
    time         INTEGER NOT NULL,
    traceparent  TEXT,
    body         BLOB    NOT NULL,
    epoch        BLOB    CHECK (length(epoch) = 16),
    sequence     INTEGER CHECK (sequence >= 1),
    -- Each version of an aggregate has exactly one event.
    UNIQUE (aggregate_id, version),
    CHECK ((epoch IS NULL) = (sequence IS NULL))
) STRICT;

CREATE UNIQUE INDEX outbox_by_sequence ON outbox (epoch, sequence) WHERE sequence IS NOT NULL;
CREATE INDEX outbox_unnumbered ON outbox (position) WHERE sequence IS NULL;
