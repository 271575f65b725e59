//! Rows and what they mean.

use chassis::{store::Error, wire};
use prost::Message as _;
use proto::mypage::v1::{MyOrder as WireOrder, MyOrderLine};
use uuid::Uuid;

use super::Time;
use crate::{
    adapters::convert,
    domain::{Delivery, Line, Message, Money, MyOrder, Order, delivery, message, order},
};

/// The columns of [`OrderRow`], of `my_order` as `o` and `my_delivery` as `d`.
pub(super) const ORDER_COLUMNS: &str = "o.order_id, o.customer_id, o.shop_id, o.status, o.lines, o.total_minor, \
    o.currency, o.reason, o.booking_outstanding, o.change, o.version, o.create_time, o.update_time, \
    d.status AS delivery_status, d.carrier, d.tracking_number, d.version AS delivery_version";

/// An order joined with its delivery, with times as the database keeps them.
#[derive(sqlx::FromRow)]
pub(super) struct OrderRow<T> {
    order_id: Uuid,
    customer_id: String,
    shop_id: Uuid,
    status: String,
    lines: Vec<u8>,
    total_minor: Option<i64>,
    currency: Option<String>,
    reason: String,
    booking_outstanding: bool,
    change: i64,
    version: i64,
    create_time: T,
    update_time: T,
    delivery_status: Option<String>,
    carrier: Option<String>,
    tracking_number: Option<String>,
    delivery_version: Option<i64>,
}

impl<T> OrderRow<T> {
    /// Its customer's counter when it changed last.
    pub(super) fn change(&self) -> i64 {
        self.change
    }

    /// About how many bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        self.lines.len()
    }
}

/// A message.
#[derive(sqlx::FromRow)]
pub(super) struct MessageRow<T> {
    message_id: Uuid,
    order_id: Uuid,
    template: String,
    channel: String,
    status: String,
    time: T,
    version: i64,
}

/// An order and its delivery, without messages.
impl<T: Time> TryFrom<OrderRow<T>> for MyOrder {
    type Error = Error;

    fn try_from(row: OrderRow<T>) -> Result<Self, Error> {
        let total = row.total_minor.zip(row.currency).map(|(minor_units, currency)| Money { minor_units, currency });
        let delivery = match (row.delivery_status, row.carrier, row.tracking_number, row.delivery_version) {
            (Some(status), Some(carrier), Some(tracking_number), Some(version)) => {
                let status = named(delivery::Status::ALL, delivery::Status::name, &status)?;
                Some(Delivery { order_id: row.order_id, status, carrier, tracking_number, version })
            }
            (None, None, None, None) => None,
            (..) => return Err(Error::inconsistent("half a delivery")),
        };
        let order = Order {
            id: row.order_id,
            customer_id: row.customer_id,
            shop_id: row.shop_id,
            lines: decode_lines(&row.lines)?,
            status: named(order::Status::ALL, order::Status::name, &row.status)?,
            total,
            reason: row.reason,
            booking_outstanding: row.booking_outstanding,
            version: row.version,
            create_time: row.create_time.time()?,
            update_time: row.update_time.time()?,
        };
        Ok(Self { order, delivery, messages: Vec::new() })
    }
}

impl<T: Time> TryFrom<MessageRow<T>> for Message {
    type Error = Error;

    fn try_from(row: MessageRow<T>) -> Result<Self, Error> {
        Ok(Self {
            id: row.message_id,
            order_id: row.order_id,
            template: row.template,
            channel: row.channel,
            status: named(message::Status::ALL, message::Status::name, &row.status)?,
            time: row.time.time()?,
            version: row.version,
        })
    }
}

/// The one of `all` that has this name.
fn named<T: Copy, const N: usize>(all: [T; N], name: fn(T) -> &'static str, text: &str) -> Result<T, Error> {
    all.into_iter().find(|one| name(*one) == text).ok_or_else(|| Error::inconsistent(format!("status {text}")))
}

/// Lines as they are stored.
pub(super) fn encode_lines(lines: &[Line]) -> Vec<u8> {
    let lines = lines.iter().cloned().map(convert::line).collect();
    WireOrder { lines, ..WireOrder::default() }.encode_to_vec()
}

fn decode_lines(bytes: &[u8]) -> Result<Vec<Line>, Error> {
    let stored = WireOrder::decode(bytes).map_err(Error::inconsistent)?;
    stored.lines.into_iter().map(line).collect()
}

fn line(line: MyOrderLine) -> Result<Line, Error> {
    let unit_price = match &line.unit_price {
        None => None,
        price => {
            let (minor_units, currency) = wire::minor_units(price.as_ref()).map_err(Error::inconsistent)?;
            Some(Money { minor_units, currency: currency.to_owned() })
        }
    };
    let phone_id = wire::uuid(&line.phone_id).map_err(Error::inconsistent)?;
    Ok(Line { phone_id, quantity: line.quantity, unit_price, serials: line.serials })
}
