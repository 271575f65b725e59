//! Taking messages, so that one sender of one process alone sends them.

use chassis::store::Error;
use sqlx::{PgConnection, Postgres, QueryBuilder};
use time::OffsetDateTime;
use uuid::Uuid;

use super::super::message::{COLUMNS, Row};
use crate::{
    app::ports::{Due, Hold},
    domain::Message,
};

/// The recipients that nobody else takes messages for at this moment; nobody does before the transaction has ended.
const FREE_RECIPIENTS: &str = "SELECT kind, id FROM unnest($1::text[], $2::text[]) AS recipient (kind, id) \
    WHERE pg_try_advisory_xact_lock(hashtextextended(kind || ':' || id, 0))";

/// Takes what is still due, for recipients of whose messages none is taken. Nobody is waited for.
pub(super) async fn take(connection: &mut PgConnection, due: &[Due], hold: &Hold) -> Result<Vec<Message>, Error> {
    let (kinds, ids) = recipients(due);
    let free: Vec<(String, String)> =
        sqlx::query_as(FREE_RECIPIENTS).bind(kinds).bind(ids).fetch_all(&mut *connection).await?;
    let free = due
        .iter()
        .filter(|one| free.iter().any(|(kind, id)| kind == one.recipient.kind() && *id == one.recipient.id()));
    let free: Vec<Uuid> = free.map(|one| one.message_id).collect();
    if free.is_empty() {
        return Ok(Vec::new());
    }
    // What others took for these recipients is seen: this statement begins after the locks were had.
    let rows: Vec<Row<OffsetDateTime>> = statement(free, hold).build_query_as().fetch_all(connection).await?;
    rows.into_iter().map(Message::try_from).collect()
}

/// Each recipient once.
fn recipients(due: &[Due]) -> (Vec<String>, Vec<String>) {
    let mut recipients: Vec<_> = due.iter().map(|one| &one.recipient).collect();
    recipients.sort();
    recipients.dedup();
    recipients.into_iter().map(|recipient| (recipient.kind().to_owned(), recipient.id())).unzip()
}

pub(super) fn statement(messages: Vec<Uuid>, hold: &Hold) -> QueryBuilder<Postgres> {
    let mut query =
        QueryBuilder::new("WITH free AS (SELECT message_id AS free_id FROM message WHERE message_id = ANY(");
    query.push_bind(messages).push(") AND status = 'PENDING' AND channel = ").push_bind(hold.channel.name());
    query.push(" AND due_time <= ").push_bind(hold.now);
    query.push(
        " AND (recipient_kind, recipient_id) NOT IN \
         (SELECT recipient_kind, recipient_id FROM message WHERE taken_until > ",
    );
    query.push_bind(hold.now).push(") ORDER BY message_id FOR UPDATE SKIP LOCKED) UPDATE message SET taken_by = ");
    query.push_bind(hold.holder).push(", taken_until = ").push_bind(hold.until);
    query.push(format!(" FROM free WHERE message_id = free_id RETURNING {COLUMNS}"));
    query
}

/// Gives back what `holder` has taken.
pub(super) async fn give_back(connection: &mut PgConnection, messages: &[Uuid], holder: Uuid) -> Result<(), Error> {
    sqlx::query(
        "WITH given AS (SELECT message_id AS given_id FROM message WHERE message_id = ANY($1) AND taken_by = $2 \
         ORDER BY message_id FOR UPDATE) \
         UPDATE message SET taken_by = NULL, taken_until = NULL FROM given WHERE message_id = given_id",
    )
    .bind(messages)
    .bind(holder)
    .execute(connection)
    .await?;
    Ok(())
}
