-- When the delivery of an order was booked. Orders that were placed before this column were booked at once.
ALTER TABLE orders ADD COLUMN booking TEXT NOT NULL DEFAULT 'AT_ONCE'
    CHECK (booking IN ('AT_ONCE', 'OUTSTANDING', 'LATER'))
    -- What was never booked is never confirmed.
    CHECK (booking <> 'OUTSTANDING' OR status IN ('PLACED', 'REJECTED', 'CANCELLED'));
