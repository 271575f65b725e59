//! Deliveries in SQLite.

use ::time::OffsetDateTime;
use async_trait::async_trait;
use chassis::{
    outbox::Outbox,
    store::{
        Error,
        sqlite::{Tx, micros, one_row, time},
    },
};
use sqlx::{QueryBuilder, SqlitePool, migrate::Migrator, query::Query as Statement, sqlite::SqliteArguments};
use uuid::Uuid;

use super::row::{
    self, CLEAR, Changing, REBOOK, RecipientRow, SELECT_ADDRESSED, SELECT_ADDRESSED_BY_ID, SELECT_RECIPIENT, SET,
    WITHOUT_RECIPIENT, columns, recipient_columns, select_delivery, select_of_customer,
};
use crate::{
    adapters::events::outgoing,
    app::{self, list_deliveries::Query, ports::Addressed},
    domain::{
        delivery::{Delivery, Event, Status},
        named::Named,
        recipient::Recipient,
    },
};

type DeliveryRow = row::DeliveryRow<i64>;
type AddressedRow = row::AddressedRow<i64>;

/// The tables of this service.
pub static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

#[async_trait]
impl app::Tx for Tx {
    async fn delivery(&mut self, id: Uuid) -> Result<Option<Delivery>, Error> {
        let row: Option<DeliveryRow> =
            sqlx::query_as(select_delivery!()).bind(id).fetch_optional(self.connection()).await?;
        row.map(TryInto::try_into).transpose()
    }

    async fn recipient(&mut self, id: Uuid) -> Result<Option<Recipient>, Error> {
        let row: Option<RecipientRow> =
            sqlx::query_as(SELECT_RECIPIENT).bind(id).fetch_optional(self.connection()).await?;
        Ok(row.and_then(Into::into))
    }

    async fn insert(&mut self, first: &Event, recipient: Option<&Recipient>) -> Result<bool, Error> {
        let delivery = &first.delivery;
        let statement = sqlx::query(
            "INSERT INTO delivery (status, claimed, carrier, tracking_number, cancelled_by_role, cancelled_by_id, \
             cancel_reason, version, update_time, delivery_id, shop_id, customer_id, request_hash, create_time, \
             recipient_name, recipient_phone_number, recipient_address) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (delivery_id) DO NOTHING",
        );
        let written = bind_changing(statement, delivery)
            .bind(delivery.id)
            .bind(delivery.shop_id)
            .bind(&delivery.customer_id)
            .bind(delivery.request_hash.as_ref().map(<[u8; 32]>::as_slice))
            .bind(micros(delivery.create_time))
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
            "UPDATE delivery SET status = ?, claimed = ?, carrier = ?, tracking_number = ?, cancelled_by_role = ?, \
             cancelled_by_id = ?, cancel_reason = ?, version = ?, update_time = ? WHERE delivery_id = ? AND version = ?",
        );
        let written = bind_changing(statement, &last.delivery)
            .bind(last.delivery.id)
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
        self.save(std::slice::from_ref(change)).await?;
        let written = sqlx::query(
            "UPDATE delivery SET recipient_name = ?, recipient_phone_number = ?, recipient_address = ? \
             WHERE delivery_id = ? AND version = ?",
        )
        .bind(recipient.map(Recipient::name))
        .bind(recipient.map(Recipient::phone_number))
        .bind(recipient.map(Recipient::address))
        .bind(change.delivery.id)
        .bind(change.delivery.version)
        .execute(self.connection())
        .await?;
        one_row(&written, "delivery")
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
        let statement = bind_changing(sqlx::query(SET).bind(told.id), told);
        let written = statement
            .bind(told.shop_id)
            .bind(&told.customer_id)
            .bind(micros(told.create_time))
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
        let statement = "UPDATE delivery SET claimed = 1 WHERE delivery_id = ? AND version = ? AND status = 'BOOKED'";
        let written = sqlx::query(statement).bind(id).bind(version).execute(self.connection()).await?;
        one_row(&written, "booking")
    }

    async fn erased(&mut self, customer_id: &str) -> Result<Option<OffsetDateTime>, Error> {
        let statement = "SELECT erase_time FROM erased_customer WHERE customer_id = ?";
        let found: Option<i64> =
            sqlx::query_scalar(statement).bind(customer_id).fetch_optional(self.connection()).await?;
        found.map(time).transpose()
    }

    async fn mark_erased(&mut self, customer_id: &str, time: OffsetDateTime) -> Result<(), Error> {
        let written = sqlx::query(
            "INSERT INTO erased_customer (customer_id, erase_time) VALUES (?, ?) \
             ON CONFLICT (customer_id) DO UPDATE SET erase_time = excluded.erase_time",
        )
        .bind(customer_id)
        .bind(micros(time))
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
        let rows: Vec<AddressedRow> = sqlx::query_as(select_of_customer!())
            .bind(customer_id)
            .bind(after.unwrap_or(Uuid::nil()))
            .bind(limit)
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
        let taken = sqlx::query_scalar(
            "UPDATE delivery SET asked_until = $3 WHERE delivery_id IN \
             (SELECT delivery_id FROM delivery WHERE claimed = 0 AND create_time < $1 \
              AND (asked_until IS NULL OR asked_until <= $2) ORDER BY create_time, delivery_id LIMIT $4) \
             RETURNING delivery_id",
        );
        let taken = taken.bind(micros(before)).bind(micros(now)).bind(micros(until)).bind(limit);
        Ok(taken.fetch_all(self.connection()).await?)
    }
}

type Bound<'q> = Statement<'q, sqlx::Sqlite, SqliteArguments>;

/// Binds what changes, in the order of the statements above.
fn bind_changing<'q>(statement: Bound<'q>, delivery: &'q Delivery) -> Bound<'q> {
    let changing = Changing::of(delivery);
    statement
        .bind(changing.status)
        .bind(changing.claimed)
        .bind(changing.carrier)
        .bind(changing.tracking_number)
        .bind(changing.cancelled_by_role)
        .bind(changing.cancelled_by_id)
        .bind(changing.cancel_reason)
        .bind(delivery.version)
        .bind(micros(delivery.update_time))
}

/// Reads outside of the writer.
pub struct Reads(SqlitePool);

impl Reads {
    /// Reads through connections that can only read.
    pub fn new(pool: SqlitePool) -> Self {
        Self(pool)
    }
}

#[async_trait]
impl app::Read for Reads {
    async fn delivery(&self, id: Uuid) -> Result<Option<Addressed>, Error> {
        let row: Option<AddressedRow> = sqlx::query_as(SELECT_ADDRESSED_BY_ID).bind(id).fetch_optional(&self.0).await?;
        row.map(TryInto::try_into).transpose()
    }

    async fn deliveries(&self, asked: &Query) -> Result<Vec<Addressed>, Error> {
        // Each combination of conditions has an index of its own.
        let mut query = QueryBuilder::new(SELECT_ADDRESSED);
        query.push(" WHERE TRUE");
        if let Some(shop_id) = asked.filter.shop_id {
            query.push(" AND shop_id = ").push_bind(shop_id);
        }
        if let Some(status) = asked.filter.status {
            query.push(" AND status = ").push_bind(status.name());
        }
        if let Some((create_time, id)) = asked.after {
            query.push(" AND (create_time, delivery_id) > (").push_bind(micros(create_time));
            query.push(", ").push_bind(id).push(")");
        }
        query.push(" ORDER BY create_time, delivery_id LIMIT ").push_bind(asked.rows);
        let rows: Vec<AddressedRow> = query.build_query_as().fetch_all(&self.0).await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    async fn addressed(&self, customer_id: &str) -> Result<u32, Error> {
        let statement = "SELECT count(*) FROM delivery WHERE customer_id = ? AND recipient_name IS NOT NULL";
        Ok(sqlx::query_scalar(statement).bind(customer_id).fetch_one(&self.0).await?)
    }

    async fn standing(&self, status: Status, most: u32) -> Result<u32, Error> {
        let statement = "SELECT count(*) FROM (SELECT 1 FROM delivery WHERE status = ? LIMIT ?)";
        Ok(sqlx::query_scalar(statement).bind(status.name()).bind(most).fetch_one(&self.0).await?)
    }
}
