//! The embedded database.

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
    async fn contact(&mut self, recipient: &Recipient) -> Result<Option<Contact>, Error> {
        let row: Option<(Uuid, String, String)> = sqlx::query_as(
            "SELECT contact_id, language, channel FROM contact WHERE recipient_kind = ? AND recipient_id = ?",
        )
        .bind(recipient.kind())
        .bind(recipient.id())
        .fetch_optional(self.connection())
        .await?;
        row.map(|(id, language, channel)| {
            Ok(Contact { id: Some(id), language: parse_language(&language)?, channel: parse_channel(&channel)? })
        })
        .transpose()
    }

    async fn insert(&mut self, message: &Message) -> Result<bool, Error> {
        let (due_time, sent_time) = times(message);
        let parameters = Parameters::of(&message.state);
        let written = sqlx::query(
            "INSERT INTO message (message_id, order_id, recipient_kind, recipient_id, contact_id, template, channel, \
             language, status, attempts, version, create_time, due_time, sent_time, total_minor, currency, reason, carrier, \
             tracking_number, traceparent) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
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
        .bind(message.attempts)
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

    async fn record_attempt(&mut self, message: &Message, event: Option<Event>) -> Result<(), Error> {
        let (due_time, sent_time) = times(message);
        let parameters = Parameters::of(&message.state);
        let written = sqlx::query(
            "UPDATE message SET status = ?, attempts = ?, version = ?, due_time = ?, sent_time = ?, total_minor = ?, \
             currency = ?, reason = ?, carrier = ?, tracking_number = ? \
             WHERE message_id = ? AND status = 'PENDING' AND attempts = ? - 1",
        )
        .bind(message.status().name())
        .bind(message.attempts)
        .bind(message.version)
        .bind(due_time)
        .bind(sent_time)
        .bind(parameters.total_minor)
        .bind(parameters.currency)
        .bind(parameters.reason)
        .bind(parameters.carrier)
        .bind(parameters.tracking_number)
        .bind(message.id)
        .bind(message.attempts)
        .execute(self.connection())
        .await?;
        one_row(&written, "message")?;
        match event {
            Some(event) => self.append(events::outgoing(message, event)).await,
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
        State::Failed { .. } => (None, None),
    }
}

fn parse_language(code: &str) -> Result<Language, Error> {
    code.parse().map_err(|_unknown| Error::inconsistent(format!("language {code}")))
}

fn parse_channel(name: &str) -> Result<ChannelName, Error> {
    let known = ChannelName::ALL.into_iter().find(|channel| channel.name() == name);
    known.ok_or_else(|| Error::inconsistent(format!("channel {name}")))
}
