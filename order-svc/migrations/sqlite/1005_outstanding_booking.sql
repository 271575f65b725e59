-- Deliveries that still have to be booked, with the only personal data here: a row goes when its order is booked or final.
CREATE TABLE outstanding_booking (
    order_id     BLOB    PRIMARY KEY REFERENCES orders (id),
    customer_id  TEXT    NOT NULL,
    request_hash BLOB    NOT NULL CHECK (length(request_hash) = 32),
    name         TEXT    NOT NULL,
    phone_number TEXT    NOT NULL,
    address      TEXT    NOT NULL,
    -- When it may be tried next; whoever tries moves it on first, so that nobody else does.
    due          INTEGER NOT NULL,
    -- Tries that failed by the booking's own fault, not because delivery-svc was away.
    faults       INTEGER NOT NULL DEFAULT 0 CHECK (faults >= 0)
) STRICT, WITHOUT ROWID;

CREATE INDEX outstanding_booking_by_due ON outstanding_booking (due, order_id);
CREATE INDEX outstanding_booking_by_customer ON outstanding_booking (customer_id);
