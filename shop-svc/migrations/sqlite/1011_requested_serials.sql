-- The serials that the customer asked for, with commas between them; empty where any unit will do.
ALTER TABLE shop_order_line ADD COLUMN requested_serials TEXT NOT NULL DEFAULT ''
CHECK (requested_serials NOT GLOB '*[^-A-Z0-9,]*');
