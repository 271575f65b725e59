//! Rows as orders, the same in each database but for how a time is kept. An impossible row is an inconsistency, never a
//! default.

use chassis::{idempotency::RequestHash, store::Error};
use sqlx::FromRow;
use uuid::Uuid;

use super::StoredTime;
use crate::{
    adapters::names,
    app::ports::{Booking, Claim, DueBooking, HistoryEntry},
    domain::{
        Actor, Money, Order, Recipient, Status,
        order::{Line, ReservedLine, Shipment},
    },
};

/// The columns of an [`OrderRow`].
macro_rules! order_columns {
    () => {
        "id, customer_id, shop_id, status, booking, total, total_currency, reject_reason, cancelled_by_kind, \
         cancelled_by_id, cancel_reason, carrier, tracking_number, reserve_by, version, create_time, update_time, \
         request_hash"
    };
}
pub(super) use order_columns;

/// The columns of a [`LineRow`].
macro_rules! line_columns {
    () => {
        "order_id, phone_id, quantity, expected_price, expected_currency, requested_serials, unit_price, unit_currency, \
         serials"
    };
}
pub(super) use line_columns;

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

/// The claim of a name.
///
/// # Errors
/// It names none.
pub fn parse_claim(name: &str) -> Result<Claim, Error> {
    match name {
        "ORDER" => Ok(Claim::Order),
        "VOID" => Ok(Claim::Void),
        other => Err(Error::inconsistent(format!("claim {other}"))),
    }
}

/// A row of an order; its lines are rows of their own.
#[derive(FromRow)]
pub struct OrderRow<T> {
    pub id: Uuid,
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
    reserve_by: T,
    version: i64,
    pub create_time: T,
    update_time: T,
    request_hash: Option<Vec<u8>>,
}

/// A row of an order's line.
#[derive(FromRow)]
pub struct LineRow {
    pub order_id: Uuid,
    phone_id: Uuid,
    quantity: i32,
    expected_price: Option<i64>,
    expected_currency: Option<String>,
    requested_serials: Option<String>,
    unit_price: Option<i64>,
    unit_currency: Option<String>,
    serials: Option<String>,
}

impl<T: StoredTime> OrderRow<T> {
    /// What the key that placed it was used for.
    ///
    /// # Errors
    /// It was placed without a key.
    pub fn hash(&self) -> Result<RequestHash, Error> {
        let hash = self.request_hash.as_deref().and_then(|hash| hash.try_into().ok());
        hash.ok_or_else(|| Error::inconsistent("an order has a key and no request hash"))
    }

    /// The order, with its lines.
    ///
    /// # Errors
    /// The row makes no sense.
    pub fn with(self, lines: Vec<Line>) -> Result<Order, Error> {
        Ok(Order {
            id: self.id,
            status: self.status()?,
            booking: names::parse_booking(&self.booking)?,
            shop_id: self.shop_id,
            lines,
            total: money(self.total, self.total_currency)?,
            reserve_by: self.reserve_by.time()?,
            version: self.version,
            create_time: self.create_time.time()?,
            update_time: self.update_time.time()?,
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
            quantity: row.quantity.try_into().map_err(Error::inconsistent)?,
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

/// A row of an outstanding booking.
#[derive(FromRow)]
pub struct BookingRow<T> {
    order_id: Uuid,
    customer_id: String,
    shop_id: Uuid,
    request_hash: Vec<u8>,
    name: String,
    phone_number: String,
    address: String,
    due: T,
    faults: i32,
}

impl<T: StoredTime> TryFrom<BookingRow<T>> for DueBooking {
    type Error = Error;

    fn try_from(row: BookingRow<T>) -> Result<Self, Error> {
        let hash = row.request_hash.try_into();
        let booking = Booking {
            order_id: row.order_id,
            hash: hash.map_err(|_wrong| Error::inconsistent("an outstanding booking has no hash"))?,
            shop_id: row.shop_id,
            customer_id: row.customer_id,
            recipient: Recipient { name: row.name, phone_number: row.phone_number, address: row.address },
        };
        Ok(Self { booking, due: row.due.time()?, faults: row.faults.try_into().map_err(Error::inconsistent)? })
    }
}

/// A row of an order's history.
#[derive(FromRow)]
pub struct EventRow<T> {
    version: i64,
    status: String,
    actor_kind: String,
    actor_id: String,
    reason: String,
    event_time: T,
}

impl<T: StoredTime> TryFrom<EventRow<T>> for HistoryEntry {
    type Error = Error;

    fn try_from(row: EventRow<T>) -> Result<Self, Error> {
        let actor = Actor { kind: names::parse_actor_kind(&row.actor_kind)?, id: row.actor_id };
        let (version, status, reason) = (row.version, row.status, row.reason);
        Ok(Self { version, status, actor, reason, time: row.event_time.time()? })
    }
}
