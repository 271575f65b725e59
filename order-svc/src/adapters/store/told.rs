//! Statements that set an order to what was told of it; both databases read them alike.

/// Writes the order `$1`, or over it: all but its key.
pub const SET_ORDER: &str = "INSERT INTO orders (id, customer_id, shop_id, status, booking, total, total_currency, \
     reject_reason, cancelled_by_kind, cancelled_by_id, cancel_reason, carrier, tracking_number, reserve_by, version, \
     create_time, update_time) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) \
     ON CONFLICT (id) DO UPDATE SET customer_id = excluded.customer_id, shop_id = excluded.shop_id, \
     status = excluded.status, booking = excluded.booking, total = excluded.total, \
     total_currency = excluded.total_currency, reject_reason = excluded.reject_reason, \
     cancelled_by_kind = excluded.cancelled_by_kind, cancelled_by_id = excluded.cancelled_by_id, \
     cancel_reason = excluded.cancel_reason, carrier = excluded.carrier, tracking_number = excluded.tracking_number, \
     reserve_by = excluded.reserve_by, version = excluded.version, create_time = excluded.create_time, \
     update_time = excluded.update_time";

/// Takes the id `$1` from a void.
pub const SET_CLAIM: &str =
    "UPDATE claim SET claimed_by = 'ORDER', create_time = $2 WHERE id = $1 AND claimed_by = 'VOID'";

/// Removes the lines of the order `$1`: the event tells all of them.
pub const CLEAR_LINES: &str = "DELETE FROM order_line WHERE order_id = $1";

/// Writes a line of the order `$1`.
pub const SET_LINE: &str = "INSERT INTO order_line (order_id, position, phone_id, quantity, expected_price, \
     expected_currency, requested_serials, unit_price, unit_currency, serials) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

/// Removes what the order `$1` went through here from the version `$2` on.
pub const CLEAR_HISTORY: &str = "DELETE FROM order_event WHERE order_id = $1 AND version >= $2";

/// Writes an entry of an order's history.
pub const SET_HISTORY: &str = "INSERT INTO order_event (order_id, version, status, actor_kind, actor_id, reason, event_time) \
     VALUES ($1, $2, $3, $4, $5, $6, $7)";

/// Forgets the recipient of the order `$1`, which needs none any more.
pub const CLEAR_BOOKING: &str = "DELETE FROM outstanding_booking WHERE order_id = $1";

/// Forgets what was held beside the order `$1`, which is PLACED no more.
pub const CLEAR_HELD: &str = "DELETE FROM held_reservation WHERE order_id = $1";

/// Gives the order `$1` the key that placed it, where it has none.
pub const ADOPT: &str = "UPDATE orders SET key_issuer = $2, key_subject = $3, key_method = $4, key = $5, request_hash = $6 \
     WHERE id = $1 AND key IS NULL";

/// Orders whose outstanding booking is not here.
pub const WITHOUT_RECIPIENT: &str = "SELECT id FROM orders WHERE status = 'PLACED' AND booking = 'OUTSTANDING' \
     AND NOT EXISTS (SELECT 1 FROM outstanding_booking WHERE order_id = orders.id) ORDER BY create_time, id";
