//! What lists, counts and sweeps ask for. A test sees that each is answered along its index.

use crate::adapters::store::rows::{line_columns, order_columns};

/// Orders with their lines in one statement, and so as they were at one moment.
macro_rules! with_lines {
    ($found:expr) => {
        concat!(
            "SELECT ",
            order_columns!(),
            ", ",
            line_columns!(),
            " FROM (",
            $found,
            ") AS found JOIN order_line ON order_id = id ORDER BY create_time, id, position"
        )
    };
}

macro_rules! orders {
    ($where:literal) => {
        concat!("SELECT ", order_columns!(), " FROM orders WHERE ", $where)
    };
}

/// A page of those orders that meet a condition, after (`$1`, `$2`), in the status `$3` or in any, at most `$4`.
macro_rules! page {
    ($condition:literal) => {
        concat!(
            "SELECT ",
            order_columns!(),
            " FROM orders WHERE ",
            $condition,
            " AND (create_time, id) > ($1, $2) AND ($3::text IS NULL OR status = $3) ORDER BY create_time, id LIMIT $4"
        )
    };
}

/// The order `$1`, locked. Its lines are read after it by [`LINES`]: a statement that waited for the lock reads the
/// order as it is then, and whatever it joins as it was when the statement began.
pub const LOCKED: &str = concat!(orders!("id = $1"), " FOR UPDATE");
/// The same, or nothing where it is locked.
pub const LOCKED_IF_IDLE: &str = concat!(orders!("id = $1"), " FOR UPDATE SKIP LOCKED");
/// The lines of the order `$1`.
pub const LINES: &str = concat!("SELECT ", line_columns!(), " FROM order_line WHERE order_id = $1 ORDER BY position");

/// The order `$1`.
pub const ORDER: &str = with_lines!(orders!("id = $1"));
/// The order that the key of `$1` to `$4` placed.
pub const PLACED_WITH: &str =
    with_lines!(orders!("key_issuer = $1 AND key_subject = $2 AND key_method = $3 AND key = $4"));
/// All orders.
pub const ALL: &str = with_lines!(page!("TRUE"));
/// The customer `$5`'s.
pub const OF_CUSTOMER: &str = with_lines!(page!("customer_id = $5"));
/// The shop `$5`'s.
pub const OF_SHOP: &str = with_lines!(page!("shop_id = $5"));
/// The customer `$5`'s and the shop `$6`'s, each once.
pub const OF_EITHER: &str = with_lines!(concat!(
    "(",
    page!("customer_id = $5"),
    ") UNION (",
    page!("shop_id = $6"),
    ") ORDER BY create_time, id LIMIT $4"
));

/// The history of the order `$1` after the version `$2`, at most `$3` entries.
pub const HISTORY: &str = "SELECT version, status, actor_kind, actor_id, reason, event_time FROM order_event \
     WHERE order_id = $1 AND version > $2 ORDER BY version LIMIT $3";

/// Orders that wait for their booking since before `$3`, after (`$1`, `$2`), at most `$4`.
pub const UNBOOKED: &str = with_lines!(orders!(
    "status = 'PLACED' AND booking = 'OUTSTANDING' AND (create_time, id) > ($1, $2) AND create_time < $3 \
     ORDER BY create_time, id LIMIT $4"
));
/// The same for stock.
pub const UNRESERVED: &str = with_lines!(orders!(
    "status = 'PLACED' AND booking <> 'OUTSTANDING' AND (create_time, id) > ($1, $2) AND create_time < $3 \
     ORDER BY create_time, id LIMIT $4"
));
/// The same for shipment, by when they were confirmed.
pub const UNSHIPPED: &str = with_lines!(orders!(
    "status = 'CONFIRMED' AND (update_time, id) > ($1, $2) AND update_time < $3 ORDER BY update_time, id LIMIT $4"
));

/// How many orders are not final, and how many of them wait since before `$1` (booking, stock) or `$2` (shipment).
pub const COUNTS: &str = "SELECT unbooked.number, unbooked.late, unreserved.number, unreserved.late, unshipped.number, \
     unshipped.late, shipped.number FROM \
     (SELECT count(*) AS number, count(*) FILTER (WHERE create_time < $1) AS late FROM orders \
      WHERE status = 'PLACED' AND booking = 'OUTSTANDING') AS unbooked, \
     (SELECT count(*) AS number, count(*) FILTER (WHERE create_time < $1) AS late FROM orders \
      WHERE status = 'PLACED' AND booking <> 'OUTSTANDING') AS unreserved, \
     (SELECT count(*) AS number, count(*) FILTER (WHERE update_time < $2) AS late FROM orders \
      WHERE status = 'CONFIRMED') AS unshipped, \
     (SELECT count(*) AS number FROM orders WHERE status = 'SHIPPED') AS shipped";

/// Ids of PLACED orders whose `reserve_by` is before `$1`, at most `$2`.
pub const OVERDUE: &str =
    "SELECT id FROM orders WHERE status = 'PLACED' AND reserve_by < $1 ORDER BY reserve_by LIMIT $2";

/// Moves bookings that are due at `$1` to `$2`, at most `$3`; those that another replica is just taking are its own.
pub const TAKE_DUE: &str = "WITH taken AS MATERIALIZED \
     (SELECT order_id FROM outstanding_booking WHERE due <= $1 ORDER BY due, order_id LIMIT $3 FOR UPDATE SKIP LOCKED) \
     UPDATE outstanding_booking AS b SET due = $2 FROM taken JOIN orders o ON o.id = taken.order_id \
     WHERE b.order_id = taken.order_id RETURNING b.order_id, b.customer_id, o.shop_id, b.request_hash, b.name, \
     b.phone_number, b.address, b.due, b.faults";

/// The outstanding booking of the order `$1`.
pub const OUTSTANDING: &str = "SELECT b.order_id, b.customer_id, o.shop_id, b.request_hash, b.name, b.phone_number, \
     b.address, b.due, b.faults FROM outstanding_booking b JOIN orders o ON o.id = b.order_id WHERE b.order_id = $1";
