//! Reads outside of any transaction.

use chassis::store::{Error, sqlite::micros};
use sqlx::{QueryBuilder, Sqlite, SqlitePool};
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
    pool: SqlitePool,
}

impl Reads {
    /// Reads through `pool`.
    pub fn new(pool: SqlitePool) -> Self {
        Self { pool }
    }

    async fn fetch(&self, mut query: QueryBuilder<Sqlite>) -> Result<Vec<Message>, Error> {
        let rows: Vec<Row<i64>> = query.build_query_as().fetch_all(&self.pool).await?;
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
        let row: Option<TargetRow<i64>> =
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
        let (pending, failed) = sqlx::query_as(STANDING).fetch_one(&self.pool).await?;
        Ok(Standing { pending, failed })
    }
}

/// Each is counted along an index of what is not sent. What was erased can be mended by nobody, and is not counted.
const STANDING: &str = "SELECT (SELECT count(*) FROM message WHERE status <> 'SENT' AND status = 'PENDING'), \
     (SELECT count(*) FROM message WHERE status <> 'SENT' AND status = 'FAILED' AND erased = 0)";

fn select() -> QueryBuilder<Sqlite> {
    QueryBuilder::new(format!("SELECT {COLUMNS} FROM message"))
}

fn due(channel: ChannelName, now: OffsetDateTime, skip: &Skip, limit: u32) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new(
        "SELECT message_id, recipient_kind, recipient_id, \
         (SELECT receiver FROM contact WHERE owner_kind = recipient_kind AND owner_id = recipient_id) AS receiver \
         FROM message WHERE status = 'PENDING' AND channel = ",
    );
    query.push_bind(channel.name()).push(" AND due_time <= ").push_bind(micros(now));
    query.push(
        " AND (recipient_kind, recipient_id) NOT IN \
         (SELECT recipient_kind, recipient_id FROM message WHERE taken_until > ",
    );
    query.push_bind(micros(now)).push(")");
    if !skip.recipients.is_empty() {
        query.push(" AND (recipient_kind, recipient_id) NOT IN (");
        query.push_values(&skip.recipients, |mut row, recipient| {
            row.push_bind(recipient.kind()).push_bind(recipient.id());
        });
        query.push(")");
    }
    if !skip.receivers.is_empty() {
        query.push(" AND coalesce(receiver, '') NOT IN (");
        let mut receivers = query.separated(", ");
        for receiver in &skip.receivers {
            receivers.push_bind(receiver.as_str());
        }
        query.push(")");
    }
    if !skip.messages.is_empty() {
        query.push(" AND message_id NOT IN (");
        let mut messages = query.separated(", ");
        for message in &skip.messages {
            messages.push_bind(*message);
        }
        query.push(")");
    }
    query.push(" ORDER BY due_time, message_id LIMIT ").push_bind(limit);
    query
}

fn target(message_id: Uuid, holder: Uuid, until: OffsetDateTime) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new(format!(
        "SELECT c.channel, {TARGET_COLUMNS} FROM message m LEFT JOIN contact c \
         ON c.owner_kind = m.recipient_kind AND c.owner_id = m.recipient_id WHERE m.message_id = "
    ));
    query.push_bind(message_id).push(" AND m.taken_by = ").push_bind(holder);
    query.push(" AND m.taken_until >= ").push_bind(micros(until));
    query
}

fn list(asked: &Query) -> QueryBuilder<Sqlite> {
    let mut query = select();
    query.push(" WHERE TRUE");
    push_status(&mut query, asked);
    if let Some(order_id) = asked.order_id {
        query.push(" AND order_id = ").push_bind(order_id);
    }
    push_viewer(&mut query, asked);
    if let Some((time, id)) = asked.after {
        query.push(" AND (create_time, message_id) > (").push_bind(micros(time));
        query.push(", ").push_bind(id).push(")");
    }
    query.push(" ORDER BY create_time, message_id LIMIT ").push_bind(asked.rows);
    query
}

/// What is not sent has an index of its own, which SQLite takes only where its condition stands in the query. The few of
/// an order are read by their own.
fn push_status(query: &mut QueryBuilder<Sqlite>, asked: &Query) {
    let Some(status) = asked.status else { return };
    query.push(match (asked.order_id, status) {
        (None, Status::Pending | Status::Failed) => " AND status <> 'SENT' AND status = ",
        (None, Status::Sent) | (Some(_), _) => " AND +status = ",
    });
    query.push_bind(status.name());
}

fn push_viewer(query: &mut QueryBuilder<Sqlite>, asked: &Query) {
    let Viewer::Recipients(own) = &asked.viewer else { return };
    // The few unsent messages and the few of an order are read by their own index: `+` keeps SQLite from another.
    let column = if asked.order_id.is_some() || matches!(asked.status, Some(Status::Pending | Status::Failed)) {
        "+recipient_kind"
    } else {
        "recipient_kind"
    };
    for (index, recipient) in own.iter().enumerate() {
        query.push(if index == 0 { " AND ((" } else { " OR (" });
        query.push(column).push(" = ").push_bind(recipient.kind());
        query.push(" AND recipient_id = ").push_bind(recipient.id()).push(")");
    }
    query.push(if own.is_empty() { " AND FALSE" } else { ")" });
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection, Row as _, SqliteConnection};

    use super::*;
    use crate::adapters::store::sqlite::MIGRATIONS;

    const EPOCH: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    async fn plan(connection: &mut SqliteConnection, query: QueryBuilder<Sqlite>) -> String {
        let explained = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", query.sql().as_str()));
        let rows = sqlx::query(explained).fetch_all(connection).await.expect("a plan");
        rows.iter().map(|row| row.get::<String, _>("detail")).collect::<Vec<_>>().join("; ")
    }

    async fn database() -> SqliteConnection {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.expect("a database");
        MIGRATIONS.run(&mut connection).await.expect("a schema");
        connection
    }

    #[tokio::test]
    async fn what_is_due_is_read_along_its_index() {
        let receivers = vec!["example.com:443".to_owned()];
        let skip = Skip { recipients: vec![Recipient::Shop(Uuid::nil())], receivers, messages: vec![Uuid::nil()] };
        for channel in ChannelName::ALL {
            let plan = plan(&mut database().await, due(channel, EPOCH, &skip, 10)).await;
            assert!(plan.contains("USING INDEX message_due (channel=? AND due_time<?)"), "{plan}");
            assert!(!plan.contains("SCAN message") && !plan.contains("SCAN contact"), "{plan}");
            assert!(plan.contains("USING INDEX message_taken (taken_until>?)"), "{plan}");
            assert!(!plan.contains("ORDER BY"), "{plan}");
        }
    }

    #[tokio::test]
    async fn where_a_message_goes_to_is_read_along_keys() {
        let plan = plan(&mut database().await, target(Uuid::nil(), Uuid::nil(), EPOCH)).await;
        assert!(!plan.contains("SCAN"), "{plan}");
    }

    #[tokio::test]
    async fn what_is_not_sent_is_counted_along_its_index() {
        let plan = plan(&mut database().await, QueryBuilder::new(STANDING)).await;
        assert_eq!(plan.matches("INDEX message_unsent (status=?)").count(), 2, "{plan}");
    }

    #[tokio::test]
    async fn lists_are_read_along_the_index_that_fits_them() {
        let mut connection = database().await;
        let own = Viewer::Recipients(vec![Recipient::Customer("mina".to_owned())]);
        let (order, failed, sent) = (Some(Uuid::nil()), Some(Status::Failed), Some(Status::Sent));
        let cases = [
            (Viewer::Operator, None, None, "message_by_time"),
            (Viewer::Operator, None, sent, "message_by_time"),
            (Viewer::Operator, None, failed, "message_unsent"),
            (Viewer::Operator, order, None, "message_by_order"),
            (own.clone(), None, None, "message_by_recipient"),
            (own.clone(), None, sent, "message_by_recipient"),
            (own.clone(), None, failed, "message_unsent"),
            (own.clone(), order, None, "message_by_order"),
            (own, order, failed, "message_by_order"),
        ];
        for (viewer, order_id, status, index) in cases {
            for after in [None, Some((EPOCH, Uuid::nil()))] {
                let query = Query { viewer: viewer.clone(), order_id, status, after, rows: 10 };
                let plan = plan(&mut connection, list(&query)).await;
                assert!(plan.contains(&format!("USING INDEX {index}")), "{query:?}: {plan}");
                assert!(!plan.contains("USE TEMP B-TREE"), "{query:?}: {plan}");
            }
        }
    }
}
