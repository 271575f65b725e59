-- How often an event failed by its own fault.
CREATE TABLE inbox_failure (
    event_id uuid   PRIMARY KEY,
    failures bigint NOT NULL CHECK (failures >= 1)
);

-- Events put aside for operators. A letter waits for one or was given up by one, who said why; one that was handled after
-- all is none any more.
CREATE TABLE dead_letter (
    event_id     uuid        PRIMARY KEY,
    producer     text        NOT NULL,
    epoch        uuid        NOT NULL,
    sequence     bigint      NOT NULL CHECK (sequence >= 1),
    kind         text        NOT NULL,
    aggregate_id uuid        NOT NULL,
    event_time   timestamptz NOT NULL,
    traceparent  text,
    body         bytea       NOT NULL,
    cause        text        NOT NULL,
    attempts     bigint      NOT NULL CHECK (attempts >= 1),
    create_time  timestamptz NOT NULL,
    status       text        NOT NULL DEFAULT 'WAITING' CHECK (status IN ('WAITING', 'DROPPED')),
    drop_reason  text        CHECK (drop_reason <> ''),
    dropped_by   text        CHECK (dropped_by <> ''),
    drop_time    timestamptz,
    CHECK ((status = 'DROPPED') = (drop_reason IS NOT NULL)),
    CHECK ((status = 'DROPPED') = (dropped_by IS NOT NULL)),
    CHECK ((status = 'DROPPED') = (drop_time IS NOT NULL))
);

-- Lists, oldest first: all, one status, one producer, both.
CREATE INDEX dead_letter_by_time ON dead_letter (create_time, event_id);
CREATE INDEX dead_letter_by_status ON dead_letter (status, create_time, event_id);
CREATE INDEX dead_letter_by_producer ON dead_letter (producer, create_time, event_id);
CREATE INDEX dead_letter_by_producer_status ON dead_letter (producer, status, create_time, event_id);
