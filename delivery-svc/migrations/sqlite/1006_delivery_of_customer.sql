-- A customer's deliveries that hold personal data, to be found when it is erased.
CREATE INDEX delivery_of_customer ON delivery (customer_id, delivery_id) WHERE recipient_name IS NOT NULL;
