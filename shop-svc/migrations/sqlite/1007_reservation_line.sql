-- What was reserved at which price; kept after a release. The units held are those that name the order.
CREATE TABLE reservation_line (
    order_id BLOB NOT NULL REFERENCES reservation (order_id),
    phone_id BLOB NOT NULL REFERENCES phone (phone_id),
    quantity INTEGER NOT NULL CHECK (quantity BETWEEN 1 AND 100),
    unit_price INTEGER NOT NULL CHECK (unit_price BETWEEN 1 AND 1000000000000),
    PRIMARY KEY (order_id, phone_id)
) STRICT, WITHOUT ROWID;
