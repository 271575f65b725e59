-- All deliveries, oldest first, for operators: all of them, and those that stand somewhere.
CREATE INDEX delivery_by_time ON delivery (create_time, delivery_id);
CREATE INDEX delivery_by_status ON delivery (status, create_time, delivery_id);
