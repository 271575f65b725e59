//! Histories of units as rows. They are written by few statements, however many units a change is of.

use chassis::store::{
    Error,
    sqlite::{micros, time},
};
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};
use time::OffsetDateTime;
use uuid::Uuid;

use super::units;
use crate::{
    adapters::store::{
        labels::Label,
        values::{self, rows},
    },
    domain::{
        Actor, Serial,
        history::{Entry, Happening},
        phone, reservation,
    },
};

/// A row of `unit_event`.
#[derive(sqlx::FromRow)]
struct Row {
    number: i64,
    kind: String,
    order_id: Option<Uuid>,
    actor_kind: Option<String>,
    actor_id: Option<String>,
    event_time: i64,
}

impl TryFrom<Row> for Entry {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let actor = match (row.actor_kind, row.actor_id) {
            (Some(kind), Some(id)) => Some(values::actor(&kind, id)?),
            (None, None) => None,
            (kind, id) => return Err(Error::inconsistent(format!("actor {id:?} is a {kind:?}"))),
        };
        let what = values::happening(&row.kind, row.order_id)?;
        Ok(Self { number: row.number, what, actor, time: time(row.event_time)? })
    }
}

/// At most `limit` entries of a unit that follow the one with the number `after`, oldest first.
pub async fn list(
    connection: &mut SqliteConnection,
    unit_id: i64,
    after: i64,
    limit: i64,
) -> Result<Vec<Entry>, Error> {
    let rows: Vec<Row> =
        sqlx::query_as("SELECT * FROM unit_event WHERE unit_id = ? AND number > ? ORDER BY number LIMIT ?")
            .bind(unit_id)
            .bind(after)
            .bind(limit)
            .fetch_all(connection)
            .await?;
    rows.into_iter().map(Entry::try_from).collect()
}

/// Begins the histories of a phone's units that are younger than `after`; they must be `count`.
pub async fn begin(
    connection: &mut SqliteConnection,
    change: &phone::Change,
    after: i64,
    count: usize,
) -> Result<(), Error> {
    let written = sqlx::query(
        "INSERT INTO unit_event (unit_id, number, kind, actor_kind, actor_id, event_time) \
         SELECT unit_id, 1, 'REGISTERED', ?, ?, create_time FROM unit WHERE unit_id > ? AND phone_id = ?",
    )
    .bind(change.actor.kind.label())
    .bind(&change.actor.id)
    .bind(after)
    .bind(change.state.id)
    .execute(connection)
    .await?;
    rows(written.rows_affected(), count)
}

/// Notes what happens to units of a phone, of which there are no more than a statement can name.
pub async fn named(
    connection: &mut SqliteConnection,
    phone_id: Uuid,
    serials: &[Serial],
    what: Happening,
    actor: &Actor,
    time: OffsetDateTime,
) -> Result<(), Error> {
    let mut insert = following(values::kind(what), what.order_id(), actor, time);
    units::push_named(&mut insert, phone_id, serials);
    let written = insert.build().persistent(false).execute(connection).await?;
    rows(written.rows_affected(), serials.len())
}

/// Notes what happens to the units that name an order: call it while they do. They must be `count`.
pub async fn of_order(
    connection: &mut SqliteConnection,
    kind: &'static str,
    change: &reservation::Change,
    count: usize,
) -> Result<(), Error> {
    let mut insert = following(kind, Some(change.state.order_id), &change.actor, change.state.update_time);
    insert.push("order_id = ").push_bind(change.state.order_id);
    let written = insert.build().execute(connection).await?;
    rows(written.rows_affected(), count)
}

/// The next entry of each unit that a condition, which is to be added, finds.
fn following(kind: &'static str, order_id: Option<Uuid>, actor: &Actor, time: OffsetDateTime) -> QueryBuilder<Sqlite> {
    let mut insert = QueryBuilder::new(
        "INSERT INTO unit_event (unit_id, number, kind, order_id, actor_kind, actor_id, event_time) SELECT unit_id, \
         1 + (SELECT number FROM unit_event AS earlier WHERE earlier.unit_id = unit.unit_id \
         ORDER BY number DESC LIMIT 1), ",
    );
    insert.push_bind(kind).push(", ").push_bind(order_id).push(", ").push_bind(actor.kind.label()).push(", ");
    insert.push_bind(actor.id.clone()).push(", ").push_bind(micros(time)).push(" FROM unit WHERE ");
    insert
}
