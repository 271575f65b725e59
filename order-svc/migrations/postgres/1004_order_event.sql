-- The history of each order: who did what, when. Never pruned, never changed.
CREATE TABLE order_event (
    order_id   uuid        NOT NULL REFERENCES orders (id),
    version    bigint      NOT NULL CHECK (version >= 1),
    status     text        NOT NULL
        CHECK (status IN ('PLACED', 'CONFIRMED', 'REJECTED', 'CANCELLED', 'SHIPPED', 'DELIVERED')),
    actor_kind text        NOT NULL CHECK (actor_kind IN ('CUSTOMER', 'STAFF', 'MANAGER', 'OPERATOR', 'SERVICE')),
    actor_id   text        NOT NULL,
    reason     text        NOT NULL,
    event_time timestamptz NOT NULL,
    PRIMARY KEY (order_id, version)
);

CREATE TRIGGER order_event_stands BEFORE UPDATE OR DELETE OR TRUNCATE ON order_event
    FOR EACH STATEMENT EXECUTE FUNCTION order_svc_keeps();
