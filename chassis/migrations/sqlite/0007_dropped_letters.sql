-- A dead letter waits for an operator or was given up by one, who said why. One that was handled after all is none any more.
CREATE TABLE dead_letter_new (
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
    create_time  INTEGER NOT NULL,
    status       TEXT    NOT NULL DEFAULT 'WAITING' CHECK (status IN ('WAITING', 'DROPPED')),
    drop_reason  TEXT    CHECK (drop_reason <> ''),
    dropped_by   TEXT    CHECK (dropped_by <> ''),
    drop_time    INTEGER,
    CHECK ((status = 'DROPPED') = (drop_reason IS NOT NULL)),
    CHECK ((status = 'DROPPED') = (dropped_by IS NOT NULL)),
    CHECK ((status = 'DROPPED') = (drop_time IS NOT NULL))
) STRICT, WITHOUT ROWID;

INSERT INTO dead_letter_new (event_id, producer, epoch, sequence, kind, aggregate_id, event_time, traceparent, body, cause,
    attempts, create_time)
SELECT event_id, producer, epoch, sequence, kind, aggregate_id, event_time, traceparent, body, cause, attempts, create_time
FROM dead_letter;

DROP TABLE dead_letter;
ALTER TABLE dead_letter_new RENAME TO dead_letter;

-- Lists, oldest first: all, one status, one producer, both.
CREATE INDEX dead_letter_by_time ON dead_letter (create_time, event_id);
CREATE INDEX dead_letter_by_status ON dead_letter (status, create_time, event_id);
CREATE INDEX dead_letter_by_producer ON dead_letter (producer, create_time, event_id);
CREATE INDEX dead_letter_by_producer_status ON dead_letter (producer, status, create_time, event_id);
