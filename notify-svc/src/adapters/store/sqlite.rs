//! The embedded database.

mod contacts;
mod reads;
mod row;

use chassis::{
    outbox::Outbox,
    store::{
        Error,
        sqlite::{Tx, micros, one_row},
    },
};
use sqlx::migrate::Migrator;
use time::OffsetDateTime;
use uuid::Uuid;

pub use self::reads::Reads;
use self::row::{COLUMNS, Parameters, Row};
use crate::{
    adapters::events,
    app,
    domain::{ChannelName, Contact, Language, Message, Recipient, message::Event, message::State},
};

/// This service's tables.
pub static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

#[async_trait::async_trait]
impl app::Tx for Tx {
    async fn contact(&mut self, owner: &Recipient) -> Result<Option<Contact>, Error> {
        contacts::read(self.connection(), owner).await
    }

    async fn save_contact(&mut self, owner: &Recipient, contact: &Contact) -> Result<(), Error> {
        contacts::save(self.connection(), owner, contact).await
    }

    async fn forget_contact(&mut self, owner: &Recipient) -> Result<bool, Error> {
        contacts::forget(self.connection(), owner).await
    }

    async fn insert(&mut self, message: &Message) -> Result<bool, Error> {
        let (due_time, sent_time) = times(message);
        let parameters = Parameters::of(&message.state);
        let written = sqlx::query(
            "INSERT INTO message (message_id, order_id, recipient_kind, recipient_id, contact_id, template, channel, \
             language, status, erased, attempts, earlier_attempts, version, create_time, due_time, sent_time, total_minor, \
             currency, reason, carrier, tracking_number, traceparent) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
             ON CONFLICT (message_id) DO NOTHING",
        )
        .bind(message.id)
        .bind(message.order_id)
        .bind(message.recipient.kind())
        .bind(message.recipient.id())
        .bind(message.contact_id)
        .bind(message.template.name())
        .bind(message.channel.name())
        .bind(message.language.code())
        .bind(message.status().name())
        .bind(is_erased(message))
        .bind(message.attempts)
        .bind(message.earlier_attempts)
        .bind(message.version)
        .bind(micros(message.create_time))
        .bind(due_time)
        .bind(sent_time)
        .bind(parameters.total_minor)
        .bind(parameters.currency)
        .bind(parameters.reason)
        .bind(parameters.carrier)
        .bind(parameters.tracking_number)
        .bind(&message.traceparent)
        .execute(self.connection())
        .await?;
        Ok(written.rows_affected() == 1)
    }

    async fn message(&mut self, id: Uuid) -> Result<Option<Message>, Error> {
        let mut query = sqlx::QueryBuilder::new(format!("SELECT {COLUMNS} FROM message WHERE message_id = "));
        query.push_bind(id);
        let row: Option<Row> = query.build_query_as().fetch_optional(self.connection()).await?;
        row.map(Message::try_from).transpose()
    }

    async fn unsent(&mut self, recipient: &Recipient, limit: u32) -> Result<Vec<Message>, Error> {
        let mut query = sqlx::QueryBuilder::new(format!(
            "SELECT {COLUMNS} FROM message WHERE status <> 'SENT' AND erased = 0 AND recipient_kind = "
        ));
        query.push_bind(recipient.kind()).push(" AND recipient_id = ").push_bind(recipient.id());
        query.push(" ORDER BY message_id LIMIT ").push_bind(limit);
        let rows: Vec<Row> = query.build_query_as().fetch_all(self.connection()).await?;
        rows.into_iter().map(Message::try_from).collect()
    }

    async fn update(&mut self, before: &Message, after: &Message, event: Option<Event>) -> Result<(), Error> {
        let (due_time, sent_time) = times(after);
        let parameters = Parameters::of(&after.state);
        let written = sqlx::query(
            "UPDATE message SET channel = ?, contact_id = ?, status = ?, erased = ?, attempts = ?, earlier_attempts = ?, version = ?, \
             due_time = ?, sent_time = ?, total_minor = ?, currency = ?, reason = ?, carrier = ?, tracking_number = ? \
             WHERE message_id = ? AND channel = ? AND status = ? AND erased = ? AND attempts = ? AND version = ?",
        )
        .bind(after.channel.name())
        .bind(after.contact_id)
        .bind(after.status().name())
        .bind(is_erased(after))
        .bind(after.attempts)
        .bind(after.earlier_attempts)
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
        .bind(before.attempts)
        .bind(before.version)
        .execute(self.connection())
        .await?;
        one_row(&written, "message")?;
        match event {
            Some(event) => self.append(events::outgoing(after, event)).await,
            None => Ok(()),
        }
    }
}

/// When a message is due and when it was sent, as they are stored.
fn times(message: &Message) -> (Option<i64>, Option<i64>) {
    let stored = |time: OffsetDateTime| Some(micros(time));
    match message.state {
        State::Pending { due_time, .. } => (stored(due_time), None),
        State::Sent { sent_time } => (None, stored(sent_time)),
        State::Failed { .. } | State::Erased => (None, None),
    }
}

fn is_erased(message: &Message) -> bool {
    message.state == State::Erased
}

fn parse_language(code: &str) -> Result<Language, Error> {
    code.parse().map_err(|_unknown| Error::inconsistent(format!("language {code}")))
}

fn parse_channel(name: &str) -> Result<ChannelName, Error> {
    let known = ChannelName::ALL.into_iter().find(|channel| channel.name() == name);
    known.ok_or_else(|| Error::inconsistent(format!("channel {name}")))
}
