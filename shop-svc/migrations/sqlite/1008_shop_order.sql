-- Orders as their shops have heard of them: the highest version of each.
CREATE TABLE shop_order (
    order_id BLOB NOT NULL PRIMARY KEY CHECK (length(order_id) = 16),
    shop_id BLOB NOT NULL CHECK (length(shop_id) = 16),
    customer_id TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('PLACED', 'CONFIRMED', 'REJECTED', 'CANCELLED', 'SHIPPED', 'DELIVERED')),
    version INTEGER NOT NULL CHECK (version >= 1),
    create_time INTEGER NOT NULL,
    update_time INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX shop_order_by_time ON shop_order (shop_id, create_time, order_id);
CREATE INDEX shop_order_by_status ON shop_order (shop_id, status, create_time, order_id);
