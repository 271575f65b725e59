-- What waits, the longest waiting first: for its booking, for stock, for shipment; and what is on its way, to be counted.
CREATE INDEX orders_unbooked ON orders (create_time, id) WHERE status = 'PLACED' AND booking = 'OUTSTANDING';
CREATE INDEX orders_unreserved ON orders (create_time, id) WHERE status = 'PLACED' AND booking <> 'OUTSTANDING';
CREATE INDEX orders_unshipped ON orders (update_time, id) WHERE status = 'CONFIRMED';
CREATE INDEX orders_on_their_way ON orders (id) WHERE status = 'SHIPPED';
