-- Deliveries that still have to be booked, with the only personal data here: a row goes when its order is booked or final.
CREATE TABLE outstanding_booking (
    order_id     uuid        PRIMARY KEY REFERENCES orders (id),
    customer_id  text        NOT NULL,
    request_hash bytea       NOT NULL CHECK (length(request_hash) = 32),
    name         text        NOT NULL,
    phone_number text        NOT NULL,
    address      text        NOT NULL,
    -- When it may be tried next; whoever tries moves it on first, so that nobody else does.
    due          timestamptz NOT NULL,
    -- Tries that failed by the booking's own fault, not because delivery-svc was away.
    faults       integer     NOT NULL DEFAULT 0 CHECK (faults >= 0)
);

CREATE INDEX outstanding_booking_by_due ON outstanding_booking (due, order_id);
CREATE INDEX outstanding_booking_by_customer ON outstanding_booking (customer_id);
