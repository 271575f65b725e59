CREATE TABLE orders (
    id                uuid        PRIMARY KEY,
    claimed_by        text        NOT NULL GENERATED ALWAYS AS ('ORDER'::text) STORED,
    customer_id       text        NOT NULL,
    shop_id           uuid        NOT NULL,
    status            text        NOT NULL
        CHECK (status IN ('PLACED', 'CONFIRMED', 'REJECTED', 'CANCELLED', 'SHIPPED', 'DELIVERED')),
    -- When its delivery was booked.
    booking           text        NOT NULL CHECK (booking IN ('AT_ONCE', 'OUTSTANDING', 'LATER')),
    total             bigint,
    total_currency    text,
    reject_reason     text,
    cancelled_by_kind text,
    cancelled_by_id   text,
    cancel_reason     text,
    carrier           text,
    tracking_number   text,
    reserve_by        timestamptz NOT NULL,
    version           bigint      NOT NULL CHECK (version >= 1),
    create_time       timestamptz NOT NULL,
    update_time       timestamptz NOT NULL CHECK (update_time >= create_time),
    -- The idempotency key that placed it, with what was asked for; kept for ever.
    key_issuer        text,
    key_subject       text,
    key_method        text,
    key               text,
    request_hash      bytea       CHECK (length(request_hash) = 32),
    FOREIGN KEY (id, claimed_by) REFERENCES claim (id, claimed_by),
    -- What was never booked is never confirmed.
    CHECK (booking <> 'OUTSTANDING' OR status IN ('PLACED', 'REJECTED', 'CANCELLED')),
    CHECK ((total IS NULL) = (total_currency IS NULL)),
    CHECK (status NOT IN ('CONFIRMED', 'SHIPPED', 'DELIVERED') OR total IS NOT NULL),
    CHECK ((status = 'REJECTED') = (reject_reason IS NOT NULL)),
    CHECK ((status = 'CANCELLED') = (cancel_reason IS NOT NULL)),
    CHECK ((status = 'CANCELLED') = (cancelled_by_kind IS NOT NULL AND cancelled_by_id IS NOT NULL)),
    CHECK ((status IN ('SHIPPED', 'DELIVERED')) = (carrier IS NOT NULL AND tracking_number IS NOT NULL)),
    CHECK ((key IS NULL) = (request_hash IS NULL)),
    CHECK ((key IS NULL) = (key_issuer IS NULL AND key_subject IS NULL AND key_method IS NULL))
);

-- One key places one order, whichever replicas are asked.
CREATE UNIQUE INDEX orders_by_key ON orders (key_issuer, key_subject, key_method, key) WHERE key IS NOT NULL;
CREATE INDEX orders_by_customer ON orders (customer_id, create_time, id);
CREATE INDEX orders_by_shop ON orders (shop_id, create_time, id);
CREATE INDEX orders_by_time ON orders (create_time, id);
CREATE INDEX orders_overdue ON orders (reserve_by) WHERE status = 'PLACED';
-- What waits, the longest waiting first: for its booking, for stock, for shipment; and what is on its way, to be counted.
CREATE INDEX orders_unbooked ON orders (create_time, id) WHERE status = 'PLACED' AND booking = 'OUTSTANDING';
CREATE INDEX orders_unreserved ON orders (create_time, id) WHERE status = 'PLACED' AND booking <> 'OUTSTANDING';
CREATE INDEX orders_unshipped ON orders (update_time, id) WHERE status = 'CONFIRMED';
CREATE INDEX orders_on_their_way ON orders (id) WHERE status = 'SHIPPED';

-- An acknowledged order exists for ever, and is never another's.
CREATE TRIGGER order_is_kept BEFORE DELETE OR TRUNCATE ON orders
    FOR EACH STATEMENT EXECUTE FUNCTION order_svc_keeps();
-- A key that was lost with a restore may be given back, once.
CREATE TRIGGER order_stays_whose_it_is BEFORE UPDATE ON orders
    FOR EACH ROW WHEN ((NEW.id, NEW.customer_id, NEW.shop_id, NEW.create_time)
            IS DISTINCT FROM (OLD.id, OLD.customer_id, OLD.shop_id, OLD.create_time)
        OR (OLD.key IS NOT NULL
            AND (NEW.key_issuer, NEW.key_subject, NEW.key_method, NEW.key, NEW.request_hash)
            IS DISTINCT FROM (OLD.key_issuer, OLD.key_subject, OLD.key_method, OLD.key, OLD.request_hash)))
    EXECUTE FUNCTION order_svc_keeps();

-- A status never goes backward, what is final stays, and each change is a new version.
CREATE FUNCTION order_svc_goes_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.version <= OLD.version OR (OLD.status, NEW.status) NOT IN (
        ('PLACED', 'CONFIRMED'), ('PLACED', 'REJECTED'), ('PLACED', 'CANCELLED'), ('PLACED', 'SHIPPED'),
        ('PLACED', 'DELIVERED'), ('CONFIRMED', 'CANCELLED'), ('CONFIRMED', 'SHIPPED'), ('CONFIRMED', 'DELIVERED'),
        ('SHIPPED', 'DELIVERED')
    ) THEN
        -- A restored database goes to where it was told to be.
        IF (SELECT standing FROM relay) = 'RESTORED' THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'order % cannot go from % (version %) to % (version %)',
            OLD.id, OLD.status, OLD.version, NEW.status, NEW.version USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER order_goes_forward BEFORE UPDATE ON orders
    FOR EACH ROW WHEN (OLD.status <> NEW.status OR OLD.version <> NEW.version)
    EXECUTE FUNCTION order_svc_goes_forward();
