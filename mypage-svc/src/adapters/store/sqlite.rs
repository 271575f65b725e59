//! The embedded database.

mod copies;
mod queries;
mod reads;

use chassis::store::{
    Error,
    sqlite::{Tx, micros, one_row},
};
use sqlx::{migrate::Migrator, sqlite::SqliteQueryResult};
use uuid::Uuid;

pub use self::reads::Reads;
use super::row;
use crate::{
    app::ports::{Keep, Kept, Seen},
    domain::{CopyId, Delivery, Message, Order, is_news},
};

/// This service's tables.
pub static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// Units run one after another here: every lock that the port asks for is the one writer.
#[async_trait::async_trait]
impl Keep for Tx {
    async fn served(&mut self, _order_id: Uuid) -> Result<CopyId, Error> {
        let served: (i64, Uuid) =
            sqlx::query_as("SELECT copy, epoch FROM copy WHERE status = 'SERVED'").fetch_one(self.connection()).await?;
        Ok(CopyId { number: served.0, epoch: served.1 })
    }

    async fn keep_order(&mut self, copy: CopyId, order: &Order) -> Result<Kept, Error> {
        let kept: Option<i64> = sqlx::query_scalar("SELECT version FROM my_order WHERE copy = ? AND order_id = ?")
            .bind(copy.number)
            .bind(order.id)
            .fetch_optional(self.connection())
            .await?;
        if !is_news(kept, order.version) {
            return Ok(Kept::Older);
        }
        let change = raise(self, copy, &order.customer_id).await?;
        write(self, copy, order, change).await?;
        Ok(Kept::Seen(Seen { customer_id: order.customer_id.clone(), change }))
    }

    async fn keep_delivery(&mut self, copy: CopyId, delivery: &Delivery) -> Result<Kept, Error> {
        let written = sqlx::query(
            "INSERT INTO my_delivery (copy, order_id, status, carrier, tracking_number, version) VALUES (?, ?, ?, ?, ?, ?) \
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
        if at_most_one(&written)? { show(self, copy, delivery.order_id).await } else { Ok(Kept::Older) }
    }

    async fn keep_message(&mut self, copy: CopyId, message: &Message) -> Result<Kept, Error> {
        let written = sqlx::query(
            "INSERT INTO my_message (copy, message_id, order_id, template, channel, status, time, version) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?) \
             ON CONFLICT (copy, message_id) DO UPDATE SET status = excluded.status, time = excluded.time, \
             version = excluded.version WHERE excluded.version > my_message.version",
        )
        .bind(copy.number)
        .bind(message.id)
        .bind(message.order_id)
        .bind(&message.template)
        .bind(&message.channel)
        .bind(message.status.name())
        .bind(micros(message.time))
        .bind(message.version)
        .execute(self.connection())
        .await?;
        if at_most_one(&written)? { show(self, copy, message.order_id).await } else { Ok(Kept::Older) }
    }
}

/// Raises a customer's counter.
async fn raise(tx: &mut Tx, copy: CopyId, customer_id: &str) -> Result<i64, Error> {
    let counter = sqlx::query_scalar(
        "INSERT INTO my_customer (copy, customer_id, change) VALUES (?, ?, 1) \
         ON CONFLICT (copy, customer_id) DO UPDATE SET change = change + 1 RETURNING change",
    );
    Ok(counter.bind(copy.number).bind(customer_id).fetch_one(tx.connection()).await?)
}

async fn write(tx: &mut Tx, copy: CopyId, order: &Order, change: i64) -> Result<(), Error> {
    let written = sqlx::query(
        "INSERT INTO my_order (copy, order_id, customer_id, change, shop_id, status, lines, total_minor, currency, reason, \
         booking_outstanding, version, create_time, update_time) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
         ON CONFLICT (copy, order_id) DO UPDATE SET customer_id = excluded.customer_id, change = excluded.change, \
         shop_id = excluded.shop_id, status = excluded.status, lines = excluded.lines, \
         total_minor = excluded.total_minor, currency = excluded.currency, reason = excluded.reason, \
         booking_outstanding = excluded.booking_outstanding, version = excluded.version, \
         create_time = excluded.create_time, update_time = excluded.update_time",
    )
    .bind(copy.number)
    .bind(order.id)
    .bind(&order.customer_id)
    .bind(change)
    .bind(order.shop_id)
    .bind(order.status.name())
    .bind(row::encode_lines(&order.lines))
    .bind(order.total.as_ref().map(|total| total.minor_units))
    .bind(order.total.as_ref().map(|total| total.currency.as_str()))
    .bind(&order.reason)
    .bind(order.booking_outstanding)
    .bind(order.version)
    .bind(micros(order.create_time))
    .bind(micros(order.update_time))
    .execute(tx.connection())
    .await?;
    one_row(&written, "order")
}

/// Something of an order has changed: its customer sees it, if the order was heard of.
async fn show(tx: &mut Tx, copy: CopyId, order_id: Uuid) -> Result<Kept, Error> {
    let customer_id: Option<String> =
        sqlx::query_scalar("SELECT customer_id FROM my_order WHERE copy = ? AND order_id = ?")
            .bind(copy.number)
            .bind(order_id)
            .fetch_optional(tx.connection())
            .await?;
    let Some(customer_id) = customer_id else { return Ok(Kept::Unseen) };
    let change = raise(tx, copy, &customer_id).await?;
    let written = sqlx::query("UPDATE my_order SET change = ? WHERE copy = ? AND order_id = ?")
        .bind(change)
        .bind(copy.number)
        .bind(order_id)
        .execute(tx.connection())
        .await?;
    one_row(&written, "order")?;
    Ok(Kept::Seen(Seen { customer_id, change }))
}

/// Whether the row was written; an older version leaves it as it is.
fn at_most_one(written: &SqliteQueryResult) -> Result<bool, Error> {
    match written.rows_affected() {
        0 => Ok(false),
        1 => Ok(true),
        count => Err(Error::inconsistent(format!("{count} rows written where one was meant"))),
    }
}
