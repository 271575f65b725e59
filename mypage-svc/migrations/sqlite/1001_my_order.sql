-- Orders, each at the highest version that was heard of.
CREATE TABLE my_order (
    order_id    BLOB    NOT NULL PRIMARY KEY CHECK (length(order_id) = 16),
    customer_id TEXT    NOT NULL CHECK (customer_id <> ''),
    shop_id     BLOB    NOT NULL CHECK (length(shop_id) = 16),
    status      TEXT    NOT NULL
        CHECK (status IN ('PLACED', 'CONFIRMED', 'REJECTED', 'CANCELLED', 'SHIPPED', 'DELIVERED')),
    -- A tword.mypage.v1.MyOrder that holds nothing but its lines.
    lines       BLOB    NOT NULL,
    total_minor INTEGER,
    currency    TEXT,
    reason      TEXT    NOT NULL CHECK (reason = '' OR status IN ('REJECTED', 'CANCELLED')),
    version     INTEGER NOT NULL CHECK (version > 0),
    create_time INTEGER NOT NULL,
    update_time INTEGER NOT NULL,

    CHECK ((total_minor IS NULL) = (currency IS NULL))
) STRICT, WITHOUT ROWID;

-- A customer's orders, newest first: all of them, and those that stand somewhere.
CREATE INDEX my_order_by_customer ON my_order (customer_id, create_time, order_id);
CREATE INDEX my_order_by_status ON my_order (customer_id, status, create_time, order_id);
