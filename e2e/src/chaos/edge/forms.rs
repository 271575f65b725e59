//! What calls and answers look like by REST and by gRPC.

use proto::delivery::v1::Recipient;
use proto::order::v1::{self as order, NewOrderLine, Order, PlaceOrderRequest};
use serde_json::{Value, json};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::{Call, Outcome, Told, Wanted};
use crate::rest::Answer;

pub(super) const CARRIER: &str = "CJ대한통운";
pub(super) const REASON: &str = "changed my mind";

pub(super) fn tracking_number(order_id: &str) -> String {
    order_id.chars().filter(char::is_ascii_digit).take(12).collect::<String>() + "0"
}

pub(super) fn place_request(wanted: Wanted) -> PlaceOrderRequest {
    let Recipient { name, phone_number, address } = wanted.recipient;
    let line = |(phone_id, quantity)| NewOrderLine { phone_id, quantity, ..Default::default() };
    PlaceOrderRequest {
        shop_id: wanted.shop_id,
        lines: wanted.lines.into_iter().map(line).collect(),
        recipient: Some(order::Recipient { name, phone_number, address }),
    }
}

/// The path and the body of a call.
pub(super) fn rest_form(call: &Call) -> (String, Value) {
    match call {
        Call::Place(Wanted { shop_id, lines, recipient }) => {
            let line = |(phone_id, quantity): &(String, i32)| json!({ "phoneId": phone_id, "quantity": quantity });
            let Recipient { name, phone_number, address } = recipient;
            let recipient = json!({ "name": name, "phoneNumber": phone_number, "address": address });
            let lines: Vec<_> = lines.iter().map(line).collect();
            ("/v1/orders".to_owned(), json!({ "shopId": shop_id, "lines": lines, "recipient": recipient }))
        }
        Call::Cancel(id) => (format!("/v1/orders/{id}:cancel"), json!({ "reason": REASON })),
        Call::Ship(id) => {
            let body = json!({ "carrier": CARRIER, "trackingNumber": tracking_number(id) });
            (format!("/v1/deliveries/{id}:ship"), body)
        }
        Call::Complete(id) => (format!("/v1/deliveries/{id}:complete"), json!({})),
        Call::Add { shop_id, phone_id, quantity } => {
            (format!("/v1/shops/{shop_id}/phones/{phone_id}/units"), json!({ "units": { "quantity": quantity } }))
        }
        Call::Withdraw { shop_id, phone_id, serials } => {
            (format!("/v1/shops/{shop_id}/phones/{phone_id}/units:withdraw"), json!({ "serials": serials }))
        }
    }
}

pub(super) fn by_status(answer: &Answer) -> Outcome {
    match answer.status.as_u16() {
        // 499 is gRPC's CANCELLED: the call was given up on the way.
        408 | 429 | 499.. => Outcome::Unknown(answer.to_string()),
        _ if answer.reason().is_empty() => Outcome::Refused(answer.to_string()),
        _ => Outcome::Refused(answer.reason().to_owned()),
    }
}

pub(super) fn refused(status: &Status) -> Outcome {
    let reason = status.get_details_error_info().map(|info| info.reason);
    let seen = || format!("{:?}: {}", status.code(), status.message());
    match status.code() {
        Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::FailedPrecondition
        | Code::OutOfRange
        | Code::Unimplemented
        | Code::DataLoss
        | Code::Unauthenticated => Outcome::Refused(reason.unwrap_or_else(seen)),
        Code::Ok
        | Code::Cancelled
        | Code::Unknown
        | Code::DeadlineExceeded
        | Code::ResourceExhausted
        | Code::Aborted
        | Code::Internal
        | Code::Unavailable => Outcome::Unknown(seen()),
    }
}

/// What an answer says of an order.
pub(super) fn told(order: &Order) -> Told {
    Told {
        order_id: order.order_id.clone(),
        customer_id: order.customer_id.clone(),
        shop_id: order.shop_id.clone(),
        status: order.status().as_str_name().to_owned(),
        version: order.version,
        lines: order.lines.iter().map(|line| (line.phone_id.clone(), line.quantity)).collect(),
    }
}

pub(super) fn told_by_json(order: &Value) -> Option<Told> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let line = |line: &Value| Some((text(&line["phoneId"])?, i32::try_from(line["quantity"].as_i64()?).ok()?));
    Some(Told {
        order_id: text(&order["orderId"])?,
        customer_id: text(&order["customerId"])?,
        shop_id: text(&order["shopId"])?,
        status: text(&order["status"])?,
        version: text(&order["version"])?.parse().ok()?,
        lines: order["lines"].as_array()?.iter().map(line).collect::<Option<_>>()?,
    })
}

pub(super) fn texts(list: &Value) -> Option<Vec<String>> {
    list.as_array()?.iter().map(|value| value.as_str().map(str::to_owned)).collect()
}
