//! Reads outside of any transaction.

use chassis::store::Error;
use sqlx::{PgPool, Postgres, QueryBuilder};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    super::{
        contact::{TARGET_COLUMNS, TargetRow},
        message::{COLUMNS, DueRow, Row},
    },
    contacts,
};
use crate::{
    app::{
        Query, Read, Viewer,
        ports::{Due, Skip, Standing},
    },
    domain::{ChannelName, Contact, Message, Recipient, Status, Target},
};

/// Reads through connections that can only read.
#[derive(Clone)]
pub struct Reads {
    pool: PgPool,
}

impl Reads {
    /// Reads through `pool`.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    async fn fetch(&self, mut query: QueryBuilder<Postgres>) -> Result<Vec<Message>, Error> {
        let rows: Vec<Row<OffsetDateTime>> = query.build_query_as().fetch_all(&self.pool).await?;
        rows.into_iter().map(Message::try_from).collect()
    }
}

#[async_trait::async_trait]
impl Read for Reads {
    async fn due(&self, channel: ChannelName, now: OffsetDateTime, skip: &Skip, limit: u32) -> Result<Vec<Due>, Error> {
        let rows: Vec<DueRow> = due(channel, now, skip, limit).build_query_as().fetch_all(&self.pool).await?;
        rows.into_iter().map(Due::try_from).collect()
    }

    async fn target(&self, message_id: Uuid, holder: Uuid, until: OffsetDateTime) -> Result<Option<Target>, Error> {
        let row: Option<TargetRow<OffsetDateTime>> =
            target(message_id, holder, until).build_query_as().fetch_optional(&self.pool).await?;
        row.map(Target::try_from).transpose()
    }

    async fn message(&self, id: Uuid) -> Result<Option<Message>, Error> {
        let mut query = select();
        query.push(" WHERE message_id = ").push_bind(id);
        Ok(self.fetch(query).await?.pop())
    }

    async fn messages(&self, asked: &Query) -> Result<Vec<Message>, Error> {
        self.fetch(list(asked)).await
    }

    async fn contact(&self, owner: &Recipient) -> Result<Option<Contact>, Error> {
        contacts::read(&self.pool, owner).await
    }

    async fn standing(&self) -> Result<Standing, Error> {
        let (pending, failed): (i64, i64) = sqlx::query_as(STANDING).fetch_one(&self.pool).await?;
        let count = |number| u32::try_from(number).unwrap_or(u32::MAX);
        Ok(Standing { pending: count(pending), failed: count(failed) })
    }
}

/// Counted along the index of what is not sent. What was erased can be mended by nobody, and is not counted.
pub(super) const STANDING: &str = "SELECT count(*) FILTER (WHERE status = 'PENDING'), \
     count(*) FILTER (WHERE status = 'FAILED' AND NOT erased) FROM message WHERE status <> 'SENT'";

fn select() -> QueryBuilder<Postgres> {
    QueryBuilder::new(format!("SELECT {COLUMNS} FROM message"))
}

pub(super) fn due(channel: ChannelName, now: OffsetDateTime, skip: &Skip, limit: u32) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(
        "SELECT message_id, recipient_kind, recipient_id, receiver FROM message \
         LEFT JOIN contact ON owner_kind = recipient_kind AND owner_id = recipient_id \
         WHERE status = 'PENDING' AND message.channel = ",
    );
    query.push_bind(channel.name()).push(" AND due_time <= ").push_bind(now);
    query.push(
        " AND (recipient_kind, recipient_id) NOT IN \
         (SELECT recipient_kind, recipient_id FROM message WHERE taken_until > ",
    );
    query.push_bind(now).push(")");
    let (kinds, ids): (Vec<_>, Vec<_>) =
        skip.recipients.iter().map(|recipient| (recipient.kind().to_owned(), recipient.id())).unzip();
    query.push(" AND (recipient_kind, recipient_id) NOT IN (SELECT * FROM unnest(").push_bind(kinds);
    query.push(", ").push_bind(ids);
    query.push(")) AND (receiver IS NULL OR receiver <> ALL(").push_bind(skip.receivers.clone());
    query.push(")) AND message_id <> ALL(").push_bind(skip.messages.clone());
    query.push(") ORDER BY due_time, message_id LIMIT ").push_bind(i64::from(limit));
    query
}

pub(super) fn target(message_id: Uuid, holder: Uuid, until: OffsetDateTime) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(format!(
        "SELECT contact.channel, {TARGET_COLUMNS} FROM message \
         LEFT JOIN contact ON owner_kind = recipient_kind AND owner_id = recipient_id WHERE message_id = "
    ));
    query.push_bind(message_id).push(" AND taken_by = ").push_bind(holder);
    query.push(" AND taken_until >= ").push_bind(until);
    query
}

pub(super) fn list(asked: &Query) -> QueryBuilder<Postgres> {
    let mut query = select();
    query.push(" WHERE TRUE");
    push_status(&mut query, asked.status);
    if let Some(order_id) = asked.order_id {
        query.push(" AND order_id = ").push_bind(order_id);
    }
    push_viewer(&mut query, &asked.viewer);
    if let Some((time, id)) = asked.after {
        query.push(" AND (create_time, message_id) > (").push_bind(time);
        query.push(", ").push_bind(id).push(")");
    }
    query.push(" ORDER BY create_time, message_id LIMIT ").push_bind(asked.rows);
    query
}

/// What is not sent has an index of its own, which is taken only where its condition stands in the query.
fn push_status(query: &mut QueryBuilder<Postgres>, status: Option<Status>) {
    query.push(match status {
        None => "",
        Some(Status::Pending) => " AND status <> 'SENT' AND status = 'PENDING'",
        Some(Status::Failed) => " AND status <> 'SENT' AND status = 'FAILED'",
        Some(Status::Sent) => " AND status = 'SENT'",
    });
}

fn push_viewer(query: &mut QueryBuilder<Postgres>, viewer: &Viewer) {
    let Viewer::Recipients(own) = viewer else { return };
    for (index, recipient) in own.iter().enumerate() {
        query.push(if index == 0 { " AND ((" } else { " OR (" });
        query.push("recipient_kind = ").push_bind(recipient.kind());
        query.push(" AND recipient_id = ").push_bind(recipient.id()).push(")");
    }
    query.push(if own.is_empty() { " AND FALSE" } else { ")" });
}
