-- Events that the building of a copy could not take in.
CREATE TABLE copy_passed_over (
    copy     INTEGER NOT NULL REFERENCES copy,
    producer TEXT    NOT NULL,
    epoch    BLOB    NOT NULL CHECK (length(epoch) = 16),
    sequence INTEGER NOT NULL CHECK (sequence >= 1),
    event_id BLOB    NOT NULL CHECK (length(event_id) = 16),
    PRIMARY KEY (copy, producer, epoch, sequence)
) STRICT, WITHOUT ROWID;

-- What was begun before remembers no such events: it begins afresh, and is told of as given up.
ALTER TABLE copy ADD COLUMN failure TEXT CHECK (failure <> '');
-- When the building ended: the copy was served first, or was given up (BUILDING → RETIRED → CLEARED, with its failure).
ALTER TABLE copy RENAME COLUMN served_time TO built_time;
UPDATE copy SET status = 'RETIRED', built_time = create_time, failure = 'it was begun by an earlier version',
    holder = NULL, lease_until = 0
WHERE status = 'BUILDING' AND skipped > 0;
