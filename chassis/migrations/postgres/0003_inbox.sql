-- Events that had their effect here.
CREATE TABLE inbox_event (
    event_id uuid PRIMARY KEY
);

-- Numbers that were seen, whatever became of their events.
CREATE TABLE inbox_tick (
    producer text   NOT NULL,
    epoch    uuid   NOT NULL,
    sequence bigint NOT NULL CHECK (sequence >= 1),
    PRIMARY KEY (producer, epoch, sequence)
);

-- Below and at this number nothing is missing; only where to begin to look for gaps, never a reason to skip an event.
CREATE TABLE inbox_complete (
    producer text   NOT NULL,
    epoch    uuid   NOT NULL,
    through  bigint NOT NULL CHECK (through >= 0),
    PRIMARY KEY (producer, epoch)
);
