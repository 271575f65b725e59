-- A shop's deliveries, oldest first: all of them, and those that stand somewhere.
CREATE INDEX delivery_by_shop ON delivery (shop_id, create_time, delivery_id);
CREATE INDEX delivery_by_shop_and_status ON delivery (shop_id, status, create_time, delivery_id);
