//! What lists, counts and sweeps ask for. A test sees that each is answered along its index.

use sqlx::{Postgres, QueryBuilder};

use super::super::row::{SELECT_ADDRESSED, columns, recipient_columns, select_delivery, select_of_customer};
use crate::{app::list_deliveries::Query, domain::named::Named};

/// The delivery `$1`, locked.
pub const LOCKED: &str = concat!(select_delivery!(), " FOR UPDATE");

/// The deliveries of the customer `$1` that have a recipient, by id, after `$2`, at most `$3`, locked one after another.
/// Who waited for one sees it as it is then.
pub const OF_CUSTOMER: &str = concat!(select_of_customer!(), " FOR UPDATE");

/// How many deliveries of the customer `$1` have a recipient.
pub const ADDRESSED: &str = "SELECT count(*) FROM delivery WHERE customer_id = $1 AND recipient_name IS NOT NULL";

/// How many deliveries stand in `$1`, counted up to `$2`.
pub const STANDING: &str = "SELECT count(*) FROM (SELECT 1 FROM delivery WHERE status = $1 LIMIT $2) AS standing";

/// Takes bookings made before `$1` that nobody is known to have claimed, and that nobody else asks for at `$2`, until
/// `$3`, at most `$4`. Those that another replica is just taking are its own.
pub const TAKE_UNCLAIMED: &str = "WITH taken AS MATERIALIZED \
     (SELECT delivery_id FROM delivery WHERE NOT claimed AND create_time < $1 \
      AND (asked_until IS NULL OR asked_until <= $2) ORDER BY create_time, delivery_id LIMIT $4 FOR UPDATE SKIP LOCKED) \
     UPDATE delivery AS d SET asked_until = $3 FROM taken WHERE d.delivery_id = taken.delivery_id RETURNING d.delivery_id";

/// A list. Each combination of conditions has an index of its own.
pub fn list(asked: &Query) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(SELECT_ADDRESSED);
    query.push(" WHERE TRUE");
    if let Some(shop_id) = asked.filter.shop_id {
        query.push(" AND shop_id = ").push_bind(shop_id);
    }
    if let Some(status) = asked.filter.status {
        query.push(" AND status = ").push_bind(status.name());
    }
    if let Some((create_time, id)) = asked.after {
        query.push(" AND (create_time, delivery_id) > (").push_bind(create_time);
        query.push(", ").push_bind(id).push(")");
    }
    query.push(" ORDER BY create_time, delivery_id LIMIT ").push_bind(asked.rows);
    query
}
