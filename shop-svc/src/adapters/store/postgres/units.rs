//! Units as rows. The database keeps their counts. Whoever changes units has their phones locked.

use std::collections::{BTreeMap, BTreeSet};

use chassis::store::Error;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::histories::{self, Note};
use crate::{
    adapters::store::{
        labels::Label,
        values::{self, TakenRow, rows, serial},
    },
    domain::{
        Actor, Phone, Serial, Unit,
        history::Happening,
        phone, reservation,
        reservation::{Pick, Take},
        unit::State,
    },
};

const INSERT: &str = "WITH added AS ( \
         INSERT INTO unit (phone_id, shop_id, serial, status, create_time) \
         SELECT $1, $2, serial, 'AVAILABLE', $3 FROM unnest($4::text[]) WITH ORDINALITY AS named (serial, place) \
         ORDER BY place RETURNING unit_id) \
     INSERT INTO unit_event (unit_id, number, kind, actor_kind, actor_id, event_time) \
     SELECT unit_id, 1, 'REGISTERED', $5, $6, $3 FROM added";
/// Units that are named are found by their serials: no index serves `IS NOT DISTINCT FROM`, so that none tempts the planner to
/// read all of the phone's units.
pub const STANDING: &str = "SELECT serial, status, order_id FROM unit \
     WHERE shop_id = (SELECT shop_id FROM phone WHERE phone_id = $1) AND serial = ANY ($2) \
     AND phone_id IS NOT DISTINCT FROM $1";
pub const TAKEN: &str = "SELECT serial FROM unit WHERE shop_id = $1 AND serial = ANY ($2) LIMIT $3";
pub const AVAILABLE: &str =
    "SELECT phone_id, serial FROM unit WHERE shop_id = $1 AND serial = ANY ($2) AND status = 'AVAILABLE'";
/// Units of several phones, so many of the oldest of each. The ids are gathered first: PostgreSQL cannot tell how few a
/// LIMIT that is no constant lets through, and would read the whole table to join them.
pub const TAKE_OLDEST: &str = "UPDATE unit SET status = 'RESERVED', order_id = $1 WHERE unit_id = ANY (ARRAY( \
         SELECT oldest.unit_id FROM unnest($2::uuid[], $3::integer[]) AS wanted (phone_id, quantity) \
         CROSS JOIN LATERAL (SELECT unit_id FROM unit WHERE unit.phone_id = wanted.phone_id AND status = 'AVAILABLE' \
             ORDER BY unit_id LIMIT wanted.quantity) AS oldest)) \
     AND status = 'AVAILABLE' RETURNING unit_id, phone_id, serial";
/// The very units that were asked for, each with its phone.
pub const TAKE_GIVEN: &str = "UPDATE unit SET status = 'RESERVED', order_id = $1 WHERE unit_id = ANY (ARRAY( \
         SELECT unit.unit_id FROM unnest($2::uuid[], $3::text[]) AS asked (phone_id, serial) \
         JOIN phone ON phone.phone_id = asked.phone_id \
         JOIN unit ON unit.shop_id = phone.shop_id AND unit.serial = asked.serial \
             AND unit.phone_id IS NOT DISTINCT FROM asked.phone_id)) \
     AND status = 'AVAILABLE' RETURNING unit_id, phone_id, serial";

/// A row of `unit`.
#[derive(sqlx::FromRow)]
pub struct Row {
    /// Its place in the order of age.
    pub unit_id: i64,
    phone_id: Uuid,
    serial: String,
    status: String,
    order_id: Option<Uuid>,
    create_time: OffsetDateTime,
}

impl TryFrom<Row> for Unit {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let state = values::standing(&row.status, row.order_id)?;
        Ok(Self { serial: serial(&row.serial)?, phone_id: row.phone_id, state, create_time: row.create_time })
    }
}

/// Adds available units to a phone, in the order they are named, and begins their histories.
pub async fn insert(connection: &mut PgConnection, change: &phone::Change, serials: &[Serial]) -> Result<(), Error> {
    let phone: &Phone = &change.state;
    if serials.is_empty() {
        return Ok(());
    }
    let written = sqlx::query(INSERT)
        .bind(phone.id)
        .bind(phone.shop_id)
        .bind(phone.update_time)
        .bind(texts(serials))
        .bind(change.actor.kind.label())
        .bind(&change.actor.id)
        .execute(connection)
        .await?;
    rows(written.rows_affected(), serials.len())
}

/// Takes available units of a phone out of sale; their histories tell of it.
pub async fn withdraw(connection: &mut PgConnection, change: &phone::Change, serials: &[Serial]) -> Result<(), Error> {
    let phone = &change.state;
    let note = Note { kind: "WITHDRAWN", order_id: None, actor: &change.actor, time: phone.update_time };
    let written = histories::note(histories::WITHDRAW, &note)
        .bind(phone.id)
        .bind(phone.shop_id)
        .bind(texts(serials))
        .execute(connection)
        .await?;
    rows(written.rows_affected(), serials.len())
}

/// Makes an order's reserved units available; they must be `count`.
pub async fn free(connection: &mut PgConnection, change: &reservation::Change, count: usize) -> Result<(), Error> {
    follow(connection, histories::FREE, "RELEASED", change, count).await
}

/// Marks an order's reserved units as sold; they must be `count`.
pub async fn sell(connection: &mut PgConnection, change: &reservation::Change, count: usize) -> Result<(), Error> {
    follow(connection, histories::SELL, "SOLD", change, count).await
}

async fn follow(
    connection: &mut PgConnection,
    statement: &'static str,
    kind: &'static str,
    change: &reservation::Change,
    count: usize,
) -> Result<(), Error> {
    let reservation = &change.state;
    let order_id = Some(reservation.order_id);
    let note = Note { kind, order_id, actor: &change.actor, time: reservation.update_time };
    let written = histories::note(statement, &note).execute(connection).await?;
    rows(written.rows_affected(), count)
}

/// Makes units of a phone go one step; their histories tell of it.
pub async fn step(
    connection: &mut PgConnection,
    phone_id: Uuid,
    serials: &[Serial],
    what: Happening,
    note: (&Actor, OffsetDateTime),
) -> Result<(), Error> {
    let (status, order_id) = values::stored(what.leaves());
    let (actor, time) = note;
    let note = Note { kind: values::kind(what), order_id: what.order_id(), actor, time };
    let written = histories::note(histories::STEP, &note)
        .bind(phone_id)
        .bind(texts(serials))
        .bind(status)
        .bind(order_id)
        .execute(connection)
        .await?;
    rows(written.rows_affected(), serials.len())
}

/// Where those of `serials` stand that are units of a phone.
pub async fn standing(
    connection: &mut PgConnection,
    phone_id: Uuid,
    serials: &[Serial],
) -> Result<BTreeMap<Serial, State>, Error> {
    let found: Vec<(String, String, Option<Uuid>)> =
        sqlx::query_as(STANDING).bind(phone_id).bind(texts(serials)).fetch_all(connection).await?;
    let standing = |(text, status, order_id): (String, String, Option<Uuid>)| {
        Ok((serial(&text)?, values::standing(&status, order_id)?))
    };
    found.into_iter().map(standing).collect()
}

pub async fn taken(
    connection: &mut PgConnection,
    shop_id: Uuid,
    serials: &[Serial],
    limit: usize,
) -> Result<Vec<Serial>, Error> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let select = sqlx::query_scalar(TAKEN).bind(shop_id).bind(texts(serials)).bind(limit);
    let found: Vec<String> = select.fetch_all(connection).await?;
    found.iter().map(|text| serial(text)).collect()
}

/// Those of `serials` that are available units of a shop, by phone.
pub async fn available(
    connection: &mut PgConnection,
    shop_id: Uuid,
    serials: &[&Serial],
) -> Result<BTreeMap<Uuid, BTreeSet<Serial>>, Error> {
    let mut available: BTreeMap<Uuid, BTreeSet<Serial>> = BTreeMap::new();
    if serials.is_empty() {
        return Ok(available);
    }
    let select = sqlx::query_as(AVAILABLE).bind(shop_id).bind(texts(serials.iter().copied()));
    let found: Vec<(Uuid, String)> = select.fetch_all(connection).await?;
    for (phone_id, text) in found {
        available.entry(phone_id).or_default().insert(serial(&text)?);
    }
    Ok(available)
}

pub async fn assign(connection: &mut PgConnection, shop_id: Uuid, count: u32) -> Result<u64, Error> {
    let last: i64 = sqlx::query_scalar(
        "INSERT INTO assigned_serial AS assigned (shop_id, last_number) VALUES ($1, $2) ON CONFLICT (shop_id) \
         DO UPDATE SET last_number = assigned.last_number + excluded.last_number RETURNING last_number",
    )
    .bind(shop_id)
    .bind(i64::from(count))
    .fetch_one(connection)
    .await?;
    u64::try_from(last - i64::from(count) + 1).map_err(Error::inconsistent)
}

pub async fn take(
    connection: &mut PgConnection,
    order_id: Uuid,
    takes: &[Take],
) -> Result<BTreeMap<Uuid, Vec<Serial>>, Error> {
    let (mut of_oldest, mut quantities, mut of_given, mut given) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for take in takes {
        match &take.pick {
            Pick::Oldest(quantity) => {
                of_oldest.push(take.phone_id);
                quantities.push(i32::try_from(*quantity).map_err(Error::inconsistent)?);
            }
            Pick::Given(serials) => {
                of_given.extend(serials.iter().map(|_| take.phone_id));
                given.extend(texts(serials));
            }
        }
    }
    let mut units: Vec<TakenRow> = Vec::new();
    if !of_oldest.is_empty() {
        let update = sqlx::query_as(TAKE_OLDEST).bind(order_id).bind(of_oldest).bind(quantities);
        units.extend::<Vec<TakenRow>>(update.fetch_all(&mut *connection).await?);
    }
    if !of_given.is_empty() {
        let update = sqlx::query_as(TAKE_GIVEN).bind(order_id).bind(of_given).bind(given);
        units.extend::<Vec<TakenRow>>(update.fetch_all(connection).await?);
    }
    values::taken(units, takes)
}

fn texts<'a>(serials: impl IntoIterator<Item = &'a Serial>) -> Vec<&'a str> {
    serials.into_iter().map(Serial::as_str).collect()
}
