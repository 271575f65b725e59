//! Taking messages, so that one sender alone sends them.

use chassis::store::{Error, sqlite::micros};
use sqlx::{QueryBuilder, SqliteExecutor};
use uuid::Uuid;

use super::super::message::{COLUMNS, Row};
use crate::{
    app::ports::{Due, Hold},
    domain::Message,
};

/// Takes what is still due, for recipients of whose messages none is taken.
pub(super) async fn take(database: impl SqliteExecutor<'_>, due: &[Due], hold: &Hold) -> Result<Vec<Message>, Error> {
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = QueryBuilder::new("UPDATE message SET taken_by = ");
    query.push_bind(hold.holder).push(", taken_until = ").push_bind(micros(hold.until));
    query.push(" WHERE status = 'PENDING' AND channel = ").push_bind(hold.channel.name());
    query.push(" AND due_time <= ").push_bind(micros(hold.now));
    query.push(
        " AND (recipient_kind, recipient_id) NOT IN \
         (SELECT recipient_kind, recipient_id FROM message WHERE taken_until > ",
    );
    query.push_bind(micros(hold.now)).push(") AND message_id IN (");
    let mut ids = query.separated(", ");
    for one in due {
        ids.push_bind(one.message_id);
    }
    query.push(format!(") RETURNING {COLUMNS}"));
    let rows: Vec<Row<i64>> = query.build_query_as().fetch_all(database).await?;
    rows.into_iter().map(Message::try_from).collect()
}

/// Gives back what `holder` has taken.
pub(super) async fn give_back(database: impl SqliteExecutor<'_>, messages: &[Uuid], holder: Uuid) -> Result<(), Error> {
    let mut query = QueryBuilder::new("UPDATE message SET taken_by = NULL, taken_until = NULL WHERE taken_by = ");
    query.push_bind(holder).push(" AND message_id IN (");
    let mut ids = query.separated(", ");
    for id in messages {
        ids.push_bind(*id);
    }
    query.push(")");
    query.build().execute(database).await?;
    Ok(())
}
