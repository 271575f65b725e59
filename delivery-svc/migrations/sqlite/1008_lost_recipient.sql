-- A delivery that is taken back from its own events after a restore has neither its request nor its recipient any more. The
-- table is rebuilt, for SQLite changes no CHECK of one that is there.
CREATE TABLE delivery_rebuilt (
    delivery_id            BLOB    NOT NULL PRIMARY KEY CHECK (length(delivery_id) = 16),
    shop_id                BLOB    NOT NULL CHECK (length(shop_id) = 16),
    customer_id            TEXT    NOT NULL,
    -- NULL for a tombstone, and where it was lost with a restore.
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
    -- Until when a booking that nobody claimed is with a sweep that asks whose it is; others look past it. NULL before the first.
    asked_until            INTEGER,
    CHECK (status = 'BOOKED' OR claimed = 1),
    CHECK ((recipient_name IS NULL) = (recipient_phone_number IS NULL)),
    CHECK ((recipient_name IS NULL) = (recipient_address IS NULL)),
    -- Nothing goes out to nobody. Whose recipient was lost with a restore lost its request as well; it is not shipped here.
    CHECK (status IN ('DELIVERED', 'CANCELLED') OR recipient_name IS NOT NULL OR request_hash IS NULL),
    CHECK ((status IN ('SHIPPED', 'DELIVERED')) = (carrier IS NOT NULL)),
    CHECK ((carrier IS NULL) = (tracking_number IS NULL)),
    CHECK ((status = 'CANCELLED') = (cancelled_by_role IS NOT NULL)),
    CHECK ((cancelled_by_role IS NULL) = (cancelled_by_id IS NULL)),
    CHECK ((cancelled_by_role IS NULL) = (cancel_reason IS NULL))
) STRICT;

INSERT INTO delivery_rebuilt
    (delivery_id, shop_id, customer_id, request_hash, recipient_name, recipient_phone_number, recipient_address, status,
     claimed, carrier, tracking_number, cancelled_by_role, cancelled_by_id, cancel_reason, version, create_time,
     update_time, asked_until)
SELECT delivery_id, shop_id, customer_id, request_hash, recipient_name, recipient_phone_number, recipient_address, status,
       claimed, carrier, tracking_number, cancelled_by_role, cancelled_by_id, cancel_reason, version, create_time,
       update_time, asked_until
FROM delivery;

DROP TABLE delivery;
ALTER TABLE delivery_rebuilt RENAME TO delivery;

CREATE INDEX delivery_by_shop ON delivery (shop_id, create_time, delivery_id);
CREATE INDEX delivery_by_shop_and_status ON delivery (shop_id, status, create_time, delivery_id);
CREATE INDEX delivery_by_time ON delivery (create_time, delivery_id);
CREATE INDEX delivery_by_status ON delivery (status, create_time, delivery_id);
CREATE INDEX delivery_unclaimed ON delivery (create_time, delivery_id) WHERE claimed = 0;
CREATE INDEX delivery_of_customer ON delivery (customer_id, delivery_id) WHERE recipient_name IS NOT NULL;
