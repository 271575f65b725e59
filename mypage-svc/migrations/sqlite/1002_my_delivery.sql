-- Deliveries, each at the highest version that was heard of, with or without their order.
CREATE TABLE my_delivery (
    order_id        BLOB    NOT NULL PRIMARY KEY CHECK (length(order_id) = 16),
    status          TEXT    NOT NULL CHECK (status IN ('BOOKED', 'READY', 'SHIPPED', 'DELIVERED', 'CANCELLED')),
    carrier         TEXT    NOT NULL,
    tracking_number TEXT    NOT NULL,
    version         INTEGER NOT NULL CHECK (version > 0)
) STRICT, WITHOUT ROWID;
