//! The embedded database.

mod reads;
mod row;

use chassis::store::{
    Error,
    sqlite::{Tx, micros},
};
use sqlx::{migrate::Migrator, sqlite::SqliteQueryResult};

pub use self::reads::Reads;
use crate::{
    app,
    domain::{Delivery, Message, Order},
};

/// This service's tables.
pub static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

#[async_trait::async_trait]
impl app::Tx for Tx {
    async fn keep_order(&mut self, order: &Order) -> Result<bool, Error> {
        let written = sqlx::query(
            "INSERT INTO my_order (order_id, customer_id, shop_id, status, lines, total_minor, currency, reason, version, \
             create_time, update_time) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
             ON CONFLICT (order_id) DO UPDATE SET customer_id = excluded.customer_id, shop_id = excluded.shop_id, \
             status = excluded.status, lines = excluded.lines, total_minor = excluded.total_minor, \
             currency = excluded.currency, reason = excluded.reason, version = excluded.version, \
             create_time = excluded.create_time, update_time = excluded.update_time \
             WHERE excluded.version > my_order.version",
        )
        .bind(order.id)
        .bind(&order.customer_id)
        .bind(order.shop_id)
        .bind(order.status.name())
        .bind(row::encode_lines(&order.lines))
        .bind(order.total.as_ref().map(|total| total.minor_units))
        .bind(order.total.as_ref().map(|total| total.currency.as_str()))
        .bind(&order.reason)
        .bind(order.version)
        .bind(micros(order.create_time))
        .bind(micros(order.update_time))
        .execute(self.connection())
        .await?;
        at_most_one(&written)
    }

    async fn keep_delivery(&mut self, delivery: &Delivery) -> Result<bool, Error> {
        let written = sqlx::query(
            "INSERT INTO my_delivery (order_id, status, carrier, tracking_number, version) VALUES (?, ?, ?, ?, ?) \
             ON CONFLICT (order_id) DO UPDATE SET status = excluded.status, carrier = excluded.carrier, \
             tracking_number = excluded.tracking_number, version = excluded.version \
             WHERE excluded.version > my_delivery.version",
        )
        .bind(delivery.order_id)
        .bind(delivery.status.name())
        .bind(&delivery.carrier)
        .bind(&delivery.tracking_number)
        .bind(delivery.version)
        .execute(self.connection())
        .await?;
        at_most_one(&written)
    }

    async fn keep_message(&mut self, message: &Message) -> Result<bool, Error> {
        let written = sqlx::query(
            "INSERT INTO my_message (message_id, order_id, template, channel, status, time, version) \
             VALUES (?, ?, ?, ?, ?, ?, ?) \
             ON CONFLICT (message_id) DO UPDATE SET status = excluded.status, time = excluded.time, \
             version = excluded.version WHERE excluded.version > my_message.version",
        )
        .bind(message.id)
        .bind(message.order_id)
        .bind(&message.template)
        .bind(&message.channel)
        .bind(message.status.name())
        .bind(micros(message.time))
        .bind(message.version)
        .execute(self.connection())
        .await?;
        at_most_one(&written)
    }
}

/// Whether the row was written; an older version leaves it as it is.
fn at_most_one(written: &SqliteQueryResult) -> Result<bool, Error> {
    match written.rows_affected() {
        0 => Ok(false),
        1 => Ok(true),
        count => Err(Error::inconsistent(format!("{count} rows written where one was meant"))),
    }
}
