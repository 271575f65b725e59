-- A unit names at most one order, so it belongs to at most one live order.
CREATE TABLE unit (
    -- Grows with each unit: the oldest has the lowest.
    unit_id INTEGER PRIMARY KEY,
    phone_id BLOB NOT NULL,
    shop_id BLOB NOT NULL,
    serial TEXT NOT NULL CHECK (length(serial) BETWEEN 4 AND 32 AND serial NOT GLOB '*[^-A-Z0-9]*'),
    status TEXT NOT NULL CHECK (status IN ('AVAILABLE', 'RESERVED', 'SOLD', 'WITHDRAWN')),
    order_id BLOB CHECK (length(order_id) = 16),
    create_time INTEGER NOT NULL,
    CHECK ((status IN ('RESERVED', 'SOLD')) = (order_id IS NOT NULL)),
    FOREIGN KEY (phone_id, shop_id) REFERENCES phone (phone_id, shop_id),
    UNIQUE (shop_id, serial)
) STRICT;

-- Finds the oldest available units, and lists a phone's units with or without a status.
CREATE INDEX unit_by_status ON unit (phone_id, status, unit_id);
CREATE INDEX unit_by_phone ON unit (phone_id, unit_id);
CREATE INDEX unit_by_order ON unit (order_id, unit_id) WHERE order_id IS NOT NULL;
