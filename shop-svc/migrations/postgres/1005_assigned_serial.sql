-- The last number that each shop gave to an assigned serial.
CREATE TABLE assigned_serial (
    shop_id uuid NOT NULL PRIMARY KEY REFERENCES shop (shop_id),
    last_number bigint NOT NULL CHECK (last_number >= 1)
);

CREATE TRIGGER number_is_assigned_once BEFORE UPDATE ON assigned_serial FOR EACH ROW
WHEN (new.last_number <= old.last_number)
EXECUTE FUNCTION shop_refuses('a number is assigned once');
