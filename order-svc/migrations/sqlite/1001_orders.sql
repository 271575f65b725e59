-- What an id stands for: an order and a void contend for it, and the first wins for ever.
CREATE TABLE claim (
    id          BLOB    PRIMARY KEY CHECK (length(id) = 16),
    claimed_by  TEXT    NOT NULL CHECK (claimed_by IN ('ORDER', 'VOID')),
    create_time INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE orders (
    id                BLOB    PRIMARY KEY REFERENCES claim (id) CHECK (length(id) = 16),
    customer_id       TEXT    NOT NULL,
    shop_id           BLOB    NOT NULL CHECK (length(shop_id) = 16),
    status            TEXT    NOT NULL
        CHECK (status IN ('PLACED', 'CONFIRMED', 'REJECTED', 'CANCELLED', 'SHIPPED', 'DELIVERED')),
    total             INTEGER,
    total_currency    TEXT,
    reject_reason     TEXT,
    cancelled_by_kind TEXT,
    cancelled_by_id   TEXT,
    cancel_reason     TEXT,
    carrier           TEXT,
    tracking_number   TEXT,
    reserve_by        INTEGER NOT NULL,
    version           INTEGER NOT NULL CHECK (version >= 1),
    create_time       INTEGER NOT NULL,
    update_time       INTEGER NOT NULL CHECK (update_time >= create_time),
    -- The idempotency key that placed it, with what was asked for; kept for ever.
    key_issuer        TEXT,
    key_subject       TEXT,
    key_method        TEXT,
    key               TEXT,
    request_hash      BLOB    CHECK (length(request_hash) = 32),
    CHECK ((total IS NULL) = (total_currency IS NULL)),
    CHECK (status NOT IN ('CONFIRMED', 'SHIPPED', 'DELIVERED') OR total IS NOT NULL),
    CHECK ((status = 'REJECTED') = (reject_reason IS NOT NULL)),
    CHECK ((status = 'CANCELLED') = (cancel_reason IS NOT NULL)),
    CHECK ((status = 'CANCELLED') = (cancelled_by_kind IS NOT NULL AND cancelled_by_id IS NOT NULL)),
    CHECK ((status IN ('SHIPPED', 'DELIVERED')) = (carrier IS NOT NULL AND tracking_number IS NOT NULL)),
    CHECK ((key IS NULL) = (request_hash IS NULL)),
    CHECK ((key IS NULL) = (key_issuer IS NULL AND key_subject IS NULL AND key_method IS NULL))
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX orders_by_key ON orders (key_issuer, key_subject, key_method, key) WHERE key IS NOT NULL;
CREATE INDEX orders_by_customer ON orders (customer_id, create_time, id);
CREATE INDEX orders_by_shop ON orders (shop_id, create_time, id);
CREATE INDEX orders_by_time ON orders (create_time, id);
CREATE INDEX orders_overdue ON orders (reserve_by) WHERE status = 'PLACED';
