-- The history of each order: who did what, when. Never pruned, never changed.
CREATE TABLE order_event (
    order_id   BLOB    NOT NULL REFERENCES orders (id),
    version    INTEGER NOT NULL CHECK (version >= 1),
    status     TEXT    NOT NULL
        CHECK (status IN ('PLACED', 'CONFIRMED', 'REJECTED', 'CANCELLED', 'SHIPPED', 'DELIVERED')),
    actor_kind TEXT    NOT NULL CHECK (actor_kind IN ('CUSTOMER', 'STAFF', 'MANAGER', 'OPERATOR', 'SERVICE')),
    actor_id   TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    event_time INTEGER NOT NULL,
    PRIMARY KEY (order_id, version)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER order_event_is_never_changed BEFORE UPDATE ON order_event
BEGIN
    SELECT raise(ABORT, 'history is never changed');
END;

CREATE TRIGGER order_event_is_never_deleted BEFORE DELETE ON order_event
BEGIN
    SELECT raise(ABORT, 'history is never deleted');
END;
