//! Rows of deliveries and what they mean, the same in each database but for how a time is kept.

use chassis::store::Error;
use sqlx::FromRow;
use uuid::Uuid;

use super::StoredTime;
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
pub(super) use columns;

macro_rules! recipient_columns {
    () => {
        "recipient_name, recipient_phone_number, recipient_address"
    };
}
pub(super) use recipient_columns;

/// The delivery `$1`, as a [`DeliveryRow`].
macro_rules! select_delivery {
    () => {
        concat!("SELECT ", columns!(), " FROM delivery WHERE delivery_id = $1")
    };
}
pub(super) use select_delivery;

/// The deliveries of the customer `$1` that have a recipient, by id, after `$2`, at most `$3`, as [`AddressedRow`]s.
macro_rules! select_of_customer {
    () => {
        concat!(
            "SELECT ",
            columns!(),
            ", ",
            recipient_columns!(),
            " FROM delivery WHERE customer_id = $1 AND recipient_name IS NOT NULL AND delivery_id > $2 \
             ORDER BY delivery_id LIMIT $3"
        )
    };
}
pub(super) use select_of_customer;

/// One recipient by its delivery's id, as a [`RecipientRow`].
pub const SELECT_RECIPIENT: &str = concat!("SELECT ", recipient_columns!(), " FROM delivery WHERE delivery_id = $1");

/// All deliveries with their recipients, as [`AddressedRow`]s; conditions follow.
pub const SELECT_ADDRESSED: &str = concat!("SELECT ", columns!(), ", ", recipient_columns!(), " FROM delivery");

/// The delivery `$1` with its recipient, as an [`AddressedRow`].
pub const SELECT_ADDRESSED_BY_ID: &str =
    concat!("SELECT ", columns!(), ", ", recipient_columns!(), " FROM delivery WHERE delivery_id = $1");

/// Sets the delivery `$1` to what was told of it; its request and its recipient stay. Where it needs its recipient again,
/// and that was cleared here since, its request goes as well: a repeated booking brings both.
pub const SET: &str = "INSERT INTO delivery (delivery_id, status, claimed, carrier, tracking_number, cancelled_by_role, \
     cancelled_by_id, cancel_reason, version, update_time, shop_id, customer_id, create_time) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (delivery_id) DO UPDATE SET \
     status = excluded.status, claimed = excluded.claimed, carrier = excluded.carrier, \
     tracking_number = excluded.tracking_number, cancelled_by_role = excluded.cancelled_by_role, \
     cancelled_by_id = excluded.cancelled_by_id, cancel_reason = excluded.cancel_reason, version = excluded.version, \
     update_time = excluded.update_time, shop_id = excluded.shop_id, customer_id = excluded.customer_id, \
     create_time = excluded.create_time, request_hash = CASE WHEN delivery.recipient_name IS NULL \
     AND excluded.status IN ('BOOKED', 'READY', 'SHIPPED') THEN NULL ELSE delivery.request_hash END";

/// Clears the recipient of the delivery `$1`.
pub const CLEAR: &str = "UPDATE delivery SET recipient_name = NULL, recipient_phone_number = NULL, recipient_address = NULL, \
     request_hash = CASE WHEN status IN ('BOOKED', 'READY', 'SHIPPED') THEN NULL ELSE request_hash END WHERE delivery_id = $1";

/// Gives the delivery `$1` the request that it was booked for, where it has none, and its recipient, where it has none.
pub const REBOOK: &str = "UPDATE delivery SET request_hash = $2, recipient_name = coalesce(recipient_name, $3), \
     recipient_phone_number = coalesce(recipient_phone_number, $4), \
     recipient_address = coalesce(recipient_address, $5) WHERE delivery_id = $1 AND request_hash IS NULL";

/// Deliveries that need their recipient and have none.
pub const WITHOUT_RECIPIENT: &str = "SELECT delivery_id, status FROM delivery \
     WHERE status IN ('BOOKED', 'READY', 'SHIPPED') AND recipient_name IS NULL ORDER BY create_time, delivery_id";

/// What [`WITHOUT_RECIPIENT`] found.
///
/// # Errors
/// A row makes no sense.
pub fn without_recipient(rows: Vec<(Uuid, String)>) -> Result<Vec<(Uuid, Status)>, Error> {
    let one = |(id, name): (Uuid, String)| Ok((id, Status::parse(&name).ok_or_else(|| impossible(id, "status"))?));
    rows.into_iter().map(one).collect()
}

/// A delivery as it is stored.
#[derive(FromRow)]
pub struct DeliveryRow<T> {
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
    create_time: T,
    update_time: T,
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
#[derive(FromRow)]
pub struct AddressedRow<T> {
    #[sqlx(flatten)]
    delivery: DeliveryRow<T>,
    #[sqlx(flatten)]
    recipient: RecipientRow,
}

/// The columns that change as a delivery goes on.
pub struct Changing<'a> {
    pub status: &'static str,
    pub claimed: bool,
    pub carrier: Option<&'a str>,
    pub tracking_number: Option<&'a str>,
    pub cancelled_by_role: Option<&'static str>,
    pub cancelled_by_id: Option<&'a str>,
    pub cancel_reason: Option<&'a str>,
}

impl<'a> Changing<'a> {
    /// Those of a delivery.
    pub fn of(delivery: &'a Delivery) -> Self {
        let (claimed, tracking, cancellation) = match &delivery.state {
            State::Booked { claimed } => (*claimed, None, None),
            State::Ready => (true, None, None),
            State::Shipped(tracking) | State::Delivered(tracking) => (true, Some(tracking), None),
            State::Cancelled(cancellation) => (true, None, Some(cancellation)),
        };
        Self {
            status: delivery.state.status().name(),
            claimed,
            carrier: tracking.map(|tracking| tracking.carrier.as_str()),
            tracking_number: tracking.map(|tracking| tracking.number.as_str()),
            cancelled_by_role: cancellation.map(|cancellation| cancellation.by.role.name()),
            cancelled_by_id: cancellation.map(|cancellation| cancellation.by.id.as_str()),
            cancel_reason: cancellation.map(|cancellation| cancellation.reason.as_str()),
        }
    }
}

impl<T: StoredTime> TryFrom<DeliveryRow<T>> for Delivery {
    type Error = Error;

    fn try_from(row: DeliveryRow<T>) -> Result<Self, Error> {
        let request_hash = row.request_hash.as_deref().map(TryInto::try_into).transpose();
        Ok(Self {
            id: row.delivery_id,
            request_hash: request_hash.map_err(|_length| impossible(row.delivery_id, "request hash"))?,
            state: state(&row)?,
            shop_id: row.shop_id,
            customer_id: row.customer_id,
            version: row.version,
            create_time: row.create_time.time()?,
            update_time: row.update_time.time()?,
        })
    }
}

impl From<RecipientRow> for Option<Recipient> {
    fn from(row: RecipientRow) -> Self {
        Some(Recipient::kept(row.name?, row.phone_number?, row.address?))
    }
}

impl<T: StoredTime> TryFrom<AddressedRow<T>> for Addressed {
    type Error = Error;

    fn try_from(row: AddressedRow<T>) -> Result<Self, Error> {
        Ok(Self { delivery: row.delivery.try_into()?, recipient: row.recipient.into() })
    }
}

fn state<T>(row: &DeliveryRow<T>) -> Result<State, Error> {
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

fn tracking<T>(row: &DeliveryRow<T>) -> Result<Option<Tracking>, Error> {
    match (&row.carrier, &row.tracking_number) {
        (None, None) => Ok(None),
        (Some(carrier), Some(number)) => {
            Tracking::new(carrier, number).map(Some).map_err(|_invalid| impossible(row.delivery_id, "tracking"))
        }
        (Some(_), None) | (None, Some(_)) => Err(impossible(row.delivery_id, "tracking")),
    }
}

fn cancellation<T>(row: &DeliveryRow<T>) -> Result<Option<Cancellation>, Error> {
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
