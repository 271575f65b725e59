//! Rows as orders. An impossible row is an inconsistency, never a default.

use std::collections::HashMap;

use chassis::{
    idempotency::Scope,
    store::{Error, sqlite::time},
};
use sqlx::{FromRow, SqliteConnection};
use uuid::Uuid;

use crate::{
    adapters::names,
    app::ports::{Claim, Placed},
    domain::{
        Actor, Money, Order, Status,
        order::{Line, ReservedLine, Shipment},
    },
};

/// What every query of orders selects.
macro_rules! select_orders {
    ($rest:literal) => {
        concat!(
            "SELECT id, customer_id, shop_id, status, booking, total, total_currency, reject_reason, cancelled_by_kind, \
             cancelled_by_id, cancel_reason, carrier, tracking_number, reserve_by, version, create_time, update_time, \
             request_hash FROM orders ",
            $rest
        )
    };
}
pub(super) use select_orders;

/// The columns that only some states fill.
#[derive(Default)]
pub struct StateColumns<'a> {
    pub reject_reason: Option<&'static str>,
    pub cancelled_by_kind: Option<&'static str>,
    pub cancelled_by_id: Option<&'a str>,
    pub cancel_reason: Option<&'a str>,
    pub carrier: Option<&'a str>,
    pub tracking_number: Option<&'a str>,
}

impl<'a> StateColumns<'a> {
    /// What a status fills.
    pub fn of(status: &'a Status) -> Self {
        match status {
            Status::Placed | Status::Confirmed => Self::default(),
            Status::Rejected(reason) => Self { reject_reason: Some(reason.name()), ..Self::default() },
            Status::Cancelled { by, reason } => Self {
                cancelled_by_kind: Some(by.kind.name()),
                cancelled_by_id: Some(&by.id),
                cancel_reason: Some(reason),
                ..Self::default()
            },
            Status::Shipped(shipment) | Status::Delivered(shipment) => Self {
                carrier: Some(&shipment.carrier),
                tracking_number: Some(&shipment.tracking_number),
                ..Self::default()
            },
        }
    }
}

/// What the history says beside a status.
pub fn reason(status: &Status) -> &str {
    match status {
        Status::Placed | Status::Confirmed | Status::Shipped(_) | Status::Delivered(_) => "",
        Status::Rejected(reason) => reason.name(),
        Status::Cancelled { reason, .. } => reason,
    }
}

/// The name of a claim.
pub fn claim_name(claim: Claim) -> &'static str {
    match claim {
        Claim::Order => "ORDER",
        Claim::Void => "VOID",
    }
}

/// What an id stands for.
pub async fn claim(connection: &mut SqliteConnection, id: Uuid) -> Result<Option<Claim>, Error> {
    let name: Option<String> =
        sqlx::query_scalar("SELECT claimed_by FROM claim WHERE id = ?").bind(id).fetch_optional(connection).await?;
    match name.as_deref() {
        None => Ok(None),
        Some("ORDER") => Ok(Some(Claim::Order)),
        Some("VOID") => Ok(Some(Claim::Void)),
        Some(other) => Err(Error::inconsistent(format!("claim {other}"))),
    }
}

/// One order with its lines.
pub async fn order(connection: &mut SqliteConnection, id: Uuid) -> Result<Option<Order>, Error> {
    let rows = sqlx::query_as(select_orders!("WHERE id = ?")).bind(id).fetch_all(&mut *connection).await?;
    Ok(with_lines(connection, rows).await?.pop())
}

/// The order that a key placed.
pub async fn placed_with(connection: &mut SqliteConnection, scope: &Scope) -> Result<Option<Placed>, Error> {
    let row: Option<OrderRow> =
        sqlx::query_as(select_orders!("WHERE key_issuer = ? AND key_subject = ? AND key_method = ? AND key = ?"))
            .bind(&scope.issuer)
            .bind(&scope.subject)
            .bind(&scope.method)
            .bind(&scope.key)
            .fetch_optional(&mut *connection)
            .await?;
    let Some(row) = row else { return Ok(None) };
    let hash = row.request_hash.clone().and_then(|hash| hash.try_into().ok());
    let hash = hash.ok_or_else(|| Error::inconsistent("an order has a key and no request hash"))?;
    let order = with_lines(connection, vec![row]).await?.pop();
    Ok(order.map(|order| Placed { order, hash }))
}

/// A row of an order; its lines are rows of their own.
#[derive(FromRow)]
pub struct OrderRow {
    id: Uuid,
    customer_id: String,
    shop_id: Uuid,
    status: String,
    booking: String,
    total: Option<i64>,
    total_currency: Option<String>,
    reject_reason: Option<String>,
    cancelled_by_kind: Option<String>,
    cancelled_by_id: Option<String>,
    cancel_reason: Option<String>,
    carrier: Option<String>,
    tracking_number: Option<String>,
    reserve_by: i64,
    version: i64,
    create_time: i64,
    update_time: i64,
    request_hash: Option<Vec<u8>>,
}

#[derive(FromRow)]
struct LineRow {
    order_id: Uuid,
    phone_id: Uuid,
    quantity: u32,
    expected_price: Option<i64>,
    expected_currency: Option<String>,
    requested_serials: Option<String>,
    unit_price: Option<i64>,
    unit_currency: Option<String>,
    serials: Option<String>,
}

/// Reads the lines of orders, all in one statement, and puts them together. What read the rows must be of the same
/// transaction, or an order may get the lines of another state.
pub async fn with_lines(connection: &mut SqliteConnection, orders: Vec<OrderRow>) -> Result<Vec<Order>, Error> {
    let ids: Vec<_> = orders.iter().map(|order| format!("\"{}\"", order.id.simple())).collect();
    let rows: Vec<LineRow> = sqlx::query_as(
        "SELECT order_id, phone_id, quantity, expected_price, expected_currency, requested_serials, unit_price, \
         unit_currency, serials FROM order_line WHERE order_id IN (SELECT unhex(value) FROM json_each(?)) ORDER BY order_id, position",
    )
    .bind(format!("[{}]", ids.join(",")))
    .fetch_all(connection)
    .await?;
    let mut lines: HashMap<Uuid, Vec<Line>> = HashMap::new();
    for row in rows {
        lines.entry(row.order_id).or_default().push(row.try_into()?);
    }
    let with_lines = orders.into_iter().map(|order| {
        let lines = lines.remove(&order.id).unwrap_or_default();
        order.with(lines)
    });
    with_lines.collect()
}

/// The first `most` of orders that may be there twice, oldest first.
pub fn first(mut orders: Vec<OrderRow>, most: i64) -> Vec<OrderRow> {
    orders.sort_by_key(|order| (order.create_time, order.id));
    orders.dedup_by_key(|order| order.id);
    orders.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    orders
}

impl OrderRow {
    fn with(self, lines: Vec<Line>) -> Result<Order, Error> {
        Ok(Order {
            id: self.id,
            status: self.status()?,
            booking: names::parse_booking(&self.booking)?,
            shop_id: self.shop_id,
            lines,
            total: money(self.total, self.total_currency)?,
            reserve_by: time(self.reserve_by)?,
            version: self.version,
            create_time: time(self.create_time)?,
            update_time: time(self.update_time)?,
            customer_id: self.customer_id,
        })
    }

    fn status(&self) -> Result<Status, Error> {
        match (self.status.as_str(), &self.reject_reason, self.cancellation()?, self.shipment()) {
            ("PLACED", None, None, None) => Ok(Status::Placed),
            ("CONFIRMED", None, None, None) => Ok(Status::Confirmed),
            ("REJECTED", Some(reason), None, None) => Ok(Status::Rejected(names::parse_reject_reason(reason)?)),
            ("CANCELLED", None, Some((by, reason)), None) => Ok(Status::Cancelled { by, reason }),
            ("SHIPPED", None, None, Some(shipment)) => Ok(Status::Shipped(shipment)),
            ("DELIVERED", None, None, Some(shipment)) => Ok(Status::Delivered(shipment)),
            (status, ..) => {
                Err(Error::inconsistent(format!("order {} is {status} with the facts of another", self.id)))
            }
        }
    }

    fn cancellation(&self) -> Result<Option<(Actor, String)>, Error> {
        let (Some(kind), Some(id), Some(reason)) =
            (&self.cancelled_by_kind, &self.cancelled_by_id, &self.cancel_reason)
        else {
            return Ok(None);
        };
        Ok(Some((Actor { kind: names::parse_actor_kind(kind)?, id: id.clone() }, reason.clone())))
    }

    fn shipment(&self) -> Option<Shipment> {
        Some(Shipment { carrier: self.carrier.clone()?, tracking_number: self.tracking_number.clone()? })
    }
}

impl TryFrom<LineRow> for Line {
    type Error = Error;

    fn try_from(row: LineRow) -> Result<Self, Error> {
        let reserved = match (money(row.unit_price, row.unit_currency)?, row.serials) {
            (Some(unit_price), Some(serials)) => Some(ReservedLine { unit_price, serials: split(&serials) }),
            (None, None) => None,
            _ => return Err(Error::inconsistent("a line has a price without serials, or serials without a price")),
        };
        Ok(Self {
            phone_id: row.phone_id,
            quantity: row.quantity,
            expected_unit_price: money(row.expected_price, row.expected_currency)?,
            requested_serials: row.requested_serials.as_deref().map(split).unwrap_or_default(),
            reserved,
        })
    }
}

/// Serials as a row has them.
pub fn split(serials: &str) -> Vec<String> {
    serials.split_whitespace().map(str::to_owned).collect()
}

fn money(minor_units: Option<i64>, currency: Option<String>) -> Result<Option<Money>, Error> {
    match (minor_units, currency) {
        (Some(minor_units), Some(currency)) => Ok(Some(Money { minor_units, currency })),
        (None, None) => Ok(None),
        _ => Err(Error::inconsistent("an amount has no currency, or a currency no amount")),
    }
}
