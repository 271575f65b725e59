-- Who sends a message now, and until when nobody else does.
ALTER TABLE message ADD COLUMN taken_by BLOB
    CHECK (taken_by IS NULL OR (length(taken_by) = 16 AND status = 'PENDING'));
ALTER TABLE message ADD COLUMN taken_until INTEGER CHECK ((taken_until IS NULL) = (taken_by IS NULL));

CREATE INDEX message_taken ON message (taken_until) WHERE taken_until IS NOT NULL;
