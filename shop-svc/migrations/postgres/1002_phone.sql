-- Whoever changes a phone, its counts or its units locks its row here first.
CREATE TABLE phone (
    phone_id uuid NOT NULL PRIMARY KEY,
    shop_id uuid NOT NULL REFERENCES shop (shop_id),
    display_name text NOT NULL CHECK (length(display_name) BETWEEN 1 AND 100),
    unit_price bigint NOT NULL CHECK (unit_price BETWEEN 1 AND 1000000000000),
    version bigint NOT NULL CHECK (version >= 1),
    create_time timestamptz NOT NULL,
    update_time timestamptz NOT NULL,
    -- A unit names its shop beside its phone; this is what it refers to.
    UNIQUE (phone_id, shop_id)
);

CREATE INDEX phone_by_shop ON phone (shop_id, create_time, phone_id);
