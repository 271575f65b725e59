-- What was decided about each order's stock. The shop of a rejected one need not exist.
CREATE TABLE reservation (
    order_id uuid NOT NULL PRIMARY KEY,
    shop_id uuid NOT NULL,
    status text COLLATE "C" NOT NULL CHECK (status IN ('RESERVED', 'REJECTED', 'RELEASED', 'SOLD')),
    reject_reason text COLLATE "C" CHECK (
        reject_reason IN
        ('UNKNOWN_SHOP', 'UNKNOWN_PHONE', 'OUT_OF_STOCK', 'PRICE_CHANGED', 'SHOP_CLOSED', 'EXPIRED')
    ),
    version bigint NOT NULL CHECK (version IN (1, 2)),
    create_time timestamptz NOT NULL,
    update_time timestamptz NOT NULL,
    CHECK ((status = 'REJECTED') = (reject_reason IS NOT NULL)),
    CHECK (status = 'RELEASED' OR version = CASE status WHEN 'SOLD' THEN 2 ELSE 1 END)
);

CREATE TRIGGER reservation_goes_its_ways BEFORE UPDATE ON reservation FOR EACH ROW
WHEN (NOT (old.status = 'RESERVED' AND new.status IN ('RELEASED', 'SOLD') AND new.shop_id = old.shop_id))
EXECUTE FUNCTION shop_refuses('a reservation does not change that way');

-- What was reserved at which price; kept after a release. The units held are those that name the order.
CREATE TABLE reservation_line (
    order_id uuid NOT NULL REFERENCES reservation (order_id),
    phone_id uuid NOT NULL REFERENCES phone (phone_id),
    quantity integer NOT NULL CHECK (quantity BETWEEN 1 AND 100),
    unit_price bigint NOT NULL CHECK (unit_price BETWEEN 1 AND 1000000000000),
    PRIMARY KEY (order_id, phone_id)
);
