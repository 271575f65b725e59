-- Orders as their shops have heard of them: the highest version of each. Whoever handles an order's event locks its row
-- here first.
CREATE TABLE shop_order (
    order_id uuid NOT NULL PRIMARY KEY,
    shop_id uuid NOT NULL,
    customer_id text NOT NULL,
    status text COLLATE "C" NOT NULL
    CHECK (status IN ('PLACED', 'CONFIRMED', 'REJECTED', 'CANCELLED', 'SHIPPED', 'DELIVERED')),
    version bigint NOT NULL CHECK (version >= 1),
    create_time timestamptz NOT NULL,
    update_time timestamptz NOT NULL
);

CREATE INDEX shop_order_by_time ON shop_order (shop_id, create_time, order_id);
CREATE INDEX shop_order_by_status ON shop_order (shop_id, status, create_time, order_id);

CREATE TRIGGER shop_order_only_advances BEFORE UPDATE ON shop_order FOR EACH ROW
WHEN (new.version <= old.version)
EXECUTE FUNCTION shop_refuses('an order never goes back');

-- What was ordered; it never changes. The phone need not exist.
CREATE TABLE shop_order_line (
    order_id uuid NOT NULL REFERENCES shop_order (order_id),
    phone_id uuid NOT NULL,
    quantity integer NOT NULL CHECK (quantity BETWEEN 1 AND 100),
    -- The units that the customer asked for; none where any will do.
    requested_serials text[] NOT NULL CHECK (cardinality(requested_serials) IN (0, quantity)),
    PRIMARY KEY (order_id, phone_id)
);
