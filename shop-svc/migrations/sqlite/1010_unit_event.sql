-- What happened to each unit, in the order it happened; it never changes.
CREATE TABLE unit_event (
    unit_id INTEGER NOT NULL REFERENCES unit (unit_id),
    -- From 1, without a gap.
    number INTEGER NOT NULL CHECK (number >= 1),
    kind TEXT NOT NULL CHECK (kind IN ('REGISTERED', 'RESERVED', 'RELEASED', 'SOLD', 'WITHDRAWN')),
    order_id BLOB CHECK (length(order_id) = 16),
    -- Who did it; unknown where it happened before this table was.
    actor_kind TEXT CHECK (actor_kind IN ('CUSTOMER', 'STAFF', 'MANAGER', 'OPERATOR', 'SERVICE')),
    actor_id TEXT,
    event_time INTEGER NOT NULL,
    PRIMARY KEY (unit_id, number),
    CHECK ((number = 1) = (kind = 'REGISTERED')),
    CHECK ((kind IN ('RESERVED', 'RELEASED', 'SOLD')) = (order_id IS NOT NULL)),
    CHECK ((actor_kind IS NULL) = (actor_id IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TRIGGER unit_event_is_kept BEFORE DELETE ON unit_event BEGIN
    SELECT RAISE(ABORT, 'what happened to a unit is never deleted');
END;

CREATE TRIGGER unit_event_does_not_change BEFORE UPDATE ON unit_event BEGIN
    SELECT RAISE(ABORT, 'what happened to a unit does not change');
END;

-- What is known of the units that are there: when each was registered, and for which order it is held or sold. What was
-- freed in between is known to the outbox alone.
INSERT INTO unit_event (unit_id, number, kind, event_time)
SELECT unit_id, 1, 'REGISTERED', create_time FROM unit;

INSERT INTO unit_event (unit_id, number, kind, order_id, actor_kind, actor_id, event_time)
SELECT unit_id, 2, 'RESERVED', order_id, 'SERVICE', 'shop-svc', reservation.create_time
FROM unit JOIN reservation USING (order_id);

INSERT INTO unit_event (unit_id, number, kind, order_id, actor_kind, actor_id, event_time)
SELECT unit_id, 3, 'SOLD', order_id, 'SERVICE', 'shop-svc', reservation.update_time
FROM unit JOIN reservation USING (order_id) WHERE unit.status = 'SOLD';
