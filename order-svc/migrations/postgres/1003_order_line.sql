CREATE TABLE order_line (
    order_id          uuid    NOT NULL REFERENCES orders (id),
    position          integer NOT NULL CHECK (position BETWEEN 0 AND 19),
    phone_id          uuid    NOT NULL,
    quantity          integer NOT NULL CHECK (quantity BETWEEN 1 AND 100),
    expected_price    bigint  CHECK (expected_price > 0),
    expected_currency text,
    -- Serials of the very units that a customer asked for, separated by spaces; a serial has none. NULL where any will do.
    requested_serials text    CHECK (cardinality(string_to_array(requested_serials, ' ')) = quantity),
    unit_price        bigint  CHECK (unit_price > 0),
    unit_currency     text,
    -- Serials of the units held, separated by spaces.
    serials           text    CHECK (cardinality(string_to_array(serials, ' ')) = quantity),
    PRIMARY KEY (order_id, position),
    UNIQUE (order_id, phone_id),
    CHECK ((expected_price IS NULL) = (expected_currency IS NULL)),
    CHECK ((unit_price IS NULL) = (unit_currency IS NULL)),
    CHECK ((unit_price IS NULL) = (serials IS NULL))
);
