-- The first successful answer of each keyed call, without personal data.
CREATE TABLE answer (
    issuer       TEXT    NOT NULL,
    subject      TEXT    NOT NULL,
    method       TEXT    NOT NULL,
    key          TEXT    NOT NULL,
    request_hash BLOB    NOT NULL CHECK (length(request_hash) = 32),
    answer       BLOB    NOT NULL,
    create_time  INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject, method, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX answer_by_time ON answer (create_time);
