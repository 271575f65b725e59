//! Orders as their events tell them.

use chassis::wire;
use proto::order::v1;

use crate::domain::{
    Currency, Order, Price, Serial,
    order::{self, Line, Lines, Status},
    price, unit,
};

/// Why an event's order is none.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// A field is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A field is wrong.
    #[error("{0} {1}")]
    Field(&'static str, wire::Wrong),
    /// The expected price is no price.
    #[error("expected_unit_price {0}")]
    Price(#[from] price::Error),
    /// A serial that is asked for is none.
    #[error("requested_serials {0}")]
    Serial(#[from] unit::Error),
    /// The lines are none of an order.
    #[error(transparent)]
    Lines(#[from] order::Error),
}

/// The order of an event. What it says beyond this is none of a shop's business.
///
/// # Errors
/// The order breaks a rule that every order keeps.
pub fn order(order: Option<&v1::Order>) -> Result<Order, Wrong> {
    let order = order.ok_or(Wrong::Missing("order"))?;
    if order.version < 1 {
        return Err(Wrong::Missing("version"));
    }
    Ok(Order {
        id: uuid("order_id", &order.order_id)?,
        shop_id: uuid("shop_id", &order.shop_id)?,
        customer_id: order.customer_id.clone(),
        lines: Lines::new(order.lines.iter().map(line).collect::<Result<_, _>>()?)?,
        status: status(order.status())?,
        reserve_by: wire::time(order.reserve_by.as_ref()).ok_or(Wrong::Missing("reserve_by"))?,
        version: order.version,
        create_time: wire::time(order.create_time.as_ref()).ok_or(Wrong::Missing("create_time"))?,
        update_time: wire::time(order.update_time.as_ref()).ok_or(Wrong::Missing("update_time"))?,
    })
}

fn line(line: &v1::OrderLine) -> Result<Line, Wrong> {
    let expected = match &line.expected_unit_price {
        None => None,
        Some(money) => {
            let (minor, code) =
                wire::minor_units(Some(money)).map_err(|wrong| Wrong::Field("expected_unit_price", wrong))?;
            Some((Price::new(minor)?, Currency::parse(code)?))
        }
    };
    let quantity = u32::try_from(line.quantity).map_err(|_negative| order::Error::Quantity)?;
    let requested = line.requested_serials.iter().map(|text| Serial::parse(text)).collect::<Result<_, _>>()?;
    Ok(Line { phone_id: uuid("phone_id", &line.phone_id)?, quantity, expected, requested })
}

fn uuid(field: &'static str, text: &str) -> Result<uuid::Uuid, Wrong> {
    wire::uuid(text).map_err(|wrong| Wrong::Field(field, wrong))
}

fn status(status: v1::order::Status) -> Result<Status, Wrong> {
    match status {
        v1::order::Status::Unspecified => Err(Wrong::Missing("status")),
        v1::order::Status::Placed => Ok(Status::Placed),
        v1::order::Status::Confirmed => Ok(Status::Confirmed),
        v1::order::Status::Rejected => Ok(Status::Rejected),
        v1::order::Status::Cancelled => Ok(Status::Cancelled),
        v1::order::Status::Shipped => Ok(Status::Shipped),
        v1::order::Status::Delivered => Ok(Status::Delivered),
    }
}
