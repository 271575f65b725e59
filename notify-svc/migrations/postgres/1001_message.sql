-- One notification to one recipient about one change of an order.
CREATE TABLE message (
    message_id       uuid        NOT NULL PRIMARY KEY,
    order_id         uuid        NOT NULL,
    recipient_kind   text        NOT NULL CHECK (recipient_kind IN ('CUSTOMER', 'SHOP')),
    recipient_id     text        NOT NULL CHECK (recipient_id <> ''),
    contact_id       uuid,
    template         text        NOT NULL
        CHECK (template IN ('PLACED', 'CONFIRMED', 'REJECTED', 'CANCELLED', 'SHIPPED', 'DELIVERED')),
    channel          text        NOT NULL CHECK (channel IN ('log', 'webhook', 'smtp')),
    language         text        NOT NULL CHECK (language IN ('ko', 'en')),
    status           text        NOT NULL CHECK (status IN ('PENDING', 'SENT', 'FAILED')),
    erased           boolean     NOT NULL DEFAULT false,
    attempts         bigint      NOT NULL CHECK (attempts >= 0),
    -- Those of the attempts that were made before it was last redriven or went to another channel.
    earlier_attempts bigint      NOT NULL DEFAULT 0 CHECK (earlier_attempts BETWEEN 0 AND attempts),
    version          bigint      NOT NULL CHECK (version >= 0),
    create_time      timestamptz NOT NULL,
    due_time         timestamptz,
    sent_time        timestamptz,
    traceparent      text,
    -- What the text is made of. It is kept until the message is sent or erased and not longer.
    total_minor      bigint,
    currency         text,
    reason           text,
    carrier          text,
    tracking_number  text,
    -- Who sends it now, and until when nobody else does.
    taken_by         uuid,
    taken_until      timestamptz,

    CHECK (status = 'PENDING' OR version > 0),
    CHECK (status <> 'SENT' OR attempts > 0),
    CHECK (NOT erased OR status = 'FAILED'),
    CHECK ((status = 'PENDING') = (due_time IS NOT NULL)),
    CHECK ((status = 'SENT') = (sent_time IS NOT NULL)),
    CHECK ((status <> 'SENT' AND NOT erased AND template = 'CONFIRMED') = (total_minor IS NOT NULL)),
    CHECK ((total_minor IS NULL) = (currency IS NULL)),
    CHECK ((status <> 'SENT' AND NOT erased AND template IN ('REJECTED', 'CANCELLED')) = (reason IS NOT NULL)),
    CHECK ((status <> 'SENT' AND NOT erased AND template = 'SHIPPED') = (carrier IS NOT NULL)),
    CHECK ((carrier IS NULL) = (tracking_number IS NULL)),
    CHECK ((taken_by IS NULL) = (taken_until IS NULL)),
    CHECK (taken_by IS NULL OR status = 'PENDING')
);

-- What is to be sent on a channel, the longest due first, and what is being sent.
CREATE INDEX message_due ON message (channel, due_time, message_id) WHERE status = 'PENDING';
CREATE INDEX message_taken ON message (taken_until) WHERE taken_until IS NOT NULL;
-- Lists, oldest first: one recipient's, one order's, everyone's, and the few that are not sent.
CREATE INDEX message_by_recipient ON message (recipient_kind, recipient_id, create_time, message_id);
CREATE INDEX message_by_order ON message (order_id, create_time, message_id);
CREATE INDEX message_by_time ON message (create_time, message_id);
CREATE INDEX message_unsent ON message (status, create_time, message_id) WHERE status <> 'SENT';
-- What is erased with a customer's data.
CREATE INDEX message_texts ON message (recipient_kind, recipient_id, message_id) WHERE status <> 'SENT' AND NOT erased;
