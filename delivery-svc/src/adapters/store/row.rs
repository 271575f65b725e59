//! Rows of deliveries, and what they mean.

use chassis::store::{Error, sqlite::time};
use sqlx::{FromRow, Row as _, sqlite::SqliteRow};
use uuid::Uuid;

use crate::{
    app::ports::Addressed,
    domain::{
        actor::{Actor, Role},
        delivery::{Cancellation, Delivery, State, Status},
        named::Named,
        recipient::Recipient,
        tracking::Tracking,
    },
};

macro_rules! columns {
    () => {
        "delivery_id, shop_id, customer_id, request_hash, status, claimed, carrier, tracking_number, \
         cancelled_by_role, cancelled_by_id, cancel_reason, version, create_time, update_time"
    };
}

macro_rules! recipient_columns {
    () => {
        "recipient_name, recipient_phone_number, recipient_address"
    };
}

/// One delivery by its id, as a [`DeliveryRow`].
pub const SELECT_DELIVERY: &str = concat!("SELECT ", columns!(), " FROM delivery WHERE delivery_id = ?");

/// A customer's final deliveries that have a recipient, by id, after one, at most so many, as [`AddressedRow`]s.
pub const SELECT_TO_CLEAR: &str = concat!(
    "SELECT ",
    columns!(),
    ", ",
    recipient_columns!(),
    " FROM delivery WHERE customer_id = ? AND recipient_name IS NOT NULL AND delivery_id > ? \
     AND status IN ('DELIVERED', 'CANCELLED') ORDER BY delivery_id LIMIT ?"
);

/// One recipient by its delivery's id, as a [`RecipientRow`].
pub const SELECT_RECIPIENT: &str = concat!("SELECT ", recipient_columns!(), " FROM delivery WHERE delivery_id = ?");

/// All deliveries with their recipients, as [`AddressedRow`]s; conditions follow.
pub const SELECT_ADDRESSED: &str = concat!("SELECT ", columns!(), ", ", recipient_columns!(), " FROM delivery");

/// A delivery as it is stored.
#[derive(FromRow)]
pub struct DeliveryRow {
    delivery_id: Uuid,
    shop_id: Uuid,
    customer_id: String,
    request_hash: Option<Vec<u8>>,
    status: String,
    claimed: bool,
    carrier: Option<String>,
    tracking_number: Option<String>,
    cancelled_by_role: Option<String>,
    cancelled_by_id: Option<String>,
    cancel_reason: Option<String>,
    version: i64,
    create_time: i64,
    update_time: i64,
}

/// A recipient as it is stored.
#[derive(FromRow)]
pub struct RecipientRow {
    #[sqlx(rename = "recipient_name")]
    name: Option<String>,
    #[sqlx(rename = "recipient_phone_number")]
    phone_number: Option<String>,
    #[sqlx(rename = "recipient_address")]
    address: Option<String>,
}

/// Both, of one row.
pub struct AddressedRow(DeliveryRow, RecipientRow);

impl FromRow<'_, SqliteRow> for AddressedRow {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self(DeliveryRow::from_row(row)?, RecipientRow::from_row(row)?))
    }
}

/// Create time and id of a row.
pub struct PlaceRow(pub i64, pub Uuid);

impl FromRow<'_, SqliteRow> for PlaceRow {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self(row.try_get("create_time")?, row.try_get("delivery_id")?))
    }
}

impl TryFrom<DeliveryRow> for Delivery {
    type Error = Error;

    fn try_from(row: DeliveryRow) -> Result<Self, Error> {
        let request_hash = row.request_hash.as_deref().map(TryInto::try_into).transpose();
        Ok(Self {
            id: row.delivery_id,
            request_hash: request_hash.map_err(|_length| impossible(row.delivery_id, "request hash"))?,
            state: state(&row)?,
            shop_id: row.shop_id,
            customer_id: row.customer_id,
            version: row.version,
            create_time: time(row.create_time)?,
            update_time: time(row.update_time)?,
        })
    }
}

impl From<RecipientRow> for Option<Recipient> {
    fn from(row: RecipientRow) -> Self {
        Some(Recipient::kept(row.name?, row.phone_number?, row.address?))
    }
}

impl TryFrom<AddressedRow> for Addressed {
    type Error = Error;

    fn try_from(row: AddressedRow) -> Result<Self, Error> {
        Ok(Self { delivery: row.0.try_into()?, recipient: row.1.into() })
    }
}

fn state(row: &DeliveryRow) -> Result<State, Error> {
    let status = Status::parse(&row.status).ok_or_else(|| impossible(row.delivery_id, "status"))?;
    match (status, tracking(row)?, cancellation(row)?) {
        (Status::Booked, None, None) => Ok(State::Booked { claimed: row.claimed }),
        (Status::Ready, None, None) => Ok(State::Ready),
        (Status::Shipped, Some(tracking), None) => Ok(State::Shipped(tracking)),
        (Status::Delivered, Some(tracking), None) => Ok(State::Delivered(tracking)),
        (Status::Cancelled, None, Some(cancellation)) => Ok(State::Cancelled(cancellation)),
        (Status::Booked | Status::Ready | Status::Shipped | Status::Delivered | Status::Cancelled, _, _) => {
            Err(impossible(row.delivery_id, "state"))
        }
    }
}

fn tracking(row: &DeliveryRow) -> Result<Option<Tracking>, Error> {
    match (&row.carrier, &row.tracking_number) {
        (None, None) => Ok(None),
        (Some(carrier), Some(number)) => {
            Tracking::new(carrier, number).map(Some).map_err(|_invalid| impossible(row.delivery_id, "tracking"))
        }
        (Some(_), None) | (None, Some(_)) => Err(impossible(row.delivery_id, "tracking")),
    }
}

fn cancellation(row: &DeliveryRow) -> Result<Option<Cancellation>, Error> {
    match (&row.cancelled_by_role, &row.cancelled_by_id, &row.cancel_reason) {
        (None, None, None) => Ok(None),
        (Some(role), Some(id), Some(reason)) => {
            let role = Role::parse(role).ok_or_else(|| impossible(row.delivery_id, "role"))?;
            Ok(Some(Cancellation { by: Actor { role, id: id.clone() }, reason: reason.clone() }))
        }
        _ => Err(impossible(row.delivery_id, "cancellation")),
    }
}

fn impossible(id: Uuid, what: &str) -> Error {
    Error::inconsistent(format!("delivery {id} has an impossible {what}"))
}
