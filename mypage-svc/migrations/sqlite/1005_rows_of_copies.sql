-- Every row belongs to a copy, and every order knows at which of its customer's changes it changed last. What there was
-- is the first copy.
CREATE TABLE my_customer (
    copy        INTEGER NOT NULL REFERENCES copy,
    customer_id TEXT    NOT NULL CHECK (customer_id <> ''),
    -- Grows with each change that the customer can see.
    change      INTEGER NOT NULL CHECK (change >= 1),
    PRIMARY KEY (copy, customer_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE my_order_new (
    copy        INTEGER NOT NULL REFERENCES copy,
    order_id    BLOB    NOT NULL CHECK (length(order_id) = 16),
    customer_id TEXT    NOT NULL CHECK (customer_id <> ''),
    -- Of the order, its delivery or its messages.
    change      INTEGER NOT NULL CHECK (change >= 1),
    shop_id     BLOB    NOT NULL CHECK (length(shop_id) = 16),
    status      TEXT    NOT NULL
        CHECK (status IN ('PLACED', 'CONFIRMED', 'REJECTED', 'CANCELLED', 'SHIPPED', 'DELIVERED')),
    -- A tword.mypage.v1.MyOrder that holds nothing but its lines.
    lines       BLOB    NOT NULL,
    total_minor INTEGER,
    currency    TEXT,
    reason      TEXT    NOT NULL CHECK (reason = '' OR status IN ('REJECTED', 'CANCELLED')),
    -- As it was at the order's last event.
    booking_outstanding INTEGER NOT NULL CHECK (booking_outstanding IN (0, 1)),
    version     INTEGER NOT NULL CHECK (version > 0),
    create_time INTEGER NOT NULL,
    update_time INTEGER NOT NULL,

    PRIMARY KEY (copy, order_id),
    CHECK ((total_minor IS NULL) = (currency IS NULL))
) STRICT, WITHOUT ROWID;

INSERT INTO my_order_new
SELECT 1, order_id, customer_id, row_number() OVER (PARTITION BY customer_id ORDER BY update_time, order_id),
    shop_id, status, lines, total_minor, currency, reason, 0, version, create_time, update_time
FROM my_order;

INSERT INTO my_customer SELECT 1, customer_id, max(change) FROM my_order_new GROUP BY customer_id;

DROP TABLE my_order;
ALTER TABLE my_order_new RENAME TO my_order;

-- A customer's orders, newest first: all of them, and those that stand somewhere.
CREATE INDEX my_order_by_customer ON my_order (copy, customer_id, create_time, order_id);
CREATE INDEX my_order_by_status ON my_order (copy, customer_id, status, create_time, order_id);
-- A customer's orders as they changed.
CREATE UNIQUE INDEX my_order_by_change ON my_order (copy, customer_id, change);

CREATE TABLE my_delivery_new (
    copy            INTEGER NOT NULL REFERENCES copy,
    order_id        BLOB    NOT NULL CHECK (length(order_id) = 16),
    status          TEXT    NOT NULL CHECK (status IN ('BOOKED', 'READY', 'SHIPPED', 'DELIVERED', 'CANCELLED')),
    carrier         TEXT    NOT NULL,
    tracking_number TEXT    NOT NULL,
    version         INTEGER NOT NULL CHECK (version > 0),
    PRIMARY KEY (copy, order_id)
) STRICT, WITHOUT ROWID;

INSERT INTO my_delivery_new SELECT 1, order_id, status, carrier, tracking_number, version FROM my_delivery;
DROP TABLE my_delivery;
ALTER TABLE my_delivery_new RENAME TO my_delivery;

CREATE TABLE my_message_new (
    copy       INTEGER NOT NULL REFERENCES copy,
    message_id BLOB    NOT NULL CHECK (length(message_id) = 16),
    order_id   BLOB    NOT NULL CHECK (length(order_id) = 16),
    template   TEXT    NOT NULL CHECK (template <> ''),
    channel    TEXT    NOT NULL CHECK (channel <> ''),
    status     TEXT    NOT NULL CHECK (status IN ('SENT', 'FAILED')),
    time       INTEGER NOT NULL,
    version    INTEGER NOT NULL CHECK (version > 0),
    -- An order's messages lie together.
    PRIMARY KEY (copy, order_id, message_id),
    UNIQUE (copy, message_id)
) STRICT, WITHOUT ROWID;

INSERT INTO my_message_new
SELECT 1, message_id, order_id, template, channel, status, time, version FROM my_message;
DROP TABLE my_message;
ALTER TABLE my_message_new RENAME TO my_message;
