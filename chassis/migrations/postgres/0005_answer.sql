-- The first successful answer of each keyed call, without personal data.
CREATE TABLE answer (
    issuer       text        NOT NULL,
    subject      text        NOT NULL,
    method       text        NOT NULL,
    key          text        NOT NULL,
    request_hash bytea       NOT NULL CHECK (octet_length(request_hash) = 32),
    answer       bytea       NOT NULL,
    create_time  timestamptz NOT NULL,
    PRIMARY KEY (issuer, subject, method, key)
);

CREATE INDEX answer_by_time ON answer (create_time);
