-- A unit names at most one order, so it belongs to at most one live order.
CREATE TABLE unit (
    -- Grows with each unit of a phone: the oldest has the lowest.
    unit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    phone_id uuid NOT NULL,
    shop_id uuid NOT NULL,
    serial text COLLATE "C" NOT NULL CHECK (serial ~ '^[A-Z0-9-]{4,32}$'),
    status text COLLATE "C" NOT NULL CHECK (status IN ('AVAILABLE', 'RESERVED', 'SOLD', 'WITHDRAWN')),
    order_id uuid,
    create_time timestamptz NOT NULL,
    CHECK ((status IN ('RESERVED', 'SOLD')) = (order_id IS NOT NULL)),
    FOREIGN KEY (phone_id, shop_id) REFERENCES phone (phone_id, shop_id),
    UNIQUE (shop_id, serial)
);

-- Finds the oldest available units and lists a phone's units, of one status or, merged, of all. An index without the status
-- would look as good to the planner for the oldest available ones, which stand behind all that were ever sold.
CREATE INDEX unit_by_status ON unit (phone_id, status, unit_id);
CREATE INDEX unit_by_order ON unit (order_id, unit_id) WHERE order_id IS NOT NULL;

-- Units are registered for ever, as what they are, and take only the ways that a unit's states know.
CREATE TRIGGER unit_is_kept BEFORE DELETE OR TRUNCATE ON unit
FOR EACH STATEMENT EXECUTE FUNCTION shop_refuses('a unit is never deleted');

CREATE TRIGGER unit_keeps_its_identity BEFORE UPDATE ON unit FOR EACH ROW
WHEN ((old.unit_id, old.phone_id, old.shop_id, old.serial) IS DISTINCT FROM (new.unit_id, new.phone_id, new.shop_id, new.serial))
EXECUTE FUNCTION shop_refuses('a unit keeps its phone and serial');

CREATE TRIGGER unit_goes_its_ways BEFORE UPDATE ON unit FOR EACH ROW
WHEN (NOT (
    (old.status = 'AVAILABLE' AND new.status IN ('RESERVED', 'WITHDRAWN'))
    OR (old.status = 'RESERVED' AND new.status = 'AVAILABLE')
    OR (old.status = 'RESERVED' AND new.status = 'SOLD' AND new.order_id = old.order_id)
))
EXECUTE FUNCTION shop_refuses('a unit does not change that way');
