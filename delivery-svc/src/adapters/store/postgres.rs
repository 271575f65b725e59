//! Deliveries in PostgreSQL. Units of several replicas run at once: a delivery is locked before anything is decided on it.

mod reads;
pub mod statements;

use ::time::OffsetDateTime;
use async_trait::async_trait;
use chassis::{
    outbox::Outbox,
    store::{
        Error,
        postgres::{Tx, one_row},
    },
};
use sqlx::{migrate::Migrator, postgres::PgArguments, query::Query as Statement};
use uuid::Uuid;

pub use reads::Reads;

use super::row::{self, CLEAR, Changing, REBOOK, RecipientRow, SELECT_RECIPIENT, SET, WITHOUT_RECIPIENT};
use crate::{
    adapters::events::outgoing,
    app::{self, ports::Addressed},
    domain::{
        delivery::{Delivery, Event, Status},
        recipient::Recipient,
    },
};

type DeliveryRow = row::DeliveryRow<OffsetDateTime>;
type AddressedRow = row::AddressedRow<OffsetDateTime>;

/// The tables of this service.
pub static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

#[async_trait]
impl app::Tx for Tx {
    async fn delivery(&mut self, id: Uuid) -> Result<Option<Delivery>, Error> {
        let row: Option<DeliveryRow> =
            sqlx::query_as(statements::LOCKED).bind(id).fetch_optional(self.connection()).await?;
        row.map(TryInto::try_into).transpose()
    }

    async fn recipient(&mut self, id: Uuid) -> Result<Option<Recipient>, Error> {
        let row: Option<RecipientRow> =
            sqlx::query_as(SELECT_RECIPIENT).bind(id).fetch_optional(self.connection()).await?;
        Ok(row.and_then(Into::into))
    }

    async fn insert(&mut self, first: &Event, recipient: Option<&Recipient>) -> Result<bool, Error> {
        let delivery = &first.delivery;
        // Waits for whoever is just inserting the id.
        let statement = sqlx::query(
            "INSERT INTO delivery (delivery_id, status, claimed, carrier, tracking_number, cancelled_by_role, \
             cancelled_by_id, cancel_reason, version, update_time, shop_id, customer_id, request_hash, create_time, \
             recipient_name, recipient_phone_number, recipient_address) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) \
             ON CONFLICT (delivery_id) DO NOTHING",
        );
        let written = bind_changing(statement, delivery)
            .bind(delivery.shop_id)
            .bind(&delivery.customer_id)
            .bind(delivery.request_hash.as_ref().map(<[u8; 32]>::as_slice))
            .bind(delivery.create_time)
            .bind(recipient.map(Recipient::name))
            .bind(recipient.map(Recipient::phone_number))
            .bind(recipient.map(Recipient::address))
            .execute(self.connection())
            .await?;
        if written.rows_affected() == 0 {
            return Ok(false);
        }
        self.append(outgoing(first)).await?;
        Ok(true)
    }

    async fn save(&mut self, changes: &[Event]) -> Result<(), Error> {
        let (Some(first), Some(last)) = (changes.first(), changes.last()) else { return Ok(()) };
        let statement = sqlx::query(
            "UPDATE delivery SET status = $2, claimed = $3, carrier = $4, tracking_number = $5, cancelled_by_role = $6, \
             cancelled_by_id = $7, cancel_reason = $8, version = $9, update_time = $10 \
             WHERE delivery_id = $1 AND version = $11",
        );
        let written = bind_changing(statement, &last.delivery)
            .bind(first.delivery.version - 1)
            .execute(self.connection())
            .await?;
        one_row(&written, "delivery")?;
        for change in changes {
            self.append(outgoing(change)).await?;
        }
        Ok(())
    }

    async fn readdress(&mut self, change: &Event, recipient: Option<&Recipient>) -> Result<(), Error> {
        let statement = sqlx::query(
            "UPDATE delivery SET status = $2, claimed = $3, carrier = $4, tracking_number = $5, cancelled_by_role = $6, \
             cancelled_by_id = $7, cancel_reason = $8, version = $9, update_time = $10, recipient_name = $12, \
             recipient_phone_number = $13, recipient_address = $14 WHERE delivery_id = $1 AND version = $11",
        );
        let written = bind_changing(statement, &change.delivery)
            .bind(change.delivery.version - 1)
            .bind(recipient.map(Recipient::name))
            .bind(recipient.map(Recipient::phone_number))
            .bind(recipient.map(Recipient::address))
            .execute(self.connection())
            .await?;
        one_row(&written, "delivery")?;
        self.append(outgoing(change)).await
    }

    async fn rebook(&mut self, booked: &Delivery, recipient: Option<&Recipient>) -> Result<(), Error> {
        let written = sqlx::query(REBOOK)
            .bind(booked.id)
            .bind(booked.request_hash.as_ref().map(<[u8; 32]>::as_slice))
            .bind(recipient.map(Recipient::name))
            .bind(recipient.map(Recipient::phone_number))
            .bind(recipient.map(Recipient::address))
            .execute(self.connection())
            .await?;
        one_row(&written, "delivery without a request")
    }

    async fn take_back(&mut self, told: &Delivery, cleared: bool) -> Result<(), Error> {
        let statement = bind_changing(sqlx::query(SET), told);
        let written = statement
            .bind(told.shop_id)
            .bind(&told.customer_id)
            .bind(told.create_time)
            .execute(self.connection())
            .await?;
        one_row(&written, "delivery")?;
        if cleared {
            let cleared = sqlx::query(CLEAR).bind(told.id).execute(self.connection()).await?;
            one_row(&cleared, "delivery")?;
        }
        Ok(())
    }

    async fn without_recipient(&mut self) -> Result<Vec<(Uuid, Status)>, Error> {
        row::without_recipient(sqlx::query_as(WITHOUT_RECIPIENT).fetch_all(self.connection()).await?)
    }

    async fn claim(&mut self, id: Uuid, version: i64) -> Result<(), Error> {
        let statement =
            "UPDATE delivery SET claimed = TRUE WHERE delivery_id = $1 AND version = $2 AND status = 'BOOKED'";
        let written = sqlx::query(statement).bind(id).bind(version).execute(self.connection()).await?;
        one_row(&written, "booking")
    }

    async fn erased(&mut self, customer_id: &str) -> Result<Option<OffsetDateTime>, Error> {
        let statement = "SELECT erase_time FROM erased_customer WHERE customer_id = $1";
        Ok(sqlx::query_scalar(statement).bind(customer_id).fetch_optional(self.connection()).await?)
    }

    async fn mark_erased(&mut self, customer_id: &str, time: OffsetDateTime) -> Result<(), Error> {
        // Of two that mark at once the later time stands.
        let written = sqlx::query(
            "INSERT INTO erased_customer (customer_id, erase_time) VALUES ($1, $2) \
             ON CONFLICT (customer_id) DO UPDATE SET erase_time = greatest(erased_customer.erase_time, $2)",
        )
        .bind(customer_id)
        .bind(time)
        .execute(self.connection())
        .await?;
        one_row(&written, "erased customer")
    }

    async fn of_customer(
        &mut self,
        customer_id: &str,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Addressed>, Error> {
        let rows: Vec<AddressedRow> = sqlx::query_as(statements::OF_CUSTOMER)
            .bind(customer_id)
            .bind(after.unwrap_or(Uuid::nil()))
            .bind(i64::from(limit))
            .fetch_all(self.connection())
            .await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    async fn take_unclaimed(
        &mut self,
        before: OffsetDateTime,
        now: OffsetDateTime,
        until: OffsetDateTime,
        limit: u32,
    ) -> Result<Vec<Uuid>, Error> {
        let taken = sqlx::query_scalar(statements::TAKE_UNCLAIMED).bind(before).bind(now).bind(until);
        Ok(taken.bind(i64::from(limit)).fetch_all(self.connection()).await?)
    }
}

type Bound<'q> = Statement<'q, sqlx::Postgres, PgArguments>;

/// Binds `$1` to `$10` of the statements above.
fn bind_changing<'q>(statement: Bound<'q>, delivery: &'q Delivery) -> Bound<'q> {
    let changing = Changing::of(delivery);
    statement
        .bind(delivery.id)
        .bind(changing.status)
        .bind(changing.claimed)
        .bind(changing.carrier)
        .bind(changing.tracking_number)
        .bind(changing.cancelled_by_role)
        .bind(changing.cancelled_by_id)
        .bind(changing.cancel_reason)
        .bind(delivery.version)
        .bind(delivery.update_time)
}
