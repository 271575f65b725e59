-- What was ordered; it never changes. The phone need not exist.
CREATE TABLE shop_order_line (
    order_id BLOB NOT NULL REFERENCES shop_order (order_id),
    phone_id BLOB NOT NULL CHECK (length(phone_id) = 16),
    quantity INTEGER NOT NULL CHECK (quantity BETWEEN 1 AND 100),
    PRIMARY KEY (order_id, phone_id)
) STRICT, WITHOUT ROWID;
