-- Serials of the very units that a customer asked for, separated by spaces; a serial has none. NULL where any will do.
ALTER TABLE order_line ADD COLUMN requested_serials TEXT CHECK (requested_serials <> '');
