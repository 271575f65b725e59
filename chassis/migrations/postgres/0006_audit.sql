-- What people changed: who, what, when, with the fields before and after; of personal fields the name only. Never pruned.
CREATE TABLE audit (
    record_id    uuid        PRIMARY KEY,
    actor_role   text        NOT NULL CHECK (actor_role <> ''),
    actor_id     text        NOT NULL CHECK (actor_id <> ''),
    action       text        NOT NULL CHECK (action <> ''),
    subject_kind text        NOT NULL CHECK (subject_kind <> ''),
    subject_id   text        NOT NULL CHECK (subject_id <> ''),
    -- An encoded list of tword.ops.v1.FieldChange, as a tword.ops.v1.AuditRecord that holds nothing else.
    changes      bytea       NOT NULL,
    traceparent  text,
    create_time  timestamptz NOT NULL
);

-- Lists, oldest first: all records, one subject's, one person's.
CREATE INDEX audit_by_time ON audit (create_time, record_id);
CREATE INDEX audit_by_subject ON audit (subject_id, create_time, record_id);
CREATE INDEX audit_by_actor ON audit (actor_id, create_time, record_id);
