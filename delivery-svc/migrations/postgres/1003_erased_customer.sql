-- Customers whose personal data was erased: of their deliveries booked until then, each is cleared when it becomes final.
CREATE TABLE erased_customer (
    customer_id text        PRIMARY KEY CHECK (customer_id <> ''),
    -- When it was asked for last.
    erase_time  timestamptz NOT NULL
);
