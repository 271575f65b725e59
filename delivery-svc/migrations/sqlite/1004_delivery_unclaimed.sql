-- Bookings that no order is known to stand behind: few, and asked for again and again.
CREATE INDEX delivery_unclaimed ON delivery (create_time, delivery_id) WHERE claimed = 0;
