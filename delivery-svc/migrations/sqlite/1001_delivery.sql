-- The shipment of each order, with whom it goes to (personal data); a cancelled row without a request is a tombstone.
CREATE TABLE delivery (
    delivery_id            BLOB    NOT NULL PRIMARY KEY CHECK (length(delivery_id) = 16),
    shop_id                BLOB    NOT NULL CHECK (length(shop_id) = 16),
    customer_id            TEXT    NOT NULL,
    request_hash           BLOB    CHECK (length(request_hash) = 32),
    recipient_name         TEXT,
    recipient_phone_number TEXT,
    recipient_address      TEXT,
    status                 TEXT    NOT NULL CHECK (status IN ('BOOKED', 'READY', 'SHIPPED', 'DELIVERED', 'CANCELLED')),
    -- Whether it need not be asked any more which order stands behind it.
    claimed                INTEGER NOT NULL CHECK (claimed IN (0, 1)),
    carrier                TEXT,
    tracking_number        TEXT,
    cancelled_by_role      TEXT CHECK (cancelled_by_role IN ('CUSTOMER', 'STAFF', 'MANAGER', 'OPERATOR', 'SERVICE')),
    cancelled_by_id        TEXT,
    cancel_reason          TEXT,
    version                INTEGER NOT NULL CHECK (version >= 1),
    create_time            INTEGER NOT NULL,
    update_time            INTEGER NOT NULL,
    CHECK (status = 'BOOKED' OR claimed = 1),
    CHECK (status = 'CANCELLED' OR request_hash IS NOT NULL),
    CHECK ((recipient_name IS NULL) = (recipient_phone_number IS NULL)),
    CHECK ((recipient_name IS NULL) = (recipient_address IS NULL)),
    -- Nothing goes out to nobody.
    CHECK (status IN ('DELIVERED', 'CANCELLED') OR recipient_name IS NOT NULL),
    CHECK ((status IN ('SHIPPED', 'DELIVERED')) = (carrier IS NOT NULL)),
    CHECK ((carrier IS NULL) = (tracking_number IS NULL)),
    CHECK ((status = 'CANCELLED') = (cancelled_by_role IS NOT NULL)),
    CHECK ((cancelled_by_role IS NULL) = (cancelled_by_id IS NULL)),
    CHECK ((cancelled_by_role IS NULL) = (cancel_reason IS NULL))
) STRICT;
