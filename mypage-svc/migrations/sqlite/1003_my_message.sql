-- Messages to customers, each at the highest version that was heard of, with or without their order.
CREATE TABLE my_message (
    message_id BLOB    NOT NULL UNIQUE CHECK (length(message_id) = 16),
    order_id   BLOB    NOT NULL CHECK (length(order_id) = 16),
    template   TEXT    NOT NULL CHECK (template <> ''),
    channel    TEXT    NOT NULL CHECK (channel <> ''),
    status     TEXT    NOT NULL CHECK (status IN ('SENT', 'FAILED')),
    time       INTEGER NOT NULL,
    version    INTEGER NOT NULL CHECK (version > 0),
    -- An order's messages lie together.
    PRIMARY KEY (order_id, message_id)
) STRICT, WITHOUT ROWID;
