//! Histories of units as rows. One statement changes units and writes what happened to them, however many they are. A
//! unit's next number is safe to read, since whoever changes units has their phones locked.

use chassis::store::Error;
use sqlx::{PgExecutor, Postgres, postgres::PgArguments, query::Query};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    adapters::store::{labels::Label, values},
    domain::{Actor, history::Entry},
};

macro_rules! noting {
    ($change:literal) => {
        concat!(
            "WITH changed AS (",
            $change,
            " RETURNING unit_id) \
             INSERT INTO unit_event (unit_id, number, kind, order_id, actor_kind, actor_id, event_time) \
             SELECT unit_id, 1 + (SELECT max(number) FROM unit_event AS earlier WHERE earlier.unit_id = changed.unit_id), \
             $1, $2, $3, $4, $5 FROM changed"
        )
    };
}

pub const FREE: &str =
    noting!("UPDATE unit SET status = 'AVAILABLE', order_id = NULL WHERE order_id = $2 AND status = 'RESERVED'");
pub const SELL: &str = noting!("UPDATE unit SET status = 'SOLD' WHERE order_id = $2 AND status = 'RESERVED'");
/// Takes a phone, its shop and serials besides.
pub const WITHDRAW: &str = noting!(
    "UPDATE unit SET status = 'WITHDRAWN' WHERE phone_id IS NOT DISTINCT FROM $6 AND shop_id = $7 AND serial = ANY ($8) \
     AND status = 'AVAILABLE'"
);
/// Takes a phone, serials, and the status and order that its units are to have besides.
pub const STEP: &str = noting!(
    "UPDATE unit SET status = $8, order_id = $9 WHERE shop_id = (SELECT shop_id FROM phone WHERE phone_id = $6) \
     AND serial = ANY ($7) AND phone_id IS NOT DISTINCT FROM $6"
);
/// Notes what is reserved: the units name their order already.
pub const RESERVED: &str = "INSERT INTO unit_event (unit_id, number, kind, order_id, actor_kind, actor_id, event_time) \
     SELECT unit_id, 1 + (SELECT max(number) FROM unit_event AS earlier WHERE earlier.unit_id = unit.unit_id), \
     $1, $2, $3, $4, $5 FROM unit WHERE order_id = $2";
pub const LIST: &str = "SELECT * FROM unit_event WHERE unit_id = $1 AND number > $2 ORDER BY number LIMIT $3";

/// A row of `unit_event`.
#[derive(sqlx::FromRow)]
struct Row {
    number: i64,
    kind: String,
    order_id: Option<Uuid>,
    actor_kind: String,
    actor_id: String,
    event_time: OffsetDateTime,
}

impl TryFrom<Row> for Entry {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let actor = Some(values::actor(&row.actor_kind, row.actor_id)?);
        let what = values::happening(&row.kind, row.order_id)?;
        Ok(Self { number: row.number, what, actor, time: row.event_time })
    }
}

/// What is written of each unit.
pub struct Note<'a> {
    /// What happened.
    pub kind: &'static str,
    /// The order that it happened for, if any.
    pub order_id: Option<Uuid>,
    /// Who did it.
    pub actor: &'a Actor,
    /// When.
    pub time: OffsetDateTime,
}

/// A statement that writes `note` of units, with the first five of its values.
pub fn note<'q>(statement: &'static str, note: &Note<'q>) -> Query<'q, Postgres, PgArguments> {
    let query = sqlx::query(statement).bind(note.kind).bind(note.order_id);
    query.bind(note.actor.kind.label()).bind(&note.actor.id).bind(note.time)
}

/// At most `limit` entries of a unit that follow the one with the number `after`, oldest first.
pub async fn list<'c>(
    executor: impl PgExecutor<'c>,
    unit_id: i64,
    after: i64,
    limit: i64,
) -> Result<Vec<Entry>, Error> {
    let rows: Vec<Row> = sqlx::query_as(LIST).bind(unit_id).bind(after).bind(limit).fetch_all(executor).await?;
    rows.into_iter().map(Entry::try_from).collect()
}
