-- What was written to a restored database before its own events were taken back gives way to them; nothing else ever does.
CREATE FUNCTION delivery_svc_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (SELECT standing FROM relay) = 'RESTORED' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% of % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'check_violation';
END
$$;

-- A delivery, or its tombstone, is kept for ever, and is never another order's.
CREATE TRIGGER delivery_is_kept BEFORE DELETE OR TRUNCATE ON delivery
    FOR EACH STATEMENT EXECUTE FUNCTION delivery_svc_keeps();
-- A request that was lost with a restore may be given again, once.
CREATE TRIGGER delivery_stays_whose_it_is BEFORE UPDATE ON delivery
    FOR EACH ROW WHEN ((NEW.delivery_id, NEW.shop_id, NEW.customer_id, NEW.create_time)
            IS DISTINCT FROM (OLD.delivery_id, OLD.shop_id, OLD.customer_id, OLD.create_time)
        OR (OLD.request_hash IS NOT NULL AND NEW.request_hash IS DISTINCT FROM OLD.request_hash))
    EXECUTE FUNCTION delivery_svc_keeps();

-- A status never goes backward and what is final stays; each change is a new version; what was shipped goes to whom it was
-- shipped to, or to nobody who is known any more; a recipient that was lost with a restore may be given again on its way.
CREATE FUNCTION delivery_svc_goes_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status <> OLD.status AND (NEW.version <= OLD.version OR (OLD.status, NEW.status) NOT IN (
        ('BOOKED', 'READY'), ('BOOKED', 'SHIPPED'), ('BOOKED', 'DELIVERED'), ('BOOKED', 'CANCELLED'),
        ('READY', 'SHIPPED'), ('READY', 'DELIVERED'), ('READY', 'CANCELLED'), ('SHIPPED', 'DELIVERED')
    )) OR NEW.version < OLD.version THEN
        -- A restored database goes to where it was told to be.
        IF (SELECT standing FROM relay) = 'RESTORED' THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'delivery % cannot go from % (version %) to % (version %)',
            OLD.delivery_id, OLD.status, OLD.version, NEW.status, NEW.version USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.recipient_name IS NOT NULL AND OLD.status NOT IN ('BOOKED', 'READY')
        AND (OLD.recipient_name IS NOT NULL OR OLD.status <> 'SHIPPED')
        AND (NEW.recipient_name, NEW.recipient_phone_number, NEW.recipient_address)
        IS DISTINCT FROM (OLD.recipient_name, OLD.recipient_phone_number, OLD.recipient_address) THEN
        RAISE EXCEPTION 'delivery % is % and goes to nobody else', OLD.delivery_id, OLD.status
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER delivery_goes_forward BEFORE UPDATE ON delivery
    FOR EACH ROW WHEN (OLD.version <> NEW.version OR OLD.status <> NEW.status
        OR OLD.recipient_name IS DISTINCT FROM NEW.recipient_name
        OR OLD.recipient_phone_number IS DISTINCT FROM NEW.recipient_phone_number
        OR OLD.recipient_address IS DISTINCT FROM NEW.recipient_address)
    EXECUTE FUNCTION delivery_svc_goes_forward();
