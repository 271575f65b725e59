//! A database on a server. Units run side by side, in this process and in others: whatever is read in order to be changed is
//! locked, and what two may do at once is decided by a constraint.

mod contacts;
mod keep;
#[cfg(test)]
mod plans;
mod reads;
mod take;

use chassis::{
    outbox::Outbox,
    store::{
        Error,
        postgres::{Tx, one_row},
    },
};
use sqlx::migrate::Migrator;
use time::OffsetDateTime;
use uuid::Uuid;

pub use self::reads::Reads;
use super::message::{COLUMNS, Parameters, Row, is_erased, times};
use crate::{
    adapters::events,
    app::{
        self,
        ports::{Due, Hold},
    },
    domain::{Contact, Message, Recipient, message::Event},
};

/// This service's tables.
pub static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

#[async_trait::async_trait]
impl app::Tx for Tx {
    async fn contact(&mut self, owner: &Recipient) -> Result<Option<Contact>, Error> {
        contacts::read(self.connection(), owner).await
    }

    async fn contact_to_change(&mut self, owner: &Recipient) -> Result<Option<Contact>, Error> {
        contacts::read_to_change(self.connection(), owner).await
    }

    async fn save_contact(&mut self, owner: &Recipient, contact: &Contact) -> Result<(), Error> {
        contacts::save(self.connection(), owner, contact).await
    }

    async fn forget_contact(&mut self, owner: &Recipient) -> Result<bool, Error> {
        contacts::forget(self.connection(), owner).await
    }

    async fn knows_any(&mut self, ids: &[Uuid]) -> Result<bool, Error> {
        keep::knows_any(self.connection(), ids).await
    }

    async fn insert(&mut self, message: &Message) -> Result<bool, Error> {
        keep::insert(self.connection(), message).await
    }

    async fn set(&mut self, message: &Message) -> Result<(), Error> {
        keep::set(self.connection(), message).await
    }

    async fn message(&mut self, id: Uuid) -> Result<Option<Message>, Error> {
        let mut query = sqlx::QueryBuilder::new(format!("SELECT {COLUMNS} FROM message WHERE message_id = "));
        query.push_bind(id).push(" FOR UPDATE");
        let row: Option<Row<OffsetDateTime>> = query.build_query_as().fetch_optional(self.connection()).await?;
        row.map(Message::try_from).transpose()
    }

    async fn unsent(&mut self, recipient: &Recipient, limit: u32) -> Result<Vec<Message>, Error> {
        let rows: Vec<Row<OffsetDateTime>> =
            unsent(recipient, limit).build_query_as().fetch_all(self.connection()).await?;
        rows.into_iter().map(Message::try_from).collect()
    }

    async fn update(&mut self, before: &Message, after: &Message, event: Option<Event>) -> Result<(), Error> {
        let (due_time, sent_time) = times(after);
        let parameters = Parameters::of(&after.state);
        let written = sqlx::query(
            "UPDATE message SET channel = $1, contact_id = $2, status = $3, erased = $4, attempts = $5, \
             earlier_attempts = $6, version = $7, due_time = $8, sent_time = $9, total_minor = $10, currency = $11, \
             reason = $12, carrier = $13, tracking_number = $14, taken_by = NULL, taken_until = NULL \
             WHERE message_id = $15 AND channel = $16 AND status = $17 AND erased = $18 AND attempts = $19 \
             AND version = $20",
        )
        .bind(after.channel.name())
        .bind(after.contact_id)
        .bind(after.status().name())
        .bind(is_erased(after))
        .bind(i64::from(after.attempts))
        .bind(i64::from(after.earlier_attempts))
        .bind(after.version)
        .bind(due_time)
        .bind(sent_time)
        .bind(parameters.total_minor)
        .bind(parameters.currency)
        .bind(parameters.reason)
        .bind(parameters.carrier)
        .bind(parameters.tracking_number)
        .bind(after.id)
        .bind(before.channel.name())
        .bind(before.status().name())
        .bind(is_erased(before))
        .bind(i64::from(before.attempts))
        .bind(before.version)
        .execute(self.connection())
        .await?;
        one_row(&written, "message")?;
        match event {
            Some(event) => self.append(events::outgoing(after, event)).await,
            None => Ok(()),
        }
    }

    async fn take(&mut self, due: &[Due], hold: &Hold) -> Result<Vec<Message>, Error> {
        take::take(self.connection(), due, hold).await
    }

    async fn give_back(&mut self, messages: &[Uuid], holder: Uuid) -> Result<(), Error> {
        take::give_back(self.connection(), messages, holder).await
    }
}

fn unsent(recipient: &Recipient, limit: u32) -> sqlx::QueryBuilder<sqlx::Postgres> {
    let mut query = sqlx::QueryBuilder::new(format!(
        "SELECT {COLUMNS} FROM message WHERE status <> 'SENT' AND NOT erased AND recipient_kind = "
    ));
    query.push_bind(recipient.kind()).push(" AND recipient_id = ").push_bind(recipient.id());
    query.push(" ORDER BY message_id LIMIT ").push_bind(i64::from(limit)).push(" FOR UPDATE");
    query
}
