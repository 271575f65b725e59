-- What a customer sees, in each copy: its orders, each with its delivery and messages, at the highest version that was heard
-- of. Every order knows at which of its customer's changes it changed last.
CREATE TABLE my_customer (
    copy        bigint NOT NULL REFERENCES copy,
    customer_id text   NOT NULL CHECK (customer_id <> ''),
    -- Grows by 1 with each change that the customer can see. Whoever raises it holds this row to the end of its transaction:
    -- numbers become visible in their order.
    change      bigint NOT NULL CHECK (change >= 1),
    PRIMARY KEY (copy, customer_id)
);

CREATE TABLE my_order (
    copy                bigint      NOT NULL,
    order_id            uuid        NOT NULL,
    customer_id         text        NOT NULL,
    -- Of the order, its delivery or its messages.
    change              bigint      NOT NULL CHECK (change >= 1),
    shop_id             uuid        NOT NULL,
    status              text        NOT NULL
        CHECK (status IN ('PLACED', 'CONFIRMED', 'REJECTED', 'CANCELLED', 'SHIPPED', 'DELIVERED')),
    -- A tword.mypage.v1.MyOrder that holds nothing but its lines.
    lines               bytea       NOT NULL,
    total_minor         bigint,
    currency            text,
    reason              text        NOT NULL CHECK (reason = '' OR status IN ('REJECTED', 'CANCELLED')),
    -- As it was at the order's last event.
    booking_outstanding boolean     NOT NULL,
    version             bigint      NOT NULL CHECK (version > 0),
    create_time         timestamptz NOT NULL,
    update_time         timestamptz NOT NULL,

    PRIMARY KEY (copy, order_id),
    FOREIGN KEY (copy, customer_id) REFERENCES my_customer,
    CHECK ((total_minor IS NULL) = (currency IS NULL))
);

-- A customer's orders, newest first: all of them, and those that stand somewhere.
CREATE INDEX my_order_by_customer ON my_order (copy, customer_id, create_time, order_id);
CREATE INDEX my_order_by_status ON my_order (copy, customer_id, status, create_time, order_id);
-- A customer's orders as they changed.
CREATE UNIQUE INDEX my_order_by_change ON my_order (copy, customer_id, change);

-- With or without their order.
CREATE TABLE my_delivery (
    copy            bigint NOT NULL REFERENCES copy,
    order_id        uuid   NOT NULL,
    status          text   NOT NULL CHECK (status IN ('BOOKED', 'READY', 'SHIPPED', 'DELIVERED', 'CANCELLED')),
    carrier         text   NOT NULL,
    tracking_number text   NOT NULL,
    version         bigint NOT NULL CHECK (version > 0),
    PRIMARY KEY (copy, order_id)
);

CREATE TABLE my_message (
    copy       bigint      NOT NULL REFERENCES copy,
    message_id uuid        NOT NULL,
    order_id   uuid        NOT NULL,
    template   text        NOT NULL CHECK (template <> ''),
    channel    text        NOT NULL CHECK (channel <> ''),
    status     text        NOT NULL CHECK (status IN ('SENT', 'FAILED')),
    time       timestamptz NOT NULL,
    version    bigint      NOT NULL CHECK (version > 0),
    -- An order's messages lie together.
    PRIMARY KEY (copy, order_id, message_id),
    UNIQUE (copy, message_id)
);
