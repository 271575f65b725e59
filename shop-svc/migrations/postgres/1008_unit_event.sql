-- What happened to each unit, in the order it happened; it never changes.
CREATE TABLE unit_event (
    unit_id bigint NOT NULL REFERENCES unit (unit_id),
    -- From 1, without a gap.
    number bigint NOT NULL CHECK (number >= 1),
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('REGISTERED', 'RESERVED', 'RELEASED', 'SOLD', 'WITHDRAWN')),
    order_id uuid,
    actor_kind text COLLATE "C" NOT NULL CHECK (actor_kind IN ('CUSTOMER', 'STAFF', 'MANAGER', 'OPERATOR', 'SERVICE')),
    actor_id text NOT NULL,
    event_time timestamptz NOT NULL,
    PRIMARY KEY (unit_id, number),
    CHECK ((number = 1) = (kind = 'REGISTERED')),
    CHECK ((kind IN ('RESERVED', 'RELEASED', 'SOLD')) = (order_id IS NOT NULL))
);

CREATE TRIGGER unit_event_is_kept BEFORE DELETE OR TRUNCATE ON unit_event
FOR EACH STATEMENT EXECUTE FUNCTION shop_refuses('what happened to a unit is never deleted');

CREATE TRIGGER unit_event_does_not_change BEFORE UPDATE ON unit_event
FOR EACH STATEMENT EXECUTE FUNCTION shop_refuses('what happened to a unit does not change');
