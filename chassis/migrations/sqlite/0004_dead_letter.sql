-- How often an event failed by its own fault.
CREATE TABLE inbox_failure (
    event_id BLOB    PRIMARY KEY CHECK (length(event_id) = 16),
    failures INTEGER NOT NULL CHECK (failures >= 1)
) STRICT, WITHOUT ROWID;

-- Events put aside for operators.
CREATE TABLE dead_letter (
    event_id     BLOB    PRIMARY KEY CHECK (length(event_id) = 16),
    producer     TEXT    NOT NULL,
    epoch        BLOB    NOT NULL CHECK (length(epoch) = 16),
    sequence     INTEGER NOT NULL CHECK (sequence >= 1),
    kind         TEXT    NOT NULL,
    aggregate_id BLOB    NOT NULL CHECK (length(aggregate_id) = 16),
    event_time   INTEGER NOT NULL,
    traceparent  TEXT,
    body         BLOB    NOT NULL,
    cause        TEXT    NOT NULL,
    attempts     INTEGER NOT NULL CHECK (attempts >= 1),
    create_time  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX dead_letter_by_time ON dead_letter (create_time, event_id);
