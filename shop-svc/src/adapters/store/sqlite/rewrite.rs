//! Taking events back, as rows.

use chassis::store::{Error, sqlite::Tx as SqliteTx};
use sqlx::QueryBuilder;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{histories, phones, reservations, shops, units};
use crate::{
    adapters::store::{
        labels::Label,
        values::{self, rows},
    },
    app,
    domain::{Actor, Phone, Reservation, Serial, Shop, history::Happening, order::Status, phone, reservation::Held},
};

#[async_trait::async_trait]
impl app::Rewrite for SqliteTx {
    async fn set_shop(&mut self, shop: &Shop) -> Result<(), Error> {
        shops::set(self.connection(), shop).await
    }

    async fn set_phone(&mut self, phone: &Phone) -> Result<(), Error> {
        phones::set(self.connection(), phone).await
    }

    async fn set_units(&mut self, change: &phone::Change, serials: &[Serial]) -> Result<(), Error> {
        units::insert(self.connection(), change, serials).await
    }

    async fn pass_number(&mut self, shop_id: Uuid, number: u64) -> Result<(), Error> {
        // No row at all where the number is passed already.
        sqlx::query(
            "INSERT INTO assigned_serial (shop_id, last_number) VALUES (?, ?) ON CONFLICT (shop_id) \
             DO UPDATE SET last_number = excluded.last_number WHERE assigned_serial.last_number < excluded.last_number",
        )
        .bind(shop_id)
        .bind(i64::try_from(number).map_err(Error::inconsistent)?)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    async fn step(
        &mut self,
        phone_id: Uuid,
        serials: &[Serial],
        what: Happening,
        actor: &Actor,
        time: OffsetDateTime,
    ) -> Result<(), Error> {
        let (status, order_id) = values::stored(what.leaves());
        for chunk in serials.chunks(units::CHUNK) {
            histories::named(self.connection(), phone_id, chunk, what, actor, time).await?;
            let mut update = QueryBuilder::new("UPDATE unit SET status = ");
            update.push_bind(status).push(", order_id = ").push_bind(order_id).push(" WHERE ");
            units::push_named(&mut update, phone_id, chunk);
            let written = update.build().persistent(false).execute(self.connection()).await?;
            rows(written.rows_affected(), chunk.len())?;
        }
        Ok(())
    }

    async fn set_reservation(&mut self, reservation: &Reservation, held: Option<&Held>) -> Result<(), Error> {
        reservations::set(self.connection(), reservation, held).await
    }

    async fn forget_reservation(&mut self, order_id: Uuid) -> Result<(), Error> {
        match reservations::delete(self.connection(), order_id).await? {
            1 => Ok(()),
            _ => Err(Error::inconsistent(format!("nothing is decided for order {order_id}"))),
        }
    }

    async fn unsay(&mut self, aggregate_id: Uuid) -> Result<u64, Error> {
        let unsaid = sqlx::query("DELETE FROM outbox WHERE aggregate_id = ? AND sequence IS NULL").bind(aggregate_id);
        Ok(unsaid.execute(self.connection()).await?.rows_affected())
    }

    async fn unfollowed(&mut self, after: Uuid, rows: i64) -> Result<Vec<(Uuid, Status)>, Error> {
        let found: Vec<(Uuid, String)> = sqlx::query_as(
            "SELECT order_id, shop_order.status FROM reservation JOIN shop_order USING (order_id) \
             WHERE reservation.status = 'RESERVED' AND order_id > ? \
             AND shop_order.status IN ('REJECTED', 'CANCELLED', 'SHIPPED', 'DELIVERED') ORDER BY order_id LIMIT ?",
        )
        .bind(after)
        .bind(rows)
        .fetch_all(self.connection())
        .await?;
        found.into_iter().map(|(order_id, status)| Ok((order_id, Status::parse(&status)?))).collect()
    }
}
