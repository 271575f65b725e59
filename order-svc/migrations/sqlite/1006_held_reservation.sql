-- What shop-svc holds for orders whose booking is outstanding: they are confirmed with it once they are booked.
CREATE TABLE held_reservation (
    order_id       BLOB    PRIMARY KEY REFERENCES orders (id),
    total          INTEGER NOT NULL CHECK (total > 0),
    total_currency TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE held_line (
    order_id      BLOB    NOT NULL REFERENCES held_reservation (order_id) ON DELETE CASCADE,
    phone_id      BLOB    NOT NULL CHECK (length(phone_id) = 16),
    unit_price    INTEGER NOT NULL CHECK (unit_price > 0),
    unit_currency TEXT    NOT NULL,
    -- Separated by spaces; a serial has none.
    serials       TEXT    NOT NULL,
    PRIMARY KEY (order_id, phone_id)
) STRICT, WITHOUT ROWID;
