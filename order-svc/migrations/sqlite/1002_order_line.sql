CREATE TABLE order_line (
    order_id          BLOB    NOT NULL REFERENCES orders (id),
    position          INTEGER NOT NULL CHECK (position BETWEEN 0 AND 19),
    phone_id          BLOB    NOT NULL CHECK (length(phone_id) = 16),
    quantity          INTEGER NOT NULL CHECK (quantity BETWEEN 1 AND 100),
    expected_price    INTEGER CHECK (expected_price > 0),
    expected_currency TEXT,
    unit_price        INTEGER CHECK (unit_price > 0),
    unit_currency     TEXT,
    -- Serials of the units held, separated by spaces; a serial has none.
    serials           TEXT,
    PRIMARY KEY (order_id, position),
    UNIQUE (order_id, phone_id),
    CHECK ((expected_price IS NULL) = (expected_currency IS NULL)),
    CHECK ((unit_price IS NULL) = (unit_currency IS NULL)),
    CHECK ((unit_price IS NULL) = (serials IS NULL))
) STRICT, WITHOUT ROWID;
