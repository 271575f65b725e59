//! Commands from requests: every wrong field is told at once.

use chassis::{
    refusal::{Refusal, Violations},
    wire,
};
use proto::delivery::v1::{
    self as messages, BookDeliveryRequest, CancelDeliveryRequest, CorrectRecipientRequest,
    CorrectTrackingNumberRequest, ShipDeliveryRequest,
};
use uuid::Uuid;

use super::{Nonsense, actor};
use crate::{
    app::{book_delivery, cancel_delivery},
    domain::{
        delivery::{Booking, Cancellation, RequestHash},
        recipient::{self, Recipient},
        tracking::{Carrier, Number, Tracking},
    },
};

const MOST_REASON: usize = 200;
const MOST_SUBJECT: usize = 128;
/// The longest subject that a token can name, in characters.
const MOST_VISIBLE: usize = 255;

/// What to book.
///
/// # Errors
/// Every wrong field.
pub fn book_command(request: BookDeliveryRequest) -> Result<book_delivery::Command, Refusal> {
    let mut violations = Violations::default();
    let id = violations.check("order_id", wire::uuid(&request.order_id));
    let request_hash = violations.check("request_hash", request_hash(&request.request_hash));
    let shop_id = violations.check("shop_id", wire::uuid(&request.shop_id));
    let customer_id = violations.check("customer_id", subject(request.customer_id));
    let recipient = recipient(request.recipient.as_ref(), &mut violations);
    violations.finish()?;
    // Whatever is absent was noted as a violation.
    let (Some(id), Some(request_hash), Some(shop_id), Some(customer_id), Some(recipient)) =
        (id, request_hash, shop_id, customer_id, recipient)
    else {
        return Err(Refusal::invalid(Vec::new()));
    };
    Ok(book_delivery::Command { booking: Booking { id, request_hash, shop_id, customer_id }, recipient })
}

/// What to cancel.
///
/// # Errors
/// Every wrong field.
pub fn cancel_command(request: CancelDeliveryRequest) -> Result<cancel_delivery::Command, Refusal> {
    let mut violations = Violations::default();
    let delivery_id = violations.check("order_id", wire::uuid(&request.order_id));
    let shop_id = violations.check("shop_id", wire::uuid(&request.shop_id));
    let customer_id = violations.check("customer_id", subject(request.customer_id));
    let by = request.actor.as_ref().ok_or(Nonsense::Missing("actor")).and_then(actor);
    let by = violations.check("actor", by);
    let reason = violations.check("reason", reason(request.reason));
    violations.finish()?;
    let (Some(delivery_id), Some(shop_id), Some(customer_id), Some(by), Some(reason)) =
        (delivery_id, shop_id, customer_id, by, reason)
    else {
        return Err(Refusal::invalid(Vec::new()));
    };
    Ok(cancel_delivery::Command { delivery_id, shop_id, customer_id, cancellation: Cancellation { by, reason } })
}

/// Which delivery to ship, and how it goes.
///
/// # Errors
/// Every wrong field.
pub fn ship_command(request: &ShipDeliveryRequest) -> Result<(Uuid, Tracking), Refusal> {
    let mut violations = Violations::default();
    let delivery_id = violations.check("delivery_id", wire::uuid(&request.delivery_id));
    let carrier = violations.check("carrier", Carrier::new(&request.carrier));
    let number = violations.check("tracking_number", Number::new(&request.tracking_number));
    violations.finish()?;
    let (Some(delivery_id), Some(carrier), Some(number)) = (delivery_id, carrier, number) else {
        return Err(Refusal::invalid(Vec::new()));
    };
    Ok((delivery_id, Tracking { carrier, number }))
}

/// Which delivery goes to whom instead.
///
/// # Errors
/// Every wrong field.
pub fn correct_recipient_command(request: &CorrectRecipientRequest) -> Result<(Uuid, Recipient), Refusal> {
    let mut violations = Violations::default();
    let delivery_id = violations.check("delivery_id", wire::uuid(&request.delivery_id));
    let recipient = recipient(request.recipient.as_ref(), &mut violations);
    violations.finish()?;
    let (Some(delivery_id), Some(recipient)) = (delivery_id, recipient) else {
        return Err(Refusal::invalid(Vec::new()));
    };
    Ok((delivery_id, recipient))
}

/// Which delivery is found under which number instead.
///
/// # Errors
/// Every wrong field.
pub fn correct_tracking_number_command(request: &CorrectTrackingNumberRequest) -> Result<(Uuid, Number), Refusal> {
    let mut violations = Violations::default();
    let delivery_id = violations.check("delivery_id", wire::uuid(&request.delivery_id));
    let number = violations.check("tracking_number", Number::new(&request.tracking_number));
    violations.finish()?;
    let (Some(delivery_id), Some(number)) = (delivery_id, number) else {
        return Err(Refusal::invalid(Vec::new()));
    };
    Ok((delivery_id, number))
}

/// Whom to erase.
///
/// # Errors
/// No opaque subject.
pub fn customer(customer_id: String) -> Result<String, Refusal> {
    let mut violations = Violations::default();
    let customer_id = violations.check("customer_id", visible(customer_id));
    violations.finish()?;
    customer_id.ok_or_else(|| Refusal::invalid(Vec::new()))
}

fn recipient(message: Option<&messages::Recipient>, violations: &mut Violations) -> Option<Recipient> {
    let Some(message) = message else {
        violations.add("recipient", "is required");
        return None;
    };
    let name = violations.check("recipient.name", recipient::Name::new(&message.name));
    let phone_number = violations.check("recipient.phone_number", recipient::PhoneNumber::new(&message.phone_number));
    let address = violations.check("recipient.address", recipient::Address::new(&message.address));
    Some(Recipient::new(name?, phone_number?, address?))
}

fn request_hash(bytes: &[u8]) -> Result<RequestHash, &'static str> {
    bytes.try_into().map_err(|_length| "must be 32 bytes")
}

fn subject(text: String) -> Result<String, &'static str> {
    let fits = !text.is_empty() && text.chars().take(MOST_SUBJECT + 1).count() <= MOST_SUBJECT;
    if fits && !text.contains('@') { Ok(text) } else { Err("must be an opaque subject of 1 to 128 characters") }
}

/// A subject of visible characters alone, as a person types it.
fn visible(text: String) -> Result<String, &'static str> {
    let fits = (1..=MOST_VISIBLE).contains(&text.chars().take(MOST_VISIBLE + 1).count());
    let visible = !text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '@');
    if fits && visible {
        Ok(text)
    } else {
        Err("must be an opaque subject of 1 to 255 visible characters, without spaces")
    }
}

fn reason(text: String) -> Result<String, &'static str> {
    let fits = text.chars().take(MOST_REASON + 1).count() <= MOST_REASON;
    if fits { Ok(text) } else { Err("must be at most 200 characters") }
}
