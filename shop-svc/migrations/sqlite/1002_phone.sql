CREATE TABLE phone (
    phone_id BLOB NOT NULL PRIMARY KEY CHECK (length(phone_id) = 16),
    shop_id BLOB NOT NULL REFERENCES shop (shop_id),
    display_name TEXT NOT NULL CHECK (length(display_name) BETWEEN 1 AND 100),
    unit_price INTEGER NOT NULL CHECK (unit_price BETWEEN 1 AND 1000000000000),
    version INTEGER NOT NULL CHECK (version >= 1),
    create_time INTEGER NOT NULL,
    update_time INTEGER NOT NULL,
    -- A unit names its shop beside its phone; this is what it refers to.
    UNIQUE (phone_id, shop_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX phone_by_shop ON phone (shop_id, create_time, phone_id);
