-- What was decided about each order's stock. The shop of a rejected one need not exist.
CREATE TABLE reservation (
    order_id BLOB NOT NULL PRIMARY KEY CHECK (length(order_id) = 16),
    shop_id BLOB NOT NULL CHECK (length(shop_id) = 16),
    status TEXT NOT NULL CHECK (status IN ('RESERVED', 'REJECTED', 'RELEASED', 'SOLD')),
    reject_reason TEXT CHECK (
        reject_reason IN
        ('UNKNOWN_SHOP', 'UNKNOWN_PHONE', 'OUT_OF_STOCK', 'PRICE_CHANGED', 'SHOP_CLOSED', 'EXPIRED')
    ),
    version INTEGER NOT NULL CHECK (version IN (1, 2)),
    create_time INTEGER NOT NULL,
    update_time INTEGER NOT NULL,
    CHECK ((status = 'REJECTED') = (reject_reason IS NOT NULL)),
    CHECK (status = 'RELEASED' OR version = CASE status WHEN 'SOLD' THEN 2 ELSE 1 END)
) STRICT, WITHOUT ROWID;
