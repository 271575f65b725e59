-- What is kept for ever is neither changed nor deleted: triggers call this. What was written to a restored database before
-- its own events were taken back gives way to them; nothing else ever does.
CREATE FUNCTION order_svc_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (TG_TABLE_NAME, TG_OP) IN (('claim', 'UPDATE'), ('orders', 'UPDATE'), ('order_event', 'DELETE'))
        AND (SELECT standing FROM relay) = 'RESTORED' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% of % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'check_violation';
END
$$;

-- What an id stands for: an order and a void contend for it, and the first wins for ever.
CREATE TABLE claim (
    id          uuid        PRIMARY KEY,
    claimed_by  text        NOT NULL CHECK (claimed_by IN ('ORDER', 'VOID')),
    create_time timestamptz NOT NULL,
    -- What orders refer to: a void has none.
    UNIQUE (id, claimed_by)
);

CREATE TRIGGER claim_stands BEFORE UPDATE OR DELETE OR TRUNCATE ON claim
    FOR EACH STATEMENT EXECUTE FUNCTION order_svc_keeps();
