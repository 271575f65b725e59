-- The last number that each shop gave to an assigned serial.
CREATE TABLE assigned_serial (
    shop_id BLOB NOT NULL PRIMARY KEY REFERENCES shop (shop_id),
    last_number INTEGER NOT NULL CHECK (last_number >= 1)
) STRICT, WITHOUT ROWID;
