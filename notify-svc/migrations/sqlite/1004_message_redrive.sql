-- Messages that were given up can be redriven, and erased: then nothing is left of what their text is made of.
CREATE TABLE message_new (
    message_id       BLOB    NOT NULL PRIMARY KEY CHECK (length(message_id) = 16),
    order_id         BLOB    NOT NULL CHECK (length(order_id) = 16),
    recipient_kind   TEXT    NOT NULL CHECK (recipient_kind IN ('CUSTOMER', 'SHOP')),
    recipient_id     TEXT    NOT NULL CHECK (recipient_id <> ''),
    contact_id       BLOB    CHECK (length(contact_id) = 16),
    template         TEXT    NOT NULL
        CHECK (template IN ('PLACED', 'CONFIRMED', 'REJECTED', 'CANCELLED', 'SHIPPED', 'DELIVERED')),
    channel          TEXT    NOT NULL CHECK (channel IN ('log', 'webhook', 'smtp')),
    language         TEXT    NOT NULL CHECK (language IN ('ko', 'en')),
    status           TEXT    NOT NULL CHECK (status IN ('PENDING', 'SENT', 'FAILED')),
    erased           INTEGER NOT NULL DEFAULT 0 CHECK (erased IN (0, 1)),
    attempts         INTEGER NOT NULL CHECK (attempts >= 0),
    -- Those of the attempts that were made before it was last redriven.
    earlier_attempts INTEGER NOT NULL DEFAULT 0 CHECK (earlier_attempts BETWEEN 0 AND attempts),
    version          INTEGER NOT NULL CHECK (version >= 0),
    create_time      INTEGER NOT NULL,
    due_time         INTEGER,
    sent_time        INTEGER,
    traceparent      TEXT,
    -- What the text is made of. It is kept until the message is sent or erased and not longer.
    total_minor      INTEGER,
    currency         TEXT,
    reason           TEXT,
    carrier          TEXT,
    tracking_number  TEXT,

    CHECK (status = 'PENDING' OR version > 0),
    CHECK (status <> 'SENT' OR attempts > 0),
    CHECK (erased = 0 OR status = 'FAILED'),
    CHECK ((status = 'PENDING') = (due_time IS NOT NULL)),
    CHECK ((status = 'SENT') = (sent_time IS NOT NULL)),
    CHECK ((status <> 'SENT' AND erased = 0 AND template = 'CONFIRMED') = (total_minor IS NOT NULL)),
    CHECK ((total_minor IS NULL) = (currency IS NULL)),
    CHECK ((status <> 'SENT' AND erased = 0 AND template IN ('REJECTED', 'CANCELLED')) = (reason IS NOT NULL)),
    CHECK ((status <> 'SENT' AND erased = 0 AND template = 'SHIPPED') = (carrier IS NOT NULL)),
    CHECK ((carrier IS NULL) = (tracking_number IS NULL))
) STRICT, WITHOUT ROWID;

INSERT INTO message_new (message_id, order_id, recipient_kind, recipient_id, contact_id, template, channel, language,
    status, attempts, version, create_time, due_time, sent_time, traceparent, total_minor, currency, reason, carrier,
    tracking_number)
SELECT message_id, order_id, recipient_kind, recipient_id, contact_id, template, channel, language, status, attempts,
    version, create_time, due_time, sent_time, traceparent, total_minor, currency, reason, carrier, tracking_number
FROM message;

DROP TABLE message;
ALTER TABLE message_new RENAME TO message;

-- What is to be sent on a channel, the longest due first.
CREATE INDEX message_due ON message (channel, due_time, message_id) WHERE status = 'PENDING';
-- Lists, oldest first: one recipient's, one order's, everyone's, and the few that are not sent.
CREATE INDEX message_by_recipient ON message (recipient_kind, recipient_id, create_time, message_id);
CREATE INDEX message_by_order ON message (order_id, create_time, message_id);
CREATE INDEX message_by_time ON message (create_time, message_id);
CREATE INDEX message_unsent ON message (status, create_time, message_id) WHERE status <> 'SENT';
-- What is erased with a customer's data.
CREATE INDEX message_texts ON message (recipient_kind, recipient_id, message_id) WHERE status <> 'SENT' AND erased = 0;
