//! A database on a server. Units run side by side, in this process and in others; they lock in this order: who keeps shares
//! [`KEEPING`], then takes the order's lock, its customer's row, and the row of the copy that is built. Rows of a copy that is
//! built are written by whoever holds that copy's row.

mod copies;
mod queries;
mod reads;

use chassis::store::{Error, postgres::Tx};
use sqlx::migrate::Migrator;
use uuid::Uuid;

pub use self::reads::Reads;
use super::row;
use crate::{
    app::ports::{Keep, Kept, Seen},
    domain::{CopyId, Delivery, Message, Order},
};

/// This service's tables.
pub static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// The lock that everybody who keeps shares, and that whoever serves another copy has alone: `my page` in two numbers.
const KEEPING: (i32, i32) = (0x6d79, 0x7061);

#[async_trait::async_trait]
impl Keep for Tx {
    async fn served(&mut self, order_id: Uuid) -> Result<CopyId, Error> {
        sqlx::query("SELECT pg_advisory_xact_lock_shared($1, $2), pg_advisory_xact_lock($3)")
            .bind(KEEPING.0)
            .bind(KEEPING.1)
            .bind(lock_of(order_id))
            .execute(self.connection())
            .await?;
        // Begins after the locks were had: it sees what was waited for.
        let served: (i64, Uuid) =
            sqlx::query_as("SELECT copy, epoch FROM copy WHERE status = 'SERVED'").fetch_one(self.connection()).await?;
        Ok(CopyId { number: served.0, epoch: served.1 })
    }

    async fn keep_order(&mut self, copy: CopyId, order: &Order) -> Result<Kept, Error> {
        let change: Option<i64> = sqlx::query_scalar(queries::KEEP_ORDER)
            .bind(copy.number)
            .bind(order.id)
            .bind(&order.customer_id)
            .bind(order.shop_id)
            .bind(order.status.name())
            .bind(row::encode_lines(&order.lines))
            .bind(order.total.as_ref().map(|total| total.minor_units))
            .bind(order.total.as_ref().map(|total| total.currency.as_str()))
            .bind(&order.reason)
            .bind(order.booking_outstanding)
            .bind(order.version)
            .bind(order.create_time)
            .bind(order.update_time)
            .fetch_optional(self.connection())
            .await?;
        let seen = |change| Kept::Seen(Seen { customer_id: order.customer_id.clone(), change });
        Ok(change.map_or(Kept::Older, seen))
    }

    async fn keep_delivery(&mut self, copy: CopyId, delivery: &Delivery) -> Result<Kept, Error> {
        let written = sqlx::query(
            "INSERT INTO my_delivery (copy, order_id, status, carrier, tracking_number, version) \
             VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (copy, order_id) DO UPDATE SET status = excluded.status, carrier = excluded.carrier, \
             tracking_number = excluded.tracking_number, version = excluded.version \
             WHERE excluded.version > my_delivery.version",
        )
        .bind(copy.number)
        .bind(delivery.order_id)
        .bind(delivery.status.name())
        .bind(&delivery.carrier)
        .bind(&delivery.tracking_number)
        .bind(delivery.version)
        .execute(self.connection())
        .await?;
        if written.rows_affected() == 0 { Ok(Kept::Older) } else { show(self, copy, delivery.order_id).await }
    }

    async fn keep_message(&mut self, copy: CopyId, message: &Message) -> Result<Kept, Error> {
        let written = sqlx::query(
            "INSERT INTO my_message (copy, message_id, order_id, template, channel, status, time, version) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
             ON CONFLICT (copy, message_id) DO UPDATE SET status = excluded.status, time = excluded.time, \
             version = excluded.version WHERE excluded.version > my_message.version",
        )
        .bind(copy.number)
        .bind(message.id)
        .bind(message.order_id)
        .bind(&message.template)
        .bind(&message.channel)
        .bind(message.status.name())
        .bind(message.time)
        .bind(message.version)
        .execute(self.connection())
        .await?;
        if written.rows_affected() == 0 { Ok(Kept::Older) } else { show(self, copy, message.order_id).await }
    }
}

/// Something of an order has changed: its customer sees it, if the order was heard of.
async fn show(tx: &mut Tx, copy: CopyId, order_id: Uuid) -> Result<Kept, Error> {
    let shown: Option<(String, i64)> =
        sqlx::query_as(queries::SHOW).bind(copy.number).bind(order_id).fetch_optional(tx.connection()).await?;
    Ok(shown.map_or(Kept::Unseen, |(customer_id, change)| Kept::Seen(Seen { customer_id, change })))
}

/// The number of an order's lock. Two orders may share one; then they wait for each other, and nothing else.
fn lock_of(order_id: Uuid) -> i64 {
    let (high, low) = order_id.as_u64_pair();
    (high ^ low).cast_signed()
}
