CREATE TABLE shop (
    shop_id BLOB NOT NULL PRIMARY KEY CHECK (length(shop_id) = 16),
    display_name TEXT NOT NULL CHECK (length(display_name) BETWEEN 1 AND 100),
    currency_code TEXT NOT NULL CHECK (currency_code GLOB '[A-Z][A-Z][A-Z]'),
    status TEXT NOT NULL CHECK (status IN ('OPEN', 'CLOSED')),
    version INTEGER NOT NULL CHECK (version >= 1),
    create_time INTEGER NOT NULL,
    update_time INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX shop_by_time ON shop (create_time, shop_id);
