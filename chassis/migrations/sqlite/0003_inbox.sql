-- Events that had their effect here.
CREATE TABLE inbox_event (
    event_id BLOB PRIMARY KEY CHECK (length(event_id) = 16)
) STRICT, WITHOUT ROWID;

-- Numbers that were seen, whatever became of their events.
CREATE TABLE inbox_tick (
    producer TEXT    NOT NULL,
    epoch    BLOB    NOT NULL CHECK (length(epoch) = 16),
    sequence INTEGER NOT NULL CHECK (sequence >= 1),
    PRIMARY KEY (producer, epoch, sequence)
) STRICT, WITHOUT ROWID;

-- Below and at this number nothing is missing; only where to begin to look for gaps, never a reason to skip an event.
CREATE TABLE inbox_complete (
    producer TEXT    NOT NULL,
    epoch    BLOB    NOT NULL CHECK (length(epoch) = 16),
    through  INTEGER NOT NULL CHECK (through >= 0),
    PRIMARY KEY (producer, epoch)
) STRICT, WITHOUT ROWID;
