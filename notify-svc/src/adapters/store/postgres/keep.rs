//! Messages as they are written whole.

use chassis::store::{Error, postgres::one_row};
use sqlx::{PgExecutor, Postgres, QueryBuilder};
use uuid::Uuid;

use super::super::message::{COLUMNS, Parameters, is_erased, times};
use crate::domain::Message;

/// A message takes the place of whatever is kept under its id.
const OVER: &str = " ON CONFLICT (message_id) DO UPDATE SET order_id = excluded.order_id, \
    recipient_kind = excluded.recipient_kind, recipient_id = excluded.recipient_id, contact_id = excluded.contact_id, \
    template = excluded.template, channel = excluded.channel, language = excluded.language, status = excluded.status, \
    erased = excluded.erased, attempts = excluded.attempts, earlier_attempts = excluded.earlier_attempts, \
    version = excluded.version, create_time = excluded.create_time, due_time = excluded.due_time, \
    sent_time = excluded.sent_time, total_minor = excluded.total_minor, currency = excluded.currency, \
    reason = excluded.reason, carrier = excluded.carrier, tracking_number = excluded.tracking_number, \
    traceparent = excluded.traceparent, taken_by = NULL, taken_until = NULL";

/// Whether a message of any of these ids is kept.
pub(super) async fn knows_any(database: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<bool, Error> {
    let known = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM message WHERE message_id = ANY($1))");
    Ok(known.bind(ids).fetch_one(database).await?)
}

/// Keeps a new message. False where its id is known.
pub(super) async fn insert(database: impl PgExecutor<'_>, message: &Message) -> Result<bool, Error> {
    let mut query = insertion(message);
    query.push(" ON CONFLICT (message_id) DO NOTHING");
    Ok(query.build().execute(database).await?.rows_affected() == 1)
}

/// Keeps a message over whatever is kept under its id.
pub(super) async fn set(database: impl PgExecutor<'_>, message: &Message) -> Result<(), Error> {
    let mut query = insertion(message);
    query.push(OVER);
    one_row(&query.build().execute(database).await?, "message")
}

fn insertion(message: &Message) -> QueryBuilder<Postgres> {
    let (due_time, sent_time) = times(message);
    let parameters = Parameters::of(&message.state);
    let mut query = QueryBuilder::new(format!("INSERT INTO message ({COLUMNS}) VALUES ("));
    let mut row = query.separated(", ");
    row.push_bind(message.id).push_bind(message.order_id);
    row.push_bind(message.recipient.kind()).push_bind(message.recipient.id());
    row.push_bind(message.contact_id).push_bind(message.template.name());
    row.push_bind(message.channel.name()).push_bind(message.language.code());
    row.push_bind(message.status().name()).push_bind(is_erased(message));
    row.push_bind(i64::from(message.attempts))
        .push_bind(i64::from(message.earlier_attempts))
        .push_bind(message.version);
    row.push_bind(message.create_time).push_bind(due_time).push_bind(sent_time);
    row.push_bind(parameters.total_minor).push_bind(parameters.currency).push_bind(parameters.reason);
    row.push_bind(parameters.carrier).push_bind(parameters.tracking_number).push_bind(message.traceparent.clone());
    query.push(")");
    query
}
