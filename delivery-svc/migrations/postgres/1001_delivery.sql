-- The shipment of each order, with whom it goes to (personal data); a cancelled row without a request is a tombstone.
CREATE TABLE delivery (
    delivery_id            uuid        PRIMARY KEY,
    shop_id                uuid        NOT NULL,
    customer_id            text        NOT NULL,
    -- NULL for a tombstone, and where it was lost with a restore.
    request_hash           bytea       CHECK (length(request_hash) = 32),
    recipient_name         text,
    recipient_phone_number text,
    recipient_address      text,
    status                 text        NOT NULL CHECK (status IN ('BOOKED', 'READY', 'SHIPPED', 'DELIVERED', 'CANCELLED')),
    -- Whether it need not be asked any more which order stands behind it.
    claimed                boolean     NOT NULL,
    -- Until when it is with a sweep that asks that; others look past it. NULL before the first.
    asked_until            timestamptz,
    carrier                text,
    tracking_number        text,
    cancelled_by_role      text        CHECK (cancelled_by_role IN ('CUSTOMER', 'STAFF', 'MANAGER', 'OPERATOR', 'SERVICE')),
    cancelled_by_id        text,
    cancel_reason          text,
    version                bigint      NOT NULL CHECK (version >= 1),
    create_time            timestamptz NOT NULL,
    update_time            timestamptz NOT NULL CHECK (update_time >= create_time),
    CHECK (status = 'BOOKED' OR claimed),
    CHECK ((recipient_name IS NULL) = (recipient_phone_number IS NULL)),
    CHECK ((recipient_name IS NULL) = (recipient_address IS NULL)),
    -- Nothing goes out to nobody. Whose recipient was lost with a restore lost its request as well; it is not shipped here.
    CHECK (status IN ('DELIVERED', 'CANCELLED') OR recipient_name IS NOT NULL OR request_hash IS NULL),
    CHECK ((status IN ('SHIPPED', 'DELIVERED')) = (carrier IS NOT NULL)),
    CHECK ((carrier IS NULL) = (tracking_number IS NULL)),
    CHECK ((status = 'CANCELLED') = (cancelled_by_role IS NOT NULL)),
    CHECK ((cancelled_by_role IS NULL) = (cancelled_by_id IS NULL)),
    CHECK ((cancelled_by_role IS NULL) = (cancel_reason IS NULL))
);

-- A shop's deliveries, oldest first: all of them, and those that stand somewhere.
CREATE INDEX delivery_by_shop ON delivery (shop_id, create_time, delivery_id);
CREATE INDEX delivery_by_shop_and_status ON delivery (shop_id, status, create_time, delivery_id);
-- All deliveries, oldest first, for operators: all of them, and those that stand somewhere.
CREATE INDEX delivery_by_time ON delivery (create_time, delivery_id);
CREATE INDEX delivery_by_status ON delivery (status, create_time, delivery_id);
-- Bookings that no order is known to stand behind: few, and asked for again and again.
CREATE INDEX delivery_unclaimed ON delivery (create_time, delivery_id) WHERE NOT claimed;
-- A customer's deliveries that hold personal data, to be found when it is erased.
CREATE INDEX delivery_of_customer ON delivery (customer_id, delivery_id) WHERE recipient_name IS NOT NULL;
