-- What shop-svc holds for orders whose booking is outstanding: they are confirmed with it once they are booked.
CREATE TABLE held_reservation (
    order_id       uuid   PRIMARY KEY REFERENCES orders (id),
    total          bigint NOT NULL CHECK (total > 0),
    total_currency text   NOT NULL
);

CREATE TABLE held_line (
    order_id      uuid   NOT NULL REFERENCES held_reservation (order_id) ON DELETE CASCADE,
    phone_id      uuid   NOT NULL,
    unit_price    bigint NOT NULL CHECK (unit_price > 0),
    unit_currency text   NOT NULL,
    -- Separated by spaces; a serial has none.
    serials       text   NOT NULL,
    PRIMARY KEY (order_id, phone_id)
);
